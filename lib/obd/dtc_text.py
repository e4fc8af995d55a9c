"""Trouble codes in words: SAE J2012 (ISO 15031-6). Imported while codes are told, then given back: see `transient`.

    with Texts() as texts:
        texts.of("P0133")  # "Oxygen sensor, bank 1 sensor 1: slow response"

The words are in `dtc.txt` beside this module, sorted, some 23 KB: a look-up seeks its line in it, which takes fifteen
short reads. A code that is not there is told by its structure: system and subsystem.
"""

import os
import sys

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import IO

NAME = "/obd/dtc.txt"
_CODE = const(5)  # characters

# What follows the text of a line in the codes of its row, by the line's kind; nothing where it says all.
FAMILIES = (
    "B |performance|(+) open|(+) low|(+) high|(-) open|(-) low|(-) high|(-) shorted to (+)",
    "C control circuit|control circuit low|control circuit high",
    "G |performance or stuck off|stuck on|electrical|intermittent",
    "H circuit|circuit low|circuit high",
    "I circuit low|circuit high|contribution or balance",
    "K primary circuit low|primary circuit high|secondary circuit",
    "L circuit low|circuit high",
    "M |range or performance|low|high|intermittent",
    "N |too many pulses|too few pulses|intermittent or erratic pulses|no pulses",
    "O circuit|low voltage|high voltage|slow response|no activity|heater circuit",
    "Q circuit|circuit range or performance|circuit low|circuit high",
    "R circuit|circuit range or performance|no signal|intermittent",
    "S circuit|circuit range or performance|circuit low|circuit high|circuit intermittent",
    "T actuator circuit|timing over-advanced or performance|timing over-retarded",
    "X circuit|circuit open|circuit shorted",
)

_SYSTEMS = {"P": "Powertrain", "C": "Chassis", "B": "Body", "U": "Network"}

# Subsystems by the beginning of the code; the last that fits counts.
_SUBSYSTEMS = (
    ("P00 P01 P02 P10 P11 P12 P20 P21 P22 P2A", "fuel and air metering"),
    ("P03 P13 P23", "ignition or misfire"),
    ("P04 P14 P24", "auxiliary emission controls"),
    ("P05 P15", "vehicle speed and idle control"),
    ("P25", "auxiliary inputs"),
    ("P06 P16 P26", "computer and outputs"),
    ("P07 P08 P09 P17 P18 P19 P27", "transmission"),
    ("P0A P0B P0C P0D P1A", "hybrid or electric drive"),
    ("P34", "cylinder deactivation"),
    ("U00", "bus"),
    ("U01 U02", "communication"),
    ("U03", "software"),
    ("U04 U05", "data"),
)


class Texts:
    """The table, open. Without its file codes are told by their structure."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._size = 0
        for place in sys.path:
            try:
                self._size = os.stat(place + NAME)[6]
                self._file = open(place + NAME, "rb")  # noqa: SIM115 (closed by __exit__)
                break
            except OSError:
                continue

    def __enter__(self) -> "Texts":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def of(self, code: str) -> str:
        """The code ("P0133") in words."""
        try:
            return in_row(self._line(code), code) or structure(code)
        except (OSError, ValueError):  # it cannot be read, or is no text any more
            return structure(code)

    def _line(self, code: str) -> str:
        """The last line that does not sort after the code; "" if there is none.

        That line begins within [low, high): half of it is given up each time.
        """
        file, found = self._file, b""
        if file is None:
            return ""
        wanted = code.encode()
        low, high = 0, self._size
        while low < high:
            middle = start = (low + high) // 2
            file.seek(max(0, middle - 1))
            if middle:
                start += len(file.readline()) - 1
            line = file.readline() if start < high else b""
            if line and line[:_CODE] <= wanted:
                found, low = line, start + len(line)
            else:
                high = middle
        return found.decode().rstrip()


def in_row(line: str, code: str) -> str | None:
    """What a line of the table says about a code; None if it is about others."""
    first, (kind, _, text) = line[:_CODE], line[_CODE + 1 :].partition(" ")
    if kind == "-":
        return text if first == code else None
    if first[:3] != code[:3] or not (first[3:] + code[3:]).isdigit() or not text:
        return None
    at = int(code[3:]) - int(first[3:])
    if kind.isdigit():
        return _numbered(text, at) if at < int(kind) else None
    for family in FAMILIES:
        if family[0] == kind:
            ends = family[2:].split("|")
            return _ended(text, ends[at]) if at < len(ends) else None
    return None


def _numbered(text: str, at: int) -> str:
    return text.replace("#", str(at + 1)).replace("@", chr(ord("A") + at))


def _ended(text: str, end: str) -> str:
    return text + ": " + end if end else text


def structure(code: str) -> str:
    """What a code's first characters tell: "Powertrain, ignition or misfire (standard code)"."""
    words = _SYSTEMS.get(code[:1], "Unknown system")
    for beginnings, subsystem in _SUBSYSTEMS:
        if code[:3] in beginnings.split(" "):
            words += ", " + subsystem
    return "%s (%s)" % (words, _owner(code))


def _owner(code: str) -> str:
    """Who gave the code its meaning: SAE J2012 table 1."""
    if code[:2] in ("B3", "C3"):
        return "reserved code"
    if code[1:2] == "1" or code[:2] in ("B2", "C2", "U2"):
        return "code of the car's maker"
    if code[:2] == "P3" and code[2:3] < "4":
        return "code of the car's maker"
    return "standard code"
