"""How a broker's connection comes about: the stages, whose turn it is, what memory it may take from others."""

import asyncio
import errno

from helper import run
from net.opening import Opening, RequestError
from net.sessions import Sessions


class Context:
    """In place of net.tls.Context."""

    is_blind = False
    knows_time = True

    def __init__(self):
        self.released = self.under_way = 0

    def release(self):
        self.released += 1

    def over(self):
        self.under_way -= 1

    def explain(self, error, server_name):
        return "%s was refused." % server_name, "Advice.", "a certificate"


class Server:
    """In place of dial.SocketLink: a server that greets back if it is `awake`, and then takes everything unless
    there is a `failure` of the handshake, or a `loss` after it."""

    def __init__(self, awake=True, confirms=True, failure=None, loss=None):
        self.awake = awake
        self.confirms = confirms
        self.failure = failure
        self.loss = loss
        self.took = []

    async def greet(self, data):
        self.took.append("greeting")
        if not self.awake:
            await asyncio.Event().wait()

    async def shake_hands(self):
        if self.failure is not None:
            raise self.failure
        self.took.append("handshake")

    async def send(self, data):
        if self.loss is not None:
            raise self.loss
        self.took.append(bytes(data))

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
        opening.hang_up()
    raise AssertionError("it was opened")


def test_a_verified_server_gets_the_first_packet():
    async def scene():
        server = Server()
        opening = opening_of(server)
        assert await opening.open(b"hello", None) is server is opening.link
        assert server.took == ["greeting", "handshake"]
        assert opening.context.released == 1 and not opening.is_doubtful
        opening.hang_up()
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


def test_a_server_that_is_silent_once_there_is_room_is_blamed_itself():
    async def scene():
        sessions, server = Sessions(1), Server(awake=False)
        error = await failure(opening_of(server, sessions=sessions), Holder(sessions), 100)
        assert "did not finish the TLS handshake within 100 ms" in str(error)

    run(scene())


def test_where_there_is_no_memory_to_explain_that_is_said_and_memory_taken_from_others():
    async def scene():
        sessions, first, second = Sessions(3), Server(failure=OSError(-0x7780)), Server()
        resting = Holder(sessions)
        await sessions.enter(resting)
        sessions.rest(resting)
        opening = opening_of(first, second, sessions=sessions)
        opening.context.explain = starving
        assert await opening.open(b"hello", Holder(sessions)) is second
        assert resting.closed

    def starving(error, server_name):
        raise MemoryError

    run(scene())


def test_a_refused_handshake_is_explained():
    async def scene():
        error = await failure(opening_of(Server(failure=OSError(-0x7780))))
        assert (error.stage, str(error)) == ("tls", "b.example was refused.")
        assert (error.advice, error.errno) == ("Advice.", -0x7780)
        assert error.certificate == "a certificate"

    run(scene())


def test_a_server_that_has_not_spoken_yet_may_still_refuse_our_certificate():
    async def scene():
        for heard, stage in ((False, "tls"), (True, "status")):
            opening = opening_of(Server(confirms=False))
            await opening.open(b"hello", None)
            assert opening.is_doubtful and not opening.context.released
            opening.enter(4)
            if heard:
                opening.heard()
                assert opening.context.released == 1
            assert opening.broken(OSError(errno.ECONNRESET)).stage == stage

    run(scene())


CUTS = (errno.ECONNRESET, errno.ECONNABORTED, 32, -0x7280)


async def stage_of(opening, code):
    """The stage at which that error is said to be, if it comes instead of the answer on a new connection."""
    await opening.open(b"hello", None)
    opening.enter(4)
    error = opening.broken(OSError(code))
    opening.hang_up()
    return error.stage


def test_only_what_may_be_a_refusal_is_blamed_on_the_certificate():
    async def scene():
        for confirms in (False, True):
            for code in CUTS + (-0x7780,):
                opening = opening_of(Server(confirms=confirms))
                assert await stage_of(opening, code) == ("status" if confirms else "tls"), code
            for code in (-0x7200, -0x7180, errno.ETIMEDOUT, errno.ENOMEM, errno.EHOSTUNREACH):
                opening = opening_of(Server(confirms=confirms))
                assert await stage_of(opening, code) == "status", code

    run(scene())


def test_a_server_that_has_answered_before_must_say_that_it_refuses_our_certificate():
    async def scene():
        opening = opening_of(*[Server(confirms=False) for _ in range(len(CUTS) + 2)])
        await opening.open(b"hello", None)
        opening.heard()
        opening.hang_up()
        for code in CUTS:
            assert await stage_of(opening, code) == "status", code
            assert not opening.is_doubtful
        assert await stage_of(opening, -0x7780) == "tls"  # an alert

    run(scene())


def test_a_long_message_goes_on_after_the_handshake():
    async def scene():
        server, message = Server(), bytes([number % 256 for number in range(10_000)])
        opening = opening_of(server)
        await opening.open(message, None)
        assert server.took == ["greeting", "handshake", message[4096:]]

    run(scene())


def test_a_cut_under_a_long_message_is_not_called_a_refusal_of_our_certificate():
    async def scene():
        for confirms in (False, True):
            loss = OSError(errno.ECONNRESET)
            opening = opening_of(Server(confirms=confirms, loss=loss))
            try:
                await opening.open(bytes(5000), None)
                raise AssertionError("it was sent")
            except RequestError as error:
                assert error.stage == "write"
                said = error.advice or ""
            assert ("a document of this size" in said) == (not confirms)
            opening.hang_up()

    run(scene())


def test_memory_that_is_not_there_for_tls_is_named():
    async def scene():
        error = await failure(opening_of(Server(failure=MemoryError())))
        assert (error.stage, error.errno) == ("tls", errno.ENOMEM)
        assert str(error) == "The device ran out of memory."

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
