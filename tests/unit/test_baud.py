"""The speed of the WiCAN Pro's chip: found, raised if both sides manage, kept."""

import asyncio

from helper import run
from obd import baud
from wire import Wire


class Chip(Wire):
    """A MIC3624 on a UART: characters at another speed than its own do not reach it, nor we it.

    `fastest` is the highest speed at which the line works at all.
    """

    def __init__(self, speed, fastest=baud.FAST, knows_stsbr=True):
        super().__init__()
        self.speed = speed
        self.stored = speed
        self.host = 9600
        self.set_calls = []
        self._fastest = fastest
        self._knows_stsbr = knows_stsbr

    def set_baud(self, speed):
        self.host = speed
        self.set_calls.append(speed)

    def write(self, data):
        if self.host == self.speed <= self._fastest:
            super().write(data)

    def _command(self, line):
        self.sent.append(line)
        if line == "VTVERS":
            self.feed(b"MIC3624 SW V2.3.22\r\r>")
        elif line.startswith("STSBR") and self._knows_stsbr:
            self.feed(b"OK\r")
            self.speed = int(line[5:])
            if self.speed > self._fastest:
                self.speed = baud.SAFE  # it hears nothing valid at the new speed and goes back
        elif line == "STWBR":
            self.stored = self.speed
            self.feed(b"OK\r\r>")
        else:
            self.feed(b"?\r\r>")


def negotiated(chip):
    """What the negotiation gives, its waits cut short."""
    before = asyncio.wait_for_ms

    def at_once(awaitable, milliseconds):
        return before(awaitable, milliseconds // 40)

    asyncio.wait_for_ms = at_once
    try:
        return run(baud.negotiate(chip, chip, chip.set_baud))
    finally:
        asyncio.wait_for_ms = before


def test_a_fast_chip_is_used_as_it_is():
    chip = Chip(baud.FAST)
    assert negotiated(chip) == baud.FAST and chip.host == baud.FAST
    assert chip.sent == ["VTVERS"]


def test_a_factory_new_chip_is_raised_for_good():
    chip = Chip(baud.SAFE)
    assert negotiated(chip) == baud.FAST
    assert chip.host == chip.speed == chip.stored == baud.FAST


def test_a_line_that_does_not_manage_the_speed_stays_slow():
    chip = Chip(baud.SAFE, fastest=500_000)
    assert negotiated(chip) == baud.SAFE
    assert chip.host == chip.speed == chip.stored == baud.SAFE


def test_a_chip_without_the_command_stays_slow():
    chip = Chip(baud.SAFE, knows_stsbr=False)
    assert negotiated(chip) == baud.SAFE and chip.host == baud.SAFE


def test_a_chip_that_does_not_answer_is_reported():
    chip = Chip(38_400)
    assert negotiated(chip) is None and chip.host == baud.SAFE


def test_half_a_command_in_the_chip_does_not_matter():
    chip = Chip(baud.FAST)
    chip._line = "ATSH7"
    assert negotiated(chip) == baud.FAST
