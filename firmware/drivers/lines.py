"""The lines between the ESP32-S3 and what is on the board: OBD chip, CAN transceiver, button."""

import asyncio

from machine import Pin
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from built import Built
    from obd.can_bus import Controller

_RESET_MS = const(5)
_STARTS_MS = const(1500)  # the OBD chip after its reset


class Lines:
    """The names of the board interface that are a pin or two; what is missing counts as it does in `boards/unix`."""

    def __init__(self, built: "Built") -> None:
        self._built = built

    def adapter_awake(self) -> "bool | None":
        """Low is awake."""
        line = self._built.line("adapter_ready", Pin.IN)
        return None if line is None else not line.value()

    def let_adapter_run(self, run: bool) -> None:
        """Drives the line that is low to let the OBD chip sleep.

        It is held there: pins float while the processor sleeps lightly (ESP-IDF, light sleep GPIO reset workaround).
        """
        line = self._built.line("adapter_sleep", Pin.OUT)
        if line is not None:
            level = 1 if run else 0
            line.init(Pin.OUT, value=level, hold=not run)  # type: ignore[call-arg]  # the chip's own

    async def adapter_reset(self) -> None:
        """A low pulse on the open-drain reset line."""
        self.let_adapter_run(True)
        line = self._built.line("adapter_reset", Pin.OPEN_DRAIN, value=1)
        if line is None:
            return
        line(0)
        await asyncio.sleep_ms(_RESET_MS)
        line(1)
        await asyncio.sleep_ms(_STARTS_MS)

    def transceiver(self, on: bool) -> None:
        """High is standby."""
        line = self._built.line("can_standby", Pin.OUT)
        if line is not None:
            line(0 if on else 1)

    def can(self) -> "Controller | None":
        """Stock MicroPython has no `machine.CAN` on this chip."""
        import machine

        kind = getattr(machine, "CAN", None)
        transmit, receive = self._built.pin("can_tx"), self._built.pin("can_rx")
        if kind is None or transmit is None or receive is None:
            return None
        self.transceiver(True)
        controller: Controller = kind(0, 500_000, tx=Pin(transmit), rx=Pin(receive))
        return controller

    def button(self) -> bool:
        """Low is pressed."""
        line = self._built.line("button", Pin.IN, pull=Pin.PULL_UP)
        return line is not None and not line.value()

    def sleep(self, ms: int, deep: bool) -> None:
        """The OBD chip wakes the processor, but not if it is awake already: that would end the sleep at once."""
        import esp32
        import machine

        line = self._built.line("adapter_ready", Pin.IN)
        asleep = line is not None and line.value()
        esp32.wake_on_ext0(line if asleep else None, False)
        if deep:
            machine.deepsleep(ms)
        machine.lightsleep(ms)
        if line is not None and asleep:
            line.init(
                Pin.IN
            )  # what was to wake the processor belongs to its sleep logic, and cannot be read
