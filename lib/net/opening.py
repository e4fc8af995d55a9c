"""Opens connections to one server stage by stage, and says in sentences what went wrong at which stage.

What HTTP and MQTT share: `RequestError` and its stages, the way from the name look-up to a verified server, deadlines
that passed and exceptions, explained.
"""

import asyncio
import errno

import transient
from micropython import const

from net import dial
from net.turn import Turn

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from net.reply import Head
    from net.scout import Scout
    from net.sessions import Holder, Sessions
    from net.tls import Context

    Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
    Opener = Callable[[str, int], Awaitable[Streams]]
    AnyLink: TypeAlias = "Link | dial.SocketLink"

_RECORD = const(4096)  # largest TLS record the chip sends

STAGES = ("dns", "connect", "tls", "write", "status", "body")

_NO_TIME = "The device's clock is not set, so no certificate can be checked."
_SET_CLOCK = "Wait until the clock is set from the network, or set it by hand."
_STARVED = "The device ran out of memory."
_LESS = "Send smaller documents, or keep fewer destinations enabled."


class RequestError(Exception):
    """Why a request got no usable reply.

    `stage` is one of STAGES; `str()` is one plain sentence; `advice` is a second one that says what to do, or None;
    `errno` is the system's or Mbed TLS's number, or None; `status` is the reply's status if it arrived, or None, and
    `head` the reply's head if that did: what was lost then is the body. `certificate` describes the certificate it is
    about, "" for none.
    """

    certificate = ""

    def __init__(
        self,
        stage: str,
        cause: str,
        advice: "str | None" = None,
        errno: "int | None" = None,
        status: "int | None" = None,
        head: "Head | None" = None,
    ) -> None:
        super().__init__(cause)
        self.stage = stage
        self.advice = advice
        self.errno = errno
        self.status = status
        self.head = head

    def get(self, name: str) -> "str | None":
        """The first header field of that name, whatever its case; None if it did not arrive."""
        return None if self.head is None else self.head.get(name)


class Link:
    """An open connection as its user sees it, here over a pair of asyncio streams."""

    def __init__(self, reader: "asyncio.StreamReader", writer: "asyncio.StreamWriter") -> None:
        self._reader = reader
        self._writer = writer

    @property
    def is_stale(self) -> bool:
        """Is it known, without asking the peer, that the connection is of no more use?"""
        return False

    async def readinto(self, view: memoryview) -> "int | None":
        """Bytes read, 0 at the end, None if the transport woke up without data."""
        data = await self._reader.read(len(view))
        view[: len(data)] = data
        return len(data)

    async def send(self, data: "bytes | memoryview") -> None:
        """Sends everything. Raises OSError."""
        self._writer.write(data)
        await self._writer.drain()

    def say(self, data: bytes) -> None:
        """Sends as much as leaves without waiting, nothing to a peer that is gone."""
        try:
            self._writer.write(data)
        except OSError:
            pass

    def close(self) -> None:
        self._writer.close()


class Opening:
    """The way to one server and the connection that is open, if one is.

    Arguments are those of `net.http.Connection`.

    Attributes:
        host, port: as given.
        context: the TLS settings of the next connection; None for plain TCP.
        link: the open connection, or None.
        stage: index of STAGES at which we are; whoever uses the link moves it on with `enter`.
        sessions: decides which connections of the device are open; None for all.
        handshakes: connections opened, from 0.
        server_name: what the server's certificate must be for.
        address: where the host is, as far as is known.
        judge: what looked at the certificates of the latest handshake.
        is_unheard: with TLS 1.3, whether the server has said nothing yet on this connection.
        is_long: whether the first message leaves in several pieces.
        waits: for others on this device: "turn" with a handshake, "place" among the connections; "" for nobody.
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
        address: "dial.Address | None" = None,
    ) -> None:
        self.host = host
        self.port = port
        self.context = context
        self.link: AnyLink | None = None
        self.stage = 0
        self.sessions = sessions
        self.handshakes = 0
        self.server_name = server_name or host
        self._lock = handshake_lock
        self._opener = opener
        self.address = address or dial.Address(host, port)
        self.is_unheard = False
        self._is_known = False  # has it answered on one before?
        self.is_long = False
        self.waits = ""
        self.judge: Context | Scout | None = None
        self._shaking: Context | None = None  # what judges the handshake under way

    @property
    def is_doubtful(self) -> bool:
        """May a server that breaks off have refused our certificate? With TLS 1.3 it sees that when we are done."""
        return self.is_unheard and not self._is_known

    @property
    def stage_name(self) -> str:
        """The stage in the words of STAGES."""
        return STAGES[self.stage]

    def restart(self) -> None:
        """Something new is begun, at the first stage."""
        self.stage = 0
        self.waits = ""

    def enter(self, stage: int) -> None:
        """The next stage begins."""
        self.stage = stage

    async def open(self, message: bytes, holder: "Holder") -> "AnyLink":
        """Connects and sends the message. Once more if that takes memory that other connections can do without.

        Raises RequestError. Whatever is open afterwards, `hang_up` closes it; then `holder` leaves the sessions.
        """
        self.restart()
        if self.sessions is None:
            return await self._dial(message)
        self.waits = "place"
        await self.sessions.enter(holder)
        self.waits = ""
        try:
            return await self._dial(message)
        except RequestError as error:
            if error.stage not in ("connect", "tls") or not self.sessions.relieve(error.errno):
                raise
        self.hang_up()
        self.restart()
        return await self._dial(message)

    async def send(self, link: "AnyLink", data: "bytes | memoryview") -> None:
        """Sends everything. Raises RequestError."""
        try:
            await link.send(data)
        except (OSError, ValueError, MemoryError) as error:
            raise self.broken(error)

    def heard(self) -> None:
        """The server has said something: it accepts our certificate, and nobody needs to explain a handshake."""
        if self.is_unheard:
            self.is_unheard, self._is_known = False, True
            self._accepted()

    def hang_up(self) -> None:
        """Closes the connection, if there is one."""
        link, self.link = self.link, None
        if link is not None:
            link.close()
        self._end_handshake()

    def late(self, deadline_ms: int) -> RequestError:
        """The deadline passed at this stage."""
        from net import failing  # given back at once

        transient.release(transient.FAULTS)
        return failing.late(self, deadline_ms)

    def broken(self, error: Exception) -> RequestError:
        """What an exception of the system or of Mbed TLS means at this stage."""
        if not isinstance(error, MemoryError):
            try:
                from net import failing  # given back below

                return failing.broken(self, error)
            except MemoryError:  # the explanation takes some, too
                pass
            finally:
                transient.release(transient.FAULTS)
        return self.starved()

    def starved(self) -> RequestError:
        """There is no memory to go on with at this stage, so this takes next to none."""
        return self.failed(_STARVED, _LESS, errno.ENOMEM)

    def failed(
        self, cause: str, advice: "str | None" = None, code: "int | None" = None
    ) -> RequestError:
        """The error for a cause found at this stage."""
        return RequestError(self.stage_name, cause, advice, code)

    def told(self, told: "tuple[str, str | None, str]", code: "int | None" = None) -> RequestError:
        """The error for what a context explains: cause, advice and certificate."""
        error = self.failed(told[0], told[1], code)
        error.certificate = told[2]
        return error

    async def _dial(self, message: bytes) -> "AnyLink":
        self.is_unheard = self.is_long = False
        if self._opener is not None:
            link: AnyLink = await self._open_streams(self._opener)
        elif self.context is not None:
            return await self._open_verified(self.context, message)
        else:
            link = self._secure(await self._connect(), None)
        self.link = link
        self.handshakes += 1
        self.enter(3)
        await self.send(link, message)
        return link

    def _accepted(self) -> None:
        """The server and we have accepted each other."""
        if self._shaking is not None:
            self._shaking.release()
            self._end_handshake()

    def _end_handshake(self) -> None:
        """The handshake is through, or there will be none."""
        context, self._shaking = self._shaking, None
        if context is not None:
            context.over()

    async def _open_streams(self, opener: "Opener") -> Link:
        self.enter(1)
        try:
            reader, writer = await opener(self.host, self.port)
        except OSError as error:
            raise self.broken(error)
        return Link(reader, writer)

    async def _connect(self) -> "dial.socket.socket":
        try:
            self.address.look_up()
            self.enter(1)
            return await self.address.connect()
        except OSError as error:
            raise self.broken(error)

    async def _open_verified(self, context: "Context", message: bytes) -> "AnyLink":
        """With the default bundle, the server first shows which of its authorities is needed, unless that is known."""
        if not context.knows_time:
            self.enter(2)
            raise self.failed(_NO_TIME, _SET_CLOCK)
        was_blind = context.is_blind
        if was_blind:
            await self._look(context)
        try:
            return await self._open_tls(context, message)
        except RequestError as error:
            if was_blind or not context.is_blind:
                raise
            failure = error
        before = context.handshake.roots
        self.hang_up()
        await self._look(context)
        if context.handshake.roots == before:  # it is no other authority that the server needs
            raise failure
        return await self._open_tls(context, message)

    async def _look(self, context: "Context") -> None:
        """Loads the authorities that the server's certificates name. Raises RequestError if the bundle has none."""
        from net import scout  # given back below

        try:
            await scout.look(self, context)
        finally:
            self.hang_up()
            transient.release(transient.SCOUT + transient.FAULTS)

    async def _open_tls(self, context: "Context", message: bytes) -> "AnyLink":
        """The message's first record drives the handshake: none of it leaves before the server is verified, and the
        handshake is over when it is accepted."""
        link = await self.connect_tls(context)
        view = memoryview(message)
        try:
            await self.shake_hands(link, view[:_RECORD])
        except (OSError, ValueError, MemoryError) as error:
            raise self.broken(error)
        self.handshakes += 1
        self.enter(3)
        self.is_unheard = not link.confirms
        if not self.is_unheard:
            self._accepted()
        self.is_long = len(view) > _RECORD
        if self.is_long:
            await self.send(link, view[_RECORD:])
        return link

    async def connect_tls(self, judge: "Context | Scout") -> "dial.SocketLink":
        """A connection on which `judge` is going to look at the server's certificates."""
        raw = await self._connect()
        self.enter(2)
        self.judge = judge
        self.link = link = self._secure(raw, judge)
        self._shaking = self.context if judge is self.context else None
        return link

    async def shake_hands(self, link: "dial.SocketLink", first: "bytes | memoryview") -> None:
        """One at a time, but only those whose server has answered: a silent one is nothing to wait for.

        Raises OSError, ValueError or MemoryError.
        """
        await link.greet(first)
        self.waits = "turn"
        async with Turn(self._lock):
            self.waits = ""
            await link.shake_hands()

    def _secure(
        self, raw: "dial.socket.socket", context: "Context | Scout | None"
    ) -> "dial.SocketLink":
        try:
            return dial.SocketLink(raw, context, self.server_name)
        except (OSError, ValueError, MemoryError) as error:
            raw.close()
            raise self.broken(error)
