"""A log of messages in a folder: added at the end, removed at the beginning, sound after any power cut.

    <folder>/0000002a-0000002d      the oldest segment: records from number 42 on, of which those before 45 are done
    <folder>/00000033               the next one, records from number 51 on; and so on

How many records of a segment count is told by the name of the following one; of the last segment, those before the
first that is not whole. Nothing is added behind a record that is not whole, but in a new segment: whatever an attempt
that failed has left behind does not count, and no record counts twice.
"""

import os

from config import files

from delivery import records
from delivery.outbox import size

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import IO

    from delivery.message import Message


class Segments:
    """The log. What is removed is gone at once, but for good only with the next `save` or `add`.

    Attributes:
        bytes: of all segments, including what was removed of the first one.
    """

    def __init__(self, folder: str, block: int, boot: str) -> None:
        """`block`: bytes of a segment, only a larger message makes a larger one; `boot`: see `records.read`."""
        self._folder = folder
        self._block = block
        self._boot = boot
        self._reset()

    def _reset(self) -> None:
        self._segments: list[list[int]] = []  # [first number, records, bytes], the oldest first
        self._finished: list[str] = []  # paths of segments that nobody needs
        self._growing = False  # the last segment ends with a whole record
        self._damaged = False  # a segment was found shorter than it should be
        self._count = 0
        self._next = 0  # number of the next record that is added
        self.bytes = 0
        self._start_at(0)

    def _start_at(self, number: int) -> None:
        """The first segment begins with this record, and nothing of it is done."""
        self._head = number  # of the oldest message
        self._saved = number  # the same as the first segment's name has it
        # A record of the first segment, not behind the head, and where it is.
        self._mark = number, 0
        # When the oldest message was made, if somebody asked.
        self._made: tuple[int, int | None] | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def unsaved(self) -> bool:
        """Whether anything was removed that would come back after a restart."""
        return bool(self._finished) or self._head != self._saved

    def load(self) -> None:
        """Finds what is on the medium. Raises OSError, and is empty then."""
        try:
            self._find()
        except OSError:
            self._reset()
            raise
        if self._segments:
            self._examine(self._segments[-1])
            self._settle()
            self._recount()

    def add(self, messages: "list[Message]") -> int:
        """Adds as many messages as go into one segment, at least one; returns how many, all safe on the medium.

        Raises OSError; then none of them counts.
        """
        self._release()
        count = self._prepare(messages)
        try:
            self._write(messages[:count])
        except OSError:
            self._growing = False
            self._settle()
            raise
        self._growing = True
        self._next += count
        self._count += count
        added = sum([size(message) for message in messages[:count]])
        self._segments[-1][1] += count
        self._segments[-1][2] += added
        self.bytes += added
        return count

    def read(self, count: int, max_bytes: int) -> "list[Message]":
        """The oldest messages: up to `count`, up to `max_bytes` of bodies together, but at least one if there is any.

        Removes what is damaged, and what is behind it in the same segment. Raises OSError if nothing can be read.
        """
        found: list[Message] = []
        index, room = 0, max_bytes
        while index < len(self._segments) and len(found) < count and room >= 0:
            try:
                room = self._read_segment(index, found, count, room)
            except OSError:
                if not found:
                    raise
                break
            index += 1
        if self._damaged:
            self._damaged = False
            self._settle()
            self._recount()
        return found

    def oldest_made(self) -> "tuple[int, int | None]":
        """`made_s` and `made_ms` of the oldest message; (0, None) if that cannot be read."""
        if self._made is None:
            try:
                self._made = self._read_made()
            except OSError:
                self._made = (0, None)
        return self._made

    def remove(self, count: int) -> None:
        """Removes the oldest messages."""
        count = min(count, self._count)
        self._count -= count
        self._made = None
        while count:
            step = min(count, _end(self._segments[0]) - self._head)
            self._head += step
            count -= step
            self._settle()

    def remove_segment(self) -> None:
        """Removes the oldest segment, with what is left in it."""
        self.remove(_end(self._segments[0]) - self._head)

    def save(self) -> None:
        """Makes sure that nothing comes back that was removed. Raises OSError."""
        self._release()
        if self._head != self._saved:
            name = _name(self._segments[0][0], self._head)
            os.rename(self._path(0), self._folder + "/" + name)
            self._saved = self._head

    def purge(self) -> None:
        """Deletes everything. Raises OSError."""
        names = [_name(first, head) for first, head in self._listed()]
        records.remove_all(self._folder, names)
        self._reset()

    def _find(self) -> None:
        for first, head in self._listed():
            if self._segments:
                self._segments[-1][1] = first - self._segments[-1][0]
            else:
                self._start_at(first)
                self._head = self._saved = head
            length = os.stat(self._folder + "/" + _name(first, head))[6]
            self._segments.append([first, 0, length])
            self.bytes += length

    def _listed(self) -> "list[tuple[int, int]]":
        """First record and head of the segments on the medium, the oldest first."""
        names = [_parsed(name) for name in records.names_in(self._folder)]
        return sorted([name for name in names if name is not None])

    def _path(self, index: int) -> str:
        first = self._segments[index][0]
        return self._folder + "/" + _name(first, first if index else self._saved)

    def _examine(self, last: "list[int]") -> None:
        """Counts the records of the last segment, which may end in the middle of one."""
        number, place = last[0], 0
        try:
            with open(self._path(len(self._segments) - 1), "rb") as file:
                message = records.read(file, number, last[2], self._boot)
                while message is not None:
                    number += 1
                    place += size(message)
                    message = records.read(file, number, last[2] - place, self._boot)
        except OSError:
            place = -1  # what cannot be read does not count
        last[1] = number - last[0]
        self._growing = place == last[2]
        self._next = max(number, self._head)

    def _settle(self) -> None:
        """Leaves out the segments at the beginning of which all is done."""
        while self._segments and self._head >= _end(self._segments[0]):
            self._finished.append(self._path(0))
            self.bytes -= self._segments.pop(0)[2]
            self._start_at(self._segments[0][0] if self._segments else self._next)

    def _recount(self) -> None:
        self._count = sum([segment[1] for segment in self._segments])
        if self._segments:
            self._count -= self._head - self._segments[0][0]

    def _release(self) -> None:
        """Deletes what is finished, the oldest first."""
        while self._finished:
            files.remove(self._finished[0])
            self._finished.pop(0)

    def _prepare(self, messages: "list[Message]") -> int:
        """Makes sure that the last segment is the one to add to; returns how many messages go into it."""
        if self._growing and self._segments:
            room = self._block - self._segments[-1][2]
            count = _fitting(messages, room)
            if count == len(messages) or (count and room > self._block // 4):
                return count  # else: rather some room lost than two files written
        self._growing = False
        if not self._segments:
            self._start_at(self._next)
        if self._segments and self._segments[-1][0] == self._next:  # nothing in it counts
            self.bytes -= self._segments.pop()[2]
        self._segments.append([self._next, 0, 0])
        return max(1, _fitting(messages, self._block))

    def _write(self, messages: "list[Message]") -> None:
        name = self._path(len(self._segments) - 1)[len(self._folder) + 1 :]
        with records.open_in(self._folder, name, "ab" if self._growing else "wb") as file:
            number = self._next
            for message in messages:
                records.write(file, number, message)
                number += 1
            file.flush()

    def _read_segment(self, index: int, found: "list[Message]", count: int, room: int) -> int:
        """Adds messages of one segment; returns the bytes that are left, less than 0 if the next one is too large."""
        first, held, length = self._segments[index]
        with open(self._path(index), "rb") as file:
            number, place = (first, 0) if index else self._seek_head(file)
            while number < first + held and len(found) < count:
                message = records.read(file, number, length - place, self._boot)
                if message is None:
                    self._cut_off(index, number)
                    break
                room -= len(message.body)
                if room < 0 and found:
                    break
                found.append(message)
                number += 1
                place += size(message)
        return room

    def _seek_head(self, file: "IO[bytes]") -> "tuple[int, int]":
        """Goes to the oldest message in the first segment; returns the number and the place it has come to."""
        number, place = self._mark
        file.seek(place)
        while number < self._head:
            found = records.read_head(file, number, self._segments[0][2] - place)
            if found is None:
                break
            number += 1
            place += records.record_size(found[1])
            file.seek(place)
        self._mark = number, place
        return number, place

    def _cut_off(self, index: int, number: int) -> None:
        """From this record on, the segment is damaged."""
        segment = self._segments[index]
        segment[1] = number - segment[0]
        self._damaged = True
        if index == len(self._segments) - 1:
            self._growing = False

    def _read_made(self) -> "tuple[int, int | None]":
        with open(self._path(0), "rb") as file:
            number, place = self._seek_head(file)
            found = records.read_head(file, number, self._segments[0][2] - place)
            if number != self._head or found is None:
                return 0, None
            return found[1][2], records.read_tag(file, found[1], self._boot)[1]


def _end(segment: "list[int]") -> int:
    """The number behind its last record."""
    return segment[0] + segment[1]


def _name(first: int, head: int) -> str:
    return "%08x" % first if head == first else "%08x-%08x" % (first, head)


def _parsed(name: str) -> "tuple[int, int] | None":
    """First record and head of the segment with that file name, None if it is no segment's."""
    first, _, head = name.partition("-")
    try:
        number = int(first, 16)
        found = number, int(head, 16) if head else number
    except ValueError:
        return None
    return found if _name(*found) == name else None


def _fitting(messages: "list[Message]", room: int) -> int:
    """How many of the messages go into so many bytes."""
    for count in range(len(messages)):
        room -= size(messages[count])
        if room < 0:
            return count
    return len(messages)
