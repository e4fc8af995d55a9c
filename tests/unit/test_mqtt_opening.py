"""How a broker's connection comes about: the stages, whose turn it is, what memory it may take from others."""

import asyncio
import errno

from helper import run
from net.http import RequestError
from net.opening import Opening
from net.sessions import Sessions


class Context:
    """In place of net.tls.Context."""

    def __init__(self):
        self.released = 0

    def release(self):
        self.released += 1

    def explain(self, error, server_name):
        return "%s was refused." % server_name, "Advice."


class Server:
    """In place of dial.SocketLink: a server that greets back if it is `awake`, and then takes everything unless
    there is a `failure`."""

    def __init__(self, awake=True, confirms=True, failure=None):
        self.awake = awake
        self.confirms = confirms
        self.failure = failure
        self.took = []

    async def greet(self, data):
        self.took.append("greeting")
        if not self.awake:
            await asyncio.Event().wait()

    async def shake_hands(self):
        if self.failure is not None:
            raise self.failure
        self.took.append("handshake")

    def close(self):
        self.took.append("end")


class Holder:
    """A connection that rests in the sessions."""

    def __init__(self, sessions):
        self.sessions = sessions
        self.closed = False

    def close(self):
        self.closed = True
        self.sessions.leave(self)


def opening_of(*servers, lock=None, sessions=None):
    """An Opening whose connections meet these servers, one after the other."""
    left = list(servers)

    async def connected():
        return None

    opening = Opening("b.example", 8883, Context(), handshake_lock=lock, sessions=sessions)
    opening._connect = connected
    opening._secure = lambda raw, context: left.pop(0)
    return opening


async def failure(opening, holder=None, deadline_ms=5000):
    """Why it could not be opened, as its user tells it; closed afterwards."""
    try:
        await asyncio.wait_for_ms(opening.open(b"hello", holder), deadline_ms)
    except asyncio.TimeoutError:
        return opening.late(deadline_ms)
    except RequestError as error:
        return error
    finally:
        opening.close()
    raise AssertionError("it was opened")


def test_a_verified_server_gets_the_first_packet():
    async def scene():
        server = Server()
        opening = opening_of(server)
        assert await opening.open(b"hello", None) is server is opening.link
        assert server.took == ["greeting", "handshake"]
        assert opening.context.released == 1 and not opening.doubtful
        opening.close()
        assert server.took[-1] == "end" and opening.link is None

    run(scene())


def test_whoever_gets_no_turn_does_not_blame_its_server():
    async def scene():
        lock, server = asyncio.Lock(), Server()
        await lock.acquire()
        error = await failure(opening_of(server, lock=lock), deadline_ms=200)
        assert (error.stage, server.took) == ("connect", ["greeting", "end"])
        assert "busy with other TLS handshakes" in str(error)

    run(scene())


def test_a_silent_server_never_gets_a_turn():
    async def scene():
        lock, server = asyncio.Lock(), Server(awake=False)
        waiting = asyncio.create_task(failure(opening_of(server, lock=lock), deadline_ms=200))
        for _ in range(5):
            await asyncio.sleep(0)
        assert server.took == ["greeting"] and not lock.locked()
        error = await waiting
        assert (error.stage, server.took) == ("tls", ["greeting", "end"])
        assert "did not finish the TLS handshake within 200 ms" in str(error)

    run(scene())


def test_a_refused_handshake_is_explained():
    async def scene():
        error = await failure(opening_of(Server(failure=OSError(-0x7780))))
        assert (error.stage, str(error)) == ("tls", "b.example was refused.")
        assert (error.advice, error.errno) == ("Advice.", -0x7780)

    run(scene())


def test_a_server_that_has_not_spoken_yet_may_still_refuse_our_certificate():
    async def scene():
        for heard, stage in ((False, "tls"), (True, "status")):
            opening = opening_of(Server(confirms=False))
            await opening.open(b"hello", None)
            assert opening.doubtful and not opening.context.released
            opening.stage = 4
            if heard:
                opening.heard()
                assert opening.context.released == 1
            assert opening.broken(OSError(errno.ECONNRESET)).stage == stage

    run(scene())


def test_memory_that_others_can_do_without_is_taken_from_them():
    async def scene():
        sessions, first, second = Sessions(3), Server(failure=OSError(errno.ENOMEM)), Server()
        resting = Holder(sessions)
        await sessions.enter(resting)
        sessions.rest(resting)
        opening = opening_of(first, second, sessions=sessions)
        assert await opening.open(b"hello", Holder(sessions)) is second
        assert resting.closed and first.took[-1] == "end"

    run(scene())


def test_other_failures_take_nothing_from_anybody():
    async def scene():
        sessions = Sessions(3)
        resting = Holder(sessions)
        await sessions.enter(resting)
        sessions.rest(resting)
        opening = opening_of(Server(failure=OSError(-0x7780)), sessions=sessions)
        await failure(opening, Holder(sessions))
        assert not resting.closed

    run(scene())
