"""SAE J1979 / ISO 15031-5 mode 01: the parameters every car can be asked for.

A parameter is an expression over the bytes of a single-PID answer: P0 is 0x41, P1 the PID, P2 the
first data byte (the standard's A). Values are those of the encoding, exact and not limited to a
plausible range. Not applied: the other scaling of oxygen sensors, MAP and MAF that a car may
announce in PIDs 4F and 50.

    find("0C-EngineRPM").expression  # "[P2:P3]/4"

Which of them a car has: `obd.scan`. Trouble codes and the VIN: `obd.vehicle`.
"""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Buffer = bytes | bytearray | memoryview

_CURRENT_DATA = const(0x41)
_DATA = const(2)  # where the data of a single-PID answer begins
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


class Standard:
    """One mode 01 parameter.

    `name` as WiCAN users know it; `pid`; `expression` over the single-PID answer; `unit`;
    `device_class`, one of Home Assistant's, or "none"; `decimals` worth keeping;
    `support`: (index into the single-PID answer, bit) that is 1 when the ECU has it, or None.
    """

    def __init__(self, row: str) -> None:
        columns = row.split(" ")
        self.name = columns[0]
        self.pid = int(self.name[:2], 16)
        kind = _kind(columns[1])
        at = _DATA + (int(columns[2]) if len(columns) > 2 else 0)
        self.support = (_DATA, int(columns[3])) if len(columns) > 3 else None
        self._start, self._end = at, at + _width(kind[1])
        self.expression = _expression(kind[1], at)
        self.unit, self.device_class, self.decimals = kind[2], kind[3], int(kind[4] or 2)
        self._note = kind[5]

    def present(self, payload: "Buffer") -> bool:
        """Whether this answer (`41 <pid> A B …`) carries a value of the parameter.

        False when the answer ends before it, when its support bit is 0, or when all its bits are
        set and the standard says that this means "not available".
        """
        if len(payload) < self._end:
            return False
        if self.support and not payload[self.support[0]] >> self.support[1] & 1:
            return False
        if self._note != "!":
            return True
        return any(payload[i] != 0xFF for i in range(self._start, self._end))

    def labels(self, value: int) -> str | None:
        """The text of an enumerated parameter's number; None when it has none."""
        if self._note[:1] != "@":
            return None
        if self._note == "@dtc":
            from obd import vehicle

            return vehicle.dtc(value >> 8, value & 0xFF) if value else "no trouble code"
        from obd import j1979_labels  # 4 KB that most devices never need

        return j1979_labels.text(self._note[1:], value)


def _kind(code: str) -> list[str]:
    from obd import j1979_table as table  # 12 KB that only a look-up needs

    start = table.KINDS.find(f"\n{code}|") + 1
    return table.KINDS[start : table.KINDS.find("\n", start)].split("|")


def _width(formula: str) -> int:
    return 4 if "L" in formula else 2 if "W" in formula else 1


def _expression(formula: str, at: int) -> str:
    formula = formula.replace("L", f"[P{at}:P{at + 3}]")
    return formula.replace("W", f"[P{at}:P{at + 1}]").replace("A", f"P{at}")


def _rows(prefix: str) -> "Iterator[str]":
    """The table's lines that begin with `prefix`, which stand together."""
    from obd import j1979_table as table

    rows = table.PARAMETERS
    start = rows.find("\n" + prefix) + 1
    while start > 0 and rows[start : start + len(prefix)] == prefix and start < len(rows):
        end = rows.find("\n", start)
        yield rows[start:end]
        start = end + 1


def find(name: str) -> Standard | None:
    """The parameter of that name ("0C-EngineRPM"), or None."""
    for row in _rows(name + " "):
        standard = Standard(row)
        return standard if standard.name == name else None
    return None


def by_pid(pid: int) -> list[Standard]:
    """The parameters in the answer to `01 <pid>`; an empty list when none is known."""
    return [Standard(row) for row in _rows(f"{pid:02X}-")]


def names() -> "Iterator[str]":
    """The names of all parameters, by ascending PID."""
    for row in _rows(""):
        yield row[: row.find(" ")]


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
    if len(payload) < _DATA + (data_length(pid) or 1):
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
