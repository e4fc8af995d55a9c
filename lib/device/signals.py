"""What the car is doing, as far as its values and the board tell: ECU, ignition, charging, supply voltage.

A signal is a parameter of the group, chosen in the settings or known by its name. A parameter whose last reading
failed, or is older than a minute, tells nothing.
"""

from autopid.decimal import parse_decimal
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from autopid.group import Group
    from autopid.parameter import Parameter
    from uptime import Uptime

_FRESH_MS = const(60_000)
_KNOWN = {
    "ignition": ("IGNITION", "IGN"),
    "charging": ("CHARGING", "IS_CHARGING", "CHARGING_STATE"),
    "voltage": ("42-ControlModuleVolt", "BATTERY_VOLTAGE", "LV_V"),
}


class Signals:
    """Looks the signals up when they are asked for.

    Args:
        settings: gives `{"ignition": name, "charging": name, "voltage": name}`, "" for automatic.
        ecu_status: gives "online" or "offline".
        supply_mv: the board's own measurement in millivolts, None if it has none.
    """

    def __init__(
        self,
        group: "Group",
        uptime: "Uptime",
        settings: "Callable[[], dict]",
        ecu_status: "Callable[[], str]",
        supply_mv: "Callable[[], int | None]",
    ) -> None:
        self._group = group
        self._uptime = uptime
        self._settings = settings
        self._ecu_status = ecu_status
        self._supply_mv = supply_mv

    def state(self, name: str) -> "bool | None":
        """Whether "ecu", "ignition" or "charging" is on; None while that is not known.

        Without a parameter for it, the ignition counts as on while the ECU answers.
        """
        online = self._ecu_status() == "online"
        if name == "ecu":
            return online
        text = self._text(name) if online else None
        if text is None:
            return online if name == "ignition" else None
        return text == "on" or (text != "off" and text != "0" and text[0] != "-")

    def supply_mv(self) -> "int | None":
        """Supply voltage in millivolts, measured by the board or else by the car; None if nobody knows."""
        measured = self._measured_mv()
        if measured is not None:
            return measured
        text = self._text("voltage")
        if text is None:
            return None
        try:
            number, decimals = parse_decimal(text)
        except ValueError:  # on or off
            return None
        return number * 1000 // 10**decimals

    def sources(self) -> "list[str]":
        """Keys (`Parameter.key`) of the parameters that ignition and supply voltage are read from, fresh or not."""
        names = ("ignition", "voltage") if self._measured_mv() is None else ("ignition",)
        found = [self._parameter(name) for name in names]
        return [parameter.key for parameter in found if parameter is not None]

    def _measured_mv(self) -> "int | None":
        return None if self._settings()["voltage"] else self._supply_mv()

    def _text(self, name: str) -> "str | None":
        parameter = self._parameter(name)
        if parameter is None:
            return None
        age = parameter.age_ms(self._uptime.ms())
        fresh = parameter.error is None and age is not None and age < _FRESH_MS
        return parameter.text if fresh else None

    def _parameter(self, name: str) -> "Parameter | None":
        chosen = self._settings()[name]
        for known in (chosen,) if chosen else _KNOWN[name]:
            parameter = self._group.get(known)
            if parameter is not None:
                return parameter
        return None
