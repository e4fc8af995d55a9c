"""How connections come about: a host's addresses one after the other, one handshake at a time and none stuck."""

import asyncio
import socket
import time

from helper import raises, run
from net import dial, http
from net.turn import Turn

IPV6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 443, 0, 0))
IPV4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))
SPARE = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 443))


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


def test_time_in_which_the_device_itself_computes_is_not_counted_against_a_handshake():
    async def both():
        lock = asyncio.Lock()
        async with Turn(lock, 100):
            await settle()
            began = time.ticks_ms()
            while time.ticks_diff(time.ticks_ms(), began) < 120:
                pass
            await settle()
            assert lock.locked()

    run(both())


class Network:
    """In place of the module `socket`: answers look-ups from a script, counts them; accepts at some addresses."""

    AF_INET, SOCK_STREAM = socket.AF_INET, socket.SOCK_STREAM

    def __init__(self, *answers, refused=(), mute=()):
        self.answers = list(answers)
        self.refused = refused
        self.mute = mute
        self.asked = 0
        self.tried = []

    def getaddrinfo(self, host, port, family, kind):
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def connect(self, found):
        self.tried.append(found)
        if found in self.refused:
            raise OSError(111)
        if found in self.mute:
            await asyncio.Event().wait()
        return "a socket to " + found[-1][0]

    def play(self, scene):
        """Runs `scene(address)` in this network."""
        kept = dial.socket, dial.connect
        dial.socket, dial.connect = self, self.connect
        try:
            return run(scene(dial.Address("a.example", 443)))
        finally:
            dial.socket, dial.connect = kept


def age(address, ms):
    """That much time passes for what the address knows."""
    address._since = time.ticks_add(address._since, -ms)


def test_all_addresses_of_a_host_are_tried_those_of_ipv4_first():
    async def scene(address):
        return await address.connect()

    network = Network([IPV6, IPV4, SPARE], refused=(IPV4, SPARE))
    assert network.play(scene) == "a socket to ::1"
    assert network.tried == [IPV4, SPARE, IPV6] and network.asked == 1


def test_an_address_that_failed_is_left_out_until_none_is_left():
    async def scene(address):
        await address.connect()
        await address.connect()
        address.reject()
        assert address.look_up() == IPV4

    network = Network([IPV4, SPARE], [IPV4], refused=(IPV4,))
    network.play(scene)
    assert network.tried == [IPV4, SPARE, SPARE] and network.asked == 2


def test_when_no_address_accepts_the_last_failure_is_told():
    async def scene(address):
        try:
            await address.connect()
        except OSError as error:
            return error.args[0]

    assert Network([IPV4, IPV6], refused=(IPV4, IPV6)).play(scene) == 111


def test_a_look_up_is_kept_for_five_minutes_and_its_failure_for_thirty_seconds():
    async def scene(address):
        for _ in range(3):
            assert raises(OSError, address.look_up).args[0] == -2
        age(address, 29000)
        raises(OSError, address.look_up)
        assert network.asked == 1
        age(address, 1001)
        assert address.look_up() == IPV4
        age(address, 299000)
        assert address.look_up() == IPV4 and network.asked == 2
        age(address, 1001)
        assert address.look_up() == SPARE

    network = Network(OSError(-2), [IPV4], [SPARE])
    network.play(scene)


def test_a_name_without_addresses_is_a_failed_look_up():
    async def scene(address):
        raises(OSError, address.look_up)

    Network([]).play(scene)


def test_an_address_that_took_the_whole_deadline_is_left_out_next_time():
    async def scene(address):
        connection = http.Connection("a.example", 443, address=address)
        error = await failure(connection)
        assert (error.stage, address.look_up()) == ("connect", SPARE)

    Network([IPV4, SPARE], mute=(IPV4,)).play(scene)


class Server:
    """In place of dial.SocketLink: a server that greets back if it is `awake`, and then takes everything."""

    confirms = True

    def __init__(self, awake):
        self.awake = awake
        self.took = []

    async def greet(self, data):
        self.took.append("greeting")
        if not self.awake:
            await asyncio.Event().wait()

    async def shake_hands(self):
        self.took.append("handshake")

    def close(self):
        self.took.append("end")


class Trusting:
    """In place of net.tls.Context."""

    knows_time = True
    is_blind = False

    def over(self):
        pass


async def failure(connection):
    try:
        await connection.request("POST", "/", [], b"", 30)
    except http.RequestError as error:
        return error


def shake_hands_with(server, lock):
    """The failure of a request to this server."""

    async def connected():
        return None

    connection = http.Connection("a.example", 443, Trusting(), handshake_lock=lock)
    connection._connect = connected
    connection._secure = lambda raw, context: server
    return failure(connection)


def test_whoever_gets_no_turn_does_not_blame_its_server():
    async def scene():
        lock, server = asyncio.Lock(), Server(awake=True)
        await lock.acquire()
        error = await shake_hands_with(server, lock)
        assert (error.stage, server.took) == ("connect", ["greeting", "end"])
        assert "busy with other TLS handshakes" in str(error)

    run(scene())


def test_a_silent_server_never_gets_a_turn():
    async def scene():
        lock, server = asyncio.Lock(), Server(awake=False)
        waiting = asyncio.create_task(shake_hands_with(server, lock))
        await settle()
        assert server.took == ["greeting"] and not lock.locked()
        error = await waiting
        assert (error.stage, server.took) == ("tls", ["greeting", "end"])

    run(scene())


class Wire:
    """A socket and its stream; `heard` is what each read without waiting finds."""

    def __init__(self, *heard):
        self.heard = list(heard)
        self.sent = b""

    def read(self, size):
        return self.heard.pop(0)

    def write(self, data):
        self.sent += bytes(data)

    async def drain(self):
        pass


class Streams:
    """In place of the module `asyncio`: a stream is the socket itself."""

    def StreamReader(self, sock):  # noqa: N802
        return sock


def send_over(wire, data):
    """Whether all was sent, and what the link has to read then."""

    async def scene():
        link = dial.SocketLink(wire, None, "")
        view = bytearray(64)
        complete = await link.send(data)
        return complete, bytes(
            view[: await link.readinto(memoryview(view))]
        ) if not complete else b""

    kept, dial.asyncio = dial.asyncio, Streams()
    try:
        return run(scene())
    finally:
        dial.asyncio = kept
