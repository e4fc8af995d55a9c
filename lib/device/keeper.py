"""Looks after the power: asks `device.power` every second what to do, and does it.

The way to sleep and back is in `device.nap`, loaded when it is gone.
"""

import asyncio

import transient
from micropython import const

from device.power import SLEEPING, VISIT, Power, millivolts

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType as Board
    from typing import Protocol

    from autopid.group import Group
    from autopid.poller import Poller
    from delivery.destination import Destination
    from log import Logger
    from uptime import Uptime

    class Household(Protocol):
        """What the sleep of the device concerns: `app.App`."""

        root: str
        uptime: Uptime
        group: Group
        poller: Poller

        def destinations(self) -> list[Destination]: ...
        def unix_s(self) -> int: ...
        async def stop_car(self) -> None: ...
        def start_car(self) -> None: ...
        async def stop_radio(self) -> None: ...
        def start_radio(self) -> None: ...
        def show(self, state: str, on: bool) -> None: ...


_LOOK_MS = const(1000)
_LEAD_MS = const(60_000)  # a destination that takes values within that time needs fresh ones
_CAR = "car"  # keys of the board's memory
_SLEEPS = const(1)
_ANSWERS = const(2)
_GUARD = "guard_mv"  # as in `device.guard`


class Keeper:
    """Keeps the device's power.

    Args:
        settings: gives the section `power`.
        visited: gives whether somebody looks at the values now, on the page or by its API.

    Attributes:
        power: what it decides by.
    """

    def __init__(
        self,
        board: "Board",
        house: "Household",
        settings: "Callable[[], dict]",
        visited: "Callable[[], bool]",
        log: "Logger",
    ) -> None:
        self.house = house
        self.board = board
        self.log = log
        self._chosen = settings
        self._settings = settings()
        self._visited = visited
        self._restored = False
        car = board.boot_get(_CAR)
        self.power = Power(self._settings, car == _SLEEPS, car == _ANSWERS)
        self._guard()
        house.poller.hold(self.power.hold)

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            self.look()
            if self.power.asleep:
                await self._nap()
            await asyncio.sleep_ms(_LOOK_MS)

    def look(self) -> None:
        """Looks once at what there is, and has the poller do what follows."""
        if self._chosen() is not self._settings:
            self._settings = self._chosen()
            self.power.configure(self._settings)
            self._guard()
        power, poller = self.power, self.house.poller
        before, visiting = power.hold, power.state == VISIT
        visited = self._visited()
        wanted = visited or self._is_wanted()
        now_ms, supply_mv = self.house.uptime.ms(), self.board.supply_mv()
        power.step(now_ms, supply_mv, poller.online, wanted, visited)
        if visiting and power.state not in (VISIT, SLEEPING):
            self.log.info("awake: %s", power.woken)
            self.house.start_car()
        poller.longest_probe_ms = power.probe_ms
        poller.hold(power.hold)
        if bool(power.hold) != bool(before):
            self.log.info("%s", power.hold or "the car is asked")
        self.remember()
        self.house.show("access_point", self.board.captive())
        if not self._restored and self.house.unix_s() and len(self.house.group):
            self._restore()

    def _guard(self) -> None:
        """Leaves the limit where a start finds it that cannot read settings."""
        self.board.boot_put(_GUARD, millivolts(self._settings["guard_volts"]))

    def remember(self) -> None:
        """Keeps over a restart what the car does."""
        car = _SLEEPS if self.power.parked else _ANSWERS if self.power.heard else 0
        self.board.boot_put(_CAR, car)

    def _is_wanted(self) -> bool:
        return any([one.wants_values(_LEAD_MS) for one in self.house.destinations()])

    def _restore(self) -> None:
        """Gives the values of before back, once there is a clock to tell their age."""
        from device import last_values  # given back below

        self._restored = True
        count = last_values.restore(self.house.root, self.house.group, self.house.unix_s())
        if count:
            self.log.info("%d values of before the restart", count)
        transient.release(transient.NAP)

    async def _nap(self) -> None:
        from device import nap  # given back below

        try:
            await nap.Nap(self).run()
        finally:
            transient.release(transient.NAP)
