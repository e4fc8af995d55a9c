"""An answer of a car as somebody copied it from a terminal, instead of one that comes from the adapter.

Lines as adapters print them: with or without blanks, headers, echo, remarks and prompts.

    read("7E8 06 41 0C 1A F8", Request("010C")).payload()     # b"A\\x0c\\x1a\\xf8"
"""

from binascii import unhexlify

from obd.lines import Lines, messages
from obd.outcome import Outcome
from obd.request import Reply

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obd.request import Request

# CAN, whose lines cannot be taken for others; then ISO 14230-4 and 9141-2, which have checksums; then J1850.
_PROTOCOLS = ("0", "5", "3", "1")


def read(text: str, request: "Request") -> Reply:
    """The positive responses to `request` in what was copied.

    Raises ValueError with a sentence if there are none, NegativeResponse if the ECUs refused.
    """
    text = text.upper().replace("\t", "").replace(">", "\r")
    extended = request.link.extended_address is not None
    trouble = None
    for protocol in _PROTOCOLS:
        lines = Lines().read(text.encode(), request.text, protocol)
        found, unfinished = messages(lines, protocol, extended)
        outcome = Outcome(request, found, unfinished, lines)
        if outcome.answers:
            return outcome.reply()
        if outcome.heard:
            outcome.complain()
        trouble = trouble or unfinished or lines.fault or lines.damage
    for payload in _without_headers(text):
        if request.matches(payload):
            return Reply([(0, [payload])], [], None)
    raise ValueError(trouble or "none of these lines answers %s" % request.text)


def _without_headers(text: str) -> "Iterator[bytes]":
    """The payloads in lines that were printed with headers off: `41 0C 1A F8`, or a length and `0: …`, `1: …`."""
    joined = ""
    length = 0
    for line in text.replace("\n", "\r").replace(" ", "").split("\r"):
        number, colon, rest = line.partition(":")
        if colon and len(number) == 1:
            joined += rest
        elif len(line) == 3:
            length = len(_bytes("0" + line)) and int(line, 16)
        elif line:
            yield _bytes(line)
    payload = _bytes(joined)
    yield payload[: length or len(payload)]


def _bytes(digits: str) -> bytes:
    """Nothing for what is not hexadecimal."""
    try:
        return unhexlify(digits)
    except ValueError:
        return b""
