"""Bytes both ways between a client and a server, with scripted links on both sides and a clock that tests move."""

import asyncio

from helper import raises, run
from net import bridge, datagrams, duplex
from net.bridge_log import LOCAL, REMOTE, Traffic


class Side:
    """A link: what it says is put in by the test, what it is sent is kept. `takes` is whether it takes anything."""

    def __init__(self):
        self.got = b""
        self.pieces = []
        self.largest = 0
        self.reads = 0
        self.failure = None
        self.refusal = None
        self._news = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()

    def say(self, *pieces):
        self.pieces += pieces
        self._news.set()

    def fail(self, error):
        self.failure = error
        self._news.set()

    async def readinto(self, view):
        self.reads += 1
        await self._news.wait()
        if self.failure:
            raise self.failure
        piece = self.pieces.pop(0)
        if not self.pieces:
            self._news.clear()
        if piece is None:
            return None
        view[: len(piece)] = piece
        return len(piece)

    async def send(self, data):
        self.largest = max(self.largest, len(data))
        await self.takes.wait()
        if self.refusal:
            raise self.refusal
        self.got += bytes(data)


class Clock:
    """Uptime that the test moves."""

    def __init__(self):
        self.now_ms = 0

    def ms(self):
        return self.now_ms


class Scene:
    """A client and a server with the bridge between them; `idle_ms` of real time is short, the rest is the clock's."""

    def __init__(self, idle_ms=60_000):
        self.client, self.server = Side(), Side()
        self.clock = Clock()
        self.traffic = Traffic(0)
        self.heard = 0
        self.both = duplex.Duplex(
            self.client, self.server, self.traffic, self.clock, idle_ms, self.hear
        )
        self.task = asyncio.create_task(self.both.run())

    def hear(self):
        self.heard += 1

    async def settle(self):
        for _ in range(20):
            await asyncio.sleep(0)

    async def broken(self):
        try:
            await asyncio.wait_for(self.task, 10)
        except duplex.Broken as failure:
            return failure
        raise AssertionError("it ended well")


def test_both_directions_are_passed_on_and_counted():
    async def scene():
        it = Scene()
        it.client.say(b"one", None, b"two")
        it.server.say(b"three")
        await it.settle()
        assert (it.server.got, it.client.got) == (b"onetwo", b"three")
        assert (it.traffic.sent, it.traffic.received) == (6, 5)
        assert it.heard == 1
        it.client.say(b"")
        it.server.say(b"")
        await asyncio.wait_for(it.task, 10)

    run(scene())


def test_nothing_more_is_read_until_the_other_side_took_it():
    async def scene():
        it = Scene()
        it.server.takes.clear()
        it.client.say(b"a" * 2048, b"b" * 2048)
        await it.settle()
        assert (it.client.reads, it.server.got) == (1, b"")
        it.server.say(b"meanwhile")
        await it.settle()
        assert it.client.got == b"meanwhile"
        it.server.takes.set()
        await it.settle()
        assert it.server.got == b"a" * 2048 + b"b" * 2048
        assert it.server.largest <= 2048
        it.task.cancel()

    run(scene())


def test_the_rest_is_passed_on_after_the_clients_end():
    async def scene():
        it = Scene()
        it.client.say(b"question", b"")
        await it.settle()
        it.clock.now_ms = 9000  # the server thinks
        it.server.say(b"ans", b"wer")
        await it.settle()
        assert it.client.got == b"answer"
        assert not it.task.done()
        it.server.say(b"")
        await asyncio.wait_for(it.task, 10)

    run(scene())


def test_the_rest_is_passed_on_after_the_servers_end():
    async def scene():
        it = Scene()
        it.server.say(b"enough", b"")
        it.client.say(b"I", b"still", b"talk")
        await it.settle()
        assert it.server.got == b"Istilltalk"
        it.clock.now_ms = 299
        it.client.say(b"!")
        await it.settle()
        assert not it.task.done()
        it.clock.now_ms = 700  # after a pause, it is over
        await asyncio.wait_for(it.task, 10)
        assert it.server.got == b"Istilltalk!"

    run(scene())


def test_a_client_that_left_with_its_answer_is_not_waited_for():
    async def scene():
        it = Scene()
        it.client.say(b"question")
        await it.settle()
        it.server.say(b"answer")
        await it.settle()
        it.client.say(b"")
        await it.settle()
        it.clock.now_ms = 400
        await asyncio.wait_for(it.task, 10)

    run(scene())


def test_silence_is_broken_off_whoever_was_to_speak():
    async def scene():
        it = Scene(50)
        it.client.say(b"question")
        await it.settle()
        it.clock.now_ms = 51
        failure = await it.broken()
        assert (failure.stage, failure.direction, failure.error) == ("idle", REMOTE, None)
        it = Scene(50)
        it.server.say(b"welcome")
        await it.settle()
        it.clock.now_ms = 51
        failure = await it.broken()
        assert (failure.stage, failure.direction) == ("idle", LOCAL)

    run(scene())


def test_traffic_in_one_direction_is_no_silence():
    async def scene():
        it = Scene(40)
        for moment in range(10, 200, 10):
            it.clock.now_ms = moment
            it.server.say(b"x")
            await asyncio.sleep(0.005)
        assert not it.task.done()
        it.task.cancel()

    run(scene())


def test_who_takes_nothing_is_broken_off_though_the_other_direction_moves():
    async def scene():
        it = Scene(50)
        it.client.takes.clear()
        it.server.say(b"take this")
        await it.settle()
        for moment in (20, 40, 60):
            it.clock.now_ms = moment
            it.client.say(b"x")
            await it.settle()
        failure = await it.broken()
        assert (failure.stage, failure.direction, failure.error) == ("write", LOCAL, None)

    run(scene())


def test_failures_tell_their_side():
    cases = (
        (lambda it: it.client.fail(OSError(104)), "read", LOCAL),
        (lambda it: it.server.fail(ValueError("x")), "read", REMOTE),
        (lambda it: setattr(it.client, "refusal", OSError(32)), "write", LOCAL),
        (lambda it: setattr(it.server, "refusal", MemoryError()), "write", REMOTE),
    )

    async def scene(spoil, stage, direction):
        it = Scene()
        spoil(it)
        it.client.say(b"x")
        it.server.say(b"x")
        failure = await it.broken()
        assert (failure.stage, failure.direction) == (stage, direction)
        assert isinstance(failure.error, (OSError, ValueError, MemoryError))

    for case in cases:
        run(scene(*case))


def test_cancelling_stops_both_directions():
    async def scene():
        it = Scene()
        await it.settle()
        it.task.cancel()
        await it.settle()
        it.client.say(b"x")
        it.server.say(b"x")
        await it.settle()
        assert (it.client.got, it.server.got) == (b"", b"")

    run(scene())


def test_there_are_so_many_places_and_no_more():
    room = bridge.Room(2)
    assert [room.take(), room.take(), room.take()] == [True, True, False]
    room.leave()
    assert [room.take(), room.take()] == [True, False]


def test_a_way_in_the_clear_needs_a_rule_of_its_own_protocol():
    for rules in ([], [{"protocol": "udp"}], [{"protocol": "tcp", "ip": "192.0.2.1", "port": 22}]):
        error = raises(ValueError, bridge.passthrough, rules, "192.0.2.1", 21)
        assert "tcp port 21 of 192.0.2.1" in str(error)
    way = bridge.passthrough(
        [{"protocol": "tcp", "ip": "192.0.2.0/24", "port": 21}], "192.0.2.1", 21
    )
    assert (way().host, way().port, way().context) == ("192.0.2.1", 21, None)


def test_datagrams_need_a_rule_of_their_own_protocol():
    for rules in ([], [{"protocol": "tcp"}], [{"protocol": "udp", "ip": "1.1.1.1", "port": 123}]):
        error = raises(
            ValueError, datagrams.Datagrams, "dns", 53, ("1.1.1.1", 53), rules, None, Clock()
        )
        assert "udp port 53 of 1.1.1.1" in str(error)
    datagrams.Datagrams(
        "dns", 53, ("1.1.1.1", 53), [{"protocol": "udp", "port": 53}], None, Clock()
    )
