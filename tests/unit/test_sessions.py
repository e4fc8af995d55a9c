"""Who may keep a connection open when there is not room for all."""

import asyncio

from helper import run
from net.sessions import Sessions


class Holder:
    """A connection of that name; `closings` collects the names of those that are closed for others."""

    def __init__(self, sessions, name, closings):
        self.sessions = sessions
        self.name = name
        self.closings = closings

    def close(self):
        self.closings.append(self.name)
        self.sessions.leave(self)


def holders(limit, names="abcd"):
    sessions, closings = Sessions(limit), []
    return sessions, closings, [Holder(sessions, name, closings) for name in names]


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def entering(sessions, *waiting):
    return [asyncio.create_task(sessions.enter(holder)) for holder in waiting]


def test_as_many_as_the_limit_allows_are_open_together():
    async def scene():
        sessions, closings, (a, b, c, _) = holders(3)
        for holder in (a, b, c):
            await sessions.enter(holder)
            sessions.rest(holder)
        assert closings == []

    run(scene())


def test_the_least_recently_used_one_gives_way():
    async def scene():
        sessions, closings, (a, b, c, d) = holders(2)
        for holder in (a, b):
            await sessions.enter(holder)
            sessions.rest(holder)
        sessions.use(a)
        sessions.rest(a)
        await sessions.enter(c)
        assert closings == ["b"]
        await sessions.enter(d)
        assert closings == ["b", "a"]

    run(scene())


def test_one_in_use_never_gives_way():
    async def scene():
        sessions, closings, (a, b, c, _) = holders(2)
        await sessions.enter(a)
        sessions.rest(a)
        await sessions.enter(b)
        sessions.use(a)
        (task,) = entering(sessions, c)
        await settle()
        assert not task.done() and closings == []
        sessions.rest(b)
        await settle()
        assert task.done() and closings == ["b"]

    run(scene())


def test_those_who_wait_come_in_turn_even_if_others_are_never_idle():
    async def scene():
        sessions, closings, (a, b, c, _) = holders(1)
        await sessions.enter(a)
        tasks = entering(sessions, b, c)
        await settle()
        sessions.rest(a)
        sessions.use(a)  # too late: its place is taken
        await settle()
        assert [task.done() for task in tasks] == [True, False]
        (task,) = entering(sessions, a)
        await settle()
        sessions.rest(b)
        await settle()
        assert tasks[1].done() and not task.done()
        sessions.leave(c)
        await settle()
        assert task.done() and closings == ["a", "b"]

    run(scene())


def test_one_that_gives_up_waiting_is_passed_over():
    async def scene():
        sessions, _, (a, b, c, _) = holders(1)
        await sessions.enter(a)
        tasks = entering(sessions, b, c)
        await settle()
        tasks[0].cancel()
        sessions.leave(b)
        sessions.leave(a)
        await settle()
        assert tasks[1].done()

    run(scene())


def test_one_that_gives_up_with_its_turn_in_hand_passes_it_on():
    async def scene():
        sessions, _, (a, b, c, _) = holders(1)
        await sessions.enter(a)
        tasks = entering(sessions, b, c)
        await settle()
        sessions.leave(a)  # now it is b's turn, who has not woken up yet
        sessions.leave(b)
        await settle()
        assert tasks[1].done()

    run(scene())


def test_a_higher_limit_admits_more_from_the_next_change_on():
    async def scene():
        sessions, closings, (a, b, c, d) = holders(1)
        await sessions.enter(a)
        sessions.limit = 3
        await sessions.enter(b)
        await sessions.enter(c)
        sessions.rest(a)
        sessions.rest(b)
        sessions.limit = 1
        (task,) = entering(sessions, d)
        await settle()
        assert closings == ["a", "b"] and not task.done()
        sessions.leave(c)
        await settle()
        assert task.done()

    run(scene())


def test_only_want_of_memory_or_sockets_closes_what_rests():
    async def scene():
        sessions, closings, (a, b, c, _) = holders(4)
        assert not sessions.relieve(12)
        for holder in (a, b, c):
            await sessions.enter(holder)
        sessions.rest(b)
        sessions.rest(a)
        for code in (None, 0, 104, 111, -0x2700):
            assert not sessions.relieve(code)
        assert closings == []
        assert sessions.relieve(12) and closings == ["b", "a"]
        assert not sessions.relieve(12)

    run(scene())
