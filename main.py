"""Starts the application, or safe mode if boot.py left it that.

On the device: runs after boot.py. Under the Unix port: `tools/micropython main.py [FOLDER]`, where FOLDER plays the
device's file system.
"""

import sys


def start(root: str) -> None:
    """Runs what boot.py put on the path; ends if somebody with a cable presses Ctrl-C."""
    if root + "/rescue" in sys.path:
        from device import boot

        boot.rescue(root)
    else:
        import app

        app.main(root)


def interrupted() -> None:
    """The watchdog, which cannot be stopped, leaves whoever is at the cable a day."""
    import board

    board.watchdog(86_400_000)


def failed(root: str, error: Exception) -> None:
    """The application could not even be loaded: what is beside it notes that, and starts the device again."""
    sys.print_exception(error)
    sys.path.insert(0, root + "/rescue")
    for name in list(sys.modules):
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(root + "/app_"):
            del sys.modules[name]
    from device import boot

    boot.failed(root, error)


folder = sys.argv[1] if len(sys.argv) > 1 else ""
try:
    start(folder)
    interrupted()
except KeyboardInterrupt:
    interrupted()
except Exception as error:
    failed(folder, error)
