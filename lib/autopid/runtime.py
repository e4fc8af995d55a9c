"""What the compiled source of an expression may call: exact fractions, C-like remainder, checked
shifts, payload bytes.

A fraction (`Ratio`) is only needed where an expression divides by something that is not constant,
or refers to another parameter; everything else runs on plain integers.
"""

from micropython import const

from autopid.decimal import parse_decimal

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Union

    Image = Union[bytes, "AddressedImage"]  # noqa: UP007 (the class is not defined yet)

_MAX_SHIFT = const(63)
_FIRST_FRAME = const(1)  # ISO 15765-2 protocol control information, high half of the first byte


class Ratio:
    """An exact fraction n / d with d > 0; raises ZeroDivisionError when made with d == 0."""

    def __init__(self, n: int, d: int = 1) -> None:
        if d <= 0:
            if d == 0:
                raise ZeroDivisionError("division by zero")
            n, d = -n, -d
        self.n = n
        self.d = d

    def __add__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.n * other.d + other.n * self.d, self.d * other.d)

    def __sub__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.n * other.d - other.n * self.d, self.d * other.d)

    def __mul__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.n * other.n, self.d * other.d)

    def __truediv__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.n * other.d, self.d * other.n)

    def __mod__(self, other: "Ratio") -> "Ratio":
        return Ratio(remainder(self.n * other.d, other.n * self.d), self.d * other.d)

    def __neg__(self) -> "Ratio":
        return Ratio(-self.n, self.d)

    def __abs__(self) -> "Ratio":
        return Ratio(abs(self.n), self.d)

    def __lt__(self, other: "Ratio") -> bool:
        return self.n * other.d < other.n * self.d

    def __gt__(self, other: "Ratio") -> bool:
        return other < self

    def whole(self) -> int:
        """The integer part, towards zero."""
        return truncated(self.n, self.d)


def truncated(n: int, d: int) -> int:
    """Returns n / d (d > 0) rounded towards zero."""
    return n // d if n >= 0 else -(-n // d)


def remainder(n: int, d: int) -> int:
    """The remainder of n / d with the sign of n, like C's `fmod`; raises ZeroDivisionError."""
    rest = abs(n) % abs(d)
    return -rest if n < 0 else rest


def _shift(count: int) -> int:
    if not 0 <= count <= _MAX_SHIFT:
        raise ValueError("shift must be 0 to 63")
    return count


def shifted_left(n: int, count: int) -> int:
    """Returns n << count; raises ValueError for a count outside 0..63."""
    return n << _shift(count)


def shifted_right(n: int, count: int) -> int:
    """Returns n >> count (the sign is kept); raises ValueError for a count outside 0..63."""
    return n >> _shift(count)


class AddressedImage:
    """A raw frame image with an address byte in each frame (ISO 15765-2 extended addressing).

    Bytes alone do not tell that it is one, so it brings its payload along.
    """

    def __init__(self, image: bytes, payload: bytes) -> None:
        self._image = image
        self.payload = payload

    def __getitem__(self, index: int) -> int:
        return self._image[index]

    def __len__(self) -> int:
        return len(self._image)


def payload_byte(image: "Image", offset: int) -> int:
    """Returns byte `offset` of the ISO-TP payload whose raw frames, PCI bytes included, make up
    `image`.

    ISO 15765-2: a first frame holds 6 payload bytes behind its two PCI bytes, each consecutive
    frame 7 behind one; a single frame has one PCI byte. Raises IndexError beyond the image.
    """
    payload = getattr(image, "payload", None)
    if payload is not None:
        return payload[offset]
    return image[payload_index(offset) if image[0] >> 4 == _FIRST_FRAME else offset + 1]


def payload_index(offset: int) -> int:
    """Returns where byte `offset` of the payload lies in the image of a multi-frame answer."""
    if offset < 6:
        return offset + 2
    frame, position = divmod(offset - 6, 7)
    return 8 * (frame + 1) + 1 + position


def reference_value(text: str) -> Ratio:
    """Returns the number that a parameter's text stands for; "on" is 1 and "off" 0.

    Raises ValueError for any other text that is not decimal.
    """
    if text == "on":
        return Ratio(1)
    if text == "off":
        return Ratio(0)
    number, decimals = parse_decimal(text)
    return Ratio(number, 10**decimals)
