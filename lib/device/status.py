"""The status of the device as documents and the page show it. It holds no secret, so it may leave the device."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType as Board
    from typing import Protocol

    from uptime import Uptime

    class Clock(Protocol):
        """What is asked of the clock: `net.clock.Clock`."""

        @property
        def state(self) -> str: ...
        def unix_s(self) -> int: ...

    Pairs = list[tuple[str, str | int | bool]]

VERSION = "0.1.0"
RELEASED = 1_793_491_200  # 2026-11-01 in Unix seconds: no clock is right that says less


class Status:
    """Makes the redacted status: names as the WiCAN firmware uses them."""

    def __init__(
        self,
        board: "Board",
        device_id: str,
        uptime: "Uptime",
        clock: "Clock",
        ecu_status: "Callable[[], str]",
    ) -> None:
        self._board = board
        self.device_id = device_id
        self._uptime = uptime
        self._clock = clock
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
        pairs.append(("time_synced", self._clock.state == "set"))
        if self._clock.unix_s():
            pairs.append(("timestamp", self._clock.unix_s()))
        millivolts = self._board.supply_mv()
        if millivolts is not None:
            pairs.append(("batt_voltage", "%d.%dV" % divmod((millivolts + 50) // 100, 10)))
        return pairs


def _clock_text(seconds: int) -> str:
    """HH:MM:SS, with days in front once there are any."""
    days, rest = divmod(seconds, 86_400)
    text = "%02d:%02d:%02d" % (rest // 3600, rest // 60 % 60, rest % 60)
    return "%dd %s" % (days, text) if days else text
