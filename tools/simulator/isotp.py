"""ISO 15765-2 frames: cutting a payload up, and reading a flow control frame."""

SINGLE, FIRST, CONSECUTIVE, FLOW_CONTROL = 0, 1, 2, 3
MAXIMUM = 4095


def segment(payload: bytes, address: int | None = None, padding: int = 0xAA) -> list[bytes]:
    """The 8-byte data fields that carry `payload` (at most 4095 bytes, else ValueError).

    `address` is put in front of every frame (extended addressing) and takes one byte from its
    room.
    """
    if len(payload) > MAXIMUM:
        raise ValueError(f"an ISO-TP message has at most {MAXIMUM} bytes")
    prefix = b"" if address is None else bytes([address])
    room = 8 - len(prefix)
    if len(payload) < room:
        return [_pad(prefix + bytes([len(payload)]) + payload, padding)]
    head = room - 2
    length = bytes([FIRST << 4 | len(payload) >> 8, len(payload) & 0xFF])
    frames = [prefix + length + payload[:head]]
    for number, start in enumerate(range(head, len(payload), room - 1), 1):
        pci = bytes([CONSECUTIVE << 4 | number & 0xF])
        frames.append(_pad(prefix + pci + payload[start : start + room - 1], padding))
    return frames


def single(data: bytes) -> bytes | None:
    """The payload of a single frame; None if it is none.

    `data` is the frame's data field without an address byte.
    """
    if not data or data[0] >> 4 != SINGLE or not 0 < data[0] < len(data):
        return None
    return data[1 : 1 + data[0]]


def separation(stmin: int) -> float:
    """Seconds between consecutive frames by an STmin byte; reserved values mean 127 ms."""
    if 0xF1 <= stmin <= 0xF9:
        return (stmin - 0xF0) / 10000
    return min(stmin, 0x7F) / 1000


def _pad(data: bytes, padding: int) -> bytes:
    return data + bytes([padding]) * (8 - len(data))
