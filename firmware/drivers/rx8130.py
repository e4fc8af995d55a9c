"""Epson's clock chips RX8130CE and RX8111CE on I2C: BCD registers in UTC, and a battery.

Registers: their application manuals.

    chip = Rx8130(i2c)
    chip.read()     # Unix seconds, None if it lost them
"""

import time

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from machine import I2C

_ADDRESS = const(0x32)
_SECONDS = const(0x10)  # minutes, hours, one bit a week day, day, month, year follow
_VOLTAGE_LOW = const(0x02)  # in the flag register of either: the time was lost
_EPOCH_2000 = const(946_684_800)
_DAYS_BEFORE = (
    0,
    31,
    59,
    90,
    120,
    151,
    181,
    212,
    243,
    273,
    304,
    334,
)  # each month, without a leap day
_UNIX_OFFSET = 0 if time.gmtime(0)[0] == 1970 else _EPOCH_2000


class Rx8130:
    """The chip on a bus; a flag register, a stop bit and the switch to the battery differ between the two.

    Every method raises OSError if the chip does not answer.
    """

    _FLAGS = 0x1D
    _CONTROL = 0x1E
    _STOP = 0x40
    _SUPPLY = 0x1F
    _BATTERY = 0x10  # INIEN

    def __init__(self, i2c: "I2C") -> None:
        self._i2c = i2c

    def read(self) -> "int | None":
        """Unix seconds; None if the chip was without power, or holds no date."""
        if self._get(self._FLAGS) & _VOLTAGE_LOW:
            return None
        raw = self._i2c.readfrom_mem(_ADDRESS, _SECONDS, 7)
        numbers = [(byte >> 4) * 10 + (byte & 15) for byte in raw]
        second, minute, hour, _, day, month, year = numbers
        if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
            return None
        return _EPOCH_2000 + _days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second

    def write(self, unix_s: int) -> None:
        """Sets it; from then on it lives on its battery when the supply fails."""
        year, month, day, hour, minute, second, weekday = time.gmtime(unix_s - _UNIX_OFFSET)[:7]
        numbers = [_bcd(number) for number in (second, minute, hour, 0, day, month, year - 2000)]
        numbers[3] = 1 << (weekday + 1) % 7  # bit 0 is Sunday
        control = self._get(self._CONTROL)
        self._put(self._CONTROL, control | self._STOP)  # no carry between the registers
        self._i2c.writeto_mem(_ADDRESS, _SECONDS, bytes(numbers))
        self._put(self._FLAGS, self._get(self._FLAGS) & ~_VOLTAGE_LOW)
        self._put(self._SUPPLY, self._get(self._SUPPLY) | self._BATTERY)
        self._put(self._CONTROL, control & ~self._STOP)

    def _get(self, register: int) -> int:
        return self._i2c.readfrom_mem(_ADDRESS, register, 1)[0]

    def _put(self, register: int, value: int) -> None:
        self._i2c.writeto_mem(_ADDRESS, register, bytes((value,)))


class Rx8111(Rx8130):
    """The successor: the same time registers, others beside them."""

    _FLAGS = 0x1E
    _CONTROL = 0x1F
    _STOP = 0x01
    _SUPPLY = 0x32
    _BATTERY = 0x40


def _days(year: int, month: int, day: int) -> int:
    """Days since 2000-01-01, for years of two digits: every fourth is a leap year until 2100."""
    leap = 1 if month > 2 and year % 4 == 0 else 0
    return year * 365 + (year + 3) // 4 + _DAYS_BEFORE[month - 1] + leap + day - 1


def _bcd(number: int) -> int:
    return number // 10 << 4 | number % 10
