"""The outbox of a destination without one: the newest document waits, the one before it is given up."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.message import Message


class Slot:
    """Room for one message, with the face of `delivery.outbox`.

    Attributes:
        dropped: messages that gave way to a newer one.
        trouble: always ""; other outboxes say here what is wrong with their storage.
    """

    trouble = ""

    def __init__(self) -> None:
        self._message: Message | None = None
        self.dropped = 0

    def __len__(self) -> int:
        return 0 if self._message is None else 1

    @property
    def bytes(self) -> int:
        """Bytes that wait."""
        return 0 if self._message is None else len(self._message.body)

    def put(self, message: "Message") -> None:
        """Takes the place of the one before."""
        self.dropped += len(self)
        self._message = message

    def limit(self, queue: dict) -> None:
        """A slot has none but one."""

    def peek(self, count: int, max_bytes: int) -> "list[Message]":
        """What is next."""
        return [] if self._message is None else [self._message]

    def done(self, count: int) -> None:
        """What was next is delivered or given up."""
        if count:
            self._message = None

    def expire(self, now_ms: int, unix_s: int) -> None:
        """The newest values are never too old."""

    def tick(self, now_ms: int) -> None:
        """Nothing to store."""

    def wait_ms(self, now_ms: int) -> "int | None":
        """Never."""
        return None

    def oldest_age_s(self, now_ms: int, unix_s: int) -> "int | None":
        """Seconds since the message was made; None if there is none."""
        message = self._message
        if message is None or message.made_ms is None:
            return None
        return (now_ms - message.made_ms) // 1000

    def flush(self) -> bool:
        """Nothing to store."""
        return True

    def close(self) -> None:
        """Nothing to close."""

    def purge(self) -> None:
        """Forgets the message."""
        self._message = None
