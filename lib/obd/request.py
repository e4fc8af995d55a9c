"""What is asked of a car, and what came back."""

from binascii import unhexlify

from micropython import const

from obd import isotp
from obd.at import Link

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

_POSITIVE = const(0x40)
_NEGATIVE = const(0x7F)
_MODE_01 = const(0x01)
_MOST_REFUSALS = const(2)
_RECOUNT = const(32)
_MAX_LINES = const(15)  # the digit is one hexadecimal figure

# Bytes after the service that a positive response repeats: SAE J1979 (01, 02, 09), ISO 14229-1 (the others).
_ECHOED = {
    0x01: 1,
    0x02: 2,
    0x03: 0,
    0x04: 0,
    0x07: 0,
    0x0A: 0,
    0x14: 0,
    0x22: 2,
    0x2E: 2,
    0x2F: 2,
    0x31: 3,
}


class Request:
    """One question to the car: service and data, and the link it is asked over.

    >>> Request("220101", "ATSH7E4;ATST96;")
    >>> Request("01051")          # an odd digit at the end: how many lines the answer has

    Args:
        command: hexadecimal text of service and data as WiCAN profiles write it, blanks allowed, 1 to 7 bytes.
        init: AT/ST commands that set the link, separated by ";".
        link: the same, already parsed; replaces `init`.

    Attributes:
        data: the bytes sent.
        link: link settings (`obd.at.Link`).
        lines: lines the adapter is told to wait for; learned from answers, None while unknown.
        countable: False once an answer came in a number of lines that changes (a pending response).
        slow: True once the ECU asked for more time, so that the next request waits longer from the start.

    Raises:
        ValueError: the command is not hexadecimal, or too long.
    """

    # Attributes that keep these values take no room in the object.
    countable = True
    slow = False
    _refused = 0
    _digits = 15

    def __init__(self, command: str, init: str = "", link: Link | None = None) -> None:
        text = command.replace(" ", "").upper()
        if not 2 <= len(text) <= self._digits:
            raise ValueError("a request has 1 to %d bytes, not %r" % (self._digits // 2, command))
        self.lines: int | None = None
        if len(text) % 2:
            self.lines = _hex_digit(text[-1]) or None
            text = text[:-1]
        try:
            self.data = unhexlify(text)
        except ValueError:
            raise ValueError("a request is hexadecimal, not %r" % command)
        self.text = text
        self.link = Link.parse(init) if link is None else link
        self._uses = 0

    @property
    def service(self) -> int:
        """Service identifier, the first byte."""
        return self.data[0]

    def matches(self, payload: bytes) -> bool:
        """True if the payload is the positive response to this request: its service, and the identifier it repeats."""
        data = self.data
        if not payload or payload[0] != data[0] + _POSITIVE:
            return False
        if data[0] == _MODE_01:
            return len(payload) > 1 and payload[1] in data[1:]
        echoed = min(_ECHOED.get(data[0], 1), len(data) - 1)
        return payload[1 : 1 + echoed] == data[1 : 1 + echoed]

    def refusal(self, payload: bytes) -> int | None:
        """The negative response code if the payload refuses this service, else None."""
        if len(payload) >= 3 and payload[0] == _NEGATIVE and payload[1] == self.data[0]:
            return payload[2]
        return None

    def count(self) -> int | None:
        """How many lines to ask for this time, None for as many as come.

        Behind a functional address an ECU may join later, so now and then all are waited for.
        """
        self._uses += 1
        if (
            self._uses % _RECOUNT == 0
            and not self.link.sets("ATSH")
            and not self.link.sets("ATCRA")
        ):
            return None
        return self.lines

    def learn(self, lines: int) -> None:
        """Notes how many lines a complete answer had."""
        if self.countable:
            self.lines = lines if 0 < lines <= _MAX_LINES else None

    def be_patient(self) -> None:
        """The ECU asked for more time: from now on wait as long as the adapter can, for any number of lines."""
        if not self.slow:
            self.link = self.link.over("ATAT0;ATSTFF")
        self.slow = True
        self.countable = False
        self.lines = None

    def refuse_lines(self) -> None:
        """The adapter did not understand the request with its number of lines; after the second time it gets none."""
        self._refused += 1
        if self._refused >= _MOST_REFUSALS:
            self.countable = False

    def forget_lines(self) -> None:
        """Ask for no number of lines until an answer has been counted again."""
        self.lines = None


def _hex_digit(digit: str) -> int:
    try:
        return int(digit, 16)
    except ValueError:
        raise ValueError("a request is hexadecimal, not %r" % digit)


class Reply:
    """The positive responses to a request, by ECU.

    Attributes:
        ecus: identifiers of the ECUs that answered, lowest first (11- or 29-bit CAN id; source address on K-line).
        refused: (ecu, negative response code) of the ECUs that refused while others answered.
        address: the address byte in front of every frame (extended addressing), or None.
    """

    def __init__(
        self,
        answers: "Iterable[tuple[int, list[bytes]]]",
        refused: "list[tuple[int, int]]",
        address: int | None,
    ) -> None:
        self._answers = sorted(answers)
        self.address = address
        self.refused = refused

    @property
    def ecus(self) -> "list[int]":
        """Identifiers of the ECUs that answered, lowest first."""
        return [ecu for ecu, _ in self._answers]

    def messages(self, ecu: int | None = None) -> "list[bytes]":
        """All matching messages of an ECU in order of arrival (legacy protocols answer long data in several)."""
        for identifier, messages in self._answers:
            if ecu is None or identifier == ecu:
                return messages
        raise KeyError("ECU %X did not answer" % ecu if ecu is not None else "no ECU answered")

    def payload(self, ecu: int | None = None) -> bytes:
        """The ISO-TP payload, service byte first; of the lowest ECU if none is named. KeyError if it did not answer."""
        return self.messages(ecu)[-1]

    def image(self, ecu: int | None = None) -> bytes:
        """The raw frame image: all bytes after the CAN id, frame after frame, PCI bytes included, padding not.

        WiCAN profiles number these bytes (B0 is the first). Answers of legacy protocols get the image CAN
        would have had.
        """
        return isotp.frame_image(self.payload(ecu), self.address)
