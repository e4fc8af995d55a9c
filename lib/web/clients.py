"""Serves browsers. Whatever a client does or leaves out, the others are served.

Three connections at once, each bounded in size, in silence and in total time; one request a
connection (microdot speaks HTTP/1.0). When all three are taken, the one that has kept us waiting
longest gives way: browsers open connections that they never use. Who waits for us, because its
request takes long, keeps its place. Who finds no place within a moment is told to come back.
In a crowd, when so many wait that nobody else may, whoever comes takes the place of one that has
not said all that it wants: honest clients say it at once, and slow ones cannot keep them out.

Whoever takes an event stream, which lasts, gets a place of another kind; the oldest stream gives
way to a third. The sockets in use stay bounded: at most six clients are served, take a stream or
wait, which is as many as a browser opens to one host; one more is being turned away.
"""

import asyncio
import socket

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

    from log import Logger
    from uptime import Uptime

    from web.site import Site

_AT_ONCE = const(3)
_STREAMS = const(2)
_STREAM_MS = const(660_000)  # longer than one is meant to last: see web.live
_CHUNK = const(1024)
_TOTAL_MS = const(30_000)
_BYTES_PER_MS = const(
    4
)  # what a body adds to that: a device far from its access point is no faster
# How long a client may keep us waiting, for its request or in taking the answer, once somebody
# else wants its place.
_ASK_PATIENCE_MS = const(250)
_TAKE_PATIENCE_MS = const(2000)
_WAITS = const(6)
_WAIT_MS = const(50)
_WAITING = const(3)  # less the streams
_UNAVAILABLE = (
    b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 1\r\nCache-Control: no-store\r\n"
    b"X-Content-Type-Options: nosniff\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\n"
    b"Service Unavailable\n"
)


class Connection:
    """One client that is being served. It asks, waits while its request is worked on, and takes the answer.

    Only while it asks or takes does it keep us waiting: silence counts then, and the time that all of it took. How
    long a request may be worked on is bounded apart. The answer may be a stream of events: then there may be nothing
    to take for long.

    Attributes:
        task: what serves it.
        asks: not all of its head is there, or of its body, and it is not known who it is.
    """

    def __init__(
        self,
        task: "asyncio.Task[None]",
        uptime: "Uptime",
        stall_ms: int,
        work_ms: int,
        move: "Callable[[Connection], None]",
    ) -> None:
        """May stand still for `stall_ms`, and wait for its answer for `work_ms`; `move` gives it a stream's place."""
        self.task = task
        self.asks = True
        self._move = move
        self._streams = False
        self._offered = False  # of a stream: now there is something to take
        self._uptime = uptime
        self._stall_ms = stall_ms
        self._work_ms = work_ms
        self._works = False
        self._patience_ms = _ASK_PATIENCE_MS
        self._total_ms = _TOTAL_MS
        self._began_ms = self._moved_ms = uptime.ms()

    def asked(self) -> None:
        """What was wanted of the request is there: it is the client who waits now."""
        self._moved_ms = self._uptime.ms()
        self._works = True
        self.asks = False

    def sends(self, size: int, known: bool) -> None:
        """Its request goes on with a body of that many bytes: that may take long, but not stand still.

        Of somebody who is not `known` it may not take long: that is a login.
        """
        self.answering()
        self._total_ms += size // _BYTES_PER_MS
        self.asks = not known
        if self.asks:
            self._patience_ms = _ASK_PATIENCE_MS

    def answering(self) -> None:
        """The answer is there to be taken."""
        self.asks = False
        asked_ms = self._moved_ms
        self.moved()
        self._began_ms += self._moved_ms - asked_ms
        self._works = False

    def streaming(self) -> None:
        """The answer is a stream of events."""
        self._streams = True
        self._total_ms = _STREAM_MS
        self._move(self)

    def offered(self) -> None:
        """There is a part of the answer to be taken."""
        if self._streams:
            self._moved_ms = self._uptime.ms()
            self._offered = True

    def moved(self) -> None:
        """The client has taken a part of the answer, or sent one of its body."""
        if self.asks:
            return
        self._offered = False
        self._moved_ms = self._uptime.ms()
        self._patience_ms = _TAKE_PATIENCE_MS

    def spare_ms(self, now_ms: int) -> int:
        """How much longer it may keep its place if that is wanted; negative if it should give way."""
        patience_ms = self._work_ms if self._works else self._patience_ms
        return patience_ms - (now_ms - self._moved_ms)

    def overdue(self, now_ms: int) -> bool:
        """Whether it has stood still, gone on or been worked for too long."""
        still_ms = now_ms - self._moved_ms
        if self._works:
            return still_ms > self._work_ms
        if self._streams and not self._offered:
            still_ms = 0
        return still_ms > self._stall_ms or now_ms - self._began_ms > self._total_ms


class Outlet:
    """The stream microdot writes to. Gathers pieces: a short answer leaves in one segment.

    An empty piece sends what has been gathered at once.
    """

    def __init__(self, writer: "StreamWriter", client: Connection) -> None:
        self._writer = writer
        self._client = client
        self._pieces: list[bytes] = []
        self._size = 0

    async def awrite(self, data: bytes) -> None:
        """Sends `data` now or with what comes next."""
        self._pieces.append(data)
        self._size += len(data)
        if not data or self._size >= _CHUNK:
            await self.flush()

    async def flush(self) -> None:
        """Sends what has been gathered and waits until the client's buffer took it."""
        if self._size:
            self._writer.write(b"".join(self._pieces))
            self._pieces = []
            self._size = 0
            self._client.offered()
            await self._writer.drain()
            self._client.moved()


class Clients:
    """Those that are served, and those that wait for it.

    The site is built by `build` when the first one comes. One may stand still for `stall_ms`, and wait for its answer
    for `work_ms`.
    """

    def __init__(
        self,
        build: "Callable[[], Site]",
        uptime: "Uptime",
        log: "Logger",
        stall_ms: int,
        work_ms: int,
    ) -> None:
        self._build = build
        self._built: Site | None = None
        self._uptime = uptime
        self._log = log
        self._stall_ms = stall_ms
        self._work_ms = work_ms
        self._connections: list[Connection] = []
        self._streams: list[Connection] = []
        self._waiting = 0
        self._turning_away = False

    async def serve(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        """Serves one client, or tells it to come back: if no place gets free or there is no site."""
        site = self._site()
        if site is not None and await self._find_room():
            await self._keep(site, reader, writer)
        elif not self._turning_away:
            self._turning_away = True
            try:
                await self._turn_away(reader, writer)
            finally:
                self._turning_away = False
        await _close(writer)

    def has_any(self) -> bool:
        """Whether somebody is being served."""
        return bool(self._connections or self._streams)

    def drop_overdue(self) -> None:
        """Ends with those that have taken too long."""
        now_ms = self._uptime.ms()
        for connection in self._connections + self._streams:
            if connection.overdue(now_ms):
                connection.task.cancel()

    def drop_all(self) -> None:
        """Ends with everybody that is served."""
        for connection in self._connections + self._streams:
            connection.task.cancel()

    async def _find_room(self) -> bool:
        """Whether there is a place, now or within a moment."""
        if self._make_room():
            return True
        if self._waiting + len(self._streams) < _WAITING:
            return await self._wait_for_room()
        asking = [connection for connection in self._connections if connection.asks]
        if asking:
            self._end(asking[0])  # it came first
        return len(asking) > 0

    def _end(self, connection: Connection) -> None:
        self._connections.remove(connection)
        connection.task.cancel()

    async def _wait_for_room(self) -> bool:
        """Lets a few clients wait, just longer than a silent one may keep its place."""
        self._waiting += 1
        try:
            for _ in range(_WAITS):
                await asyncio.sleep_ms(_WAIT_MS)
                if self._make_room():
                    return True
        finally:
            self._waiting -= 1
        return False

    def _make_room(self) -> bool:
        """True if there is a place, or if there is one now because the slowest client lost it."""
        if len(self._connections) < _AT_ONCE:
            return True
        now_ms = self._uptime.ms()
        slowest = min(self._connections, key=lambda connection: connection.spare_ms(now_ms))
        if slowest.spare_ms(now_ms) >= 0:
            return False
        self._end(slowest)
        return True

    async def _keep(self, site: "Site", reader: "StreamReader", writer: "StreamWriter") -> None:
        """Serves one client; whatever goes wrong ends here."""
        connection = Connection(
            asyncio.current_task(),  # type: ignore[arg-type]  # in a task it is never None
            self._uptime,
            self._stall_ms,
            self._work_ms,
            self._give_stream,
        )
        self._connections.append(connection)
        try:
            outlet = Outlet(writer, connection)
            await site.serve(reader, outlet, _address(writer), connection)
        except (OSError, EOFError, asyncio.CancelledError) as error:
            self._log.debug("a client was lost: %r", error)
        except Exception as error:
            self._log.error("a client could not be served: %r", error)
        finally:
            for places in (self._connections, self._streams):
                if connection in places:
                    places.remove(connection)

    def _give_stream(self, connection: Connection) -> None:
        """Its place is free for others; the oldest stream ends if there are too many."""
        if connection in self._connections:
            self._connections.remove(connection)
        if len(self._streams) == _STREAMS:
            self._streams.pop(0).task.cancel()
        self._streams.append(connection)

    def _site(self) -> "Site | None":
        """The site; None if it cannot be built now, which the next client tries again."""
        if self._built is None:
            try:
                self._built = self._build()
            except Exception as error:  # whatever it is: the device goes on without its page
                self._log.error("the page cannot be shown: %r", error)
        return self._built

    async def _turn_away(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        """Says that nobody is served now. Reads first: a reset would overtake the answer."""
        try:
            await asyncio.wait_for(self._say_busy(reader, writer), _ASK_PATIENCE_MS / 1000)
        except (OSError, asyncio.TimeoutError):
            return

    async def _say_busy(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        await reader.read(_CHUNK)
        writer.write(_UNAVAILABLE)
        await writer.drain()


async def _close(writer: "StreamWriter") -> None:
    try:
        writer.close()
        await writer.wait_closed()
    except OSError:
        return


def _address(writer: "StreamWriter") -> str:
    """The client's IP address; the Unix port of MicroPython gives the raw structure of it."""
    peer = writer.get_extra_info("peername")
    if isinstance(peer, tuple):
        return peer[0]
    octets = socket.sockaddr(peer)[1]  # type: ignore[attr-defined]  # only that port has it
    return ".".join([str(byte) for byte in octets])
