"""The way to sleep and back. Imported when the device goes to sleep, then given back: see `transient`.

What waits is delivered and stored, the OBD chip sleeps before the processor does, and the radio is off. While the
processor sleeps nothing else runs: it wakes for a look at the voltage and the button, and no task can touch the bus.
"""

import asyncio
import gc
import time

from micropython import const

from device import last_values
from device.power import VISIT

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.destination import Destination

    from device.keeper import Keeper

_SLICE_MS = const(2000)
_DELIVER_MS = const(20_000)
_LOOK_MS = const(250)
_BOUNCE_MS = const(30)
_WATCHDOG_MS = const(60_000)  # as in `device.health`: there is only one


class Nap:
    """One sleep, with the visits in between."""

    def __init__(self, keeper: "Keeper") -> None:
        self._keeper = keeper
        self._house = keeper.house
        self._board = keeper.board
        self._power = keeper.power
        self._log = keeper.log

    async def run(self) -> None:
        """Sleeps until the device is to be awake again, for good or for a visit."""
        self._log.info("going to sleep")
        self._house.poller.hold(self._power.hold)
        await self._deliver()
        if not self._power.asleep:
            return
        await self._let_car_be()
        await self._house.stop_radio()
        self._store()
        self._house.show("sleeping", True)
        gc.collect()
        self._doze()
        self._wake_up()

    async def _deliver(self) -> None:
        """Lets every destination send what waits, for a while; ends if the voltage comes back."""
        uptime = self._house.uptime
        end_ms = uptime.ms() + _DELIVER_MS
        waiting = list(self._house.destinations())
        while waiting and uptime.ms() < end_ms:
            waiting = [destination for destination in waiting if not destination.is_quiet()]
            self._power.look(uptime.ms(), self._board.supply_mv())
            if not self._power.asleep:
                self._log.info("awake after all: %s", self._power.woken)
                return
            await asyncio.sleep_ms(_LOOK_MS)

    async def _let_car_be(self) -> None:
        """Ends the task that asks the car, puts the OBD chip to sleep, then the transceiver."""
        await self._house.stop_car()
        if not await self._board.adapter_sleep():
            await self._board.adapter_reset()
            if not await self._board.adapter_sleep():
                self._log.error(
                    "the OBD chip does not fall asleep; it goes on draining the battery"
                )
        self._board.transceiver(False)

    def _store(self) -> None:
        for destination in self._house.destinations():
            _hang_up(destination)
        house = self._house
        try:
            last_values.save(house.root, house.group, house.uptime.ms(), house.unix_s())
        except OSError as error:
            self._log.warning("the values cannot be kept: %s", error)
        self._keeper.remember()

    def _doze(self) -> None:
        """Sleeps slice by slice; nothing else of the firmware runs."""
        watchdog = self._board.watchdog(_WATCHDOG_MS)
        while self._power.asleep:
            self._board.sleep(_SLICE_MS, False)
            if watchdog is not None:
                watchdog.feed()
            now_ms = self._house.uptime.ms()
            if self._is_pressed():
                self._power.wake(now_ms, "The button was pressed.")
            else:
                self._power.look(now_ms, self._board.supply_mv())

    def _is_pressed(self) -> bool:
        """The line floated while the processor slept: what is low must still be low when its pull-up has worked."""
        if not self._board.button():
            return False
        time.sleep_ms(_BOUNCE_MS)
        return self._board.button()

    def _wake_up(self) -> None:
        self._log.info("awake: %s", self._power.woken)
        self._house.show("sleeping", False)
        self._house.start_radio()
        if self._power.state != VISIT:
            self._house.start_car()


def _hang_up(destination: "Destination") -> None:
    """Stores what waits, and ends an attempt under way: it would seem to have taken as long as the sleep."""
    destination.restart()
    if destination.outbox is not None:
        destination.outbox.flush()
