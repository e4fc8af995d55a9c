"""Tasks that end are started again, at a growing distance, until they are stopped."""

import asyncio

import supervisor
from helper import run
from supervisor import Supervisor


class Clock:
    """Stands in for asyncio and for the uptime: a pause takes no time, it only moves the clock."""

    def __init__(self):
        self.now = 0
        self.pauses = []

    def ms(self):
        return self.now

    def create_task(self, coroutine):
        return asyncio.create_task(coroutine)

    async def sleep_ms(self, ms):
        self.pauses.append(ms)
        self.now += ms
        await asyncio.sleep(0)


class Log:
    def __init__(self):
        self.lines = []

    def error(self, format, *arguments):
        self.lines.append(format % arguments)


async def played(clock, log, scene):
    """Runs a scene with a supervisor whose pauses are the clock's."""
    before, supervisor.asyncio = supervisor.asyncio, clock
    try:
        await scene(Supervisor(clock, log))
    finally:
        supervisor.asyncio = before


def play(scene):
    clock, log = Clock(), Log()
    run(played(clock, log, lambda tasks: scene(tasks, clock, log)))


async def until(done):
    for _ in range(200):
        if done():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never happened")


async def fail():
    raise ValueError("made to fail")


async def end():
    pass


def test_a_task_that_fails_is_started_again_after_a_pause_that_grows():
    async def scene(tasks, clock, log):
        task = tasks.start("it", fail)
        await until(lambda: len(clock.pauses) >= 9)
        assert clock.pauses[:9] == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]
        assert task.restarts >= 9 and task.last_error == "ValueError: made to fail"
        assert log.lines[0] == "it failed: ValueError: made to fail"
        tasks.stop_all()

    play(scene)


def test_a_task_that_ends_without_an_error_is_started_again_too():
    async def scene(tasks, clock, log):
        task = tasks.start("it", end)
        await until(lambda: task.restarts == 3)
        assert task.last_error == "ended without an error"
        assert log.lines[0] == "it failed: ended without an error"
        assert clock.pauses[:2] == [500, 1000]
        tasks.stop_all()

    play(scene)


def test_a_task_that_ran_for_long_starts_over_with_the_shortest_pause():
    async def scene(tasks, clock, log):
        runs = []

        async def sometimes():
            runs.append(clock.now)
            clock.now += 60_001 if len(runs) == 3 else 0
            raise OSError("gone")

        tasks.start("it", sometimes)
        await until(lambda: len(clock.pauses) >= 4)
        assert clock.pauses[:4] == [500, 1000, 500, 1000]
        tasks.stop_all()

    play(scene)


def test_a_task_that_was_stopped_runs_no_more_and_the_others_go_on():
    async def scene(tasks, clock, log):
        ended, counts = [], [0]

        async def wait():
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("waiting")

        async def count():
            while True:
                counts[0] += 1
                await asyncio.sleep(0)

        task, other = tasks.start("waiting", wait), tasks.start("counting", count)
        await until(lambda: counts[0] > 2)
        tasks.stop(task)
        await until(lambda: ended)
        before = counts[0]
        await until(lambda: counts[0] > before)
        assert tasks.tasks == [other] and task.restarts == 0 and log.lines == []
        tasks.stop_all()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        before = counts[0]
        await asyncio.sleep(0)
        assert counts[0] == before and tasks.tasks == []

    play(scene)
