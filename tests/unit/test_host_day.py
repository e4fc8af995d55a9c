"""A day of six destinations in virtual time: the event loop's clock jumps from one due time to the next."""

import asyncio
import random
import selectors
from types import SimpleNamespace

from autopid.group import Group
from delivery import verdict
from delivery.destination import Destination
from delivery.shared import Shared
from world import Memory, Notes, Parameter, Signals, settings

DAY_MS = 24 * 3600 * 1000
CYCLES = (1000, 5000, 10_000, 7001, 60_000, 3_600_000)


class _NoWait(selectors.DefaultSelector):
    """Where the loop would wait, its clock moves on."""

    def __init__(self, clock):
        super().__init__()
        self._clock = clock

    def select(self, timeout=None):
        self._clock.now += timeout or 0
        return super().select(0)


class _Clock(asyncio.SelectorEventLoop):
    def __init__(self):
        self.now = 0.0
        super().__init__(_NoWait(self))
        self._clock_resolution = 1e-6

    def time(self):
        return self.now

    def ms(self):
        """As `Uptime.ms`; a timer that fires a rounding error early counts as on time."""
        return int(self.now * 1000 + 1e-3)


class World(Shared):
    """Servers that answer after a while; `arrivals` maps the id of a destination to the times of its requests."""

    def __init__(self, clock):
        def unix_s():
            return 1_730_000_000 + clock.ms() // 1000

        group = Group(clock)
        super().__init__(
            "/nowhere",
            1,
            "dev",
            group,
            clock,
            unix_s,
            Signals(),
            None,
            {}.get,
            list,
            Notes(),
            6,
            lambda: True,
            dict,
            Memory(),
            lambda *reply: None,
        )
        group.configure([Parameter("SPEED")])
        group.update(group.get("SPEED"), "5")
        self.arrivals = {}

    def route(self, chosen):
        times = self.arrivals.setdefault(chosen["id"], [])
        chance = random.Random(chosen["id"])

        async def deliver(parcel, deadline_ms):
            times.append(self.uptime.ms())
            await asyncio.sleep(chance.random() * 0.3)
            return verdict.of_response(SimpleNamespace(status=200))

        return SimpleNamespace(deliver=deliver, close=lambda: None)


async def a_day(clock, world):
    destinations = [
        Destination(settings(id=1 + index, name=str(index), cycle_ms=cycle), True, world)
        for index, cycle in enumerate(CYCLES)
    ]
    tasks = [asyncio.create_task(destination.run()) for destination in destinations]
    await asyncio.sleep(DAY_MS / 1000)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return destinations


def test_no_cycle_of_a_day_is_missed_doubled_or_late():
    clock = _Clock()
    world = World(clock)
    try:
        destinations = clock.run_until_complete(a_day(clock, world))
    finally:
        clock.close()
    for destination, cycle in zip(destinations, CYCLES):
        times = world.arrivals[destination.id]
        start = times[0]
        assert start < 3000
        due = range(start, DAY_MS, cycle)
        assert len(times) == len(due) and destination.coalesced == 0
        assert max(abs(at - when) for at, when in zip(times, due)) <= 1
