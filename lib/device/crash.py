"""What is known of the last crash: one small file, written when it happens and read after the restart."""

import io
import os
import sys

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILE = "/config/crash.txt"
_MOST_TRACE = const(1500)  # characters
_MOST_LINES = const(1500)


def keep(
    root: str, title: str, error: "Exception | None" = None, lines: "Iterable[str]" = ()
) -> None:
    """Writes the file below `root`: a title, the traceback, and the latest lines of the log. Never raises.

    Of a long traceback its end is kept, where the error is; of the lines likewise.
    """
    try:
        parts = (title, trace(error)[-_MOST_TRACE:], "\n".join(lines)[-_MOST_LINES:])
        text = "\n".join([part for part in parts if part])
        _make_folder(root + "/config")
        with open(root + _FILE + ".new", "wb") as file:
            file.write(text.encode())
            file.flush()
        os.rename(root + _FILE + ".new", root + _FILE)
    except (OSError, MemoryError):
        pass  # the medium is full, or the crash was for want of memory: the restart matters more


def last(root: str) -> str:
    """What was kept, "" for nothing."""
    try:
        with open(root + _FILE, "rb") as file:
            return file.read().decode()
    except (OSError, ValueError):
        return ""


def forget(root: str) -> None:
    """Deletes the file, if it is there and can be deleted."""
    try:
        os.remove(root + _FILE)
    except OSError:
        pass


def trace(error: "Exception | None") -> str:
    """The traceback as MicroPython prints it, without the line end; "" for None."""
    if error is None:
        return ""
    buffer = io.StringIO()
    sys.print_exception(error, buffer)
    return buffer.getvalue().rstrip()


def _make_folder(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError:
        pass  # it is there; if it cannot be made, opening the file says why
