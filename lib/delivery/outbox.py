"""What waits for a destination, oldest first: bounded by number, bytes and age. What is too much drops the oldest.

outbox = RamOutbox(settings["queue"])       # or FlashOutbox, which survives a restart
outbox.put(message)
messages = outbox.peek(10, 8192)            # they stay
outbox.done(len(messages))                  # they were delivered, or moved elsewhere
outbox.tick(now_ms)                         # again and again, at least after wait_ms(now_ms)
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.message import Message

from micropython import const

_RECORD = const(27)  # what `delivery.records` adds to a message


def size(message: "Message") -> int:
    """Bytes that a message takes on flash, and counts for everywhere."""
    return _RECORD + len(message.id) + len(message.format) + len(message.body)


class RamOutbox:
    """Messages in memory, gone after a restart.

    Attributes:
        dropped: how many messages were given up since the outbox was made: too many, too large, too old, damaged.
        trouble: one sentence about what is wrong with the storage; "" if nothing is.
    """

    trouble = ""

    def __init__(self, queue: dict) -> None:
        """`queue`: max_items, max_kb (KiB) and max_age_s (0: any age) of the settings."""
        self._messages: list[Message] = []
        self._held = 0  # bytes of these
        self.dropped = 0
        self._most = queue["max_items"]
        self._most_bytes = queue["max_kb"] * 1024
        self._most_s = queue["max_age_s"]

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def bytes(self) -> int:
        """What the messages take."""
        return self._held

    def put(self, message: "Message") -> None:
        """Adds a message, for which the oldest may have to go; one that is larger than the outbox goes itself."""
        need = size(message)
        if need > self._most_bytes:
            self.dropped += 1
            return
        self._make_room(1, need)
        self._add(message, need)

    def limit(self, queue: dict) -> None:
        """Goes on with other limits, see `__init__`; what is too much now is dropped."""
        self._most = queue["max_items"]
        self._most_bytes = queue["max_kb"] * 1024
        self._most_s = queue["max_age_s"]
        self._make_room(0, 0)

    def peek(self, count: int, max_bytes: int) -> "list[Message]":
        """The oldest messages: up to `count`, up to `max_bytes` of bodies together, but at least one if there is any.

        They stay, and are the first ones until `done` or until they are dropped, as `dropped` tells. An outbox on
        flash returns nothing while it cannot be read.
        """
        return _within(self._messages, count, max_bytes)

    def done(self, count: int) -> None:
        """Removes the `count` oldest messages: they were delivered or moved elsewhere."""
        for message in self._messages[:count]:
            self._held -= size(message)
        del self._messages[:count]

    def oldest_age_s(self, now_ms: int, unix_s: int) -> "int | None":
        """Seconds since the oldest message was made, None if there is none or nobody knows.

        Args:
            now_ms: uptime.
            unix_s: Unix time, 0 while the clock is not set.
        """
        made_s, made_ms = self._oldest_made() if len(self) else (0, None)
        if made_ms is not None:  # the uptime does not jump
            return (now_ms - made_ms) // 1000
        return max(0, unix_s - made_s) if made_s and unix_s else None

    def expire(self, now_ms: int, unix_s: int) -> None:
        """Drops the oldest messages while they are too old; one of unknown age stays, and those behind it."""
        if not self._most_s:
            return
        age = self.oldest_age_s(now_ms, unix_s)
        while age is not None and age > self._most_s:
            self._drop()
            age = self.oldest_age_s(now_ms, unix_s)

    def tick(self, now_ms: int) -> None:
        """Stores what is due to be stored; `now_ms` is the uptime."""

    def wait_ms(self, now_ms: int) -> "int | None":
        """Milliseconds until `tick` has something to do; None if it has not until something changes."""
        return None

    def flush(self) -> bool:
        """Stores everything now; False if that failed, and `trouble` says why."""
        return True

    def close(self) -> None:
        """Stores everything if possible; the outbox is not used afterwards."""

    def purge(self) -> None:
        """Deletes all messages for good, uncounted."""
        self._messages = []
        self._held = 0

    def _make_room(self, count: int, need: int) -> None:
        """Drops until so many messages with so many bytes can be added."""
        while len(self) and len(self) + count > self._most:
            self._drop()
        while len(self) and self.bytes + need > self._most_bytes:
            self._drop_bytes()

    def _drop(self) -> None:
        self.done(1)
        self.dropped += 1

    def _drop_bytes(self) -> None:
        """Drops as few as make the outbox smaller."""
        self._drop()

    def _add(self, message: "Message", need: int) -> None:
        self._messages.append(message)
        self._held += need

    def _oldest_made(self) -> "tuple[int, int | None]":
        """`made_s` and `made_ms` of the oldest message."""
        return self._messages[0].made_s, self._messages[0].made_ms


def _within(messages: "list[Message]", count: int, max_bytes: int) -> "list[Message]":
    """The first messages that keep within the limits, at least one."""
    fitting = 0
    for message in messages[:count]:
        max_bytes -= len(message.body)
        if max_bytes < 0 and fitting:
            break
        fitting += 1
    return messages[:fitting]
