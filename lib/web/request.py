"""Reads one HTTP request from a client that may be anybody: bounded in size, and checked first.

What comes out is microdot's `Request`; only the reading is done here, because microdot's own takes
in a line of any length.
"""

from microdot.microdot import NoCaseDict, Request
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader

    from microdot import Microdot

_HEAD_LIMIT = const(4096)
_BODY_LIMIT = const(4096)
_CHUNK = const(512)
_END = b"\r\n\r\n"


class BadRequest(Exception):
    """A request that gets no further.

    Attributes:
        status, reason: the HTTP status line to answer with.
    """

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


async def read_request(app: "Microdot", reader: "StreamReader", address: str) -> Request | None:
    """The next request with its body of at most 4 KB; None if the client left before it was whole.

    Raises BadRequest, or EOFError if the client left within the body. Has no deadline: cancel it.
    """
    head, rest = await _read_head(reader)
    if head is None:
        return None
    method, target, version, headers = parse_head(head)
    body = await _read_body(reader, rest, _body_length(headers))
    try:
        return Request(app, (address, 0), method, target, version, headers, body=body)
    except (ValueError, OverflowError):
        raise BadRequest(400, "Bad Request")


def parse_head(head: bytes) -> "tuple[str, str, str, NoCaseDict]":
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
        if not colon or not name or name != name.strip():
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


def _body_length(headers: NoCaseDict) -> int:
    if "Expect" in headers:  # the client holds its body back for an answer; it asks again without
        raise BadRequest(417, "Expectation Failed")
    if "Transfer-Encoding" in headers:
        raise BadRequest(411, "Length Required")
    text = headers.get("Content-Length", "0")
    if not text.encode().isdigit():
        raise BadRequest(400, "Bad Request")
    if len(text) > 9 or int(text) > _BODY_LIMIT:
        raise BadRequest(413, "Content Too Large")
    return int(text)


async def _read_body(reader: "StreamReader", begin: bytes, length: int) -> bytes:
    """The body, of which `begin` has been read with the head."""
    if len(begin) >= length:
        return begin[:length]
    return begin + await reader.readexactly(length - len(begin))
