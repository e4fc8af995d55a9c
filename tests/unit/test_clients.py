"""When a client has to give way: to others, to a deadline, and of event streams to newer ones."""

import asyncio

from helper import run
from log import Log
from vault import Clock
from web.clients import Clients, Connection

STALL_MS = 5000
WORK_MS = 60_000


def connection():
    clock, moved = Clock(), []
    return clock, moved, Connection(None, clock, STALL_MS, WORK_MS, moved.append)


def test_client_that_stands_still_is_overdue():
    clock, _, one = connection()
    clock.now_ms += STALL_MS
    assert not one.overdue(clock.now_ms)
    assert one.overdue(clock.now_ms + 1)


def test_client_that_goes_on_for_ever_is_overdue():
    clock, _, one = connection()
    one.answering()
    for _ in range(30):
        clock.now_ms += 1000
        one.moved()
        assert not one.overdue(clock.now_ms)
    assert one.overdue(clock.now_ms + 1)


def test_event_stream_may_be_quiet_for_minutes_but_not_for_ever():
    clock, moved, one = connection()
    one.answering()
    one.streaming()
    assert moved == [one]
    clock.now_ms += 600_000
    assert not one.overdue(clock.now_ms)
    assert one.overdue(clock.now_ms + 61_000)


def test_event_stream_that_is_not_taken_is_overdue():
    clock, _, one = connection()
    one.answering()
    one.streaming()
    clock.now_ms += 60_000
    one.offered()
    assert not one.overdue(clock.now_ms + STALL_MS)
    assert one.overdue(clock.now_ms + STALL_MS + 1)
    clock.now_ms += 1000
    one.moved()
    assert not one.overdue(clock.now_ms + STALL_MS + 1), "it was taken"


def test_body_of_somebody_known_may_come_slowly_and_another_one_may_not():
    for known in (True, False):
        clock, _, one = connection()
        one.asked()
        one.sends(1000, known)
        for _ in range(6):
            clock.now_ms += 1000
            one.moved()
        assert one.overdue(clock.now_ms) == (not known)
        assert (one.spare_ms(clock.now_ms) < 0) == (not known)
        one.asked()
        assert not one.overdue(clock.now_ms) and not one.asks


class Writer:
    """The other end of a client: takes everything."""

    def __init__(self):
        self.taken = b""

    def write(self, data):
        self.taken += data

    async def drain(self):
        await asyncio.sleep(0)

    def close(self):
        pass

    async def wait_closed(self):
        pass

    def get_extra_info(self, _):
        return "192.168.4.2", 1


class Reader:
    async def read(self, _):
        return b"GET / HTTP/1.1\r\n"


class Site:
    """Answers with a stream, or not at all, and waits for what the silent want; knows who is still there."""

    def __init__(self):
        self.present = []

    async def serve(self, reader, outlet, address, client):
        name = len(self.present)
        self.present.append(True)
        try:
            if reader is not SILENT:
                client.asked()
            if reader is STREAM:
                client.answering()
                client.streaming()
                await outlet.awrite(b"hello")
                await outlet.awrite(b"")
            await asyncio.Event().wait()
        finally:
            self.present[name] = False


STREAM = Reader()
SILENT = Reader()


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


def visited(*readers):
    """(who of them is still served, what each got) after all of them came, one after the other."""

    async def scene():
        site = Site()
        clients = Clients(lambda: site, Clock(), Log().logger("page"), STALL_MS, WORK_MS)
        writers, tasks = [], []
        for reader in readers:
            writers.append(Writer())
            tasks.append(asyncio.create_task(clients.serve(reader, writers[-1])))
            await settle()
        found = list(site.present), [writer.taken for writer in writers]
        clients.drop_all()
        for task in tasks:
            task.cancel()
        await settle()
        assert not any(site.present)
        return found

    return run(scene())


def test_piece_of_a_stream_is_sent_at_once():
    assert visited(STREAM)[1] == [b"hello"]


def test_streams_leave_the_places_to_others():
    assert visited(STREAM, STREAM, Reader(), Reader(), Reader())[0] == [True] * 5


def test_oldest_stream_gives_way_to_a_third():
    present, _ = visited(STREAM, Reader(), STREAM, STREAM, STREAM)
    assert present == [False, True, False, True, True]


def test_in_a_crowd_whoever_comes_takes_the_place_of_the_first_that_is_silent():
    readers = [Reader(), SILENT, SILENT] + [Reader()] * 3 + [Reader(), SILENT, SILENT]
    present, _ = visited(*readers)
    assert present == [True, False, False, True, False, True]


def test_seven_at_once_are_too_many_with_streams_and_without():
    plain = [Reader() for _ in range(7)]
    for readers in (plain, [STREAM, STREAM] + plain[2:]):
        _, taken = visited(*readers)
        assert taken[-1].startswith(b"HTTP/1.0 503 "), taken
        assert not any([text.startswith(b"HTTP") for text in taken[:-1]]), taken


def test_somebody_is_there_from_coming_to_going():
    async def scene():
        clients = Clients(Site, Clock(), Log().logger("page"), STALL_MS, WORK_MS)
        assert not clients.has_any()
        tasks = []
        for reader in (Reader(), STREAM):
            tasks.append(asyncio.create_task(clients.serve(reader, Writer())))
            await settle()
            assert clients.has_any()
            clients.drop_all()
            await settle()
            assert not clients.has_any()

    run(scene())
