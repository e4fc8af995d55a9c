"""Back to how the device was delivered."""

import os

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from log import Logger

_FOLDER = const(0x4000)  # in what `os.stat` says first
_MARK = "/config/erasing"
_KEPT = ("/config/device_id", "/certs/default", _MARK)


def erase(root: str, log: "Logger") -> None:
    """Deletes below `root`, the folder that plays the device's file system:

    - `config`: secrets (passwords, tokens and keys of the API), settings with their copies, the vehicle profile and
      those it may extend, what the device found out by itself;
    - `certs`: every cert set with its keys;
    - `outbox`: what waits to be delivered, and what was given up.

    Secrets go first. The firmware stays, the device's own number and the default bundle. What cannot be deleted is
    logged. If the power is cut meanwhile, `finish` does the rest.
    """
    _mark(root)
    _delete(root, "/config/secrets", log)
    for folder in ("/certs", "/outbox", "/config"):
        _delete_all(root, folder, log)
    _delete(root, _MARK, log)


def finish(root: str, log: "Logger") -> None:
    """Goes on with what a power cut interrupted; to be called before anything is read."""
    if _MARK.rpartition("/")[2] in _names(root + "/config"):
        log.warning("going on with the factory reset that was interrupted")
        erase(root, log)


def _mark(root: str) -> None:
    try:
        with open(root + _MARK, "w"):
            return
    except OSError:  # no such folder, or no room: all goes well but for a power cut
        return


def _delete(root: str, beginning: str, log: "Logger") -> None:
    """Every file in the folder whose path begins so."""
    folder = beginning.rpartition("/")[0]
    for name in _names(root + folder):
        if (folder + "/" + name).startswith(beginning):
            _remove(root, folder + "/" + name, log)


def _delete_all(root: str, folder: str, log: "Logger") -> None:
    """Everything below a folder; the folder stays, empty but for what is kept."""
    for name in _names(root + folder):
        path = folder + "/" + name
        if path in _KEPT:
            continue
        if os.stat(root + path)[0] & _FOLDER:
            _delete_all(root, path, log)
        _remove(root, path, log)


def _names(folder: str) -> "list[str]":
    """What is in a folder; nothing if it is not there."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _remove(root: str, path: str, log: "Logger") -> None:
    try:
        if os.stat(root + path)[0] & _FOLDER:
            os.rmdir(root + path)
        else:
            os.remove(root + path)
    except OSError as error:
        log.error("%s cannot be deleted: %s", path, error)
