"""A sample with what the connectors of other systems tell besides: who sends it, which number it has, and why."""

from delivery.sample import Sample

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autopid.parameter import Parameter

    from delivery.sample import Pairs


class Occasion(Sample):
    """A sample at a moment that something made due.

    Attributes besides those of a sample:
        destination: number of the destination.
        ids: name of a dynamic field (`delivery.identity.FIELDS`) -> text, "" or absent if it was not entered.
        number: of the message; one more than the one before, over restarts; gaps are allowed.
        event: what made it due, in the words of `delivery.triggers`; "" for the cycle.
        ignition: whether it is on; None while that is not known.
        supply_mv: supply voltage in millivolts; None if nobody knows it.
        signals: keys (`Parameter.key`) of the parameters that the two above are read from.
        reset_cause: why the device started, in a word.
    """

    def __init__(
        self,
        parameters: "list[Parameter]",
        now_ms: int,
        unix_s: int,
        device_id: str,
        body: dict,
        status: "Pairs | None" = None,
        destination: int = 1,
        ids: "Mapping[str, str] | None" = None,
        number: int = 0,
        event: str = "",
        ignition: "bool | None" = None,
        supply_mv: "int | None" = None,
        signals: "Sequence[str]" = (),
        reset_cause: str = "unknown",
    ) -> None:
        super().__init__(parameters, now_ms, unix_s, device_id, body, status)
        self.destination = destination
        self.ids = ids or {}
        self.number = number
        self.event = event
        self.ignition = ignition
        self.supply_mv = supply_mv
        self.signals = signals
        self.reset_cause = reset_cause
