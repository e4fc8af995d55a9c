"""HTTPS client for a small device: one kept connection per destination.

    context = tls.Context(certsets.CertSets("").load("corp_root"))
    connection = Connection("api.example.com", 443, context, handshake_lock=lock)
    response = await connection.request("POST", "/ingest", [("Content-Type", "application/json")], body, 15000)
    response.status, response.get("Retry-After"), response.body

What it holds itself to: head and body leave in one write (two writes stall 40 ms each with delayed
acknowledgements); one deadline covers everything from the name look-up to the last byte; a redirect is
returned, never followed; a kept connection that the server had closed costs one retry on a new one, and no
request that the server began to answer is ever repeated.
"""

import asyncio
import errno
import time

from micropython import const

from net import dial
from net.reply import Body, Head, ReplyError, ReplyReader
from net.request import Writer
from net.turn import Turn

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeAlias

    from net.sessions import Sessions
    from net.tls import Context

    Header = tuple[str, str]
    Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
    Opener = Callable[[str, int], Awaitable[Streams]]
    AnyLink: TypeAlias = "Link | dial.SocketLink"

_BODY_CAP = const(2048)
_EPIPE = const(32)
_RECORD = const(4096)  # largest TLS record the chip sends

STAGES = ("dns", "connect", "tls", "write", "status", "body")

_LATE = (
    "The name look-up of %s took more than %s.",
    "%s did not accept a connection within %s.",
    "%s did not finish the TLS handshake within %s.",
    "%s did not take the request within %s.",
    "%s did not answer within %s.",
    "%s did not finish its answer within %s.",
)
_BUSY = "This device was busy with other TLS handshakes; %s had no turn within %s."
_FULL = "This device was busy with as many connections as it may hold; %s had no turn within %s."
_REFUSED = "If the server asks for a client certificate, choose a cert set that has one."
_TOO_MUCH = "The server may not take a document of this size, or it asks for a client certificate."


class RequestError(Exception):
    """Why a request got no usable reply.

    `stage` is one of STAGES; `str()` is one plain sentence; `advice` is a second one that says what to do, or None;
    `errno` is the system's or Mbed TLS's number, or None; `status` is the reply's status if it arrived, or None.
    """

    def __init__(
        self,
        stage: str,
        cause: str,
        advice: "str | None" = None,
        errno: "int | None" = None,
        status: "int | None" = None,
    ) -> None:
        super().__init__(cause)
        self.stage = stage
        self.advice = advice
        self.errno = errno
        self.status = status


class Response:
    """A reply: `status`, `headers` as (lower-case name, value), `body` (its beginning if `truncated`).

    `timings` are milliseconds spent in each of STAGES; the first three are 0 on a kept connection.
    """

    def __init__(self, head: Head, body: Body, timings: "tuple[int, ...]") -> None:
        self._head = head
        self.status = head.status
        self.headers = head.headers
        self.body = body.kept
        self.truncated = body.truncated
        self.timings = timings

    def get(self, name: str, default: "str | None" = None) -> "str | None":
        """The first header field of that name, whatever its case."""
        return self._head.get(name, default)


class Link:
    """An open connection as the client uses it, here over a pair of asyncio streams."""

    def __init__(self, reader: "asyncio.StreamReader", writer: "asyncio.StreamWriter") -> None:
        self._reader = reader
        self._writer = writer

    @property
    def is_stale(self) -> bool:
        """Is it known, without asking the peer, that the connection is of no more use?"""
        return False

    @property
    def confirms(self) -> bool:
        """Has the peer accepted us when our side of the handshake is done? Not so with TLS 1.3."""
        return True

    async def readinto(self, view: memoryview) -> "int | None":
        """Bytes read, 0 at the end, None if the transport woke up without data."""
        data = await self._reader.read(len(view))
        view[: len(data)] = data
        return len(data)

    async def send(self, data: "bytes | memoryview") -> None:
        """Sends everything. Raises OSError."""
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


class Connection:
    """One destination's connection: opened when first needed, kept, opened again when lost.

    `context` is a tls.Context, or None for plain TCP; `server_name` is what the certificate must be for (the host, if
    not given); `handshake_lock` is shared by the connections of a device, so that handshakes run one at a time;
    `opener(host, port)` returns a reader and a writer in place of sockets and TLS; `host_header` replaces the
    Host header's value; without `keep`, each request has its own connection; `address` is what is known of the host
    and the port from connections before; `sessions` is shared by the connections of a device and decides which of
    them are open.

    `handshakes` (connections opened), `requests` and `retries` count up from 0; `writer` makes the bytes that are sent.
    One request at a time.
    """

    def __init__(
        self,
        host: str,
        port: int,
        context: "Context | None" = None,
        server_name: "str | None" = None,
        handshake_lock: "asyncio.Lock | None" = None,
        opener: "Opener | None" = None,
        host_header: "str | None" = None,
        keep: bool = True,
        body_cap: int = _BODY_CAP,
        address: "dial.Address | None" = None,
        sessions: "Sessions | None" = None,
    ) -> None:
        self.host = host
        self.port = port
        self._context = context
        self._server_name = server_name or host
        self._lock = handshake_lock
        self._opener = opener
        self._keep = keep
        self.writer = Writer(host_header or _host_header(host, port, context), keep)
        self._body_cap = body_cap
        self._address = address or dial.Address(host, port)
        self._sessions = sessions
        self._link: AnyLink | None = None
        self._reply: ReplyReader | None = None
        self._is_doubtful = False  # may the server still refuse our certificate?
        self._is_long = False  # does the request leave in several pieces?
        self._stage = 0
        self._status: int | None = None
        self._waits = ""  # for others, of this device: the sentence that says so
        self._entered = time.ticks_ms()
        self._timings = [0] * len(STAGES)
        self.handshakes = self.requests = self.retries = 0

    @property
    def is_open(self) -> bool:
        return self._link is not None

    def close(self) -> None:
        """Closes the kept connection, if there is one; the next request opens another."""
        self._hang_up()
        if self._sessions is not None:
            self._sessions.leave(self)

    async def request(
        self,
        method: str,
        target: str,
        headers: "Sequence[Header]",
        body: bytes,
        deadline_ms: int,
        changing: "Sequence[Header]" = (),
    ) -> Response:
        """Sends one request and returns the reply.

        `target` is the path and query as they go on the wire; `headers` stay the same from one request to the next,
        `changing` do not. Host, Content-Length and Connection are added here.
        Raises ValueError if the request cannot be written as HTTP, RequestError if there is no usable reply.
        """
        message = self.writer.message(method, target, headers, body, changing)
        self.requests += 1
        self._is_long = len(message) > _RECORD
        self._restart()
        finished = False
        try:
            response: Response = await asyncio.wait_for_ms(
                self._attempt(method, message), deadline_ms
            )
            finished = True
            return response
        except asyncio.TimeoutError:
            raise self._late(deadline_ms)
        finally:
            if not finished:  # a connection with half a reply in it is of no use
                self.close()
            elif self._sessions is not None:
                self._sessions.rest(self)

    async def _attempt(self, method: str, message: bytes) -> Response:
        link, reply = self._link, self._reply
        if link is not None and reply is not None and self._is_usable(link, reply):
            if self._sessions is not None:
                self._sessions.use(self)
            try:
                self._enter(3)
                reply.begin()
                await self._send(link, message)
                return await self._receive(reply, method)
            except RequestError:
                if reply.received:  # the server began to answer: it has the request
                    raise
            self.close()
            self.retries += 1
        return await self._receive(await self._open(message), method)

    def _hang_up(self) -> None:
        link, self._link, self._reply = self._link, None, None
        if link is not None:
            link.close()

    def _is_usable(self, link: "AnyLink", reply: ReplyReader) -> bool:
        """Bytes that nobody asked for (a late 408, an alert) make a kept connection useless, like its end."""
        if reply.is_empty and not link.is_stale:
            return True
        self.close()
        return False

    async def _open(self, message: bytes) -> ReplyReader:
        """Connects anew and sends the message; once more if that takes memory that other connections can do without."""
        self._restart()
        if self._sessions is None:
            return await self._dial(message)
        self._waits = _FULL
        await self._sessions.enter(self)
        self._waits = ""
        try:
            return await self._dial(message)
        except RequestError as error:
            if error.stage not in ("connect", "tls") or not self._sessions.relieve(error.errno):
                raise
        self._hang_up()
        self._restart()
        return await self._dial(message)

    async def _dial(self, message: bytes) -> ReplyReader:
        self._is_doubtful = False
        if self._opener is not None:
            link: AnyLink = await self._open_streams(self._opener)
        else:
            raw = await self._connect()
            if self._context is not None:
                return await self._open_tls(raw, self._context, message)
            link = dial.SocketLink(raw, None, self._server_name)
        reply = self._adopt(link)
        self.handshakes += 1
        self._enter(3)
        await self._send(link, message)
        return reply

    async def _open_streams(self, opener: "Opener") -> "Link":
        self._enter(1)
        try:
            reader, writer = await opener(self.host, self.port)
        except OSError as error:
            raise self._broken(error)
        return Link(reader, writer)

    async def _connect(self) -> "dial.socket.socket":
        try:
            self._address.look_up()
            self._enter(1)
            return await self._address.connect()
        except OSError as error:
            raise self._broken(error)

    async def _open_tls(
        self, raw: "dial.socket.socket", context: "Context", message: bytes
    ) -> ReplyReader:
        """The message's first record drives the handshake: none of it leaves before the server is verified, and the
        handshake is over when it is accepted."""
        self._enter(2)
        first = memoryview(message)[:_RECORD]
        link = self._secure(raw, context)
        reply = self._adopt(link)
        await self._shake_hands(link, first)
        self.handshakes += 1
        self._enter(3)
        self._is_doubtful = not link.confirms
        if not self._is_doubtful:
            context.release()
        if self._is_long:
            await self._send(link, memoryview(message)[_RECORD:])
        return reply

    async def _shake_hands(self, link: "dial.SocketLink", first: "bytes | memoryview") -> None:
        """One at a time, but only those whose server has answered: a silent one is nothing to wait for."""
        try:
            await link.greet(first)
            self._waits = _BUSY
            async with Turn(self._lock):
                self._waits = ""
                await link.shake_hands()
        except (OSError, ValueError, MemoryError) as error:
            raise self._broken(error)

    def _secure(self, raw: "dial.socket.socket", context: "Context") -> "dial.SocketLink":
        try:
            return dial.SocketLink(raw, context, self._server_name)
        except (OSError, ValueError, MemoryError) as error:
            raw.close()
            raise self._broken(error)

    def _adopt(self, link: "AnyLink") -> ReplyReader:
        """From here on, `close` closes this connection."""
        reply = ReplyReader(link)
        self._link, self._reply = link, reply
        return reply

    async def _send(self, link: "AnyLink", data: "bytes | memoryview") -> None:
        try:
            await link.send(data)
        except (OSError, ValueError, MemoryError) as error:
            raise self._broken(error)

    async def _receive(self, reply: ReplyReader, method: str) -> Response:
        self._enter(4)
        body = Body(self._body_cap)
        try:
            head = await reply.head()
            self._status = head.status
            self._enter(5)
            keep = await reply.body(head, method, body)
        except ReplyError as error:
            advice = _REFUSED if self._was_refused() else None
            raise self._failed(str(error), advice)
        except (OSError, ValueError, MemoryError) as error:
            raise self._broken(error)
        self._enter(5)
        self._is_doubtful = False
        if not keep or not self._keep:
            self.close()
        return Response(head, body, tuple(self._timings))

    def _restart(self) -> None:
        for index in range(len(STAGES)):
            self._timings[index] = 0
        self._stage, self._entered = 0, time.ticks_ms()
        self._status, self._waits = None, ""

    def _enter(self, stage: int) -> None:
        now = time.ticks_ms()
        self._timings[self._stage] += time.ticks_diff(now, self._entered)
        self._stage, self._entered = stage, now

    def _late(self, deadline_ms: int) -> RequestError:
        limit = "%d ms" % deadline_ms if deadline_ms % 1000 else "%d s" % (deadline_ms // 1000)
        if self._waits:
            return RequestError("connect", self._waits % (self.host, limit))
        if self._stage == 1:
            self._address.reject()
        return self._failed(_LATE[self._stage] % (self.host, limit))

    def _broken(self, error: Exception) -> RequestError:
        """What an exception of the system or of Mbed TLS means at this stage."""
        from net import faults  # only failures need it

        code = faults.number(error)
        if self._stage == 2 and faults.is_unreachable(code):
            self._enter(1)  # some ports tell of a failed connect at the first use only
        elif self._stage in (3, 4) and self._was_refused() and not self._is_lost(code):
            self._enter(2)  # TLS 1.3: the server judges us after our side is done
        if self._stage == 1:
            self._address.reject()
        if self._stage == 2 and self._context is not None:
            cause, advice = self._context.explain(error, self._server_name)
        else:
            cause, advice = faults.explain(STAGES[self._stage], code, self.host, self.port)
            if self._was_refused() and self._is_lost(code):
                advice = _TOO_MUCH
        return self._failed(cause, advice, code)

    def _is_lost(self, code: "int | None") -> bool:
        """Was the connection cut under a long request? The server's words are lost then, on some systems at least."""
        return self._is_long and code in (_EPIPE, errno.ECONNRESET, errno.ECONNABORTED)

    def _was_refused(self) -> bool:
        return self._is_doubtful and self._reply is not None and not self._reply.received

    def _failed(
        self, cause: str, advice: "str | None" = None, code: "int | None" = None
    ) -> RequestError:
        return RequestError(STAGES[self._stage], cause, advice, code, self._status)


def _host_header(host: str, port: int, context: "Context | None") -> str:
    host = "[" + host + "]" if ":" in host else host
    return host if port == (80 if context is None else 443) else "%s:%d" % (host, port)
