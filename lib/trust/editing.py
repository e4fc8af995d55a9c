"""Writes cert sets so that a power cut leaves the old or the new set, never half of one.

A set is a folder. The new one is written beside it as <name>.new; then the old one becomes <name>.old, the new one
<name>, and the old one goes. What lies there after a cut tells how far that was:

    <name>.new and <name>.old, but no <name>     the new one is complete and takes its place
    any other <name>.new                         may be incomplete, and goes
    <name>.old                                   goes; alone, it is a set that was being deleted
"""

import os
from errno import ENOENT

from config import files
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import BinaryIO

FILES = ("ca.pem", "ca.default", "client.crt", "client.key", "pending.key")
_NEW = ".new"
_OLD = ".old"
_CHUNK = const(1024)


def store(root: str, name: str, changes: "dict[str, bytes | None]") -> None:
    """Changes files of a set, which is made if it is not there; all of them, or none.

    `changes` maps names out of `FILES` to contents, None to remove; the other files stay as they are. Raises OSError
    if that is not possible: the set is then what it was.
    """
    folder = _folder(root)
    files.make_folder(folder)
    recover(folder)
    place = folder + "/" + name
    try:
        os.mkdir(place + _NEW)
        for file in FILES:
            data = changes.get(file)
            if data is not None:
                _write(place + _NEW + "/" + file, data)
            elif file not in changes:
                _copy(place + "/" + file, place + _NEW + "/" + file)
        _swap(place, name in os.listdir(folder))
    except OSError:
        _tidy(folder)
        raise
    _tidy(folder)


def delete(root: str, name: str) -> None:
    """Deletes a set that is there. Raises OSError if that is not possible: the set is then what it was."""
    folder = _folder(root)
    recover(folder)
    os.rename(folder + "/" + name, folder + "/" + name + _OLD)
    _tidy(folder)


def recover(folder: str) -> None:
    """Completes or takes back what a power cut interrupted in this folder of sets. Raises OSError."""
    try:
        there = os.listdir(folder)
    except OSError as error:
        if error.errno == ENOENT:
            return
        raise
    for name in there:
        if name.endswith(_NEW):
            base = name[: -len(_NEW)]
            if base not in there and base + _OLD in there:
                os.rename(folder + "/" + name, folder + "/" + base)
            else:
                _remove_folder(folder + "/" + name)
    for name in there:
        if name.endswith(_OLD):
            _remove_folder(folder + "/" + name)


def _swap(place: str, exists: bool) -> None:
    """Puts the new set, which is complete, in place of the old one."""
    if exists:
        os.rename(place, place + _OLD)
    try:
        os.rename(place + _NEW, place)
    except OSError:
        if exists:
            os.rename(place + _OLD, place)
        raise


def _tidy(folder: str) -> None:
    """Removes what is left over; what cannot be removed now is found by the next change, or when the device starts."""
    try:
        recover(folder)
    except OSError:
        return


def _folder(root: str) -> str:
    return root.rstrip("/") + "/certs"


def _remove_folder(path: str) -> None:
    for name in os.listdir(path):
        os.remove(path + "/" + name)
    os.rmdir(path)


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()  # does not return before it is on the medium: see config.files


def _copy(source: str, target: str) -> None:
    """Copies a file if it is there."""
    try:
        original: BinaryIO = open(source, "rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        if error.errno == ENOENT:
            return
        raise
    with original, open(target, "wb") as copy:
        while True:
            chunk = original.read(_CHUNK)
            if not chunk:
                break
            copy.write(chunk)
        copy.flush()
