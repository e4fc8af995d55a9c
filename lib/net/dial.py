"""Opens connections on MicroPython: name look-up with a cache, non-blocking connect, TLS on top, each step on its own.

`asyncio.open_connection` does all three in one, so that a wrong certificate cannot be told from a dead host.
"""

import asyncio
import errno
import select
import socket
import time

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from net.scout import Scout
    from net.tls import Context

    Where = tuple[str, int] | tuple[str, int, int, int]
    Found = tuple[int, int, int, str, Where]

    class Stream(asyncio.StreamReader, asyncio.StreamWriter):
        """On MicroPython, reader and writer are one class."""


_MAX_AGE_MS = const(300_000)
_MAX_AGE_OF_FAILURE_MS = const(30_000)
_PATIENCE_MS = const(3000)  # with an address while there is another one
_POLL_MS = const(5)
_RECORD = const(4096)
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)

_FAILED = select.POLLERR | select.POLLHUP


class Address:
    """Where a host is: all its addresses, those of IPv4 first, which more networks of cars can reach.

    The look-up blocks everything on MicroPython, so its result is kept for five minutes, its failure for 30 s.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._found: list[Found] = []
        self._failure: int | None = None
        self._since = time.ticks_ms()

    def look_up(self) -> "Found":
        """The first address, as getaddrinfo gives it. Raises OSError."""
        if not self._is_known():
            self._ask()
        if self._failure is not None:
            raise OSError(self._failure)
        return self._found[0]

    def reject(self) -> None:
        """The first address did not work: the next one is the first; after the last one the look-up asks again."""
        self._found = self._found[1:]

    async def connect(self) -> "socket.socket":
        """A socket as of `connect`, to the first address that accepts.

        Raises OSError if the last one does not; it is left to the caller to reject that one.
        """
        self.look_up()
        while len(self._found) > 1:
            try:
                return await asyncio.wait_for_ms(connect(self._found[0]), _PATIENCE_MS)
            except (OSError, asyncio.TimeoutError):
                self.reject()
        return await connect(self._found[0])

    def _is_known(self) -> bool:
        age = time.ticks_diff(time.ticks_ms(), self._since)
        if self._failure is not None:
            return 0 <= age < _MAX_AGE_OF_FAILURE_MS
        return bool(self._found) and 0 <= age < _MAX_AGE_MS

    def _ask(self) -> None:
        self._found, self._failure = [], None
        try:
            found = socket.getaddrinfo(self._host, self._port, 0, socket.SOCK_STREAM)
            self._found = [each for each in found if each[0] == socket.AF_INET]
            self._found += [each for each in found if each[0] != socket.AF_INET]
        except OSError as error:
            self._failure = error.args[0]
        if not self._found and self._failure is None:
            self._failure = errno.ENOENT
        self._since = time.ticks_ms()  # not earlier: the question itself can take long


async def connect(address: "Found") -> "socket.socket":
    """A connected, non-blocking TCP socket for an address from `Address`. Raises OSError."""
    sock = socket.socket(address[0], address[1], address[2])
    connected = False
    try:
        sock.setblocking(False)
        _send_at_once(sock)
        _begin(sock, address[-1])
        await _finish(sock, address[-1])
        connected = True
        return sock
    finally:
        if not connected:
            sock.close()


def _send_at_once(sock: "socket.socket") -> None:
    """Without this, the second small TLS record in a row waits for the peer's delayed acknowledgement."""
    try:
        sock.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
    except OSError:  # a port without the option is slower, not wrong
        pass


def _begin(sock: "socket.socket", where: "Where") -> None:
    try:
        sock.connect(where)
    except OSError as error:
        if error.args[0] != errno.EINPROGRESS:
            raise error


async def _finish(sock: "socket.socket", where: "Where") -> None:
    poller = select.poll()
    poller.register(sock, select.POLLOUT | _FAILED)
    while True:
        ready = poller.poll(0)
        if ready:
            if ready[0][1] & _FAILED:
                sock.connect(where)  # reports the failure of the first call
                raise OSError(errno.ECONNABORTED)
            return
        await asyncio.sleep_ms(_POLL_MS)


class SocketLink:
    """A connected socket, with TLS if there is a context: the same face as opening.Link, and a handshake.

    The TLS handshake runs inside the first `send`, or in `greet` and `shake_hands`; nothing of its data leaves before
    the server is verified.
    """

    def __init__(
        self, raw: "socket.socket", context: "Context | Scout | None", server_name: str
    ) -> None:
        """Takes over `raw` unless it raises OSError, ValueError or MemoryError."""
        self._raw = raw
        self._secure = None if context is None else context.wrap(raw, server_name)
        self._sock = raw if self._secure is None else self._secure
        self._stream: Stream = asyncio.StreamReader(self._sock)  # type: ignore[assignment]  # see Stream
        self._unsent: bytes | memoryview = b""  # of what `greet` was given

    @property
    def is_stale(self) -> bool:
        """Has the peer closed, or sent something nobody asked for? Both make the connection useless."""
        try:
            return self._sock.read(1) is not None
        except OSError:
            return True

    @property
    def confirms(self) -> bool:
        """Has the peer accepted us when our side of the handshake is done? Not so with TLS 1.3."""
        return self._secure is None or self._secure.cipher()[1] != "TLSv1.3"

    async def readinto(self, view: memoryview) -> "int | None":
        """Bytes read, 0 at the end, None if the transport woke up without data. Raises OSError or ValueError."""
        return await self._stream.readinto(view)

    async def send(self, data: "bytes | memoryview") -> None:
        """Sends everything, little at a time: what is not taken at once gets copied. Raises OSError or ValueError."""
        view = memoryview(data)
        for start in range(0, len(view), _RECORD):
            self._stream.write(view[start : start + _RECORD])
            await self._stream.drain()

    async def greet(self, data: "bytes | memoryview") -> None:
        """Begins the handshake and waits for the peer's first sign. `data` leaves in `shake_hands`. Raises OSError.

        A peer that answers while the first call is still at work is not waited for: all has left by then.
        """
        sent = self._sock.write(data)
        self._unsent = data if sent is None else memoryview(data)[sent:]
        if sent is None:
            arrivals: Stream = asyncio.StreamReader(self._raw)  # type: ignore[assignment]  # see Stream
            await arrivals.read(0)  # waits until there is something, and leaves it there

    async def shake_hands(self) -> None:
        """The rest of the handshake; then sends the data given to `greet`. Raises OSError or ValueError."""
        unsent, self._unsent = self._unsent, b""
        await self.send(unsent)

    def say(self, data: bytes) -> None:
        """Sends as much as leaves without waiting, nothing to a peer that is gone."""
        try:
            self._sock.write(data)
        except (OSError, MemoryError):
            pass

    def close(self) -> None:
        """Closes both: a TLS socket whose handshake failed no longer closes the one below it."""
        for sock in (self._secure, self._raw):
            if sock is not None:
                try:
                    sock.close()
                except OSError:  # the descriptor is already closed through the TLS socket
                    pass
