"""The two ends of a bridge: the client's stream, and a connection whose handshake needs no message.

Of many protocols it is not known who speaks first: the client (HTTP, MQTT) or the server (SMTP, FTP). So the handshake
is not driven by writing but by reading, which Mbed TLS does just as well, and it is over before the first byte of the
client's is taken.
"""

import asyncio

from micropython import const

from net import dial
from net.opening import Link, Opening

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from net.dial import Stream
    from net.scout import Scout
    from net.tls import Context

_ENDED = const(-0x7280)  # Mbed TLS 3.6, ssl.h: the connection ended


class ClientLink(Link):
    """The client's stream; `readinto` fills the view instead of making a new object each time."""

    async def readinto(self, view: memoryview) -> "int | None":
        """Bytes read, 0 at the end, None if the transport woke up without data. Raises OSError."""
        return await self._reader.readinto(view)

    async def leave(self) -> None:
        """Closes it; any number of times."""
        try:
            self._writer.close()
            await self._writer.wait_closed()
        except OSError:
            pass


class ReadingLink(dial.SocketLink):
    """A TLS link that can shake hands without having anything to say."""

    _early: "bytes | None" = None  # what the server said before the handshake was known to be over

    async def greet(self, data: "bytes | memoryview") -> None:
        """Begins the handshake and waits for the peer's first sign, as the other one does. Raises OSError."""
        if data:
            return await super().greet(data)
        assert self._secure is not None
        self._early = self._secure.read(1)
        if self._is_shaking():
            arrivals: Stream = asyncio.StreamReader(self._raw)  # type: ignore[assignment]  # see Stream
            await arrivals.read(0)  # waits until there is something, and leaves it there
        return None

    async def shake_hands(self) -> None:
        """The rest of the handshake. Raises OSError or ValueError."""
        if self._unsent:
            return await super().shake_hands()
        byte = bytearray(1)
        while self._is_shaking():
            count = await self._stream.readinto(memoryview(byte))
            if count is not None:
                self._early = bytes(byte[:count])
        return None

    async def readinto(self, view: memoryview) -> "int | None":
        """As the other one; what came early comes first."""
        early, self._early = self._early, None
        if early is None:
            return await super().readinto(view)
        view[: len(early)] = early
        return len(early)

    def _is_shaking(self) -> bool:
        """Mbed TLS shows a certificate only when the handshake is over; to ask for the cipher before crashes.

        Raises OSError if the server said goodbye in the middle, which reads like an ordinary end.
        """
        assert self._secure is not None
        if self._secure.getpeercert(True) is not None:  # type: ignore[attr-defined]
            return False
        if self._early is not None:
            raise OSError(_ENDED)
        return True


class BridgeOpening(Opening):
    """The way to a bridge's server: `open(b"", holder)` returns when the server is verified, and sends nothing."""

    def _secure(
        self, raw: "dial.socket.socket", context: "Context | Scout | None"
    ) -> "dial.SocketLink":
        try:
            make = dial.SocketLink if context is None else ReadingLink
            return make(raw, context, self.server_name)
        except (OSError, ValueError, MemoryError) as error:
            raw.close()
            raise self.broken(error)
