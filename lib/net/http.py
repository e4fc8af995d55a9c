"""HTTPS client for a small device: one kept connection per destination.

    context = tls.Context(certsets.CertSets("").load("corp_root"))
    connection = Connection("api.example.com", 443, context, handshake_lock=lock)
    response = await connection.request("POST", "/ingest", [("Content-Type", "application/json")], body, 15000)
    response.status, response.get("Retry-After"), response.body

What it holds itself to: head and body leave in one write (two writes stall 40 ms each with delayed
acknowledgements); one deadline covers everything from the name look-up to the last byte; a redirect is
returned, never followed; a kept connection that the server had closed costs one retry on a new one, if the caller
does not mind that the server may get the request twice, and none that it began to answer is ever repeated.
"""

import asyncio
import time

from micropython import const

from net.opening import STAGES, Opening, RequestError
from net.reply import Body, Head, ReplyError, ReplyReader
from net.request import Writer

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from net.dial import Address
    from net.opening import AnyLink, Opener
    from net.sessions import Sessions
    from net.tls import Context

    Header = tuple[str, str]

_BODY_CAP = const(2048)

_REFUSED = "If the server asks for a client certificate, choose a cert set that has one."


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


class Connection(Opening):
    """One destination's connection: opened when first needed, kept, opened again when lost.

    `context` is a tls.Context, or None for plain TCP; `server_name` is what the certificate must be for (the host, if
    not given); `handshake_lock` is shared by the connections of a device, so that handshakes run one at a time;
    `opener(host, port)` returns a reader and a writer in place of sockets and TLS; `host_header` replaces the
    Host header's value; without `keep`, each request has its own connection; `address` is what is known of the host
    and the port from connections before; `sessions` is shared by the connections of a device and decides which of
    them are open; without `repeats`, a request is lost with the kept connection that it was sent on.

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
        address: "Address | None" = None,
        sessions: "Sessions | None" = None,
        repeats: bool = True,
    ) -> None:
        super().__init__(
            host, port, context, server_name, handshake_lock, opener, sessions, address
        )
        self.writer = Writer(host_header or _host_header(host, port, context), keep)
        self.requests = self.retries = 0
        self._keep = keep
        self._repeats = repeats
        self._body_cap = body_cap
        self._reply: ReplyReader | None = None  # of the open connection
        self._head: Head | None = None  # of the reply that is being read
        self._entered = time.ticks_ms()
        self._timings = [0] * len(STAGES)

    @property
    def is_open(self) -> bool:
        return self.link is not None

    def close(self) -> None:
        """Closes the kept connection, if there is one; the next request opens another."""
        self.hang_up()
        self._reply = None
        if self.sessions is not None:
            self.sessions.leave(self)

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
        self.restart()
        self.enter(3)
        message = self._message(method, target, headers, body, changing)
        self.requests += 1
        finished = False
        try:
            response: Response = await asyncio.wait_for_ms(
                self._attempt(method, message), deadline_ms
            )
            finished = True
            return response
        except asyncio.TimeoutError:
            raise self.late(deadline_ms)
        except MemoryError:
            raise self.starved()
        finally:
            self._head = None
            if not finished:  # a connection with half a reply in it is of no use
                self.close()
            elif self.sessions is not None:
                self.sessions.rest(self)

    def restart(self) -> None:
        super().restart()
        for index in range(len(STAGES)):
            self._timings[index] = 0
        self._entered = time.ticks_ms()

    def enter(self, stage: int) -> None:
        now = time.ticks_ms()
        self._timings[self.stage] += time.ticks_diff(now, self._entered)
        self.stage, self._entered = stage, now

    def failed(
        self, cause: str, advice: "str | None" = None, code: "int | None" = None
    ) -> RequestError:
        head = self._head
        status = None if head is None else head.status
        return RequestError(STAGES[self.stage], cause, advice, code, status, head)

    def _message(
        self,
        method: str,
        target: str,
        headers: "Sequence[Header]",
        body: bytes,
        changing: "Sequence[Header]",
    ) -> bytes:
        """Raises ValueError, or RequestError where memory is short: then the connection gives back what it takes."""
        try:
            return self.writer.message(method, target, headers, body, changing)
        except MemoryError:
            self.close()
            raise self.starved()

    async def _attempt(self, method: str, message: bytes) -> Response:
        link, reply = self.link, self._reply
        if link is not None and reply is not None and self._is_usable(link, reply):
            if self.sessions is not None:
                self.sessions.use(self)
            try:
                reply.begin()
                await self.send(link, message)
                return await self._receive(reply, method)
            except RequestError:
                if reply.received or not self._repeats:  # it began to answer: it has the request
                    raise
            self.close()
            self.retries += 1
        self._reply = ReplyReader(await self.open(message, self))
        return await self._receive(self._reply, method)

    def _is_usable(self, link: "AnyLink", reply: ReplyReader) -> bool:
        """Bytes that nobody asked for (a late 408, an alert) make a kept connection useless, like its end."""
        if reply.is_empty and not link.is_stale:
            return True
        self.close()
        return False

    async def _receive(self, reply: ReplyReader, method: str) -> Response:
        self.enter(4)
        body = Body(self._body_cap)
        try:
            head = self._head = await reply.head()
            self.enter(5)
            keep = await reply.body(head, method, body)
        except (ReplyError, OSError, ValueError, MemoryError) as error:
            raise self._lost(error, reply)
        self.enter(5)
        self.heard()
        if not keep or not self._keep:
            self.close()
        return Response(head, body, tuple(self._timings))

    def _lost(self, error: Exception, reply: ReplyReader) -> RequestError:
        """What an exception means that came while we were reading."""
        if reply.received:
            self.heard()
        if not isinstance(error, ReplyError):
            return self.broken(error)
        return self.failed(str(error), _REFUSED if self.is_doubtful else None)


def _host_header(host: str, port: int, context: "Context | None") -> str:
    host = "[" + host + "]" if ":" in host else host
    return host if port == (80 if context is None else 443) else "%s:%d" % (host, port)
