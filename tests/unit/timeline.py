"""Virtual time for several tasks: in place of the module `asyncio` of what is tested, and as its uptime.

time = Timeline()
wifi.asyncio = time
await time.pass_ms(60_000)      # all tasks do what a minute would have them do
"""

import asyncio

_SETTLE = 30  # turns until every task that can go on waits again


class Timeline:
    """Sleepers wake in order as time passes; whoever needs the processor, such as a scan, spends time."""

    def __init__(self):
        self.now = 1000
        self._sleepers = []
        self.Lock, self.Event = asyncio.Lock, asyncio.Event
        self.create_task, self.current_task = asyncio.create_task, asyncio.current_task
        self.CancelledError, self.TimeoutError = asyncio.CancelledError, asyncio.TimeoutError

    def ms(self):
        return self.now

    def spend(self, ms):
        """Everything stands still for so long."""
        self.now += ms

    async def sleep_ms(self, ms):
        event = asyncio.Event()
        self._sleepers.append((self.now + ms, event))
        await event.wait()

    async def wait_for_ms(self, awaitable, ms):
        """As in MicroPython, in this time."""
        done = asyncio.Event()

        async def wait():
            try:
                return await awaitable
            finally:
                done.set()

        task = asyncio.create_task(wait())
        sleeper = (self.now + ms, done)
        self._sleepers.append(sleeper)
        try:
            await done.wait()
        except asyncio.CancelledError:
            task.cancel()
            raise
        if sleeper in self._sleepers:
            self._sleepers.remove(sleeper)
        await asyncio.sleep(0)
        if task.done():
            return await task
        task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            raise asyncio.TimeoutError

    async def settle(self):
        for _ in range(_SETTLE):
            await asyncio.sleep(0)

    async def pass_ms(self, ms):
        end = self.now + ms
        await self.settle()
        while True:
            due = [sleeper for sleeper in self._sleepers if sleeper[0] <= end]
            if not due:
                break
            first = min(due, key=lambda sleeper: sleeper[0])
            self._sleepers.remove(first)
            self.now = max(self.now, first[0])
            first[1].set()
            await self.settle()
        self.now = max(self.now, end)

    async def until(self, done, ms=600_000):
        """Lets time pass until that is so; fails if it takes longer."""
        end = self.now + ms
        while not done():
            assert self.now < end, "it never happened"
            await self.pass_ms(100)
