"""Fetches a file over verified HTTPS, piece by piece: it need not fit into memory.

async with Download(open_connection) as download:
    length = await download.begin("https://updates.example.com/wican_pro.wup")
    piece = await download.read(2048)
"""

import asyncio

from micropython import const
from net import url
from net.opening import RequestError
from net.reply import Head, ReplyError, ReplyReader

from device.manifest import UpdateError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from net.http import Connection

    Opener = Callable[[url.Url], Connection]

_BEGIN_MS = const(30_000)  # name, connection, handshake, head of the reply
_PIECE_MS = const(20_000)
_HOPS = const(4)
_REDIRECTS = (301, 302, 303, 307, 308)


class Download:
    """One file on its way. `connect(url)` makes the connection to its server, or to where that sends us."""

    def __init__(self, connect: "Opener") -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._reader: ReplyReader | None = None
        self._left = 0

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    async def begin(self, address: str) -> int:
        """Asks for the file, where the server's redirects lead; returns its length. Raises UpdateError."""
        for _ in range(_HOPS):
            place = _parsed(address)
            head = await self._ask(place)
            if head.status not in _REDIRECTS:
                self._left = _length(head)
                return self._left
            address = _joined(place, head.get("location") or "")
        raise UpdateError("download", "The server sends us from one address to the next.")

    async def read(self, size: int) -> bytes:
        """1 to `size` bytes, none at the end. Raises OSError if the connection is lost."""
        size = min(size, self._left)
        if self._reader is None or not size:
            return b""
        try:
            piece: bytes = await asyncio.wait_for_ms(self._reader.some(size), _PIECE_MS)
        except (ReplyError, ValueError, asyncio.TimeoutError):
            raise OSError("the connection was lost")
        self._left -= len(piece)
        return piece

    async def _ask(self, place: url.Url) -> Head:
        self.close()
        self._connection = connection = self._connect(place)
        try:
            return await asyncio.wait_for_ms(self._exchange(connection, place), _BEGIN_MS)
        except asyncio.TimeoutError:
            raise UpdateError("download", str(connection.late(_BEGIN_MS)))
        except RequestError as error:
            raise UpdateError("download", " ".join([str(error), error.advice or ""]).rstrip())
        except (ReplyError, ValueError) as error:
            raise UpdateError("download", str(error))
        except OSError as error:
            raise UpdateError("download", "The connection was lost (%s)." % error)

    async def _exchange(self, connection: "Connection", place: url.Url) -> Head:
        message = connection.writer.message("GET", place.target, (), b"")
        self._reader = ReplyReader(await connection.open(message, connection))
        return await self._reader.head()


def _parsed(address: str) -> url.Url:
    """Raises UpdateError for anything but an https address."""
    try:
        found = url.parse(address)
    except url.UrlError as error:
        raise UpdateError("url", str(error))
    if found.user is not None:
        raise UpdateError("url", "The address must not hold a user name.")
    return found


def _length(head: Head) -> int:
    """Raises UpdateError if the reply is not the file."""
    if head.status != 200:
        raise UpdateError("download", "The server has no such file (%d)." % head.status)
    kind, length = head.framing("GET")
    if kind != "length":
        raise UpdateError("download", "The server does not say how long the file is.")
    return length


def _joined(place: url.Url, location: str) -> str:
    """Where a redirect leads (RFC 3986 5.2, without the forms that nobody uses)."""
    if location[:1] == "/" and location[:2] != "//":
        return "https://" + place.host_header + location
    return location
