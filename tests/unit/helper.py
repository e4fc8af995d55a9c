"""What the unit tests need under both interpreters: they run under pytest on CPython and by this file on MicroPython.

micropython tests/unit/helper.py tests/unit/test_expression.py
"""

import asyncio
import sys


def raises(expected, function, *arguments, **keywords):
    """Calls the function and returns the exception of type `expected` it raised; fails if it raised none."""
    try:
        function(*arguments, **keywords)
    except expected as error:
        return error
    raise AssertionError("%s expected from %r" % (expected, arguments))


def run(coroutine):
    """Runs a coroutine in a fresh event loop and returns its result."""
    if hasattr(asyncio, "new_event_loop") and sys.implementation.name == "micropython":
        asyncio.new_event_loop()
    return asyncio.run(coroutine)


def main(path):
    """Runs every `test_*` function of the file at `path`; returns the number of failures."""
    folder, _, name = path.rpartition("/")
    sys.path.insert(0, folder or ".")
    module = __import__(name[: -len(".py")])
    passed = failed = 0
    for key in sorted(dir(module)):
        if not key.startswith("test_"):
            continue
        try:
            getattr(module, key)()
            passed += 1
        except Exception as error:
            failed += 1
            print("FAILED %s::%s" % (name, key))
            sys.print_exception(error)
    print("%d passed, %d failed" % (passed, failed))
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1]) else 0)
