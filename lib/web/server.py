"""Listens for browsers. Whatever a client does or leaves out, the others are served.

Three connections at once, each bounded in size, in silence and in total time; one request a
connection (microdot speaks HTTP/1.0). When all three are taken, the one that has kept us waiting
longest gives way: browsers open connections that they never use. Who finds no place within a
moment is told to come back.
"""

import asyncio
import socket

from microdot.microdot import Microdot, Response
from micropython import const

from web.request import BadRequest, read_request

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

    from log import Logger
    from microdot import Request
    from uptime import Uptime

    from web.auth import Gate

_AT_ONCE = const(3)
_BACKLOG = const(3)
_CHUNK = const(1024)
_SWEEP_MS = const(500)
_STALL_MS = const(5000)
_TOTAL_MS = const(30_000)
# How long a client may keep us waiting, for its request or in taking the answer, once somebody
# else wants its place.
_ASK_PATIENCE_MS = const(250)
_TAKE_PATIENCE_MS = const(2000)
_WAITS = const(6)
_WAIT_MS = const(50)

_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


class Site(Microdot):
    """Microdot with the gate in front of everything, unknown addresses included.

    Every response carries the security headers. `accepts_host(host)` tells whether the device goes
    by what the Host header says; without it any name will do.
    """

    def __init__(
        self, gate: "Gate", log: "Logger", accepts_host: "Callable[[str], bool] | None" = None
    ) -> None:
        super().__init__()
        self._gate = gate
        self._log = log
        self._accepts_host = accepts_host
        self.errorhandler(404)(_not_found)
        self.errorhandler(405)(_not_allowed)
        self.errorhandler(Exception)(self._failed)

    async def dispatch_request(self, request: "Request") -> Response:
        """The answer to a request; every request comes through here."""
        response = await self._refusal(request)
        if response is None:
            response = await super().dispatch_request(request)
        return secured(response)

    async def _refusal(self, request: "Request") -> Response | None:
        host = request.headers.get("Host", "")
        if self._accepts_host is not None and not self._accepts_host(host):
            return plain(421, "Misdirected Request")
        refusal = await self._gate.refusal(request.headers, request.client_addr[0])
        if refusal is None:
            return None
        return Response(refusal.text, refusal.status, dict(refusal.headers), refusal.reason)

    async def _failed(self, request: "Request", error: Exception) -> Response:
        self._log.error("%s %s: %r", request.method, request.path, error)
        return plain(500, "Internal Server Error")


def plain(status: int, reason: str) -> Response:
    """A response of one line of text."""
    return Response(reason + "\n", status, reason=reason)


async def _not_found(_: "Request") -> Response:
    return plain(404, "Not Found")


async def _not_allowed(_: "Request") -> Response:
    return plain(405, "Method Not Allowed")


def secured(response: Response) -> Response:
    """Adds the headers that every response carries, unless it brings its own."""
    for name, value in _HEADERS:
        if name not in response.headers:
            response.headers[name] = value
    return response


class Connection:
    """One client that is being served.

    Attributes:
        patience_ms: how long it may keep us waiting when its place is wanted.
    """

    def __init__(self, task: "asyncio.Task", now_ms: int) -> None:
        self.task = task
        self.patience_ms = _ASK_PATIENCE_MS
        self._began_ms = self._moved_ms = now_ms

    def moved(self, now_ms: int) -> None:
        """The client has sent its request, or taken a part of the answer."""
        self._moved_ms = now_ms
        self.patience_ms = _TAKE_PATIENCE_MS

    def spare_ms(self, now_ms: int) -> int:
        """How much of the patience is left; negative if the client should give way."""
        return self.patience_ms - (now_ms - self._moved_ms)

    def overdue(self, now_ms: int, stall_ms: int) -> bool:
        """Whether it has stood still for that long, or gone on for too long."""
        return now_ms - self._moved_ms > stall_ms or now_ms - self._began_ms > _TOTAL_MS


class Outlet:
    """The stream microdot writes to. Gathers pieces: a short answer leaves in one segment."""

    def __init__(self, writer: "StreamWriter", moved: "Callable[[], None]") -> None:
        self._writer = writer
        self._moved = moved
        self._pieces: list[bytes] = []
        self._size = 0

    async def awrite(self, data: bytes) -> None:
        """Sends `data` now or with what comes next."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= _CHUNK:
            await self.flush()

    async def flush(self) -> None:
        """Sends what has been gathered and waits until the client's buffer took it."""
        if self._size:
            self._writer.write(b"".join(self._pieces))
            self._pieces = []
            self._size = 0
            await self._writer.drain()
            self._moved()


class Server:
    """Serves a site on a TCP port; drops a client that stands still for `stall_ms`."""

    def __init__(
        self,
        site: Site,
        port: int,
        uptime: "Uptime",
        log: "Logger",
        host: str = "0.0.0.0",
        stall_ms: int = _STALL_MS,
    ) -> None:
        self._site = site
        self._host = host
        self._port = port
        self._uptime = uptime
        self._log = log
        self._stall_ms = stall_ms
        self._connections: list[Connection] = []
        self._waiting = False
        self._turning_away = False

    async def run(self) -> None:
        """Serves until it is cancelled. Raises OSError if the port cannot be had."""
        server = await asyncio.start_server(self._accept, self._host, self._port, backlog=_BACKLOG)
        self._log.info("listening on port %d", self._port)
        try:
            while True:
                await asyncio.sleep_ms(_SWEEP_MS)
                self._drop_overdue()
        finally:
            server.close()
            for connection in self._connections:
                connection.task.cancel()
            await server.wait_closed()

    def _drop_overdue(self) -> None:
        now_ms = self._uptime.ms()
        for connection in self._connections:
            if connection.overdue(now_ms, self._stall_ms):
                connection.task.cancel()

    async def _accept(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        if self._make_room() or await self._wait_for_room():
            await self._keep(reader, writer)
        elif not self._turning_away:
            self._turning_away = True
            try:
                await _turn_away(reader, writer)
            finally:
                self._turning_away = False
        await _close(writer)

    async def _wait_for_room(self) -> bool:
        """Lets one client at a time wait, just longer than a silent one may keep its place."""
        if self._waiting:
            return False
        self._waiting = True
        try:
            for _ in range(_WAITS):
                await asyncio.sleep_ms(_WAIT_MS)
                if self._make_room():
                    return True
        finally:
            self._waiting = False
        return False

    def _make_room(self) -> bool:
        """True if there is a place, or if there is one now because the slowest client lost it."""
        if len(self._connections) < _AT_ONCE:
            return True
        now_ms = self._uptime.ms()
        slowest = min(self._connections, key=lambda connection: connection.spare_ms(now_ms))
        if slowest.spare_ms(now_ms) >= 0:
            return False
        self._connections.remove(slowest)
        slowest.task.cancel()
        return True

    async def _keep(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        """Serves one client; whatever goes wrong ends here."""
        # In a task it is never None.
        connection = Connection(asyncio.current_task(), self._uptime.ms())  # type: ignore[arg-type]
        self._connections.append(connection)
        try:
            await self._serve(reader, writer, connection)
        except (OSError, EOFError, asyncio.CancelledError) as error:
            self._log.debug("a client was lost: %r", error)
        except Exception as error:
            self._log.error("a client could not be served: %r", error)
        finally:
            if connection in self._connections:
                self._connections.remove(connection)

    async def _serve(
        self, reader: "StreamReader", writer: "StreamWriter", connection: Connection
    ) -> None:
        try:
            request = await read_request(self._site, reader, _address(writer))
            if request is None:
                return
            connection.moved(self._uptime.ms())
            response = await self._site.dispatch_request(request)
        except BadRequest as error:
            response = secured(plain(error.status, error.reason))
        outlet = Outlet(writer, lambda: connection.moved(self._uptime.ms()))
        try:
            await response.write(outlet)  # type: ignore[arg-type]  # it only uses `awrite`
            await outlet.flush()
        finally:
            if hasattr(response.body, "close"):
                response.body.close()


async def _turn_away(reader: "StreamReader", writer: "StreamWriter") -> None:
    """Says that all places are taken. Reads first: a reset would overtake the answer."""
    try:
        await asyncio.wait_for(_say_busy(reader, writer), _ASK_PATIENCE_MS / 1000)
    except (OSError, asyncio.TimeoutError):
        return


async def _say_busy(reader: "StreamReader", writer: "StreamWriter") -> None:
    await reader.read(_CHUNK)
    response = secured(plain(503, "Service Unavailable"))
    response.headers["Retry-After"] = "1"
    outlet = Outlet(writer, lambda: None)
    await response.write(outlet)  # type: ignore[arg-type]  # it only uses `awrite`
    await outlet.flush()


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
