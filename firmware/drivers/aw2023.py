"""AW2023: a driver of three LEDs on I2C that breathes and blinks by itself.

Registers: Awinic's data sheet, and the Linux driver leds-aw2023.

    lamp = Aw2023(i2c)
    lamp.show((0, 0, 200), BREATHING)
"""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from machine import I2C

STEADY = const(0)
BREATHING = const(1)
BLINKING = const(2)

_ADDRESS = const(0x45)
_RESET = const(0x00)  # 0x55 puts all registers back
_GLOBAL = const(0x01)  # bit 0 switches the chip on
_ENABLE = const(0x30)  # one bit a channel
_CONFIGURATION = const(
    0x31
)  # one register a channel: bit 4 pattern, 5 fade in, 6 fade out, 0 to 3 current
_LEVEL = const(0x34)  # one register a channel
_TIMES = const(0x37)  # three registers a channel: rise and hold, fall and off, delay and repeats

# Bits 4 to 6 of the configuration; the times in the chip's steps: 1 is 130 ms, 4 is 510 ms, 6 is 1,040 ms.
_PATTERNS = {
    STEADY: (0x00, b"\x00\x00\x00"),
    BREATHING: (0x70, b"\x64\x64\x00"),
    BLINKING: (0x10, b"\x01\x01\x00"),
}
_CURRENT = const(0x03)


class Aw2023:
    """The chip on a bus. OSError if it does not answer."""

    def __init__(self, i2c: "I2C") -> None:
        self._i2c = i2c

    def show(self, colour: "tuple[int, int, int]", pattern: int) -> None:
        """Shows red, green and blue of 0 to 255 each; all 0 switches the chip off."""
        self._write(_RESET, 0x55)
        if not any(colour):
            return
        configuration, times = _PATTERNS[pattern]
        self._write(_GLOBAL, 1)
        for channel, level in enumerate(colour):
            self._write(_CONFIGURATION + channel, configuration | _CURRENT)
            self._write(_LEVEL + channel, level)
            for number, time in enumerate(times):
                self._write(_TIMES + 3 * channel + number, time)
        self._write(_ENABLE, 0x07)  # all at once, so that their patterns run together

    def _write(self, register: int, value: int) -> None:
        self._i2c.writeto_mem(_ADDRESS, register, bytes((value,)))
