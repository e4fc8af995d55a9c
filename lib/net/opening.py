"""Opens connections to one server stage by stage, and says in sentences what went wrong at which stage."""

import asyncio

from net import dial
from net.http import STAGES, Link, RequestError
from net.turn import Turn

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from net.http import AnyLink, Opener
    from net.sessions import Holder, Sessions
    from net.tls import Context

_LATE = (
    "The name look-up of %s took more than %s.",
    "%s did not accept a connection within %s.",
    "%s did not finish the TLS handshake within %s.",
    "%s did not take the request within %s.",
    "%s did not answer within %s.",
)
_BUSY = "This device was busy with other TLS handshakes; %s had no turn within %s."
_FULL = "This device was busy with as many connections as it may hold; %s had no turn within %s."


class Opening:
    """The way to one server and the connection that is open, if one is.

    Arguments are those of `net.http.Connection`.

    Attributes:
        host: as given.
        context: the TLS settings of the next connection; None for plain TCP.
        link: the open connection, or None.
        stage: index of http.STAGES at which we are; whoever uses the link moves it on.
        doubtful: may the server still refuse our certificate?
        sessions: decides which connections of the device are open; None for all.
    """

    def __init__(
        self,
        host: str,
        port: int,
        context: "Context | None" = None,
        server_name: "str | None" = None,
        handshake_lock: "asyncio.Lock | None" = None,
        opener: "Opener | None" = None,
        sessions: "Sessions | None" = None,
    ) -> None:
        self.host = host
        self.context = context
        self.link: AnyLink | None = None
        self.stage = 0
        self.doubtful = False
        self.sessions = sessions
        self._port = port
        self._server_name = server_name or host
        self._lock = handshake_lock
        self._opener = opener
        self._address = dial.Address(host, port)
        self._waits = ""  # for others, of this device: the sentence that says so

    async def open(self, first: bytes, holder: "Holder") -> "AnyLink":
        """Connects and sends `first`, which drives the TLS handshake: none of it leaves before the server is verified.
        Once more if that takes memory that other connections can do without.

        Raises RequestError. Whatever is open afterwards, `close` closes it; then `holder` leaves the sessions.
        """
        self.stage = 0
        if self.sessions is None:
            return await self._dial(first)
        self._waits = _FULL
        await self.sessions.enter(holder)
        try:
            return await self._dial(first)
        except RequestError as error:
            if error.stage not in ("connect", "tls") or not self.sessions.relieve(error.errno):
                raise
        self.close()
        return await self._dial(first)

    async def send(self, link: "AnyLink", data: bytes) -> None:
        """Sends everything. Raises RequestError."""
        try:
            await link.send(data)
        except (OSError, ValueError, MemoryError) as error:
            raise self.broken(error)

    def heard(self) -> None:
        """The server has said something: it accepts our certificate, and nobody needs to explain a handshake."""
        if self.doubtful and self.context is not None:
            self.context.release()
        self.doubtful = False

    def close(self) -> None:
        """Closes the connection, if there is one."""
        link, self.link = self.link, None
        if link is not None:
            link.close()

    def late(self, deadline_ms: int) -> RequestError:
        """The deadline passed at this stage."""
        limit = "%d ms" % deadline_ms if deadline_ms % 1000 else "%d s" % (deadline_ms // 1000)
        if self._waits:
            return RequestError("connect", self._waits % (self.host, limit))
        if self.stage == 1:
            self._address.reject()
        return self.failed(_LATE[self.stage] % (self.host, limit))

    def broken(self, error: Exception) -> RequestError:
        """What an exception of the system or of Mbed TLS means at this stage."""
        from net import faults  # only failures need it

        code = faults.number(error)
        if self.stage == 2 and faults.is_unreachable(code):
            self.stage = 1  # some ports tell of a failed connect at the first use only
        elif self.stage in (3, 4) and self.doubtful:
            self.stage = 2  # TLS 1.3: the server judges us after our side is done
        if self.stage == 1:
            self._address.reject()
        if self.stage == 2 and self.context is not None:
            cause, advice = self.context.explain(error, self._server_name)
        else:
            cause, advice = faults.explain(STAGES[self.stage], code, self.host, self._port)
        return self.failed(cause, advice, code)

    def failed(
        self, cause: str, advice: "str | None" = None, code: "int | None" = None
    ) -> RequestError:
        """The error for a cause found at this stage."""
        return RequestError(STAGES[self.stage], cause, advice, code)

    async def _dial(self, first: bytes) -> "AnyLink":
        self.stage, self.doubtful, self._waits = 0, False, ""
        if self._opener is not None:
            link: AnyLink = await self._open_streams(self._opener)
        else:
            raw = await self._connect()
            if self.context is not None:
                return await self._shake_hands(raw, self.context, first)
            link = dial.SocketLink(raw, None, self._server_name)
        self.link = link
        self.stage = 3
        await self.send(link, first)
        return link

    async def _open_streams(self, opener: "Opener") -> "Link":
        self.stage = 1
        try:
            reader, writer = await opener(self.host, self._port)
        except OSError as error:
            raise self.broken(error)
        return Link(reader, writer)

    async def _connect(self) -> "dial.socket.socket":
        try:
            self._address.look_up()
            self.stage = 1
            return await self._address.connect()
        except OSError as error:
            raise self.broken(error)

    async def _shake_hands(
        self, raw: "dial.socket.socket", context: "Context", first: bytes
    ) -> "dial.SocketLink":
        """One at a time, but only those whose server has answered: a silent one is nothing to wait for."""
        self.stage = 2
        link = self._secure(raw, context)
        self.link = link
        try:
            await link.greet(first)
            self._waits = _BUSY
            async with Turn(self._lock):
                self._waits = ""
                await link.shake_hands()
        except (OSError, ValueError, MemoryError) as error:
            raise self.broken(error)
        self.stage = 3
        self.doubtful = not link.confirms
        if not self.doubtful:
            context.release()
        return link

    def _secure(self, raw: "dial.socket.socket", context: "Context") -> "dial.SocketLink":
        try:
            return dial.SocketLink(raw, context, self._server_name)
        except (OSError, ValueError, MemoryError) as error:
            raw.close()
            raise self.broken(error)
