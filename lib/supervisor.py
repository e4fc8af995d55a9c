"""Keeps the long-running tasks alive: one that ends is started again after a pause that grows."""

import asyncio

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from log import Logger
    from uptime import Uptime

_FIRST_PAUSE_MS = const(500)
_LONGEST_PAUSE_MS = const(30_000)
_WITHIN_MS = const(300_000)
_ASLEEP_MS = const(60_000)  # nobody asked for that long: the whole device slept
_HEALTHY_MS = const(60_000)  # a task that ran this long starts over with the shortest pause


class Task:
    """One supervised task.

    Attributes:
        name: what the log calls it.
        restarts: how often it ended, which none should.
        last_error: why it ended the last time, None if it never did.
    """

    def __init__(
        self,
        name: str,
        run: "Callable[[], Coroutine[object, object, None]]",
        pulse: "Callable[[], object] | None" = None,
        within_ms: int = _WITHIN_MS,
    ) -> None:
        """`pulse()` is another value at least every `within_ms` as long as the task makes progress."""
        self.name = name
        self.restarts = 0
        self.last_error: str | None = None
        self._run = run
        self._pulse = pulse
        self._within_ms = within_ms
        self._beat: object = None
        self._beat_ms = 0
        self._handle: asyncio.Task[None] | None = None

    async def keep(self, uptime: "Uptime", log: "Logger") -> None:
        """Runs the task again and again until it is cancelled."""
        pause = _FIRST_PAUSE_MS
        while True:
            began = uptime.ms()
            try:
                await self._run()
                self.last_error = "ended without an error"
            except (
                Exception
            ) as error:  # the root of a task: nothing below it may take the others down
                self.last_error = "%s: %s" % (type(error).__name__, error)
            self.restarts += 1
            log.error("%s failed: %s", self.name, self.last_error)
            if uptime.ms() - began > _HEALTHY_MS:
                pause = _FIRST_PAUSE_MS
            await asyncio.sleep_ms(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_MS)

    def start(self, uptime: "Uptime", log: "Logger") -> None:
        """Starts it in the background."""
        self._handle = asyncio.create_task(self.keep(uptime, log))

    def is_stuck(self, now_ms: int, since_ms: int) -> bool:
        """Whether it has made no progress for too long; before `since_ms` nobody could."""
        beat = (self.restarts, self._pulse() if self._pulse is not None else now_ms)
        if beat != self._beat:
            self._beat, self._beat_ms = beat, now_ms
        self._beat_ms = max(self._beat_ms, since_ms)
        return now_ms - self._beat_ms > self._within_ms

    def stop(self) -> None:
        """Cancels it."""
        if self._handle is not None:
            self._handle.cancel()


class Supervisor:
    """The tasks of the application by name.

    Attributes:
        tasks: all tasks, for the status page.
    """

    def __init__(self, uptime: "Uptime", log: "Logger") -> None:
        self._uptime = uptime
        self._log = log
        self.tasks: list[Task] = []
        self._looked_ms = self._awake_ms = uptime.ms()
        self._gone = 0  # ends of tasks that were stopped

    def start(
        self,
        name: str,
        run: "Callable[[], Coroutine[object, object, None]]",
        pulse: "Callable[[], object] | None" = None,
        within_ms: int = _WITHIN_MS,
    ) -> Task:
        """Starts `run()` and keeps it running; `pulse` and `within_ms` as for `Task`."""
        task = Task(name, run, pulse, within_ms)
        self.tasks.append(task)
        task.start(self._uptime, self._log)
        return task

    @property
    def ends(self) -> int:
        """How often any task ended, which none should."""
        return self._gone + sum([task.restarts for task in self.tasks])

    def stuck(self) -> str:
        """A sentence about the first task that makes no progress, "" if all do: then the device is healthy.

        To be asked every few seconds.
        """
        now_ms = self._uptime.ms()
        if now_ms - self._looked_ms > _ASLEEP_MS:
            self._awake_ms = now_ms
        self._looked_ms = now_ms
        for task in self.tasks:
            if task.is_stuck(now_ms, self._awake_ms):
                return "The task %s is stuck." % task.name
        return ""

    def stop(self, task: Task) -> None:
        """Ends a task for good."""
        self._gone += task.restarts
        task.stop()
        self.tasks.remove(task)

    def stop_all(self) -> None:
        """Ends every task."""
        for task in list(self.tasks):
            self.stop(task)
