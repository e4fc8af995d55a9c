"""Answers of SAE J1979 / ISO 15031-5 mode 01, cut into single PIDs. `obd.j1979` knows what the data mean."""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

    Buffer = bytes | bytearray | memoryview

_CURRENT_DATA = const(0x41)
DATA = const(2)  # where the data of a single-PID answer begins
_PADDING = b"\x00\xaa\x55"

# Data bytes of PID 00, 01, …: one digit each in base 36, 16 to the line. 0: not defined, or not
# the same in every edition of the standard (a bank or sensor was appended), so that no answer can
# be cut by it.
_LENGTHS = (
    "4422111111112111"
    "2111222222221112"
    "4222444444441111"
    "1221444444442222"
    "4422211111111224"
    "4112200002111221"
    "4112525377555003"
    "005557759977911D"
    "40001A55D007H110"
    "3523C0009964H429"
    "4929444000000000"
    "0000000000000000"
    "4"
)


def data_length(pid: int) -> int | None:
    """Number of data bytes in a mode 01 answer for this PID; None when not known for certain."""
    length = int(_LENGTHS[pid], 36) if 0 <= pid < len(_LENGTHS) else 0
    return length or None


def split(payload: "Buffer", asked: "Iterable[int] | None" = None) -> list[tuple[int, bytes]]:
    """Cuts a positive mode 01 answer into (pid, `41 <pid> data`) pairs, in the answer's order.

    `asked`: the PIDs of the request. With one of them, the answer is not cut at all (so PIDs of
    unknown length work); with several, an answer that contains any other PID is refused. Padding
    (00, AA or 55) is tolerated only behind the data of a single PID.
    Raises ValueError when the bytes do not add up.
    """
    if len(payload) < 3 or payload[0] != _CURRENT_DATA:
        raise ValueError("not a mode 01 answer")
    asked = None if asked is None else list(asked)
    if asked is not None and len(asked) == 1:
        return [_single(payload, asked[0])]
    parts: list[tuple[int, bytes]] = []
    position = 1
    while position < len(payload):
        if len(parts) == 1 and is_padding(payload, position):
            break
        pid, data = _next(payload, position, asked)
        parts.append((pid, bytes((_CURRENT_DATA, pid)) + data))
        position += 1 + len(data)
    return parts


def _single(payload: "Buffer", pid: int) -> tuple[int, bytes]:
    if payload[1] != pid:
        raise ValueError(f"answer for PID {payload[1]:02X}, not {pid:02X}")
    if len(payload) < DATA + (data_length(pid) or 1):
        raise ValueError(f"PID {pid:02X}: too few bytes")
    return pid, bytes(payload)


def is_padding(payload: "Buffer", position: int) -> bool:
    """Whether an answer has nothing but filling (00, AA or 55) from `position` on."""
    filler = payload[position]
    return filler in _PADDING and all(byte == filler for byte in payload[position:])


def _next(payload: "Buffer", position: int, asked: list[int] | None) -> tuple[int, bytes]:
    pid = payload[position]
    if asked is not None and pid not in asked:
        raise ValueError(f"PID {pid:02X} was not asked for")
    length = data_length(pid)
    if length is None:
        raise ValueError(f"PID {pid:02X}: unknown length")
    data = bytes(payload[position + 1 : position + 1 + length])
    if len(data) < length:
        raise ValueError(f"PID {pid:02X}: {len(data)} bytes of {length}")
    return pid, data
