"""What is delivered: one document that was made at a moment, and the parcel in which documents travel."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType as Format


class Message:
    """One document, serialised once: the bytes that are signed are the bytes that are sent and sent again.

    Attributes:
        id: the same for every attempt and unique to the document, so that receivers can tell a repetition:
            device, boot and number within the boot.
        body: the document.
        made_s: Unix time at which it was made; 0 if the clock was not set.
        made_ms: uptime at which it was made; None if that was before the last restart.
        first: whether it introduces the device: it carries `config` and `status`.
        format: name of the format of the body, a module of `delivery.formats`.
    """

    def __init__(
        self,
        id: str,
        body: bytes,
        made_s: int,
        made_ms: "int | None",
        first: bool = False,
        format: str = "wican",
    ) -> None:
        self.id = id
        self.body = body
        self.made_s = made_s
        self.made_ms = made_ms
        self.first = first
        self.format = format


class Parcel:
    """One or several messages in one request.

    Attributes:
        id: of its first message.
        count: how many messages it holds.
        first: one of them introduces the device in this boot.
        ids: of its messages.
        attempts: how often it has been sent in vain.
        body: what is sent, before compression.
        content_type: of the body; None if the format has none.
        in_query: the body is a query string, to be sent as one.
        trace: the request exactly as it was sent, secrets masked; "" unless `wants_trace`.
    """

    attempts = 0

    def __init__(
        self,
        messages: "Sequence[Message]",
        format: "Format",
        wants_trace: bool = False,
        frame: "tuple[bytes, bytes]" = (b"", b""),
    ) -> None:
        """Joins messages that were made in the same format; several only if it can be joined. `frame` stands before
        and behind them."""
        self.ids = [message.id for message in messages]
        self.id = messages[0].id
        self.count = len(messages)
        # An introduction of an earlier boot, which was waiting, is none for this one.
        self.first = any([message.first and message.made_ms is not None for message in messages])
        self.content_type: str | None = format.CONTENT_TYPE
        self.in_query: bool = getattr(format, "IN_QUERY", False)
        self.body = messages[0].body if len(messages) == 1 else _joined(messages, format)
        if frame[0]:
            self.body = b"".join((frame[0], self.body, frame[1]))
        self.wants_trace = wants_trace
        self.trace = ""


def _joined(messages: "Sequence[Message]", format: "Format") -> bytes:
    bodies = format.SEPARATOR.join([message.body for message in messages])
    return b"".join((format.OPEN, bodies, format.CLOSE))
