"""One handshake at a time, and what happens when one of them gets stuck."""

import asyncio

from helper import raises, run
from net.turn import Turn


async def hold(lock, until, log, name, patience_ms=5000):
    async with Turn(lock, patience_ms):
        log.append(name)
        await until.wait()
    log.append("-" + name)


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_second_waits_for_the_first():
    async def both():
        lock, first, second, log = asyncio.Lock(), asyncio.Event(), asyncio.Event(), []
        tasks = [
            asyncio.create_task(hold(lock, first, log, "a")),
            asyncio.create_task(hold(lock, second, log, "b")),
        ]
        await settle()
        assert log == ["a"]
        second.set()
        first.set()
        await asyncio.gather(*tasks)
        return log

    assert run(both()) == ["a", "-a", "b", "-b"]


def test_a_stuck_handshake_passes_its_turn_on():
    async def both():
        lock, stuck, quick, log = asyncio.Lock(), asyncio.Event(), asyncio.Event(), []
        first = asyncio.create_task(hold(lock, stuck, log, "stuck", 10))
        quick.set()
        await settle()
        await asyncio.wait_for(hold(lock, quick, log, "quick"), 1)
        stuck.set()
        await first
        assert not lock.locked()
        return log

    assert run(both()) == ["stuck", "quick", "-quick", "-stuck"]


def test_a_failed_or_cancelled_handshake_gives_its_turn_back():
    async def fail(lock):
        async with Turn(lock):
            raise OSError(5)

    async def both():
        lock, log = asyncio.Lock(), []
        try:
            await fail(lock)
        except OSError:
            log.append("failed")
        task = asyncio.create_task(hold(lock, asyncio.Event(), log, "a"))
        await settle()
        task.cancel()
        await settle()
        assert not lock.locked()
        return log

    assert run(both()) == ["failed", "a"]
    raises(OSError, run, fail(None))


def test_without_a_lock_nobody_waits():
    async def alone():
        log, until = [], asyncio.Event()
        until.set()
        await hold(None, until, log, "a")
        return log

    assert run(alone()) == ["a", "-a"]
