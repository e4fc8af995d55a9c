"""What an exchange with the adapter says about the request that was made."""

from micropython import const

from obd.errors import BusFault, Garbled, NegativeResponse, NoAnswer
from obd.request import Reply

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.lines import Lines, Message
    from obd.request import Request

RESPONSE_PENDING = const(0x78)
BUSY_REPEAT = const(0x21)


class Outcome:
    """Messages of all ECUs, sorted by what they mean for a request. Messages that belong to others are dropped.

    Attributes:
        answers: ecu -> its positive responses.
        refused: (ecu, negative response code) of those whose last word was a refusal.
        waiting: the same of those that announced an answer that has not come, or want to be asked again.
        damage: why part of the answer may be missing, None if it is whole.
        printed: number of lines that carried messages of this request.
        interim: whether there was any refusal, so that the number of lines is not always the same.
    """

    def __init__(
        self, request: "Request", found: "list[Message]", trouble: str | None, lines: "Lines"
    ) -> None:
        self._request = request
        self._lines = lines
        self._address: int | None = None
        self.answers: dict[int, list[bytes]] = {}
        self.printed = 0
        self.interim = False
        self.damage = trouble or lines.damage
        if self.damage is None and lines.garbled:
            self.damage = "part of the answer was lost"
        last: dict[int, int] = {}
        for message in found:
            self._sort(message, last)
        final = [(ecu, code) for ecu, code in last.items() if ecu not in self.answers]
        self.waiting = [pair for pair in final if pair[1] in (RESPONSE_PENDING, BUSY_REPEAT)]
        self.refused = [pair for pair in final if pair not in self.waiting]

    def _sort(self, message: "Message", last: "dict[int, int]") -> None:
        code = self._request.refusal(message.payload)
        if code is not None:
            last[message.ecu] = code
            self.interim = True
        elif self._request.matches(message.payload):
            self.answers.setdefault(message.ecu, []).append(message.payload)
            self._address = message.address
        else:
            return
        self.printed += message.lines

    @property
    def heard(self) -> bool:
        """Whether any ECU said anything about the request."""
        return bool(self.answers or self.refused or self.waiting)

    @property
    def silent(self) -> bool:
        """Whether the adapter says that nobody answered, and nothing hints at anything else."""
        return self._lines.silent and not self.heard and not self._lines.frames and not self.damage

    @property
    def unknown(self) -> bool:
        """Whether the adapter did not understand the request."""
        return self._lines.unknown

    @property
    def clean(self) -> bool:
        """Whether every line belongs to the request, so that their number means something."""
        whole = not self.damage and not self._lines.fault
        return whole and self.printed == len(self._lines.frames)

    def reply(self) -> Reply:
        """The positive responses."""
        return Reply(self.answers.items(), self.refused, self._address)

    def complain(self) -> None:
        """Raises what fits an outcome without a positive response."""
        request, lines = self._request, self._lines
        if self.refused or self.waiting:
            raise NegativeResponse(*(self.refused or self.waiting)[0])
        if lines.fault:
            raise BusFault(lines.fault)
        if self.silent:
            raise NoAnswer("no ECU answered %s" % request.text)
        if lines.unknown or lines.stopped:
            raise Garbled("the adapter did not understand the request")
        if lines.frames and not self.damage:
            raise Garbled("only frames that belong to another request came back")
        raise Garbled(self.damage or "the adapter gave an empty answer")
