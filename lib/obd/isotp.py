"""ISO 15765-2 (ISO-TP), receiving side only: the adapter chip sends the flow control frames.

`Reassembler` turns the data fields of CAN frames into messages. `frame_image` goes the other way:
it rebuilds the bytes the frames carried, because WiCAN vehicle profiles count every byte after the
CAN identifier, PCI bytes included.

    reassembler = Reassembler()
    reassembler.feed(bytes.fromhex("037f2278aaaaaaaa"))  # -> b"\\x7f\\x22\\x78"
"""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

MAX_LENGTH = const(4095)

_FRAME = const(8)
_SINGLE = const(0)
_FIRST = const(1)
_CONSECUTIVE = const(2)
_FLOW_CONTROL = const(3)


class IsoTpError(Exception):
    """The frames do not form a message; `reason` says why in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def frame_count(length: int, extended: bool = False) -> int:
    """How many CAN frames a payload of `length` bytes takes."""
    per_frame = 6 if extended else 7
    if length <= per_frame:
        return 1
    return 1 + -(-(length - per_frame + 1) // per_frame)


class Reassembler:
    """Puts the frames of one ECU together.

    `extended`: an address byte stands in front of the PCI byte (ISO 15765-2 extended addressing).
    """

    def __init__(self, extended: bool = False) -> None:
        self._at = 1 if extended else 0  # where the PCI byte stands
        self.reset()

    def reset(self) -> None:
        """Forgets a message that is not complete."""
        self._message: bytearray | None = None
        self._filled = 0
        self._sequence = 0

    @property
    def pending(self) -> bool:
        """True while a message of several frames is not complete."""
        return self._message is not None

    def feed(self, frame: "Buffer") -> bytes | None:
        """Takes the data field of one CAN frame (at most 8 bytes, padding included).

        Returns the payload when this frame completes a message, else None. Flow control frames are
        ignored. Raises IsoTpError, forgetting the open message, when the frame is malformed or out
        of order.
        """
        try:
            return self._dispatch(frame)
        except IsoTpError:
            self.reset()
            raise

    def _dispatch(self, frame: "Buffer") -> bytes | None:
        if len(frame) <= self._at:
            raise IsoTpError("frame without a PCI byte")
        if len(frame) > _FRAME:
            raise IsoTpError("frame longer than 8 bytes")
        kind = frame[self._at] >> 4
        if kind == _CONSECUTIVE:
            return self._consecutive(frame)
        if kind == _FLOW_CONTROL:
            return None
        if kind > _FLOW_CONTROL:
            raise IsoTpError(f"unknown frame type {kind}")
        if self._message is not None:
            raise IsoTpError("new message before the end of the one before")
        if kind == _SINGLE:
            return self._single(frame)
        self._first(frame)
        return None

    def _single(self, frame: "Buffer") -> bytes:
        start = self._at + 1
        length = frame[self._at]
        if length == 0:
            raise IsoTpError("single frame of length 0")
        if length > _FRAME - start:
            raise IsoTpError(f"single frame of length {length}")
        if len(frame) < start + length:
            raise IsoTpError("single frame cut short")
        return bytes(frame[start : start + length])

    def _first(self, frame: "Buffer") -> None:
        if len(frame) < _FRAME:
            raise IsoTpError("first frame cut short")
        start = self._at + 2
        length = (frame[self._at] & 0x0F) << 8 | frame[self._at + 1]
        if length == 0:
            raise IsoTpError("message longer than 4095 bytes")
        if length < _FRAME - self._at:
            raise IsoTpError(f"first frame of length {length}")
        self._filled = _FRAME - start
        message = self._message = bytearray(length)
        message[: self._filled] = frame[start:]
        self._sequence = 0

    def _consecutive(self, frame: "Buffer") -> bytes | None:
        message = self._message
        if message is None:
            raise IsoTpError("consecutive frame without a first frame")
        self._check_sequence(frame[self._at] & 0x0F)
        start = self._at + 1
        count = min(_FRAME - start, len(message) - self._filled)
        if len(frame) < start + count:
            raise IsoTpError("consecutive frame cut short")
        message[self._filled : self._filled + count] = frame[start : start + count]
        self._filled += count
        if self._filled < len(message):
            return None
        self.reset()
        return bytes(message)

    def _check_sequence(self, number: int) -> None:
        previous = self._sequence
        self._sequence = (previous + 1) & 0x0F
        if number == self._sequence:
            return
        if number == previous:
            raise IsoTpError(f"frame {number} came twice")
        raise IsoTpError(f"frame {self._sequence} expected, got {number}")


def frame_image(payload: "Buffer", address: int | None = None) -> bytes:
    """The bytes of the CAN frames that carry `payload`, PCI bytes included, padding not.

    Frame follows frame; byte 0 is the first byte after the CAN identifier. With extended
    addressing each frame begins with `address`. Raises ValueError when ISO-TP cannot carry that
    many bytes.
    """
    length = len(payload)
    if not 0 < length <= MAX_LENGTH:
        raise ValueError(f"ISO-TP carries 1 to 4095 bytes, not {length}")
    head = 0 if address is None else 1
    per_frame = _FRAME - 1 - head
    if length <= per_frame:
        return _prefix(address) + bytes((length,)) + payload
    frames = frame_count(length, head == 1)
    image = bytearray(length + 1 + frames * (1 + head))
    image[: head + 2] = _prefix(address) + bytes((0x10 | length >> 8, length & 0xFF))
    image[head + 2 : _FRAME] = payload[: per_frame - 1]
    _fill_consecutive(image, memoryview(payload)[per_frame - 1 :], _prefix(address), per_frame)
    return bytes(image)


def _prefix(address: int | None) -> bytes:
    return b"" if address is None else bytes((address,))


def _fill_consecutive(image: bytearray, rest: memoryview, prefix: bytes, per_frame: int) -> None:
    position = _FRAME
    sequence = 1
    for start in range(0, len(rest), per_frame):
        piece = rest[start : start + per_frame]
        body = position + len(prefix) + 1
        image[position : body - 1] = prefix
        image[body - 1] = 0x20 | sequence & 0x0F
        image[body : body + len(piece)] = piece
        position = body + len(piece)
        sequence += 1
