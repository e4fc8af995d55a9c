"""JSON files that are the old or the new one after a power cut, never half of one.

`open()` and `os` of MicroPython are all that is needed: `flush()` there does not return before the
data is on the medium (littlefs and FAT sync the file, the Unix port calls fsync), and `rename()`
replaces its target in one step.
"""

import json
import os
from errno import EEXIST, ENOENT

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH = const(4)  # the lists of parameters are as deep
_PART = const(2048)  # characters written at once


def read(path: str) -> dict | None:
    """The object in a file, or None if there is no such file.

    Raises ValueError if it holds anything but one JSON object, OSError if it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError as error:
        if error.errno == ENOENT:
            return None
        raise
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("no JSON object")
    if not _complete(text):
        raise ValueError("the end is missing")
    return data


def read_newest(path: str) -> tuple[dict | None, str | None]:
    """The object in a file or, if that is missing or damaged, in the one kept before it.

    Returns (object, None), (older object, what is wrong), (None, what is wrong), or (None, None)
    if there was never such a file.
    """
    wrong = None
    for candidate in (path, path + ".1"):
        try:
            data = read(candidate)
        except (OSError, ValueError) as error:
            wrong = wrong or f"{path} cannot be read ({error})"
            continue
        if data is not None:
            return data, wrong or (None if candidate == path else f"{path} is missing")
    return None, wrong


def write(path: str, data: dict) -> None:
    """Writes a file in place; it is complete on the medium when this returns. Raises OSError."""
    with open(path, "wb") as file:
        gathered = ""
        for text in _texts(data, _DEPTH):
            gathered += text
            if len(gathered) > _PART:
                file.write(gathered.encode())
                gathered = ""
        file.write(gathered.encode())
        file.flush()


def replace(path: str, data: dict) -> None:
    """Replaces a file, keeping the one before as `<path>.1` unless it is damaged. Raises OSError.

    Whenever the power fails, `read_newest` finds the old or the new object.
    """
    fresh = path + ".new"
    try:
        write(fresh, data)
        if _sound(path):
            os.rename(path, path + ".1")
        os.rename(fresh, path)
    except OSError:
        remove(fresh)
        raise


def remove(path: str) -> None:
    """Deletes a file if it is there. Raises OSError."""
    try:
        os.remove(path)
    except OSError as error:
        if error.errno != ENOENT:
            raise


def make_folder(path: str) -> None:
    """Makes a folder if it is not there. Raises OSError."""
    try:
        os.mkdir(path)
    except OSError as error:
        if error.errno != EEXIST:
            raise


def _texts(data: object, depth: int) -> "Iterator[str]":
    """The JSON text in pieces: a large document is never there as a whole. What is deeper is one piece."""
    if depth and data and isinstance(data, dict):
        mark = "{"
        for name in data:
            yield mark + json.dumps(name) + ":"
            yield from _texts(data[name], depth - 1)
            mark = ","
        yield "}"
    elif depth and data and isinstance(data, list):
        mark = "["
        for item in data:
            yield mark
            yield from _texts(item, 0)
            mark = ","
        yield "]"
    else:
        yield json.dumps(data, separators=(",", ":"))


def _complete(text: bytes) -> bool:
    """Whether one more bracket is one too many: MicroPython's parser takes objects that lack the last one."""
    try:
        json.loads(text + b"}")
    except ValueError:
        return True
    return False


def _sound(path: str) -> bool:
    try:
        return read(path) is not None
    except ValueError:
        return False
