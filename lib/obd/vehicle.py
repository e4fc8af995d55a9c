"""What a car says of itself: its identification number (SAE J1979 mode 09) and trouble codes (modes 03, 07, 0A).

dtcs(bytes.fromhex("43020301C100"))  # ["P0301", "U0100"]
"""

from micropython import const

from obd.mode01 import is_padding

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.mode01 import Buffer

_VEHICLE_INFORMATION = const(0x49)
_VIN = const(0x02)
_VIN_LENGTH = const(17)
_LEGACY_MESSAGE = const(7)  # bytes of a message before CAN, without header and checksum


def vin(payload: "Buffer") -> str:
    """The vehicle identification number from the answer to `09 02`.

    Takes the CAN form (`49 02 01` and 17 characters) and the older one: five messages
    `49 02 <n> <4 bytes>`, joined in any order. Raises ValueError when it is neither, or not 17
    letters and digits.
    """
    if len(payload) < 3 or payload[0] != _VEHICLE_INFORMATION or payload[1] != _VIN:
        raise ValueError("not a VIN answer")
    text = _joined_vin(payload) if len(payload) == 5 * _LEGACY_MESSAGE else payload[3:]
    text = bytes(byte for byte in text if byte not in b"\x00\xff\xaa")
    if len(text) != _VIN_LENGTH or not all(_in_vin(byte) for byte in text):
        raise ValueError("a VIN has 17 letters and digits")
    return text.decode()


def _joined_vin(payload: "Buffer") -> bytes:
    pieces = [b""] * 5
    for start in range(0, len(payload), _LEGACY_MESSAGE):
        head, number = bytes(payload[start : start + 2]), payload[start + 2]
        if head != b"\x49\x02" or not 1 <= number <= 5 or pieces[number - 1]:
            raise ValueError("five numbered VIN messages expected")
        pieces[number - 1] = bytes(payload[start + 3 : start + _LEGACY_MESSAGE])
    return b"".join(pieces)


def _in_vin(byte: int) -> bool:
    return 0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x5A


def dtcs(payload: "Buffer", can: bool = True) -> list[str]:
    """The trouble codes in the answer to mode 03, 07 or 0A: `["P0301", "U0100"]`.

    `can`: the answer has a count byte. Without CAN it has none: messages of six bytes, filled with
    zeros, one or several joined. Raises ValueError when the bytes do not add up.
    """
    if not payload or payload[0] not in (0x43, 0x47, 0x4A):
        raise ValueError("not an answer with trouble codes")
    data = _counted(payload) if can else _uncounted(payload)
    pairs = ((data[i], data[i + 1]) for i in range(0, len(data), 2))
    return [dtc(high, low) for high, low in pairs if high or low]


def _counted(payload: "Buffer") -> bytes:
    end = 2 + 2 * payload[1] if len(payload) > 1 else 0
    if not end or len(payload) < end:
        raise ValueError("fewer trouble codes than announced")
    if len(payload) > end and not is_padding(payload, end):
        raise ValueError("more trouble codes than announced")
    return bytes(payload[2:end])


def _uncounted(payload: "Buffer") -> bytes:
    starts = range(0, len(payload), _LEGACY_MESSAGE)
    if len(payload) % _LEGACY_MESSAGE or any(payload[i] != payload[0] for i in starts):
        raise ValueError("six bytes of trouble codes expected in each message")
    return b"".join(bytes(payload[i + 1 : i + _LEGACY_MESSAGE]) for i in starts)


def dtc(high: int, low: int) -> str:
    """The code of two bytes in its usual form: 0x03, 0x01 -> "P0301"."""
    return f"{'PCBU'[high >> 6]}{high >> 4 & 3}{high & 0x0F:X}{low:02X}"
