"""Writes requests so that nothing a user enters can end its line or frame the message (RFC 9112 3, 5, 6)."""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Header = tuple[str, str]

_MAX_HEAD = const(4096)  # bytes up to the empty line; some servers take no more than twice that

_TOKEN_EXTRA = "!#$%&'*+-.^_`|~"
_FRAMING = ("host", "content-length", "transfer-encoding", "connection")


class Writer:
    """Writes the requests of one connection; what stays the same in their heads is made once."""

    def __init__(self, host: str, keep: bool) -> None:
        """`host` is the Host header's value; without `keep` the server is asked to close after its reply."""
        self._host = host
        self._keep = keep
        self._line_for: tuple[str, str] | None = None
        self._line = b""
        self._fixed_for: tuple[Header, ...] | None = None
        self._fixed = b""

    def message(
        self,
        method: str,
        target: str,
        headers: "Sequence[Header]",
        body: bytes,
        changing: "Sequence[Header]" = (),
    ) -> bytes:
        """The whole request: `headers` stay the same from one to the next, `changing` do not.

        Raises ValueError for anything that would not stay within its line (request splitting), is not ours to send or
        is too long.
        """
        if (method, target) != self._line_for:
            self._line, self._line_for = _request_line(method, target), (method, target)
        key = tuple(headers)
        if key != self._fixed_for:
            self._fixed, self._fixed_for = self._own_fields() + fields(headers), key
        length = b"\r\n"
        if body or method not in ("GET", "HEAD", "DELETE"):
            length = b"Content-Length: %d\r\n\r\n" % len(body)
        head = b"".join((self._line, self._fixed, fields(changing), length))
        if len(head) > _MAX_HEAD:
            text = "its head has %d bytes; at most %d are allowed"
            raise ValueError(text % (len(head), _MAX_HEAD))
        return head + body

    def _own_fields(self) -> bytes:
        _check("Host", self._host, " \r\n\0")
        closing = "" if self._keep else "Connection: close\r\n"
        return f"Host: {self._host}\r\n{closing}".encode()


def fields(pairs: "Iterable[Header]") -> bytes:
    """Header fields, each with its line end.

    Raises ValueError for a name that is no token or that frames the message, and for a value that is not one line.
    """
    lines = []
    for name, value in pairs:
        stray = stray_character(name)
        if stray:
            raise ValueError(f"{name!r} is no header name: it holds {stray!r}")
        if not name or name.lower() in _FRAMING:
            raise ValueError(f"the header {name!r} cannot be set")
        _check(name, value, "\r\n\0")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode()


def stray_character(name: str) -> str:
    """The first character that no header name holds (a token, RFC 9110 5.6.2), "" if there is none."""
    for char in name:
        if not ("a" <= char.lower() <= "z" or "0" <= char <= "9" or char in _TOKEN_EXTRA):
            return char
    return ""


def _request_line(method: str, target: str) -> bytes:
    _check("method", method, " \r\n\0")
    _check("request target", target, " \r\n\0")
    return f"{method} {target} HTTP/1.1\r\n".encode()


def _check(what: str, text: str, forbidden: str) -> None:
    for char in forbidden:
        if char in text:
            raise ValueError(f"{what} holds {char!r}, which would break the request")
