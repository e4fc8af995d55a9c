"""Runs under MicroPython: destinations as the firmware has them, and how late their documents leave.

    on_device_destinations.py PLAN ROOT GOOD MILLISECONDS

PLAN is a JSON file, {"destinations": [complete settings, …], "values": [[name, decimal text], …]}: the first GOOD
destinations have a server that works, then come the dead and the slow one. ROOT holds the cert set `bench`. Measures
for so long, from the moment when all but the dead one have delivered. Prints the lateness of each document of the good
ones in ms, how many due times passed without a document, and the counters of the other two.
"""

import asyncio
import json
import sys
import time

from autopid.group import Group
from autopid.parameter import Parameter
from delivery.contexts import Contexts
from delivery.destination import Destination
from delivery.shared import Shared
from device.memory import Memory
from device.signals import Signals
from log import Log
from micropython import const
from trust import Sets
from uptime import Uptime

_LOOK_MS = const(500)  # a journal keeps ten attempts
_WARM_UP_MS = const(20_000)


class Watch:
    """Takes down how late a destination begins its attempts."""

    def __init__(self, destination: Destination, cycle_ms: int, now_ms: int) -> None:
        self._destination = destination
        self._cycle_ms = cycle_ms
        self._since_ms = now_ms
        self._due_ms = now_ms + (destination.next_ms or 0)  # one of the times on its grid
        self._coalesced = destination.coalesced
        self.late: list[int] = []

    @property
    def missed(self) -> int:
        """Due times without a document."""
        return self._destination.coalesced - self._coalesced

    def look(self) -> None:
        """Takes down what is new in the journal."""
        for attempt in self._destination.journal:
            if attempt.at_ms > self._since_ms:
                self._since_ms = attempt.at_ms
                self.late.append((attempt.at_ms - self._due_ms) % self._cycle_ms)


def make_shared(root: str, values: list, count: int) -> Shared:
    """What the destinations share, with a group that holds these values."""
    uptime = Uptime()
    group = Group(uptime)
    group.configure([Parameter(name, None) for name, _ in values])  # never decoded
    for parameter, (_, text) in zip(group, values):
        group.update(parameter, text)
    automatic = {"ignition": "", "charging": "", "voltage": ""}
    signals = Signals(group, uptime, lambda: automatic, lambda: "online", lambda: None)
    logger = Log("error", sink=lambda line: print(line, file=sys.stderr)).logger("delivery")
    return Shared(
        root,
        1,
        "a1b2c3d4e5f6",
        group,
        uptime,
        lambda: int(time.time()),
        signals,
        Contexts(Sets(root)),
        lambda name: None,
        lambda: [("fw_version", "bench")],
        logger,
        count,
        lambda: True,
        dict,
        Memory(root, logger),
        lambda number, reply: None,
    )


async def warmed_up(destinations: list[Destination], uptime: Uptime) -> None:
    """Returns when all of them have delivered."""
    while [each for each in destinations if not each.journal.delivered]:
        if uptime.ms() > _WARM_UP_MS:
            raise OSError("no delivery from %s" % [each.reason for each in destinations])
        await asyncio.sleep_ms(20)


async def measure(plan: dict, root: str, count: int, length_ms: int) -> dict:
    settings = plan["destinations"]
    shared = make_shared(root, plan["values"], len(settings))
    destinations = [Destination(each, True, shared) for each in settings]
    tasks = [asyncio.create_task(each.run()) for each in destinations]
    good, (dead, slow) = destinations[:count], destinations[count:]
    await warmed_up(good + [slow], shared.uptime)
    began = shared.uptime.ms()
    watches = [Watch(each, chosen["cycle_ms"], began) for each, chosen in zip(good, settings)]
    while shared.uptime.ms() - began < length_ms:
        await asyncio.sleep_ms(_LOOK_MS)
        for watch in watches:
            watch.look()
    for task in tasks:
        if task.done():
            await task  # an error in the firmware
        task.cancel()
    return {
        "late": [ms for watch in watches for ms in watch.late],
        "missed": sum([watch.missed for watch in watches]),
        "dead": {"delivered": dead.journal.delivered, "failed": dead.journal.failed},
        "slow": {"delivered": slow.journal.delivered, "coalesced": slow.coalesced},
    }


def main(path: str, root: str, good: str, length_ms: str) -> None:
    with open(path) as file:
        plan = json.load(file)
    print(json.dumps(asyncio.run(measure(plan, root, int(good), int(length_ms)))))


main(*sys.argv[1:])
