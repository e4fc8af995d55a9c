"""JSON files that are the old or the new one after a power cut, never half of one.

`open()` and `os` of MicroPython are all that is needed: `flush()` there does not return before the
data is on the medium (littlefs and FAT sync the file, the Unix port calls fsync), and `rename()`
replaces its target in one step.
"""

import json
import os
from errno import EEXIST, ENOENT


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
        file.write(json.dumps(data, separators=(",", ":")).encode())
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
