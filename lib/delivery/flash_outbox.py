"""An outbox that survives restarts: the newest messages in memory, the older ones on flash.

A message that is delivered before it has waited ten seconds, and before later ones push it out, never gets to flash: an
outbox without trouble writes nothing. Otherwise what has gathered is written together: after 10 s, or before the next
message if there are 16, or 4 KiB with it. What was delivered is noted as lazily, after 10 s or 16 messages. So much a
power cut may lose, or have delivered again; `flush` does both at once.

Wear, counted on littlefs with blocks of 4 KiB while nothing was delivered: messages of 500 bytes erase 250 blocks an
hour if they come every 5 s and 560 if they come every second; of 1500 bytes every 5 s, 390. Delivering 474 of them
erased one. With 3 MiB free, 768 blocks that last for 100,000 times each, 560 an hour make fifteen years without a
single delivery.
"""

from errno import EIO

from micropython import const

from delivery.outbox import RamOutbox
from delivery.segments import Segments

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from delivery.message import Message

_LAZY_MS = const(10_000)
_LAZY_COUNT = const(16)
_BLOCK = const(4096)
_HELD_BYTES = const(65536)  # as much stays in memory when the flash takes nothing
_READS = const(3)
_ENOSPC = const(28)  # which MicroPython does not name


class FlashOutbox(RamOutbox):
    """Messages that were put are safe once `flush` has returned True, or soon after if `tick` is called.

    Errors of the storage are told by `trouble` and never raised. What cannot be written waits in memory and is tried
    again every ten seconds; beyond 64 KiB the oldest segment gives way if the flash is full, else the oldest message in
    memory. What cannot be read is tried three times in half a minute and then dropped.
    """

    def __init__(self, folder: str, queue: dict, boot: str) -> None:
        """Opens what is in the folder; nothing is written.

        Args:
            folder: for this outbox alone; it and the one above are made when needed.
            queue: see `RamOutbox`; `max_kb` covers the files, so up to a whole segment is dropped at a time.
            boot: what the ids of this boot begin with. Of other messages nobody knows the uptime.
        """
        super().__init__(queue)
        self._log = Segments(folder, min(_BLOCK, self._most_bytes // 4), boot)
        self._broken = False
        self._no_space = False  # was the latest trouble
        self._moved = 0  # messages removed from the log since that was saved
        self._failed_reads = 0
        self._waits = False  # for the next try to read
        self._oldest: Message | None = None  # in memory, at the last tick
        self._oldest_ms = 0  # when it was seen there first
        self._clean_ms = 0  # when nothing was removed but unsaved
        self.trouble = ""
        self._open()

    def __len__(self) -> int:
        return len(self._log) + len(self._messages)

    @property
    def bytes(self) -> int:
        """What the messages take, with those on flash that are done but still there."""
        return self._log.bytes + self._held

    def peek(self, count: int, max_bytes: int) -> "list[Message]":
        """The oldest messages, on flash and in memory; see `RamOutbox.peek`."""
        stored = self._read(count, max_bytes) if len(self._log) else []
        if len(stored) < len(self._log) or len(stored) >= count:
            return stored
        for message in stored:
            max_bytes -= len(message.body)
        more = super().peek(count - len(stored), max_bytes)
        if stored and more and len(more[0].body) > max_bytes:
            return stored
        return stored + more

    def done(self, count: int) -> None:
        """Removes the `count` oldest messages: they were delivered or moved elsewhere."""
        stored = min(count, len(self._log))
        super().done(count - stored)
        if stored:
            self._log.remove(stored)
            self._moved += stored
            if self._moved >= _LAZY_COUNT and not self.trouble:
                self._try(self._save_log)

    def tick(self, now_ms: int) -> None:
        """Stores what has waited for ten seconds; `now_ms` is the uptime."""
        if self.wait_ms(now_ms) == 0:
            self._waits = False
            self.flush()
            self._oldest_ms = self._clean_ms = now_ms  # for the next try if that failed

    def wait_ms(self, now_ms: int) -> "int | None":
        """Milliseconds until `tick` has something to do; None if it has not until something changes."""
        oldest = self._messages[0] if self._messages else None
        if oldest is not self._oldest:
            self._oldest, self._oldest_ms = oldest, now_ms
        removed = self._log.unsaved or self._waits
        if not removed:
            self._clean_ms = now_ms
        if oldest is None and not removed:
            return None
        since = self._clean_ms if oldest is None else min(self._oldest_ms, self._clean_ms)
        return max(0, since + _LAZY_MS - now_ms)

    def flush(self) -> bool:
        """Stores everything now; False if that failed, and `trouble` says why."""
        return self._try(self._store)

    def close(self) -> None:
        """Stores everything if possible; the outbox is not used afterwards."""
        self.flush()

    def purge(self) -> None:
        """Deletes all messages for good, uncounted, and their files."""
        super().purge()
        self._failed_reads = self._moved = 0
        self._broken = self._waits = False
        self._try(self._log.purge)

    def _open(self) -> None:
        self._broken = not self._try(self._log.load)
        self._make_room(0, 0)

    def _try(self, action: "Callable[[], None]") -> bool:
        try:
            action()
        except OSError as error:
            self.trouble = _sentence(error)
            self._no_space = error.errno == _ENOSPC
            return False
        self.trouble = ""
        return True

    def _store(self) -> None:
        if self._broken:
            raise OSError(EIO, "the folder cannot be read")
        while self._messages:
            super().done(self._log.add(self._messages))
        self._save_log()

    def _save_log(self) -> None:
        self._log.save()
        self._moved = 0

    def _add(self, message: "Message", need: int) -> None:
        """What was there before is written if this one is too much: it may be delivered at once."""
        full = len(self._messages) >= _LAZY_COUNT or self._held + need > _BLOCK
        if full and self._messages and not self.trouble:
            self.flush()
        super()._add(message, need)
        if self._held > _HELD_BYTES and self._no_space and len(self._log):
            self._drop_segment()
            self.flush()
        while self._held > _HELD_BYTES and len(self._messages) > 1:
            super().done(1)
            self.dropped += 1

    def _drop_bytes(self) -> None:
        if len(self._log):
            self._drop_segment()
        elif self._messages:
            self._drop()

    def _drop_segment(self) -> None:
        before = len(self._log)
        self._log.remove_segment()
        self.dropped += before - len(self._log)

    def _read(self, count: int, max_bytes: int) -> "list[Message]":
        if self._waits:
            return []
        before = len(self._log)
        try:
            found = self._log.read(count, max_bytes)
            self._failed_reads = 0
        except OSError as error:
            found = []
            self._give_up(error)
        self.dropped += before - len(self._log)
        return found

    def _give_up(self, error: OSError) -> None:
        """The oldest segment cannot be read: tried again later, but not for ever."""
        self.trouble = _sentence(error)
        self._waits = True
        self._failed_reads += 1
        if self._failed_reads == _READS:
            self._failed_reads = 0
            self._waits = False
            self._log.remove_segment()

    def _oldest_made(self) -> "tuple[int, int | None]":
        return self._log.oldest_made() if len(self._log) else super()._oldest_made()


def _sentence(error: OSError) -> str:
    if error.errno == _ENOSPC:
        return "The flash is full: documents wait in memory only."
    return "The flash fails (%s): documents wait in memory only." % error
