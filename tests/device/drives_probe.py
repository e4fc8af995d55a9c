"""Runs under Unix MicroPython: the whole firmware lives through many drives, in virtual time on a flash memory in RAM.

    drives_probe.py DRIVES SEED

The car, its battery, its bus and the network are imitated; so are the OBD chip, the server and the board. Now and then
everything is reset at any moment. Prints what happened as a line of JSON.
"""

import asyncio
import gc
import json
import os
import random
import sys
import time

import disk

SLEEP_AFTER_S = 40
VISIT_S = 15
DAY_MS = 86_400_000
AFTERRUN_MS = 33_000  # of the bus, after the ignition


class Reset(BaseException):
    """The device starts anew, whatever it was doing: nothing catches this."""


class Time:
    """Virtual time: the event loop's, and the uptime, which goes on while the device sleeps."""

    def __init__(self):
        self.now = 0
        self.ticks = time.ticks_ms()

    def advance(self, ms):
        self.now += ms
        self.ticks = time.ticks_add(self.ticks, ms)

    def wait(self, ms):
        """In place of waiting for events of the system: there are none."""
        self.advance(max(0, ms))

    def sleep(self, ms):
        """The loop's timers, of a minute at most, have expired afterwards."""
        self.now += ms
        self.ticks = time.ticks_add(self.ticks, min(ms, 60_000))


class World:
    """The car, where it is, and what everybody did.

    Attributes:
        clock: the time.
        trips: (from, to, volts at the charging regulator) of each drive, in ms.
        asked_asleep: requests on a bus that slept: (ms after the drive, resets so far).
        answers: requests that were answered.
        waiting: ids of documents that were put into the queue and that the server has not acknowledged.
        count, lost: how many were put there, and how many a reset took before they were stored.
        naps_ended, lost_asleep: how often a reset came in the device's sleep, and what was lost then.
        resets: how many.
    """

    def __init__(self, drives, seed):
        self.chance = random
        random.seed(seed)
        self.clock = Time()
        self.trips = self._plan(drives)
        self.index = 0
        self.answers = self.resets = 0
        self.asked_asleep = []
        self.waiting = set()
        self.live = self.count = self.lost = self.lost_asleep = 0
        self.dozes = False  # the device was reset in its sleep
        self.naps_ended = 0
        self.chip_awake = True
        self.sleeps = 0
        self.insomnia = 0  # sleeps of the processor while the OBD chip was awake
        self.reset_at = None
        self.network_until = 0
        self.network = True
        self.wedged = []
        self.heap = []

    def _plan(self, drives):
        trips, at = [], 20_000
        for _ in range(drives):
            length = self.chance.randrange(15_000, 40_000)
            level = (
                14_100 if self.chance.randrange(10) else 13_050
            )  # an alternator that charges little
            trips.append((at, at + length, level))
            at += length + self.chance.randrange(400_000, 12_000_000)
        return trips

    def trip(self):
        """The latest trip that has begun, or the first one."""
        while self.index + 1 < len(self.trips) and self.trips[self.index + 1][0] <= self.clock.now:
            self.index += 1
        return self.trips[self.index]

    def driving(self):
        begin, end, _ = self.trip()
        return begin <= self.clock.now < end

    def bus_awake(self):
        begin, end, _ = self.trip()
        return begin <= self.clock.now < end + AFTERRUN_MS

    def supply_mv(self):
        begin, end, level = self.trip()
        noise = self.chance.randrange(-20, 21)
        now = self.clock.now
        if now < begin:
            return 12_450 + noise
        if now < end:
            return level + noise
        return max(12_450, 13_000 - (now - end) * 550 // 600_000) + noise

    def ms_to_next(self):
        """Milliseconds until the voltage does something unexpected."""
        begin, end, _ = self.trip()
        now = self.clock.now
        if now < begin:
            return begin - now
        if now < end:
            return 0
        if self.index + 1 == len(self.trips):
            return DAY_MS
        return self.trips[self.index + 1][0] - now

    def has_network(self):
        """It comes and goes; at the end it stays."""
        now = self.clock.now
        if now >= self.network_until:
            self.network = self.chance.randrange(4) > 0
            self.network_until = now + self.chance.randrange(60_000, 20_000_000)
        return self.network or now > self.trips[-1][1]


class Board:
    """The board, with the names of `boards/unix`."""

    NAME = "street"
    HARDWARE = "STREET"

    def __init__(self, world):
        self._world = world
        self._memory = {}
        self.cause = "power_on"

    def configure(self, settings):
        pass

    def device_id(self, root):
        return "0123456789ab"

    def can(self):
        return None

    wifi = clock_chip = adapter_awake = can

    def network(self):
        return []

    def captive(self):
        return False

    button = captive

    def lan_address(self):
        return "127.0.0.1"

    def led(self, state):
        pass

    transceiver = led

    def watchdog(self, timeout_ms):
        return None

    def reset_cause(self):
        return self.cause

    def boot_get(self, key):
        return self._memory.get(key, 0)

    def boot_put(self, key, value):
        self._memory[key] = value

    def supply_mv(self):
        return self._world.supply_mv()

    async def adapter_sleep(self):
        await asyncio.sleep_ms(300)
        self._world.chip_awake = False
        return True

    async def adapter_reset(self):
        self._world.chip_awake = True

    def reset(self):
        raise Reset

    def sleep(self, ms, deep):
        """Slices are longer where nothing can happen, so that a thousand drives take no thousand hours."""
        world = self._world
        world.sleeps += 1
        world.insomnia += world.chip_awake
        world.clock.sleep(min(max(ms, world.ms_to_next() - 5000), 300_000))
        if world.reset_at is not None and world.clock.now >= world.reset_at:
            world.naps_ended += 1
            world.dozes = True
            raise Reset
        world.dozes = False


class Adapter:
    """An OBD chip on the car's bus."""

    identity = "imitated"

    def __init__(self, world, reply):
        self._world = world
        self._reply = reply

    async def start(self):
        self._world.chip_awake = True
        await asyncio.sleep_ms(200)

    async def close(self):
        pass

    def protocol(self, request):
        return "6"

    async def request(self, request):
        from obd.errors import NoAnswer

        world = self._world
        if not world.bus_awake():
            world.asked_asleep.append([world.clock.now - world.trip()[1], world.resets])
        if not world.driving():
            await asyncio.sleep_ms(200)
            raise NoAnswer("no ECU answered")
        await asyncio.sleep_ms(20)
        world.answers += 1
        payload = b"\x41" + b"".join(
            [bytes((pid, 40, 0)[: 2 + (pid == 0x0C)]) for pid in request.data[1:]]
        )
        return self._reply([(0x7E8, [payload])], [], None)


class Road:
    """The way to the server."""

    def __init__(self, world, settings):
        self._world = world
        self._stored = settings["queue"]["mode"] == "flash"

    async def deliver(self, parcel, deadline_ms):
        from delivery import verdict
        from net.opening import RequestError

        await asyncio.sleep_ms(150)
        if not self._world.has_network():
            return verdict.of_error(RequestError("connect", "no network"))
        if self._stored:
            self._world.waiting.difference_update(parcel.ids)
        else:
            self._world.live += 1
        return verdict.Verdict(verdict.DELIVERED, "body", "", "", 200)

    def close(self):
        pass


def settings():
    standard = [
        {"name": name, "period_ms": 3000, "receive_header": "7E8"}
        for name in ("0C-EngineRPM", "0D-VehicleSpeed")
    ]
    return {
        "version": 1,
        "web": {"enabled": False},
        "log": {"level": sys.argv[3] if len(sys.argv) > 3 else "error"},
        "clock": {"servers": []},
        "autopid": {"standard": {"enabled": True, "protocol": "6", "parameters": standard}},
        "power": {"sleep_after_s": SLEEP_AFTER_S, "wake_for_s": VISIT_S, "wake_every_s": 5400},
        "destinations": [
            {
                "id": 1,
                "name": "kept",
                "url": "https://a.example/",
                "cycle_ms": 10_000,
                "queue": {"mode": "flash", "max_items": 10_000, "max_kb": 256, "max_age_s": 0},
            },
            {"id": 2, "name": "live", "url": "https://b.example/", "cycle_ms": 5000},
        ],
    }


class Street:
    """Starts the firmware again and again until the last trip is long over."""

    def __init__(self, world):
        import app
        from delivery.outbox import RamOutbox
        from delivery.shared import Shared
        from obd.request import Reply

        self.world = world
        self.app = None
        self.flash = disk.Flash(b"\xff" * (128 * 4096), 4096)
        os.VfsLfs2.mkfs(self.flash)
        self._kind = app.App
        put = RamOutbox.put

        def note(outbox, message):
            world.waiting.add(message.id)
            put(outbox, message)
            world.count += 1

        async def adapter(_):
            return Adapter(world, Reply)

        RamOutbox.put = note
        Shared.route = lambda _, chosen: Road(world, chosen)
        app.Car._make_adapter = adapter

    def run(self):
        self._mount()
        os.mkdir("/cut/config")
        with open("/cut/config/settings.json", "w") as file:
            json.dump(settings(), file)
        while self._live():
            self._power_cut()
        os.umount("/cut")

    def _mount(self):
        os.mount(os.VfsLfs2(self.flash), "/cut")

    def _power_cut(self):
        """What is not on the flash is gone; files that were open cannot be written by what is left of them."""
        for running in self.app.running:
            outbox = running.destination.outbox
            if outbox is not None and running.destination.queue == "flash":
                lost = [message.id for message in outbox._messages]
                self.world.lost += len(lost)
                self.world.lost_asleep += len(lost) if self.world.dozes else 0
                self.world.waiting.difference_update(lost)
        self.app = None
        old = self.flash
        os.umount("/cut")
        self.flash = disk.Flash(b"", 4096)
        self.flash.content, old.off = old.content, True
        self._mount()
        self.world.chip_awake = True
        self.world.dozes = False
        self.world.resets += 1
        gc.collect()

    def _live(self):
        """One life of the device; True if a reset ended it."""
        world = self.world
        board.cause = "hard" if world.resets else "power_on"
        world.reset_at = world.clock.now + world.chance.randrange(1, 300_000_000)
        if world.resets % 2 == 0:  # in or after one of the next drives
            later = min(world.index + world.chance.randrange(1, 25), len(world.trips) - 1)
            world.reset_at = world.trips[later][0] + world.chance.randrange(60_000)
        asyncio.new_event_loop()
        try:
            asyncio.run(self._drive())
        except Reset:
            return True
        return False

    async def _drive(self):
        self.app = self._kind("/cut")
        task = asyncio.create_task(self.app.run())
        task_of_chance = asyncio.create_task(self._chance())
        await self._watch()
        task.cancel()
        task_of_chance.cancel()
        await asyncio.sleep_ms(1000)

    async def _chance(self):
        world = self.world
        was = True
        while world.clock.now < world.reset_at or world.clock.now > world.trips[-1][1]:
            await asyncio.sleep_ms(997)
            if world.has_network() and not was:
                self.app._linked(False)  # as Wi-Fi does
            was = world.network
        raise Reset

    async def _watch(self):
        """Looks at every drive: the car has to be asked, and something delivered if there is a network."""
        world = self.world
        while world.clock.now < world.trips[-1][1] + DAY_MS:
            await asyncio.sleep_ms(1000)
            if not world.driving():
                continue
            number, born = world.index, world.resets
            begin, end, _ = world.trip()
            if world.clock.now - begin > 8000:
                continue  # a reset came in between
            answers, live, up = world.answers, world.live, True
            while world.index == number and world.clock.now < end - 2000:
                up = up and world.has_network()
                await asyncio.sleep_ms(1000)
            if world.resets == born and (answers == world.answers or (up and live == world.live)):
                told = [(one.state, one.reason) for one in self.app.destinations()]
                seen = world.answers - answers, world.live - live, up
                world.wedged.append([number, self.app.keeper.power.rule, told, seen])
            if number % 50 == 0:
                gc.collect()
                world.heap.append(gc.mem_alloc())
            await asyncio.sleep_ms(3000)
        for _ in range(600):  # what waits now is delivered, unless that wedged
            if not world.waiting:
                break
            await asyncio.sleep_ms(100)


def virtual(clock):
    """Has the event loop and the uptime live by that clock."""
    import asyncio.core

    import uptime

    asyncio.core.ticks = lambda: clock.ticks
    asyncio.core._io_queue.wait_io_event = clock.wait
    uptime.ticks_ms = lambda: clock.now
    uptime.ticks_diff = lambda after, before: after - before


if __name__ == "__main__":
    world = World(int(sys.argv[1]), int(sys.argv[2]))
    board = sys.modules["board"] = Board(world)
    street = Street(world)
    loop = asyncio.new_event_loop

    def fresh():
        made = loop()
        asyncio.core._io_queue.wait_io_event = world.clock.wait
        return made

    asyncio.new_event_loop = fresh
    virtual(world.clock)
    street.run()
    print(
        json.dumps(
            {
                "drives": len(world.trips),
                "resets": world.resets,
                "sleeps": world.sleeps,
                "insomnia": world.insomnia,
                "asked_asleep": world.asked_asleep,
                "answers": world.answers,
                "put": world.count,
                "lost_in_resets": world.lost,
                "lost_asleep": world.lost_asleep,
                "naps_ended": world.naps_ended,
                "missing": len(world.waiting),
                "wedged": world.wedged,
                "heap": world.heap,
                "days": world.clock.now // DAY_MS,
            }
        )
    )
