"""The status of the device as documents and the page show it. It holds no secret, so it may leave the device.

Imported while it is shown, then given back: see `transient`.
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType as Board
    from typing import Protocol

    class Clock(Protocol):
        """What is asked of the clock: `net.clock.Clock`."""

        @property
        def state(self) -> str: ...
        def unix_s(self) -> int: ...

    Pairs = list[tuple[str, str | int | bool]]

VERSION = "0.1.0"
RELEASED = 1_793_491_200  # 2026-11-01 in Unix seconds: no clock is right that says less


def pairs(
    board: "Board", device_id: str, uptime_ms: int, clock: "Clock", ecu_status: str
) -> "Pairs":
    """(key, value) pairs in the order they are sent, under the names that the WiCAN firmware uses."""
    found: Pairs = [
        ("device_id", device_id),
        ("fw_version", VERSION),
        ("hw_version", board.HARDWARE),
        ("ecu_status", ecu_status),
    ]
    found.extend(board.network())
    found.append(("uptime", _clock_text(uptime_ms // 1000)))
    found.append(("time_synced", clock.state == "set"))
    if clock.unix_s():
        found.append(("timestamp", clock.unix_s()))
    cause = board.reset_cause()
    if cause != "unknown":
        found.append(("reset_cause", cause))
    millivolts = board.supply_mv()
    if millivolts is not None:
        found.append(("batt_voltage", "%d.%dV" % divmod((millivolts + 50) // 100, 10)))
    return found


def _clock_text(seconds: int) -> str:
    """HH:MM:SS, with days in front once there are any."""
    days, rest = divmod(seconds, 86_400)
    text = "%02d:%02d:%02d" % (rest // 3600, rest // 60 % 60, rest % 60)
    return "%dd %s" % (days, text) if days else text
