"""Makes the documents of one destination: when, from which values, in which format."""

from delivery import schedule
from delivery.message import Message
from delivery.sample import Sample
from delivery.schedule import Cycle

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType as Format

    from autopid.parameter import Parameter

    from delivery.selection import Selection
    from delivery.shared import Shared
    from delivery.triggers import Triggers

_LOOK_MS = 100  # how often events are looked for


class Producer:
    """Says when a document is due and makes it.

    Attributes:
        cycle: the grid of due times; None before `start` and while only events make documents.
        event: what made the latest document due besides the cycle, in words; "" if nothing did.
    """

    def __init__(self, settings: dict, shared: "Shared") -> None:
        self._settings = settings
        self._shared = shared
        self._events = _triggers(settings, shared)
        self._selection = _selection(settings["select"])
        self.event = ""
        self.cycle: Cycle | None = None

    @property
    def watches(self) -> bool:
        """Whether events make documents, so that values have to be looked at all the time."""
        return self._events is not None

    def start(self) -> None:
        """There are values: the cycle begins, unless it has."""
        if self.cycle is None and self._settings["cycle_ms"]:
            first = self._shared.uptime.ms() + schedule.stagger_ms(self._settings["id"])
            self.cycle = Cycle(self._settings["cycle_ms"], first)

    def wait_ms(self, now_ms: int) -> "int | None":
        """Milliseconds until `look` and `is_due` should be called again; None if never."""
        wait = None if self.cycle is None else self.cycle.wait_ms(now_ms)
        if self._events is None:
            return wait
        return _LOOK_MS if wait is None else min(wait, _LOOK_MS)

    def look(self, now_ms: int) -> None:
        """Notes what has happened; it is not forgotten before `begin`."""
        if self._events is None:
            return
        found = self._events.look(now_ms)
        if found is not None and not (self.event and found == self._events.CHANGE):
            self.event = found

    def is_due(self, now_ms: int) -> bool:
        """Whether a document should be made now: its time has come, or something happened."""
        return bool(self.event) or (self.cycle is not None and self.cycle.wait_ms(now_ms) == 0)

    def begin(self, now_ms: int) -> int:
        """A document is made for what is due; returns how many due times passed without one."""
        self.event = ""
        if self._events is not None:
            self._events.sent(now_ms)
        return 0 if self.cycle is None else self.cycle.begin(now_ms)

    def skip(self, now_ms: int) -> int:
        """Leaves out the due times that have passed and returns how many; what happened stays to be told."""
        return 0 if self.cycle is None else self.cycle.skip(now_ms)

    def make(self, first: bool, event: str = "") -> Message:
        """A document of the values of this moment; b"" if the format finds nothing to tell. With `first` it introduces
        the device. `event` is what made it due, if not the cycle. Raises RouteError."""
        shared = self._shared
        name = self._settings["body"]["format"]
        format = shared.format(name)
        sample = self._sample(first)
        key = getattr(format, "COUNTER", None)
        if key is None:
            document = format.document(sample)
        else:
            document = self._of_occasion(format, key.format(self._settings["id"]), sample, event)
        return Message(shared.next_id(), document, sample.unix_s, sample.now_ms, first, name)

    def _sample(self, first: bool) -> Sample:
        shared = self._shared
        return Sample(
            self._parameters(),
            shared.uptime.ms(),
            shared.unix_s(),
            shared.device_id,
            self._settings["body"],
            shared.status() if first else None,
        )

    def _of_occasion(self, format: "Format", key: str, sample: Sample, event: str) -> bytes:
        """The document of a format that wants to know more; a number counts once it stands in one."""
        from delivery.occasion import Occasion  # most devices never need it

        shared = self._shared
        counter = shared.counter(key) if key else None
        occasion = Occasion(
            sample.parameters,
            sample.now_ms,
            sample.unix_s,
            sample.device_id,
            sample.body,
            sample.status,
            self._settings["id"],
            shared.ids(),
            0 if counter is None else counter.upcoming,
            event,
            shared.signals.state("ignition"),
            shared.signals.supply_mv(),
            shared.signals.sources(),
        )
        document: bytes = format.document(occasion)
        if document and counter is not None:
            counter.next()
        return document

    def _parameters(self) -> "list[Parameter]":
        group = self._shared.group
        return list(group) if self._selection is None else self._selection.of(group)


def _selection(settings: dict) -> "Selection | None":
    if not settings["include"] and not settings["exclude"]:
        return None
    from delivery.selection import Selection

    return Selection(settings["include"], settings["exclude"])


def _triggers(settings: dict, shared: "Shared") -> "Triggers | None":
    events = settings["events"]
    wanted = ("change", "ecu", "ignition", "charging", "voltage_below")
    if not any([events[name] for name in wanted]):
        return None
    from delivery.triggers import Triggers

    return Triggers(events, shared.group, _selection(settings["select"]), shared.signals)
