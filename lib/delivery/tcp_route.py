"""The way to one destination over a plain connection, with TLS or without: documents one after the other, no replies.

tls://host:port is verified, tcp://host:port is not. The framing says where one document ends and the next begins:
"newline" is a line feed behind each, "len16" two bytes before it that hold its length (big-endian), "none" nothing.
TCP confirms nothing but that bytes have left; so after each document the server is given a moment to take offence.
"""

import asyncio

import transient
from micropython import const
from net.opening import Opening, RequestError

from delivery import verdict
from delivery.errors import RouteError
from delivery.verdict import Verdict

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from net.opening import AnyLink
    from net.sessions import Sessions
    from net.tls import Context
    from net.url import Url

    from delivery.contexts import Contexts
    from delivery.message import Parcel

_LOOK_MS = const(
    300
)  # longer than most round trips: what a server says at once has arrived by then
_PIECE = const(256)
_PACE_MS = const(20)  # between two pieces: a server that talks without end is slowed down
_LONGEST = const(65535)  # what two bytes can say
_ENDED = const(-0x7280)  # Mbed TLS 3.6, ssl.h: the connection ended
_TRACES = "delivery.tcp_trace delivery.trace"
_HANDED_OVER = "Everything was handed to the server; it confirms nothing, and neither does TCP."
_CLOSED = "The server closed the connection; whether it has the document is not known."
_ONE_EACH = "If it takes one document a connection, switch off that connections are kept."
_CERTIFICATE = "If the server asks for a client certificate, choose a cert set that has one."
_TLS_PORT = "If this port of the server expects TLS, write tls://."


class TcpRoute:
    """Where a destination's parcels go."""

    def __init__(
        self,
        settings: dict,
        secret: "Callable[[str], str | None]",
        contexts: "Contexts",
        handshake_lock: "asyncio.Lock | None",
        sessions: "Sessions | None" = None,
        look_ms: int = _LOOK_MS,
    ) -> None:
        """Takes a destination's settings. Opens nothing yet. Raises RouteError.

        `secret` takes names as in "ids.custom3"; `sessions` decides which connections of the device stay open;
        `look_ms` is how long the server may take offence at a document.
        """
        self._settings = settings
        self._contexts = contexts
        self._secret = secret
        self._sessions = sessions
        self._look_ms = look_ms
        transport = settings["transport"]
        self._framing = transport["framing"]
        self._keeps = transport["keep"]
        self._is_secure, address = _address(settings["url"], transport["allow_plain"])
        dialled = _endpoint(transport["connect_to"]) if transport["connect_to"] else address
        self._is_stale = False  # should the certificates be loaded again?
        self._opening = Opening(
            dialled.host,
            dialled.port,
            self._context(),
            server_name=settings["tls"]["server_name"] or address.host,
            handshake_lock=handshake_lock,
            sessions=sessions,
        )
        self._server: _Server | None = None  # at the other end of the open connection
        self._busy = False

    async def deliver(self, parcel: "Parcel", deadline_ms: int) -> "Verdict":
        """Sends the parcel: delivered once it is written and the server has not closed the connection.

        Raises RouteError if the settings do not allow it, `net.http.RequestError` if it failed. After a failed
        handshake the certificates are loaded again: they may have been replaced meanwhile.
        """
        unfit = _unfit(self._framing, parcel)
        if unfit is not None:
            return unfit
        if self._is_stale:
            self._opening.context = self._context()
            self._is_stale = False
        opened, left = self._opening.handshakes, False
        try:
            await self._send(_framed(self._framing, parcel.body), deadline_ms)
            left = True
        except RequestError as error:
            self._is_stale = error.stage == "tls"
            left = error.stage == "write"
            self._advise(error)
            raise
        finally:
            if parcel.wants_trace and left:
                parcel.trace = self._trace(parcel.body, self._opening.handshakes > opened)
        return Verdict(verdict.DELIVERED, "write", _HANDED_OVER)

    def close(self) -> None:
        """Closes the connection if it is open."""
        server, self._server = self._server, None
        if server is not None:
            server.ignore()
        self._opening.hang_up()
        if self._sessions is not None:
            self._sessions.leave(self)

    async def _send(self, message: bytes, deadline_ms: int) -> None:
        keeps = False
        self._busy = True
        try:
            await asyncio.wait_for_ms(self._hand_over(message), deadline_ms)
            keeps = self._keeps and self._server is not None and not self._server.left.is_set()
        except asyncio.TimeoutError:
            raise self._opening.late(deadline_ms)
        except MemoryError:
            raise self._opening.starved()
        finally:
            self._busy = False
            if not keeps:
                self.close()
            elif self._sessions is not None:
                self._sessions.rest(self)

    async def _hand_over(self, message: bytes) -> None:
        """A connection that was kept and turns out to be lost costs one attempt on a new one."""
        server, link = self._server, self._opening.link
        if server is not None and link is not None:
            if self._sessions is not None:
                self._sessions.use(self)
            self._opening.restart()
            self._opening.enter(3)
            try:
                await self._opening.send(link, message)
                return await self._look(server)
            except RequestError:
                self.close()
        link = await self._opening.open(message, self)
        self._server = server = _Server(self._opening, link, self._lost)
        return await self._look(server)

    async def _look(self, server: "_Server") -> None:
        """Gives the server its moment. Where each document has a connection of its own, it may close that."""
        try:
            await asyncio.wait_for_ms(server.left.wait(), self._look_ms)
        except asyncio.TimeoutError:
            return
        if server.failure is not None and (self._keeps or not server.took_leave):
            raise server.failure

    def _lost(self) -> None:
        """The server has closed. Nobody closes a connection under one who sends: that ends by itself."""
        if not self._busy:
            self.close()

    def _advise(self, error: RequestError) -> None:
        """A server that expects TLS takes the document for an attack."""
        was_broken = error.stage == "write" and error.errno is not None
        if was_broken and error.advice is None and not self._is_secure:
            error.advice = _TLS_PORT

    def _context(self) -> "Context | None":
        return self._contexts.of_destination(self._settings) if self._is_secure else None

    def _trace(self, body: bytes, is_new: bool) -> str:
        from delivery import tcp_trace  # given back at once

        opening = self._opening
        peer = (opening.host, opening.port, self._is_secure) if is_new else None
        secrets = [self._secret("ids.custom3") or ""]  # base names may hold it
        try:
            return tcp_trace.text(peer, self._framing, body, secrets)
        finally:
            transient.release(_TRACES)


class _Server:
    """The other end of one connection: what it says is thrown away, that it closes is noticed.

    Attributes:
        left: set as soon as it has closed.
        failure: what that means for a document under way; None before.
        took_leave: it closed in good order.
    """

    def __init__(self, opening: Opening, link: "AnyLink", lost: "Callable[[], None]") -> None:
        """`lost` is called when it has closed."""
        self.left = asyncio.Event()
        self.failure: RequestError | None = None
        self.took_leave = False
        self._opening = opening
        self._lost = lost
        self._task: asyncio.Task[None] | None = asyncio.create_task(self._listen(link))

    def ignore(self) -> None:
        """Nobody listens any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _listen(self, link: "AnyLink") -> None:
        try:
            view = memoryview(bytearray(_PIECE))
            while await link.readinto(view) != 0:  # None: it was no data
                self._opening.heard()
                await asyncio.sleep_ms(_PACE_MS)
            self.took_leave, self.failure = True, self._closed()
        except (OSError, ValueError, MemoryError) as error:
            self.took_leave = error.args[:1] == (_ENDED,)
            self.failure = self._closed() if self.took_leave else self._opening.broken(error)
        self._task = None
        self.left.set()
        self._lost()

    def _closed(self) -> RequestError:
        if self._opening.is_doubtful:
            return self._opening.failed(_CLOSED, _CERTIFICATE)
        if self._opening.context is None:
            return self._opening.failed(_CLOSED, _ONE_EACH + " " + _TLS_PORT)
        return self._opening.failed(_CLOSED, _ONE_EACH)


def _framed(framing: str, body: bytes) -> bytes:
    if framing == "newline":
        return body + b"\n"
    return len(body).to_bytes(2, "big") + body if framing == "len16" else body


def _unfit(framing: str, parcel: "Parcel") -> "Verdict | None":
    """Why the framing cannot hold this parcel: nothing is sent, and the next one may fit."""
    body = parcel.body
    if not body:
        cause = "There is nothing to send: the document is empty."
        return Verdict(verdict.REJECTED, "settings", cause, "Select parameters.")
    if framing == "newline" and body.count(b"\n") not in (0, parcel.count - 1):  # those join lines
        cause = "The document holds a line break, which would end it too early."
        advice = "Choose another framing, or another format."
        return Verdict(verdict.REJECTED, "settings", cause, advice)
    if framing == "len16" and len(body) > _LONGEST:
        cause = "The document has %d bytes; two bytes for its length allow %d."
        advice = "Choose another framing, or select less."
        return Verdict(verdict.REJECTED, "settings", cause % (len(body), _LONGEST), advice)
    return None


def _address(text: str, plaintext: bool) -> "tuple[bool, Url]":
    """Whether it is verified, and where it is."""
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    if scheme not in ("tls", "tcp"):
        raise RouteError("The address starts with neither tls:// nor tcp://.", "Correct it.")
    if scheme == "tcp" and not plaintext:
        cause = "Over tcp:// anyone on the way can read along, which is not allowed here."
        raise RouteError(cause, "Write tls://, or allow plain text.")
    return scheme == "tls", _endpoint(rest)


def _endpoint(text: str) -> "Url":
    """host:port, and nothing besides. Raises RouteError."""
    from net import url  # given back below

    try:
        address = url.parse("https://" + text)
    except url.UrlError as error:
        raise RouteError("The address cannot be used. %s" % error, "Correct the address.")
    finally:
        transient.release(transient.ADDRESSES)
    if address.user is not None or address.target != "/":
        cause = "The address holds more than host and port, which is not sent."
        raise RouteError(cause, "Take user name, path and query out of it.")
    port = text.rstrip("/").rpartition(":")[2]
    if port.strip("0123456789") or not port:  # without TLS's or HTTP's there is no usual one
        raise RouteError("The address names no port.", "Write it behind the host, as in :9000.")
    return address
