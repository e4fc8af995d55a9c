"""Bodies in gzip format (RFC 1952), for receivers that read `Content-Encoding: gzip`.

Stock firmware can unpack but mostly not pack: then it is done here, with what a small device affords: fixed Huffman
codes (RFC 1951, 3.2.6) and one look back per position through a table of 2 KB.
"""

from array import array
from binascii import crc32

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

_WINDOW_BITS = const(10)  # of the firmware's packer, which looks through all of it for every byte
_SLOTS = const(1024)
_FURTHEST = const(32768)
_SHORTEST = const(3)
_LONGEST = const(257)  # 258 has a code of its own

# Huffman codes go out highest bit first, everything else lowest bit first.
_REVERSED = bytes([int("".join(reversed(f"{byte:08b}")), 2) for byte in range(256)])


def compress(data: bytes) -> bytes:
    """The data as one gzip member, packed by the firmware where it can."""
    packer = _firmware()
    if packer is not None:
        return _packed_by(packer, data)
    out = bytearray(b"\x1f\x8b\x08\0\0\0\0\0\x04\xff")  # deflate, no time, fastest, unknown system
    _Packer(data, out).pack()
    for number in (crc32(data), len(data)):
        out += bytes([number >> shift & 0xFF for shift in (0, 8, 16, 24)])
    return bytes(out)


def _firmware() -> "Any":
    """Module `deflate` if it was built to compress, else None."""
    try:
        import deflate
    except ImportError:
        return None
    return deflate if hasattr(deflate.DeflateIO, "write") else None


def _packed_by(deflate: "Any", data: bytes) -> bytes:
    from io import BytesIO

    stream = BytesIO()
    packer = deflate.DeflateIO(stream, deflate.GZIP, _WINDOW_BITS)
    packer.write(data)
    packer.close()
    return stream.getvalue()


class _Packer:
    """Writes one final block of deflated data."""

    def __init__(self, data: bytes, out: bytearray) -> None:
        self._data = data
        self._out = out
        self._bits = 0b011  # final, fixed codes
        self._count = 3

    def pack(self) -> None:
        """Packs everything."""
        data, latest = self._data, array("H", bytes(2 * _SLOTS))
        at = told = 0
        last = len(data) - _SHORTEST
        while at <= last:
            slot = (data[at] * 33 ^ data[at + 1] * 9 ^ data[at + 2] << 5) & (_SLOTS - 1)
            # Positions are kept without their high bits. An empty slot leads to a wrong place, no worse than a
            # collision: what stands there is compared anyway.
            distance = (at - latest[slot]) & 0xFFFF
            latest[slot] = at & 0xFFFF
            length = 0
            if 0 < distance <= _FURTHEST and data[at - distance] == data[at]:
                length = self._same(at, distance)
            if length < _SHORTEST:
                at += 1
                continue
            self._literals(told, at)
            self._length(length)
            self._distance(distance)
            told = at = at + length
        self._literals(told, len(data))
        self._put(0, 7)  # the end of the block
        self._put(0, 7)  # what is left of the last byte

    def _literals(self, start: int, end: int) -> None:
        """Bytes as they are. The code of one below 144 has eight bits: as many as it takes, a byte gets full."""
        bits, count, out = self._bits, self._count, self._out
        for byte in self._data[start:end]:
            if byte < 144:
                bits |= _REVERSED[0x30 + byte] << count
            else:
                self._bits, self._count = bits, count
                self._put(1, 1)
                bits, count = self._bits, self._count
                bits |= _REVERSED[byte - 144 + 0x90] << count
            out.append(bits & 0xFF)
            bits >>= 8
        self._bits, self._count = bits, count

    def _same(self, at: int, distance: int) -> int:
        """How many bytes from there on repeat those `distance` before."""
        data = self._data
        before, end = at - distance, min(at + _LONGEST, len(data))
        start = at
        while at < end and data[at] == data[before]:
            at += 1
            before += 1
        return at - start

    def _put(self, bits: int, count: int) -> None:
        bits = self._bits | bits << self._count
        count += self._count
        while count >= 8:
            self._out.append(bits & 0xFF)
            bits >>= 8
            count -= 8
        self._bits, self._count = bits, count

    def _length(self, length: int) -> None:
        """Code and the bits it leaves open (RFC 1951, 3.2.5 and 3.2.6)."""
        length -= _SHORTEST
        extra = 0
        while length >> extra > 7:
            extra += 1
        code = 1 + 4 * extra + (length >> extra)  # beyond that of the end
        rest = length & ((1 << extra) - 1)
        if code < 24:
            self._put(_REVERSED[code] >> 1 | rest << 7, 7 + extra)
        else:
            self._put(_REVERSED[0xC0 + code - 24] | rest << 8, 8 + extra)

    def _distance(self, distance: int) -> None:
        """Five bits of code and those it leaves open (RFC 1951, 3.2.5)."""
        distance -= 1
        extra = 0
        while distance >> extra > 3:
            extra += 1
        code = 2 * extra + (distance >> extra)
        rest = distance & ((1 << extra) - 1)
        self._put(_REVERSED[code] >> 3 | rest << 5, 5 + extra)
