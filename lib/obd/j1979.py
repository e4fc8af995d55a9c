"""SAE J1979 / ISO 15031-5: the parameters every car can be asked for, trouble codes and the VIN.

A parameter is an expression over the bytes of a single-PID answer: P0 is 0x41, P1 the PID, P2 the
first data byte (the standard's A). Values are those of the encoding, exact and not limited to a
plausible range. Not applied: the other scaling of oxygen sensors, MAP and MAF that a car may
announce in PIDs 4F and 50.

    find("0C-EngineRPM").expression  # "[P2:P3]/4"
    dtcs(bytes.fromhex("43020301C100"))  # ["P0301", "U0100"]
"""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Buffer = bytes | bytearray | memoryview

SUPPORT_PIDS = (0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0)

_CURRENT_DATA = const(0x41)
_VEHICLE_INFORMATION = const(0x49)
_VIN = const(0x02)
_VIN_LENGTH = const(17)
_DATA = const(2)  # where the data of a single-PID answer begins
_LEGACY_MESSAGE = const(7)  # bytes of a message before CAN, without header and checksum
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
            return _dtc(value >> 8, value & 0xFF) if value else "no trouble code"
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
        if len(parts) == 1 and _is_padding(payload, position):
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


def _is_padding(payload: "Buffer", position: int) -> bool:
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


def supported(payloads: "Iterable[Buffer]") -> list[int]:
    """The PIDs that at least one ECU supports, ascending.

    `payloads`: the answers to the PIDs of SUPPORT_PIDS, of all ECUs, in any order.
    Raises ValueError as `split` does.
    """
    found = bytearray(0x101)
    for payload in payloads:
        for base, answer in split(payload):
            if base in SUPPORT_PIDS:
                _mark(found, base, answer)
    return [pid for pid in range(len(found)) if found[pid]]


def _mark(found: bytearray, base: int, answer: bytes) -> None:
    for index in range(32):
        if answer[_DATA + index // 8] & 0x80 >> index % 8:
            found[base + 1 + index] = 1


def next_support_pid(payloads: "Iterable[Buffer]") -> int | None:
    """The bitmap PID to ask for next, given the answers so far; None when no ECU announces one."""
    payloads = list(payloads)
    if not payloads:
        return SUPPORT_PIDS[0]
    following = max(base for payload in payloads for base, _ in split(payload)) + 0x20
    announced = following in SUPPORT_PIDS and following in supported(payloads)
    return following if announced else None


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
    return [_dtc(high, low) for high, low in pairs if high or low]


def _counted(payload: "Buffer") -> bytes:
    end = 2 + 2 * payload[1] if len(payload) > 1 else 0
    if not end or len(payload) < end:
        raise ValueError("fewer trouble codes than announced")
    if len(payload) > end and not _is_padding(payload, end):
        raise ValueError("more trouble codes than announced")
    return bytes(payload[2:end])


def _uncounted(payload: "Buffer") -> bytes:
    starts = range(0, len(payload), _LEGACY_MESSAGE)
    if len(payload) % _LEGACY_MESSAGE or any(payload[i] != payload[0] for i in starts):
        raise ValueError("six bytes of trouble codes expected in each message")
    return b"".join(bytes(payload[i + 1 : i + _LEGACY_MESSAGE]) for i in starts)


def _dtc(high: int, low: int) -> str:
    return f"{'PCBU'[high >> 6]}{high >> 4 & 3}{high & 0x0F:X}{low:02X}"
