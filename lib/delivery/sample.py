"""What a document is made of: the selected values at one moment."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autopid.parameter import Parameter

    Pairs = Iterable[tuple[str, str | int | bool | None]]


class Sample:
    """The selected parameters and the circumstances.

    Attributes:
        parameters: the selected ones in the group's order; some may not have a value yet.
        now_ms: uptime.
        unix_s: Unix time; 0 while the clock is not set.
        device_id: of this device.
        body: the destination's settings of that name.
        status: redacted (key, plain value) pairs if the document introduces the device, else None.
    """

    def __init__(
        self,
        parameters: "list[Parameter]",
        now_ms: int,
        unix_s: int,
        device_id: str,
        body: dict,
        status: "Pairs | None" = None,
    ) -> None:
        self.parameters = parameters
        self.now_ms = now_ms
        self.unix_s = unix_s
        self.device_id = device_id
        self.body = body
        self.status = status
