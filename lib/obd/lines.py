"""The lines an ELM327 prints, sorted into frames and remarks, and frames put together to messages."""

from binascii import unhexlify

import transient
from micropython import const

from obd import at, isotp

_MAX_LINES = const(640)  # the longest ISO-TP message, 4095 bytes, takes 586 frames
_SINGLE_MAX = const(
    12
)  # bytes of the longest legacy frame: three header bytes, eight of data, checksum

# The remarks that nobody answered.
SILENCE = ("NODATA", "UNABLETOCONNECT")
_PREFIXES = ("SEARCHING...", "BUSINIT:...", "BUSINIT:", "...OK", "OK", "...")
BANNERS = ("ELM327", "ELM329", "STN")


class Lines:
    """What the adapter printed between a command and its prompt.

    Attributes:
        frames: (identifier, data) pairs: bytes after the CAN id, or the message of a legacy frame.
        fault: sentence for the first fault of the bus the adapter reported, else None.
        damage: sentence for what spoiled this answer, else None.
        silent: the adapter said that nobody answered.
        unknown: the adapter did not understand the command ("?").
        stopped: the adapter was interrupted.
        restarted: the adapter printed its banner: it has lost all settings.
        garbled: number of lines that are neither frame nor remark.
    """

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []
        self.fault: str | None = None
        self.damage: str | None = None
        self.silent = self.unknown = self.stopped = self.restarted = False
        self.garbled = 0

    def read(self, raw: bytes, command: str, protocol: str) -> "Lines":
        """Sorts the bytes received before a prompt. `command` is recognised as its own echo."""
        for line in raw.replace(b"\n", b"\r").split(b"\r")[:_MAX_LINES]:
            text = line.replace(b"\x00", b"").replace(b" ", b"")
            if text and text != command.encode():
                self._line(text, protocol)
        if self.fault or self.damage or self.silent or self.garbled:
            transient.release(transient.ADAPTER)
        return self

    def _line(self, text: bytes, protocol: str) -> None:
        try:
            self.frames.append(frame(text, protocol))
            return
        except ValueError:
            pass
        self._remark(text, protocol)

    def _remark(self, text: bytes, protocol: str) -> None:
        remark = _ascii(text).upper()
        for prefix in _PREFIXES:
            if remark.startswith(prefix):
                if len(remark) > len(prefix):
                    self._line(text[len(prefix) :], protocol)
                return
        if remark == "?":
            self.unknown = True
        elif remark == "STOPPED":
            self.stopped = True
        elif remark in SILENCE:
            self.silent = True
        elif remark.startswith(BANNERS) or remark == "LVRESET":
            self.restarted = True
        else:
            self._trouble(remark)

    def _trouble(self, remark: str) -> None:
        from obd import remarks  # given back by `read`, once for all lines

        kind, text = remarks.explain(remark)
        if kind == "fault":
            self.fault = self.fault or text
        elif kind == "damage":
            self.damage = self.damage or text
        elif kind == "silence":
            self.silent = True
        else:
            self.garbled += 1


def _ascii(text: bytes) -> str:
    return "".join([chr(byte) if 32 <= byte < 127 else "\x7f" for byte in text])


def frame(text: bytes, protocol: str) -> "tuple[int, bytes]":
    """Splits a printed frame, blanks removed, into (identifier, data).

    An 11-bit CAN id has three digits, so its line has an odd number of them; 29-bit ids have eight, whether they were
    printed as one token or as four. Legacy lines carry three header bytes (four when ISO 14230-2 puts the length into
    a byte of its own) and a checksum, which is verified and removed; their identifier is the source address.

    Raises:
        ValueError: the line is no frame of this protocol.
    """
    if at.is_legacy(protocol):
        return _legacy_frame(unhexlify(text), protocol)
    digits = 3 if len(text) % 2 else 8
    if (digits == 8) != at.is_29_bit(protocol) and protocol != "0":
        raise ValueError("identifier of the wrong length")
    identifier = int.from_bytes(
        unhexlify(text[:digits] if digits == 8 else b"0" + text[:3]), "big"
    )
    data = unhexlify(text[digits:])
    if not 0 < len(data) <= 8:
        raise ValueError("a CAN frame has 1 to 8 bytes")
    return identifier, data


def _legacy_frame(raw: bytes, protocol: str) -> "tuple[int, bytes]":
    header = 4 if protocol in "45" and not raw[0] & 0x3F else 3
    if len(raw) < header + 2 or (header == 3 and len(raw) > _SINGLE_MAX and protocol not in "45"):
        raise ValueError("a legacy frame has a header, data and a checksum")
    if protocol in "345" and sum(raw[:-1]) & 0xFF != raw[-1]:
        raise ValueError("checksum")
    if header == 3 and protocol in "45" and raw[0] & 0x3F != len(raw) - header - 1:
        raise ValueError("length")
    return raw[2], raw[header:-1]


class Message:
    """A complete message of one ECU.

    Attributes:
        ecu: its identifier.
        payload: service byte first.
        address: the extended-address byte its frames carried, or None.
        lines: how many lines it was printed on.
    """

    def __init__(self, ecu: int, payload: bytes, address: int | None, lines: int) -> None:
        self.ecu = ecu
        self.payload = payload
        self.address = address
        self.lines = lines


def _begin_again(reassembler: isotp.Reassembler, data: bytes) -> bytes | None:
    """After an error: the frame that did not fit may be the first of the next message (a stale one was cut off)."""
    try:
        return reassembler.feed(data)
    except isotp.IsoTpError:
        return None


def messages(lines: Lines, protocol: str, extended: bool) -> "tuple[list[Message], str | None]":
    """Puts frames together: (messages in the order they were completed, why frames are left over or None)."""
    if at.is_legacy(protocol):
        return [Message(ecu, data, None, 1) for ecu, data in lines.frames], None
    complete: list[Message] = []
    open_: dict[int, isotp.Reassembler] = {}
    counts: dict[int, int] = {}
    trouble = None
    for ecu, data in lines.frames:
        reassembler = open_.get(ecu)
        if reassembler is None:
            reassembler = open_[ecu] = isotp.Reassembler(extended)
        if not reassembler.pending:
            counts[ecu] = 0
        counts[ecu] += 1
        try:
            payload = reassembler.feed(data)
        except isotp.IsoTpError as error:
            trouble = "ECU %X: %s" % (ecu, error)
            payload = _begin_again(reassembler, data)
            counts[ecu] = 1
        if payload is not None:
            complete.append(Message(ecu, payload, data[0] if extended else None, counts[ecu]))
    for ecu, reassembler in open_.items():
        if reassembler.pending:
            trouble = "ECU %X: the answer ends in the middle" % ecu
    return complete, trouble
