"""The status of the device as documents and the page show it. It holds no secret, so it may leave the device."""

import time

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType as Board

    from uptime import Uptime

    Pairs = list[tuple[str, str | int | bool]]

VERSION = "0.1.0"
_UNIX_EPOCH_YEAR = 1970
_SECONDS_1970_TO_2000 = 946_684_800
_BUILT_YEAR = 2026  # a clock before this has not been set


def unix_time() -> int:
    """Seconds since 1970-01-01 UTC; MicroPython's own count starts in 2000 on the chip."""
    now = int(time.time())
    return now if time.gmtime(0)[0] == _UNIX_EPOCH_YEAR else now + _SECONDS_1970_TO_2000


def clock_is_set() -> bool:
    """True if the clock shows a time this firmware can have lived in."""
    return time.gmtime()[0] >= _BUILT_YEAR


class Status:
    """Makes the redacted status: names as the WiCAN firmware uses them."""

    def __init__(
        self, board: "Board", device_id: str, uptime: "Uptime", ecu_status: "Callable[[], str]"
    ) -> None:
        self._board = board
        self.device_id = device_id
        self._uptime = uptime
        self._ecu_status = ecu_status

    def pairs(self) -> "Pairs":
        """(key, value) pairs in the order they are sent."""
        pairs: Pairs = [
            ("device_id", self.device_id),
            ("fw_version", VERSION),
            ("hw_version", self._board.HARDWARE),
            ("ecu_status", self._ecu_status()),
        ]
        pairs.extend(self._board.network())
        pairs.append(("uptime", _clock_text(self._uptime.ms() // 1000)))
        pairs.append(("time_synced", clock_is_set()))
        if clock_is_set():
            pairs.append(("timestamp", unix_time()))
        millivolts = self._board.supply_mv()
        if millivolts is not None:
            pairs.append(("batt_voltage", "%d.%dV" % divmod((millivolts + 50) // 100, 10)))
        return pairs


def _clock_text(seconds: int) -> str:
    """HH:MM:SS, with days in front once there are any."""
    days, rest = divmod(seconds, 86_400)
    text = "%02d:%02d:%02d" % (rest // 3600, rest // 60 % 60, rest % 60)
    return "%dd %s" % (days, text) if days else text
