"""What was sent over a plain connection as text for the user to look at, secrets masked."""

from delivery import trace

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

    Peer = tuple[str, int, bool]  # host, port, whether it is verified


def text(peer: "Peer | None", framing: str, body: bytes, secrets: "Iterable[str]") -> str:
    """A line for the connection if it is a new one (`peer`), one for the frame, an empty one, then the document: its
    first 2048 characters."""
    lines = [] if peer is None else [_connect(*peer)]
    lines.append("SEND framing=%s bytes=%d" % (framing, len(body)))
    head = "\r\n".join(lines) + "\r\n\r\n"
    return trace.of(head.encode() + body, secrets)


def _connect(host: str, port: int, is_secure: bool) -> str:
    shown = "[%s]" % host if ":" in host else host
    return "CONNECT %s:%d %s" % (shown, port, "tls" if is_secure else "plain")
