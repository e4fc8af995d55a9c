"""The AT and ST settings of a link, as a CAN controller needs them: identifiers, filter, flow control, addresses.

Meaning of the commands: ELM327 data sheet v2.x, STN1100 family reference. Identifiers of the answers where a link sets
none: ISO 15765-4 6.3.2. Keys are those of `obd.can_bus`.
"""

from binascii import unhexlify

from micropython import const

from obd import at
from obd.can_bus import ALL_BITS, EXTENDED

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.at import Link

# Bits per second by protocol number, in the order in which they are tried: ISO 15765-4, data sheet "AT SP".
PROTOCOLS = (("6", 500_000), ("7", 500_000), ("8", 250_000), ("9", 250_000))

_FUNCTIONAL = const(0x7DF)
_DEFAULT_HEADER = {False: "7DF", True: "DB33F1"}
_DEFAULT_PRIORITY = "18"
_TESTER = const(0xF1)
_CLEAR_TO_SEND = b"\x30\x00\x00"
_NORMAL_FIXED = (0x18DA, 0x18DB)
_MIXED = (0x18CE, 0x18CD)  # physical, functional: ISO 15765-2 10.3.5


def bitrate(protocol: str) -> int:
    """Bits per second of an ELM327 protocol number; 0 if it is not ISO-TP on CAN."""
    for number, bits in PROTOCOLS:
        if number == protocol:
            return bits
    return 0


class Route:
    """How requests of a link travel, and what answers them.

    Attributes:
        bitrate: bits per second.
        key: of the frames sent.
        value, mask: answers are the frames whose key & mask is value.
        functional: whether all ECUs are asked at once (ISO 15765-4).
        sole: whether one answer is all there will be.
        address: byte that begins each frame sent (extended or mixed addressing), or None.
        accepted: bytes that may begin an answer's frames then.
        padded: whether frames are filled up to eight bytes.
        grant: flow control frame's data, without address byte; None if none may be sent.
        timeout_ms: how long to wait for an answer or the next one.

    Raises ValueError with a sentence if a setting makes no sense on CAN.
    """

    def __init__(self, link: "Link", protocol: str) -> None:
        wide = EXTENDED if at.is_29_bit(protocol) else 0
        self.bitrate = bitrate(protocol)
        if not self.bitrate:
            raise ValueError("protocol %s needs an ELM327" % protocol)
        self.key = _header(link, wide)
        self.address = link.extended_address
        self.functional = self.key == _FUNCTIONAL or self._high in (
            _NORMAL_FIXED[1],
            _MIXED[1],
        )
        self.value, self.mask = self._filter(link, wide)
        self.sole = not self.functional or self.mask == ALL_BITS
        self.accepted = _accepted(link, self.address)
        self.padded = link.get("ATV") != "1"
        self.timeout_ms = link.timeout_ms
        self.grant: bytes | None = None if link.get("ATCFC") == "0" else _CLEAR_TO_SEND
        self._fixed: int | None = None
        self._pairs = _pairs(link, wide)
        mode = link.get("ATFCSM") or "0"
        if self.grant is not None and mode != "0":
            self._read_flow_control(link, wide, mode)

    @property
    def _high(self) -> int:
        """The upper half of a 29-bit identifier, which tells the addressing; 0 if it has 11 bits."""
        return self.key >> 16 & 0x1FFF if self.key & EXTENDED else 0

    # What answers

    def _filter(self, link: "Link", wide: int) -> "tuple[int, int]":
        text = link.get("ATCRA")
        if text:
            return _pattern(text, wide)
        code, mask = link.get("ATCF"), link.get("ATCM")
        if code and mask:
            bits = _number(mask) & _width(wide) | EXTENDED
            return (_number(code) | wide) & bits, bits
        return self._default_filter(wide)

    def _default_filter(self, wide: int) -> "tuple[int, int]":
        if self.key & ~7 == 0x7E0 or self.key == _FUNCTIONAL:
            return 0x7E8, EXTENDED | 0x7F8
        for pair in (_NORMAL_FIXED, _MIXED):
            if self._high in pair:
                tester = self.key & 0xFF
                return EXTENDED | pair[0] << 16 | tester << 8, EXTENDED | 0x1FFF_FF00
        return wide, EXTENDED  # makers choose freely: known by what they say

    # Flow control

    def _read_flow_control(self, link: "Link", wide: int, mode: str) -> None:
        """What the user wants instead: mode 1 identifier and data, mode 2 data."""
        data = link.get("ATFCSD")
        if data:
            self.grant = self._own_grant(data)
        header = link.get("ATFCSH")
        if mode == "1" and header:
            self._fixed = _number(header) & _width(wide) | wide

    def _own_grant(self, text: str) -> bytes:
        """A user's data; some write the address byte, too."""
        data = unhexlify(text)
        if self.address is not None and len(data) > 3 and data[1] >> 4 == 3:
            data = data[1:]
        if len(data) < 3 or data[0] >> 4 != 3:
            raise ValueError("ATFCSD%s is no flow control frame" % text)
        return data[:3]

    def flow_control_key(self, responder: int) -> int:
        """Where the flow control of an answer goes: never to all ECUs, even if all were asked."""
        if self._fixed is not None:
            return self._fixed
        for sent, received in self._pairs:
            if received == responder:
                return sent
        if not self.functional:
            return self.key
        if responder & EXTENDED:  # source and target change places
            return responder & ~0xFFFF | (responder & 0xFF) << 8 | responder >> 8 & 0xFF
        return responder - 8


def _header(link: "Link", wide: int) -> int:
    text = link.get("ATSH") or _DEFAULT_HEADER[bool(wide)]
    if wide and len(text) < 8:
        text = (link.get("ATCP") or _DEFAULT_PRIORITY) + ("000000" + text)[-6:]
    return _number(text) & _width(wide) | wide


def _accepted(link: "Link", address: int | None) -> "tuple[int, ...]":
    """Extended addressing: the tester's address; mixed: the extension, which is the same both ways."""
    if address is None:
        return ()
    receive = link.get("ATCER")
    if receive:
        return (_number(receive),)
    return _number(link.get("ATTA") or "F1"), address


def _pairs(link: "Link", wide: int) -> "list[tuple[int, int]]":
    """(flow control's, answer's) keys of STN's flow control address pairs."""
    found = []
    for slot, command in link.commands:
        if slot is None and command.startswith(("STCAFCP", "STCFCPA")):
            sent, _, received = command[7:].partition(",")
            if received:
                found.append((_number(sent) | wide, _number(received) | wide))
    return found


def _pattern(text: str, wide: int) -> "tuple[int, int]":
    """Value and mask of an identifier in which X stands for any digit."""
    value = _number(text.replace("X", "0")) & _width(wide)
    if "X" not in text:
        return value | wide, ALL_BITS
    mask = "".join(["0" if digit == "X" else "F" for digit in text])
    return value | wide, _number(mask) & _width(wide) | EXTENDED


def _width(wide: int) -> int:
    return 0x1FFF_FFFF if wide else 0x7FF


def _number(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        raise ValueError("%s is not hexadecimal" % text)
