"""Keeps starts that fail from emptying a weak battery: see `hold`. Lies beside the slots, with what boot needs."""

import time

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType as Board

LIMIT = "guard_mv"  # key of the board's memory
_DEFAULT_MV = const(12_100)
_FAILED = const(2)  # starts in a row
_SHOW_MS = const(2000)
_SLEEP_MS = const(600_000)


def is_weak(board: "Board", failed: int) -> bool:
    """Whether so many failed starts in a row were for want of power, as far as the voltage tells."""
    millivolts = board.supply_mv()
    if failed < _FAILED or millivolts is None:
        return False
    limit: int = board.boot_get(LIMIT) or _DEFAULT_MV
    return int(millivolts) < limit


def hold(board: "Board", failed: int) -> None:
    """Returns if there is the power for another start; else the device sleeps deeply, and starts in ten minutes."""
    if is_weak(board, failed):
        board.led("low_battery")
        time.sleep_ms(_SHOW_MS)
        board.led("sleeping")
        board.sleep(_SLEEP_MS, True)
