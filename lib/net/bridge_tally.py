"""What a bridge or a forwarding does now and has done."""

from net.bridge_log import Traffic

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    Pairs = list[tuple[str, str | int | bool]]


class Tally:
    """Counts sessions and their bytes.

    Attributes:
        is_listening: whether clients can connect now.
        served: clients that reached the server, since the start.
    """

    def __init__(self) -> None:
        self.is_listening = False
        self.served = 0
        self._open: list[Traffic] = []
        self._past = Traffic(0)

    def begin(self, traffic: Traffic) -> None:
        """A session begins; `end` has to follow."""
        self._open.append(traffic)

    def end(self, traffic: Traffic) -> None:
        """It is over. Any number of times."""
        if traffic in self._open:
            self._open.remove(traffic)
            self._past.add(traffic)

    def pairs(self) -> "Pairs":
        """Everything by name: bytes are those from (in) and to (out) the server."""
        total = Traffic(0)
        for traffic in [self._past] + self._open:
            total.add(traffic)
        return [
            ("listening", self.is_listening),
            ("sessions", len(self._open)),
            ("served", self.served),
            ("bytes_in", total.received),
            ("bytes_out", total.sent),
        ]
