"""SAE J1979 / ISO 15031-5 mode 01: the parameters every car can be asked for.

A parameter is an expression over the bytes of a single-PID answer: P0 is 0x41, P1 the PID, P2 the
first data byte (the standard's A). Values are those of the encoding, exact and not limited to a
plausible range. Not applied: the other scaling of oxygen sensors, MAP and MAF that a car may
announce in PIDs 4F and 50.

    find("0C-EngineRPM").expression  # "[P2:P3]/4"

Needed to choose parameters, not to read them: `obd.mode01` cuts answers. Which parameters a car has:
`obd.scan`. Trouble codes and the VIN: `obd.vehicle`.
"""

from obd.field import Field
from obd.mode01 import DATA

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator


class Standard:
    """One mode 01 parameter.

    `name` as WiCAN users know it; `pid`; `expression` over the single-PID answer; `unit`;
    `device_class`, one of Home Assistant's, or "none"; `decimals` worth keeping;
    `support`: (index into the single-PID answer, bit) that is 1 when the ECU has it, or None;
    `field`: where it stands in the answer.
    """

    def __init__(self, row: str) -> None:
        columns = row.split(" ")
        self.name = columns[0]
        self.pid = int(self.name[:2], 16)
        kind = _kind(columns[1])
        at = DATA + (int(columns[2]) if len(columns) > 2 else 0)
        self.support = (DATA, int(columns[3])) if len(columns) > 3 else None
        self.expression = _expression(kind[1], at)
        self.unit, self.device_class, self.decimals = kind[2], kind[3], int(kind[4] or 2)
        self._note = kind[5]
        self.field = Field(at, at + _width(kind[1]), self.support, self._note == "!")

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


def every() -> "Iterator[Standard]":
    """All parameters, by ascending PID."""
    for row in _all_rows():
        yield Standard(row)


def names() -> "Iterator[str]":
    """The names of all parameters, by ascending PID."""
    for row in _all_rows():
        yield row[: row.find(" ")]


def _all_rows() -> "Iterator[str]":
    """The table line by line. As bytes: in a str of MicroPython every place is counted from the beginning."""
    from obd import j1979_table as table

    rows = table.PARAMETERS.encode()
    start = rows.find(b"\n") + 1
    while 0 < start < len(rows):
        end = rows.find(b"\n", start)
        yield rows[start:end].decode()
        start = end + 1
