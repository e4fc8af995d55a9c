"""Reads one HTTP/1.x reply after the other from a connection, within bounds (RFC 9110, RFC 9112).

The bounds are there for servers that are broken or hostile: whatever they send, a reply costs a few KiB and ends.
"""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from net.opening import AnyLink

_BUFFER = const(512)
_MAX_HEAD = const(4096)  # bytes of status line and header fields, and again of the trailer fields
_MAX_LINES = const(64)
_MAX_CHUNK_LINE = const(256)
_MAX_INTERIM = const(8)  # 1xx replies before the real one
_MAX_DISCARD = const(65536)  # bytes read and thrown away to keep the connection

_HEX = b"0123456789abcdefABCDEF"


class ReplyError(Exception):
    """The peer closed in the middle of a reply or broke the protocol; `str()` is one sentence."""


class Head:
    """Status line and header fields. `headers` is a list of (lower-case name, value) in the order received."""

    def __init__(self, version: int, status: int) -> None:
        self.version = version
        self.status = status
        self.headers: list[tuple[str, str]] = []

    def get(self, name: str, default: "str | None" = None) -> "str | None":
        """The first header field of that name, whatever its case."""
        name = name.lower()
        for known, value in self.headers:
            if known == name:
                return value
        return default

    def all(self, name: str) -> "list[str]":
        """The comma-separated members of all header fields of that name, stripped, in lower case."""
        members = []
        for known, value in self.headers:
            if known == name:
                members.extend([member.strip().lower() for member in value.split(",")])
        return members

    @property
    def keeps(self) -> bool:
        """Does the server let the connection live on after this reply (RFC 9112 9.3)?"""
        options = self.all("connection")
        return "close" not in options and (self.version >= 1 or "keep-alive" in options)

    def framing(self, method: str) -> "tuple[str, int]":
        """How the body ends: ("none", 0), ("length", bytes), ("chunked", 0) or ("close", 0) (RFC 9112 6.3)."""
        if method == "HEAD" or self.status in (204, 304):
            return "none", 0
        codings, lengths = self.all("transfer-encoding"), self.all("content-length")
        if codings and lengths:
            raise ReplyError("The server's reply gives its length twice.")
        if codings:
            if codings != ["chunked"]:
                raise ReplyError(
                    "The server's reply uses a transfer coding that was not asked for."
                )
            return "chunked", 0
        if not lengths:
            return "close", 0
        if len(set(lengths)) > 1 or not _is_number(lengths[0]):
            raise ReplyError("The server's reply has no usable Content-Length.")
        return "length", int(lengths[0])


class Body:
    """What is kept of a reply's body: at most `cap` bytes; `truncated` tells that there was more."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._kept = bytearray()
        self.spare = cap + _MAX_DISCARD  # bytes that may still be read
        self.truncated = False

    @property
    def room(self) -> int:
        """Bytes that would still be kept."""
        return self._cap - len(self._kept)

    def add(self, piece: memoryview) -> None:
        self.spare -= len(piece)
        if len(piece) > self.room:
            self.truncated = True
            piece = piece[: self.room]
        self._kept.extend(piece)

    @property
    def kept(self) -> bytes:
        return bytes(self._kept)


class ReplyReader:
    """Buffered reading from one connection; `received` counts the bytes since `begin`."""

    def __init__(self, link: "AnyLink") -> None:
        self._link = link
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self.received = 0

    @property
    def is_empty(self) -> bool:
        """Nothing is left over from the reply before."""
        return self._start == self._end

    def begin(self) -> None:
        self.received = 0

    async def head(self) -> Head:
        """Reads up to the empty line, skipping interim (1xx) replies. Raises ReplyError."""
        for _ in range(_MAX_INTERIM):
            head = _status_line(await self._line(_MAX_HEAD))
            await self._fields(head.headers)
            if head.status >= 200:
                return head
            if head.status == 101:
                break
        raise ReplyError("The server answers with interim replies only.")

    async def body(self, head: Head, method: str, body: Body) -> bool:
        """Reads the body into `body`; True if the connection can carry another request. Raises ReplyError."""
        kind, length = head.framing(method)
        if kind == "close":
            await self._until_closed(body)
            return False
        if kind == "length":
            complete = await self._take(length, body)
        else:
            complete = kind == "none" or await self._chunks(body)
        return complete and head.keeps

    async def some(self, size: int) -> bytes:
        """1 to `size` bytes, for whoever takes a body in pieces and knows its length. Raises ReplyError."""
        if self.is_empty:
            await self._more()
        stop = min(self._end, self._start + size)
        piece = bytes(self._view[self._start : stop])
        self._start = stop
        return piece

    async def _fill(self) -> bool:
        """Gets more bytes into the empty buffer; False at the end of the stream."""
        count = None
        while count is None:  # a TLS record that carried no data
            count = await self._link.readinto(self._view)
        self._start, self._end = 0, count
        self.received += count
        return count > 0

    async def _more(self) -> None:
        """`_fill` where the end of the stream is an error."""
        if not await self._fill():
            if self.received:
                raise ReplyError("The server closed the connection in the middle of its reply.")
            raise ReplyError("The server closed the connection without an answer.")

    async def _line(self, limit: int) -> bytes:
        """One line without its end, of at most `limit` bytes."""
        line = b""
        while True:
            if self._start == self._end:
                await self._more()
            stop = self._buffer.find(b"\n", self._start, self._end)
            end = self._end if stop < 0 else stop
            if len(line) + end - self._start > limit:
                raise ReplyError("The head of the server's reply is too long.")
            line += bytes(self._view[self._start : end])
            self._start = end
            if stop >= 0:
                self._start = stop + 1
                return line[:-1] if line.endswith(b"\r") else line

    async def _fields(self, into: "list[tuple[str, str]] | None") -> None:
        """Header fields, or trailer fields (`into` is None: checked and dropped)."""
        budget = _MAX_HEAD
        for _ in range(_MAX_LINES):
            line = await self._line(budget)
            if not line:
                return
            budget -= len(line)
            field = _field(line)
            if into is not None:
                into.append(field)
        raise ReplyError("The server's reply has more than %d header fields." % _MAX_LINES)

    async def _take(self, length: int, body: Body) -> bool:
        """Reads `length` bytes into the body; if that is more than is worth reading, only what is kept, and False."""
        wanted = left = length if length <= body.spare else body.room
        while left:
            if self._start == self._end:
                await self._more()
            stop = min(self._end, self._start + left)
            body.add(self._view[self._start : stop])
            left -= stop - self._start
            self._start = stop
        body.truncated = body.truncated or wanted < length
        return wanted == length

    async def _chunks(self, body: Body) -> bool:
        """The chunked coding (RFC 9112 7.1); extensions and trailers are dropped."""
        while True:
            size = _chunk_size(await self._line(_MAX_CHUNK_LINE))
            if size == 0:
                await self._fields(None)
                return True
            if not await self._take(size, body):
                return False
            if await self._line(_MAX_CHUNK_LINE):
                raise ReplyError("The server's reply has a chunk of the wrong length.")

    async def _until_closed(self, body: Body) -> None:
        while body.spare > 0 and (self._start < self._end or await self._fill()):
            body.add(self._view[self._start : self._end])
            self._start = self._end


def _is_number(text: str) -> bool:
    return text.isdigit() and len(text) <= 10 and not [char for char in text if char > "9"]


def _status_line(line: bytes) -> Head:
    """`HTTP/1.x NNN reason` (RFC 9112 4)."""
    code = line[9:12]
    well_formed = line[:7] == b"HTTP/1." and line[7:8].isdigit() and line[8:9] == b" "
    if not well_formed or len(code) != 3 or not code.isdigit() or line[12:13].strip():
        raise ReplyError("The server's answer is not HTTP/1.")
    if int(code) < 100:
        raise ReplyError("The server's answer has no valid status.")
    return Head(int(line[7:8]), int(code))


def _field(line: bytes) -> "tuple[str, str]":
    """`Name: value`; folded and nameless lines are refused: they are how replies are smuggled (RFC 9112 5)."""
    colon = line.find(b":")
    name = line[: max(colon, 0)]
    if not name or b" " in name or b"\t" in name or b"\x00" in line or b"\r" in line:
        raise ReplyError("The server's reply has a malformed header field.")
    return _text(name).lower(), _text(line[colon + 1 :].strip())


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeError:  # Latin-1, as header fields were once written
        return "".join([chr(byte) for byte in raw])


def _chunk_size(line: bytes) -> int:
    digits = line.split(b";")[0].strip()
    if not 0 < len(digits) <= 7 or [byte for byte in digits if byte not in _HEX]:
        raise ReplyError("The server's reply has a malformed chunk.")
    return int(digits, 16)
