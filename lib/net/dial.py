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
    from net.tls import Context

    Where = tuple[str, int] | tuple[str, int, int, int]
    Found = tuple[int, int, int, str, Where]

    class Stream(asyncio.StreamReader, asyncio.StreamWriter):
        """On MicroPython, reader and writer are one class."""


_MAX_AGE_MS = const(300_000)
_POLL_MS = const(5)
_RECORD = const(4096)
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)

_FAILED = select.POLLERR | select.POLLHUP


class Address:
    """Where a host is. The look-up blocks everything on MicroPython, so its result is kept for five minutes."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._found: Found | None = None
        self._since = time.ticks_ms()

    def look_up(self) -> "Found":
        """The first address, as getaddrinfo gives it. Raises OSError."""
        now = time.ticks_ms()
        if self._found is None or not 0 <= time.ticks_diff(now, self._since) < _MAX_AGE_MS:
            self.forget()
            found = socket.getaddrinfo(self._host, self._port, 0, socket.SOCK_STREAM)
            if not found:
                raise OSError(errno.ENOENT)
            self._found, self._since = found[0], now
        return self._found

    def forget(self) -> None:
        """The next look-up asks again: the host may have moved."""
        self._found = None


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
    """A connected socket, with TLS if there is a context: the same face as http.Link.

    The TLS handshake runs inside the first `send`, and nothing of its data leaves before the server is verified.
    """

    def __init__(self, raw: "socket.socket", context: "Context | None", server_name: str) -> None:
        """Takes over `raw` unless it raises OSError, ValueError or MemoryError."""
        self._raw = raw
        self._secure = None if context is None else context.wrap(raw, server_name)
        self._sock = raw if self._secure is None else self._secure
        self._stream: Stream = asyncio.StreamReader(self._sock)  # type: ignore[assignment]  # see Stream

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
        """Sends everything. Raises OSError or ValueError."""
        view = memoryview(data)
        for start in range(
            0, len(view), _RECORD
        ):  # what is not taken at once gets copied: little at a time
            self._stream.write(view[start : start + _RECORD])
            await self._stream.drain()

    def close(self) -> None:
        """Closes both: a TLS socket whose handshake failed no longer closes the one below it."""
        for sock in (self._secure, self._raw):
            if sock is not None:
                try:
                    sock.close()
                except OSError:  # the descriptor is already closed through the TLS socket
                    pass
