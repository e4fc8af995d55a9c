"""Events that make a document due: a value that moved, an edge of a signal, a supply voltage that fell."""

from autopid.decimal import parse_decimal
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autopid.group import Group
    from autopid.parameter import Parameter
    from device.signals import Signals

    from delivery.selection import Selection

_REARM_MV = const(200)
_EDGES = (
    ("ecu", "ECU online", "ECU offline"),
    ("ignition", "ignition on", "ignition off"),
    ("charging", "charging started", "charging stopped"),
)


class Triggers:
    """Looks for the events that a destination's settings choose.

    Attributes:
        CHANGE: what `look` says of a change.

    A change is told at the earliest `min_gap_ms` after the latest document; edges are told at once. What a signal
    shows when it is first known is no edge.
    """

    CHANGE = "values changed"

    def __init__(
        self, settings: dict, group: "Group", selection: "Selection | None", signals: "Signals"
    ) -> None:
        self._group = group
        self._selection = selection
        self._signals = signals
        self._gap_ms = settings["min_gap_ms"]
        self._bands = _Bands(settings["dead_bands"]) if settings["change"] else None
        self._edges = [edge for edge in _EDGES if settings[edge[0]]]
        self._states: dict[str, bool] = {}
        limit = settings["voltage_below"]
        self._limit_mv = _milli(limit) if limit else None
        self._is_low = False
        self._version = -1
        self._moved = False
        self._told: dict[str, str] = {}
        self._told_ms: int | None = None

    def look(self, now_ms: int) -> "str | None":
        """What has happened, in a few words; None if nothing did."""
        return self._edge() or self._low() or self._change(now_ms)

    def sent(self, now_ms: int) -> None:
        """A document with the present values was made: changes count from here."""
        self._told_ms = now_ms
        self._moved = False
        self._version = self._group.version
        if self._bands is not None:
            self._told = {p.key: p.text for p in self._parameters() if p.text is not None}

    def _parameters(self) -> "Iterable[Parameter]":
        return self._group if self._selection is None else self._selection.of(self._group)

    def _edge(self) -> "str | None":
        found = None
        for name, rise, fall in self._edges:
            state = self._signals.state(name)
            if state is None:
                continue
            if name in self._states and self._states[name] != state:
                found = found or (rise if state else fall)
            self._states[name] = state
        return found

    def _low(self) -> "str | None":
        """Told once; again after the voltage has recovered by 0.2 V."""
        if self._limit_mv is None:
            return None
        millivolts = self._signals.supply_mv()
        if millivolts is None:
            return None
        if self._is_low:
            self._is_low = millivolts < self._limit_mv + _REARM_MV
            return None
        self._is_low = millivolts < self._limit_mv
        return "supply voltage low" if self._is_low else None

    def _change(self, now_ms: int) -> "str | None":
        if self._bands is None:
            return None
        if self._version != self._group.version:
            self._version = self._group.version
            self._moved = self._has_moved(self._bands)
        if not self._moved:
            return None
        if self._told_ms is not None and now_ms - self._told_ms < self._gap_ms:
            return None
        return self.CHANGE

    def _has_moved(self, bands: "_Bands") -> bool:
        for parameter in self._parameters():
            text = parameter.text
            told = self._told.get(parameter.key)
            if text is None or text == told:
                continue
            if told is None or bands.is_beyond(parameter.name, told, text):
                return True
        return False


class _Bands:
    """How far values must move: the first pattern that fits a name decides."""

    def __init__(self, settings: "list[dict]") -> None:
        from delivery.selection import fits

        self._fits = fits
        self._bands = [(band["name"], _milli(band["by"] or "0")) for band in settings]
        self._known: dict[str, int] = {}

    def is_beyond(self, name: str, before: str, now: str) -> bool:
        """Whether two different values of a parameter lie further apart than its dead-band."""
        band = self._known.get(name)
        if band is None:
            band = self._known[name] = self._band(name)
        if not band:
            return True
        try:
            return abs(_milli(now) - _milli(before)) > band
        except ValueError:  # on and off
            return True

    def _band(self, name: str) -> int:
        for pattern, band in self._bands:
            if self._fits(pattern, name):
                return band
        return 0


def _milli(text: str) -> int:
    """A decimal number in thousandths; what is smaller is cut off. Raises ValueError."""
    number, decimals = parse_decimal(text)
    if decimals > 3:
        return number // 10 ** (decimals - 3)
    return number * 10 ** (3 - decimals)
