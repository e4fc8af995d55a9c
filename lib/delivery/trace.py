"""A request as text for the user to look at: exactly what was sent, but for the secrets."""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_BODY = const(2048)


def of(message: bytes, secrets: "Iterable[str]") -> str:
    """Request line, fields and the first 2048 characters of the body; each secret becomes ***."""
    end = message.find(b"\r\n\r\n") + 4
    body = message[end:]
    try:
        text = _masked(body.decode(), secrets)
    except UnicodeError:
        text = "(%d bytes that are no text)" % len(body)
    if len(text) > _LONGEST_BODY:
        text = text[:_LONGEST_BODY] + "\r\n(%d bytes in all)" % len(body)
    return _masked(message[:end].decode(), secrets) + text


def _masked(text: str, secrets: "Iterable[str]") -> str:
    for secret in sorted(set(secrets), key=len, reverse=True):  # one may hold another
        if secret:
            text = text.replace(secret, "***")
    return text
