"""Reads one HTTP request from a client that may be anybody: bounded in size, and checked first.

What comes out is microdot's `Request`; only the reading is done here, because microdot's own takes
in a line of any length, and a body before anybody has looked who sends it.
"""

import asyncio

from microdot.microdot import NoCaseDict, Request
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader

    from web.clients import Connection, Outlet
    from web.gate import Caller
    from web.site import Site

    Head = tuple[str, str, str, NoCaseDict]

_HEAD_LIMIT = const(4096)
_CHUNK = const(512)
_PIECE = const(1024)
_DRAIN = const(65536)
_DRAIN_MS = const(500)
_END = b"\r\n\r\n"
_ONCE = ("host", "content-length")  # RFC 9112 3.2, 6.3: who reads the other one is led astray
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class BadRequest(Exception):
    """A request that gets no further.

    Attributes:
        status, reason: the HTTP status line to answer with.
        left: how many bytes the client is still about to send, as far as is known.
    """

    def __init__(self, status: int, reason: str, left: int = 0) -> None:
        self.status = status
        self.reason = reason
        self.left = left
        super().__init__(reason)


class Body:
    """What follows the head, on its way. `left` is how many bytes of it nobody has taken yet, `known` whether the gate
    knows who sends it.

    While it is read it is the client who keeps us waiting: `client` is told how far that is.
    """

    def __init__(
        self,
        reader: "StreamReader",
        begin: bytes,
        length: int,
        client: "Connection",
        outlet: "Outlet | None" = None,
    ) -> None:
        """`begin` has been read with the head; the client waits at `outlet` to be told to go on, if there is one."""
        self.left = length
        self.known = False
        self._outlet = outlet
        self._reader = reader
        self._begin = begin
        self._client = client
        self._begun = False

    @property
    def coming(self) -> int:
        """How many bytes the client is still about to send."""
        return self.left - len(self._begin)

    async def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end. Raises EOFError if the client left before."""
        if self.left == 0:
            return b""
        if not self._begun:
            self._begun = True
            self._client.sends(self.left, self.known)
            if self._outlet is not None:
                await self._outlet.awrite(_GO_ON)
                await self._outlet.flush()
        part = self._begin[:size] or await self._reader.read(min(size, self.left))
        if not part:
            raise EOFError
        self._begin = self._begin[len(part) :]
        self.left -= len(part)
        self._client.moved()
        if self.left == 0:
            self._client.asked()
        return part

    def stay(self) -> None:
        """We are busy with what was read: the client does not stand still."""
        self._client.moved()


class Incoming(Request):
    """A request of which the head has been read; the body comes when it is wanted.

    Attributes:
        upload: the body, for a route that takes it piece by piece; others find it, whole, in `body`.
        caller: who asks; None if that is not known, which only open routes meet.
    """

    max_content_length = 1 << 29  # microdot's own limit; ours depends on the route

    def __init__(
        self, app: "Site", address: str, head: "Head", upload: Body, in_pieces: bool
    ) -> None:
        """Raises ValueError or OverflowError if the address makes no sense."""
        method, target, version, headers = head
        super().__init__(app, (address, 0), method, target, version, headers)
        self.upload = upload
        self.caller: Caller | None = None
        self._in_pieces = in_pieces

    async def receive(self) -> None:
        """Reads the body, unless the route takes it in pieces. Raises EOFError if the client left before its end."""
        if self._in_pieces:
            return
        pieces = []
        while self.upload.left:
            pieces.append(await self.upload.read(_PIECE))
        self._body = b"".join(pieces)


async def read_request(
    app: "Site", reader: "StreamReader", address: str, client: "Connection", outlet: "Outlet"
) -> Incoming | None:
    """The next request, its body not read yet; None if the client left before the head was whole.

    Raises BadRequest, also if the body is larger than the route wants. Has no deadline: cancel it.
    """
    received, rest = await _read_head(reader)
    if received is None:
        return None
    head = parse_head(received)
    limit, in_pieces = app.body_limit(head[0], head[1].partition("?")[0])
    length = _body_length(head[3], limit)
    waits = head[3].get("Expect") is not None
    upload = Body(reader, rest[:length], length, client, outlet if waits else None)
    try:
        return Incoming(app, address, head, upload, in_pieces)
    except (ValueError, OverflowError):
        raise BadRequest(400, "Bad Request", length)


async def drain(reader: "StreamReader", left: int) -> None:
    """Lets a client finish whose body nobody wants: half a second at most, and 64 KB.

    Closing at once would make its computer throw away the answer that it has not read yet (RFC 9112 section 9.6).
    """
    try:
        await asyncio.wait_for_ms(_read_away(reader, min(left, _DRAIN)), _DRAIN_MS)
    except (OSError, asyncio.TimeoutError):
        return


async def _read_away(reader: "StreamReader", left: int) -> None:
    while left > 0:
        chunk = await reader.read(_CHUNK)
        if not chunk:
            return
        left -= len(chunk)


def parse_head(head: bytes) -> "Head":
    """(method, target, version, headers) of a head without its empty line. Raises BadRequest."""
    try:
        lines = head.decode().split("\r\n")
        method, target, protocol = lines.pop(0).split(" ")
    except ValueError:
        raise BadRequest(400, "Bad Request")
    if target[:1] != "/" or protocol not in ("HTTP/1.0", "HTTP/1.1"):
        raise BadRequest(400, "Bad Request")
    headers = NoCaseDict()
    for line in lines:
        name, colon, value = line.partition(":")
        again = name in headers and name.lower() in _ONCE
        if not colon or not name or name != name.strip() or again:
            raise BadRequest(400, "Bad Request")
        headers[name] = value.strip()
    return method, target, protocol[5:], headers


async def _read_head(reader: "StreamReader") -> tuple[bytes | None, bytes]:
    """(head, what was read beyond it); the head is None if the client left before its end."""
    received = b""
    while True:
        chunk = await reader.read(_CHUNK)
        if not chunk:
            return None, b""
        start = max(0, len(received) - len(_END))
        received += chunk
        end = received.find(_END, start)
        if end >= 0:
            return received[:end], received[end + len(_END) :]
        if len(received) > _HEAD_LIMIT:
            raise BadRequest(431, "Request Header Fields Too Large")


def _body_length(headers: NoCaseDict, limit: int) -> int:
    if headers.get("Expect", "100-continue").lower() != "100-continue":
        raise BadRequest(417, "Expectation Failed")
    if "Transfer-Encoding" in headers:
        raise BadRequest(411, "Length Required")
    text = headers.get("Content-Length", "0")
    if not text.encode().isdigit():
        raise BadRequest(400, "Bad Request")
    if len(text) > 9 or int(text) > limit:
        raise BadRequest(413, "Content Too Large", _DRAIN)
    return int(text)
