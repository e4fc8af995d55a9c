"""Messages that were given up and kept for somebody to look at: the last 20, of 64 KiB at most.

letters = FlashDeadLetters("/outbox/1.dead", "a0b1c2d3e4f5-17-")     # or DeadLetters(), gone after a restart
letters.add(message, "The server rejects the document (422).", 422)
for id, made_s, size, status, reason in letters.rows():
    ...

On flash each letter is a file of its own, so that keeping one more writes no other again: one or two blocks are erased
for it. Nothing is held in memory: the object costs nothing to be made anew whenever it is needed. To deliver a letter
after all, `get` it, put it into the outbox, `flush` that, and only then `delete` it: so no power cut loses it.
"""

import os

from config import files
from micropython import const

from delivery import records
from delivery.message import Message
from delivery.outbox import size

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = tuple[str, int, int, int | None, str]

_MOST = const(20)
_MOST_BYTES = const(65536)
_MOST_REASON = const(300)  # characters


class Letter:
    """A message, the HTTP status it was refused with, None if there was none, and why in a sentence."""

    def __init__(self, message: Message, reason: str, status: "int | None") -> None:
        self.message = message
        self.note = Message(str(status or ""), reason[:_MOST_REASON].encode(), 0, None, False, "")

    def size(self) -> int:
        """Bytes it takes."""
        return size(self.message) + size(self.note)

    def row(self) -> "Row":
        """Id, Unix time it was made (0: unknown), bytes of the body, status and reason."""
        message, note = self.message, self.note
        status = int(note.id) if note.id else None
        return message.id, message.made_s, len(message.body), status, note.body.decode()


class DeadLetters:
    """Letters in memory.

    Attributes:
        dropped: how many were not kept since the object was made: the oldest, too large ones, not writable ones.
    """

    def __init__(self) -> None:
        self._letters: dict[int, Letter] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._numbers())

    def add(self, message: Message, reason: str, status: "int | None") -> bool:
        """Keeps a message, in the place of an earlier one with its id; the oldest may have to go.

        Returns whether it is kept, and safe from power cuts if it is to be.
        """
        letter = Letter(message, reason, status)
        try:
            if letter.size() > _MOST_BYTES:
                raise OSError
            twin = self._find(message.id)
            numbers = self._numbers()
            self._store(numbers[-1] + 1 if numbers else 1, letter)
            if twin is not None:
                self._forget(twin[0])
            self._trim()
        except OSError:
            self.dropped += 1
            return False
        return True

    def rows(self) -> "Iterator[Row]":
        """Id, made_s (0: unknown), bytes of the body, status (None: no answer) and reason of each, the oldest first."""
        for number in self._numbers():
            letter = self._load(number)
            if letter is not None:
                yield letter.row()

    def get(self, id: str) -> "Message | None":
        """The message with that id."""
        found = self._find(id)
        return None if found is None else found[1].message

    def delete(self, id: str) -> bool:
        """Forgets the message with that id; False if there is none. Raises OSError."""
        return self.take(id) is not None

    def take(self, id: str) -> "Message | None":
        """The message with that id, which is forgotten here. Raises OSError."""
        found = self._find(id)
        if found is None:
            return None
        self._forget(found[0])
        return found[1].message

    def clear(self) -> None:
        """Forgets all. Raises OSError."""
        for number in self._numbers():
            self._forget(number)

    def _find(self, id: str) -> "tuple[int, Letter] | None":
        for number in self._numbers():
            letter = self._load(number)
            if letter is not None and letter.message.id == id:
                return number, letter
        return None

    def _trim(self) -> None:
        """Drops the oldest until few enough are left."""
        numbers = self._numbers()
        room = _MOST_BYTES
        for count, number in enumerate(reversed(numbers)):
            room -= self._size(number)
            if count >= _MOST or room < 0:
                self._forget(number)
                self.dropped += 1

    # Where the letters are, by rising numbers; files may raise OSError

    def _numbers(self) -> "list[int]":
        return sorted(self._letters)

    def _load(self, number: int) -> "Letter | None":
        return self._letters[number]

    def _size(self, number: int) -> int:
        return self._letters[number].size()

    def _store(self, number: int, letter: Letter) -> None:
        self._letters[number] = letter

    def _forget(self, number: int) -> None:
        del self._letters[number]


class FlashDeadLetters(DeadLetters):
    """Letters in the files of a folder: two records each, of the message and of what is to be said about it."""

    def __init__(self, folder: str, boot: str) -> None:
        """`folder` is for these letters alone, and made when needed; `boot`: see `records.read`."""
        super().__init__()
        self._folder = folder
        self._boot = boot

    def clear(self) -> None:
        """Forgets all, and the folder. Raises OSError."""
        records.remove_all(self._folder, ["%08x" % number for number in self._numbers()])

    def _numbers(self) -> "list[int]":
        found = []
        try:
            names = records.names_in(self._folder)
        except OSError:
            return []
        for name in names:
            try:
                found.append(int(name, 16))
            except ValueError:
                continue
        return sorted(found)

    def _path(self, number: int) -> str:
        return "%s/%08x" % (self._folder, number)

    def _load(self, number: int) -> "Letter | None":
        """None if it cannot be read, or was not written to its end."""
        try:
            with open(self._path(number), "rb") as file:
                message = records.read(file, number, _MOST_BYTES, self._boot)
                note = None if message is None else records.read(file, number, _MOST_BYTES, "")
        except OSError:
            return None
        if message is None or note is None:
            return None
        letter = Letter(message, "", None)
        letter.note = note
        return letter

    def _size(self, number: int) -> int:
        return os.stat(self._path(number))[6]

    def _store(self, number: int, letter: Letter) -> None:
        with records.open_in(self._folder, "%08x" % number, "wb") as file:
            records.write(file, number, letter.message)
            records.write(file, number, letter.note)
            file.flush()

    def _forget(self, number: int) -> None:
        files.remove(self._path(number))
