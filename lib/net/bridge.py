"""The device as a TLS connector: takes plain TCP connections of the LAN and carries them over verified TLS.

    bridge = Bridge("scada", 8883, connector("example.com", 8883, context), room, log, uptime)
    await bridge.run()

Nothing of a client's is sent before the server is verified, and nothing ever in the clear: a bridge without TLS can
only be made with `passthrough`, and only where a rule lets that through.
"""

import asyncio
import errno
import socket

from micropython import const

from net import duplex
from net.bridge_link import BridgeOpening, ClientLink
from net.bridge_log import LOCAL, REMOTE, Traffic
from net.bridge_tally import Tally
from net.opening import RequestError
from net.passthrough import LAN, PASSTHROUGH, covers, route

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Sequence

    from uptime import Uptime

    from net.bridge_log import BridgeLog
    from net.opening import AnyLink, Opening
    from net.passthrough import Rule
    from net.sessions import Sessions
    from net.tls import Context

    Way = Callable[[], Opening]

_BACKLOG = const(1)
_OPEN_MS = const(20_000)
_IDLE_MS = const(60_000)
_STAGES = {"dns": "dns", "connect": "tcp", "tls": "tls", "write": "write"}

_STRANGER = "The client %s is not on the bridge's list. Add its address to the bridge's clients if it belongs there."
_CROWDED = "The client %s was refused: all places of bridges are taken. Let fewer clients connect at once."
_SILENT = "Neither side said anything for %d s. Have the client send something now and then, or connect anew."
_STUCK_CLIENT = (
    "The client %s took nothing for %d s. Check that it still runs and reads what it is sent."
)
_STUCK_SERVER = (
    "%s took nothing for %d s. Check that the server still runs and reads what it is sent."
)
_CLIENT_LEFT = (
    "The client %s broke the connection. Check how long it waits for the server's answers."
)
_STARVED = "The device ran out of memory. Let fewer clients connect at once, or keep fewer destinations enabled."
_NO_PORT = "Port %d cannot be listened on. Choose another one: it may be in use."
UNCOVERED = "No passthrough rule lets %s port %d of %s through. Add one, or remove the forwarding."


class Room:
    """How many clients all bridges together serve at once: each costs two of the chip's ten sockets."""

    def __init__(self, limit: int = 2) -> None:
        self.limit = limit
        self.taken = 0

    def take(self) -> bool:
        """Whether there was a place; then `leave` has to follow."""
        if self.taken >= self.limit:
            return False
        self.taken += 1
        return True

    def leave(self) -> None:
        """Gives the place back."""
        self.taken -= 1


def connector(
    host: str,
    port: int,
    context: "Context",
    server_name: "str | None" = None,
    handshake_lock: "asyncio.Lock | None" = None,
    sessions: "Sessions | None" = None,
) -> "Way":
    """The way to a server over TLS; arguments are those of `net.opening.Opening`.

    The context must be the bridge's own: what it knows is of one handshake at a time.
    """
    return lambda: BridgeOpening(
        host, port, context, server_name, handshake_lock, sessions=sessions
    )


def passthrough(rules: "Sequence[Rule]", ip: str, port: int) -> "Way":
    """The way to a server in the clear. Raises ValueError with a sentence unless a rule covers it."""
    if route(rules, "tcp", ip, port) != PASSTHROUGH:
        raise ValueError(UNCOVERED % ("tcp", port, ip))
    return lambda: BridgeOpening(ip, port)


class Bridge:
    """Listens on a port of the LAN and carries each connection along its way.

    Attributes:
        name, port: as given.
        tally: what it does and has done.
    """

    def __init__(
        self,
        name: str,
        port: int,
        way: "Way",
        room: Room,
        log: "BridgeLog",
        uptime: "Uptime",
        clients: "Sequence[str]" = (),
        host: str = "0.0.0.0",
        idle_ms: int = _IDLE_MS,
        open_ms: int = _OPEN_MS,
    ) -> None:
        """`clients` are the addresses and blocks that may connect, none for all of private networks. `host` is the
        address to listen at. A server is given up after `open_ms` without a connection, a session after `idle_ms` of
        silence."""
        self.name = name
        self.port = port
        self.tally = Tally()
        self._way = way
        self._room = room
        self._log = log
        self._uptime = uptime
        self._clients = clients or LAN
        self._host = host
        self._idle_ms = idle_ms
        self._open_ms = open_ms
        self._door = asyncio.Lock()  # one opening at a time: they share the context
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Serves until it is cancelled, which ends all sessions. Raises OSError if the port cannot be had."""
        try:
            server = await asyncio.start_server(
                self._accept, self._host, self.port, backlog=_BACKLOG
            )
        except OSError as error:
            self._log.add(self.name, "config", LOCAL, _NO_PORT % self.port, error.args[0])
            raise
        self.tally.is_listening = True
        try:
            await asyncio.Event().wait()
        finally:
            self.tally.is_listening = False
            server.close()
            for task in self._tasks:
                task.cancel()
            await server.wait_closed()

    async def _accept(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        client = ClientLink(reader, writer)
        task = asyncio.current_task()
        assert task is not None  # in a task it never is
        self._tasks.append(task)
        try:
            await self._admit(client, address_of(writer.get_extra_info("peername")))
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.remove(task)
            await client.leave()

    async def _admit(self, client: ClientLink, address: str) -> None:
        """Serves a client that may come in."""
        if not any([covers(block, address) for block in self._clients]):
            self._log.add(self.name, "limit", LOCAL, _STRANGER % address)
        elif not self._room.take():
            self._log.add(self.name, "limit", LOCAL, _CROWDED % address)
        else:
            session = Session(self._way(), Traffic(self._uptime.ms()))
            self.tally.begin(session.traffic)
            try:
                await self._serve(session, client, address)
            finally:
                self.tally.end(session.traffic)
                session.close()
                self._room.leave()

    async def _serve(self, session: "Session", client: ClientLink, address: str) -> None:
        try:
            async with self._door:
                remote = await session.open(self._open_ms)
            self.tally.served += 1
            both = duplex.Duplex(
                client, remote, session.traffic, self._uptime, self._idle_ms, session.heard
            )
            await both.run()
        except RequestError as error:
            self._tell(session, error)
        except duplex.Broken as failure:
            self._tell_broken(session, failure, address)

    def _tell(self, session: "Session", error: RequestError) -> None:
        text = f"{error} {error.advice}" if error.advice else str(error)
        stage = _STAGES.get(error.stage, "read")
        self._log.add(self.name, stage, REMOTE, text, error.errno, session.traffic)

    def _tell_broken(self, session: "Session", failure: duplex.Broken, address: str) -> None:
        if failure.error is None:
            text, code = self._silence(session, failure, address), None
        elif not isinstance(failure.error, (OSError, ValueError, MemoryError)):
            raise failure.error  # a mistake of ours
        elif failure.direction == REMOTE:
            return self._tell(session, session.explained(failure.stage, failure.error))
        else:
            text, code = _local(failure.error, address)
        self._log.add(self.name, failure.stage, failure.direction, text, code, session.traffic)
        return None

    def _silence(self, session: "Session", failure: duplex.Broken, address: str) -> str:
        seconds = self._idle_ms // 1000
        if failure.stage == "idle":
            return _SILENT % seconds
        if failure.direction == REMOTE:
            return _STUCK_SERVER % (session.host, seconds)
        return _STUCK_CLIENT % (address, seconds)


class Session:
    """One client's connection to the server. It takes part in `net.sessions`, in use from beginning to end."""

    def __init__(self, opening: "Opening", traffic: Traffic) -> None:
        self.traffic = traffic
        self.host = opening.host
        self._opening = opening

    async def open(self, deadline_ms: int) -> "AnyLink":
        """The connection to the verified server, on which nothing has been said. Raises RequestError."""
        try:
            return await asyncio.wait_for_ms(self._opening.open(b"", self), deadline_ms)
        except asyncio.TimeoutError:
            raise self._opening.late(deadline_ms)
        except MemoryError:
            raise self._opening.starved()

    def heard(self) -> None:
        """The server has said something."""
        self._opening.heard()

    def explained(self, stage: str, error: Exception) -> RequestError:
        """What an exception of the server's connection means while bytes are copied."""
        self._opening.enter(3 if stage == "write" else 4)
        return self._opening.broken(error)

    def close(self) -> None:
        """Closes the connection."""
        self._opening.hang_up()
        if self._opening.sessions is not None:
            self._opening.sessions.leave(self)


def address_of(peer: object) -> str:
    """The IP address of a socket's peer; the Unix port of MicroPython gives the raw structure of it."""
    if isinstance(peer, tuple):
        return peer[0]
    octets = socket.sockaddr(peer)[1]  # type: ignore[attr-defined]  # only that port has it
    return ".".join([str(byte) for byte in octets])


def _local(error: Exception, address: str) -> "tuple[str, int | None]":
    """Sentence and number for what an exception of the client's connection means."""
    from net import faults  # only failures need it

    code = faults.number(error)
    return (_STARVED if code == errno.ENOMEM else _CLIENT_LEFT % address), code
