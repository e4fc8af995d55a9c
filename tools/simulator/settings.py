"""What AT and ST commands set, and what follows from it."""

from dataclasses import dataclass, field

from .bus import Frame
from .ecu import FUNCTIONAL_11, FUNCTIONAL_29

TICK_MS = 4.096
_KWP_HEADER, _ISO9141_HEADER = 0xC233F1, 0x686AF1
_LEGISLATED = {0x7E8 + index: 0x7E0 + index for index in range(8)}


@dataclass
class Pattern:
    """An identifier with "don't care" bits."""

    value: int
    mask: int

    def matches(self, identifier: int) -> bool:
        """True if all bits that matter agree."""
        return (identifier ^ self.value) & self.mask == 0


def pattern(digits: str) -> Pattern:
    """`7E8`, or with X for digits that do not matter."""
    mask = "".join("0" if digit == "X" else "F" for digit in digits)
    return Pattern(int(digits.replace("X", "0"), 16), int(mask, 16))


@dataclass
class Settings:
    """Everything ATD restores.

    Timeout in milliseconds; `header` holds 24 bits, `priority` the five above them.
    """

    echo: bool = True
    linefeeds: bool = False
    headers: bool = False
    spaces: bool = True
    responses: bool = True
    show_length: bool = False
    adaptive: int = 1
    timeout_ms: float = 0x32 * TICK_MS
    header: int | None = None
    priority: int = 0x18
    formatting: bool = True
    long_messages: bool = False
    flow: bool = True
    flow_mode: int = 0
    flow_header: str | None = None
    flow_data: bytes | None = None
    filter: Pattern | None = None
    extended: int | None = None
    extended_rx: int | None = None
    tester: int = 0xF1
    pairs: dict[int, int] = field(default_factory=dict)
    passing: list[Pattern] = field(default_factory=list)
    blocking: list[Pattern] = field(default_factory=list)

    def can_id(self, wide: bool) -> int:
        """The identifier requests are sent with."""
        if self.header is None:
            return FUNCTIONAL_29 if wide else FUNCTIONAL_11
        return self.widened(self.header) if wide else self.header & 0x7FF

    def kline_header(self, length: int, iso9141: bool) -> bytes:
        """Three header bytes; in those of ISO 14230 the length is part of the first."""
        default = _ISO9141_HEADER if iso9141 else _KWP_HEADER
        header = (default if self.header is None else self.header).to_bytes(3, "big")
        return header if iso9141 else bytes([header[0] & 0xC0 | length]) + header[1:]

    def widened(self, header: int) -> int:
        """24 bits with the priority bits of ATCP in front."""
        return (self.priority & 0x1F) << 24 | header & 0xFFFFFF

    def accepts(self, frame: Frame, wide: bool, monitoring: bool = False) -> bool:
        """True if the frame gets through the filters and has the right width and address."""
        if frame.wide != wide or not self._passes(frame, monitoring):
            return False
        if self.extended is None or monitoring:
            return True
        wanted = self.tester if self.extended_rx is None else self.extended_rx
        return frame.data[:1] == bytes([wanted])

    def _passes(self, frame: Frame, monitoring: bool) -> bool:
        if any(block.matches(frame.id) for block in self.blocking):
            return False
        if self.passing:
            return any(allowed.matches(frame.id) for allowed in self.passing)
        if self.filter:
            return self.filter.matches(frame.id)
        if monitoring or frame.id in self.pairs:
            return True
        if frame.wide:
            return frame.id & 0x1FFFFF00 == 0x18DA0000 | self.tester << 8
        return frame.id in _LEGISLATED

    def flow_control(self, frame: Frame, by_pairs: bool) -> Frame | None:
        """The flow control frame for a first frame, or None.

        Mode 0 (and 2, with the user's data): 29-bit identifiers with target and source exchanged;
        11-bit ones with bit 3 cleared, or, `by_pairs` as an STN does it, only those of a known
        transmit/receive pair. Mode 1: header and data are the user's.
        """
        if not self.flow:
            return None
        if self.flow_mode == 1:
            return self._frame(self._user_header(frame.wide), self.flow_data or b"", frame)
        target = self._automatic_target(frame, by_pairs)
        if target is None:
            return None
        prefix = b"" if self.extended is None else bytes([self.extended])
        data = self.flow_data if self.flow_mode == 2 else prefix + b"\x30\x00\x00"
        return self._frame(target, data or b"", frame)

    def _user_header(self, wide: bool) -> int:
        digits = self.flow_header or "0"
        value = int(digits, 16)
        if not wide:
            return value & 0x7FF
        return value & 0x1FFFFFFF if len(digits) == 8 else self.widened(value)

    def _automatic_target(self, frame: Frame, by_pairs: bool) -> int | None:
        if frame.id in self.pairs:
            return self.pairs[frame.id]
        if frame.wide:
            low = frame.id & 0xFFFF
            return frame.id & ~0xFFFF | low >> 8 | (low & 0xFF) << 8
        return _LEGISLATED.get(frame.id) if by_pairs else frame.id & ~8

    @staticmethod
    def _frame(identifier: int, data: bytes, cause: Frame) -> Frame:
        return Frame(identifier, data.ljust(8, b"\0"), cause.wide, cause.at)
