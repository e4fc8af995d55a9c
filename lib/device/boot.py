"""Decides what a start loads: the application of a slot, or safe mode. Runs before anything of the application does.

A start counts as failed until `forgive`, which follows after minutes of health. After three failed starts in a row, or
with the button held, it is safe mode. Starts after a deep sleep do not count, nor soft ones: that is somebody with a
cable. Power that comes and goes does not lead there alone: an engine is cranked, or the plug has power only while the
car is driven. This module lies beside the slots with all that it needs, in /rescue: damage to the application leaves it
alone.
"""

import sys
import time

from micropython import const

from device import guard
from device.slots import Slots

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType as Board

RESCUE = "/rescue"
MOST_FAILED = const(3)
WATCHDOG_MS = const(120_000)  # to load the application and start its tasks
_FAILED = "failed_boots"  # key of the board's memory
_HELD_MS = const(2000)
_LOOK_MS = const(50)
_INNOCENT = ("soft", "deep_sleep")

HELD = "The button was held."
FAILED = "The application failed %d times in a row." % MOST_FAILED
NOTHING = "There is no application."


def prepare(board: "Board", root: str = "") -> str:
    """Puts the application to start on the path for modules; returns why there is none to start, "" if there is.

    `root` is the folder that plays the device's file system, "" on the device. On the path, the application takes the
    place of the folder beside the slots, and of the modules that were loaded from there.
    """
    board.led("booting")
    folder, why = decide(board, root)
    if board.reset_cause() != "soft":
        board.watchdog(WATCHDOG_MS)
    if folder:
        sys.path[:] = [folder] + [path for path in sys.path if path != root + RESCUE]
        unload(root + RESCUE)
    return why


def rescue(root: str) -> None:
    """Safe mode, as `prepare` left it. Nobody has to read why: a second look finds it out."""
    import board

    from device import safe_mode

    why = FAILED if board.boot_get(_FAILED) >= MOST_FAILED else HELD
    if not Slots(root).running:
        why = NOTHING
    safe_mode.main(board, root, why)


def failed(root: str, error: Exception) -> None:
    """The application could not be loaded: notes that and starts the device again."""
    import board

    from device import crash

    crash.keep(root, "The application could not be loaded.", error)
    board.reset()


def decide(board: "Board", root: str) -> "tuple[str, str]":
    """(the application's folder, ""), or ("", why it has to be safe mode)."""
    slots = Slots(root)
    failed = board.boot_get(_FAILED)
    if slots.settle():  # what failed was on trial
        failed = 0
    if _is_held(board):
        return "", HELD
    guard.hold(board, failed)
    if failed >= MOST_FAILED:
        return "", FAILED
    cause = board.reset_cause()
    if cause not in _INNOCENT:
        most = MOST_FAILED - 1 if cause == "power_on" else MOST_FAILED
        board.boot_put(_FAILED, min(failed + 1, most))
    folder = slots.choose()
    return folder, "" if folder else NOTHING


def forgive(board: "Board") -> None:
    """No start has failed: the application is healthy, or somebody wants the device to start again."""
    board.boot_put(_FAILED, 0)


def allow_one(board: "Board") -> None:
    """The application may try once more; if it fails, it is safe mode again."""
    board.boot_put(_FAILED, MOST_FAILED - 1)


def unload(folder: str) -> None:
    """Forgets the modules that were loaded from a folder: the next import looks along the path again."""
    for name in list(sys.modules):
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(folder + "/"):
            del sys.modules[name]


def _is_held(board: "Board") -> bool:
    """Whether the button is pressed all the time for two seconds; without a button this takes no time."""
    for _ in range(_HELD_MS // _LOOK_MS):
        if not board.button():
            return False
        time.sleep_ms(_LOOK_MS)
    return True
