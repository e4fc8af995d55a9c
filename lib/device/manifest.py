"""What an update holds: its manifest, a text that is signed and read line by line.

    wican-update 1
    board wican_pro
    version 1.4.0
    minimum 1.2.0

    <SHA-256 in 64 hexadecimal digits> <size in bytes> <path>
    ...

`minimum` is the oldest version that may be installed once this one is confirmed. Paths are relative to the slot. Long
manifests stay text: as objects they would take several times the memory.
"""

from binascii import unhexlify

from micropython import const

from device import version

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    Entry = tuple[str, int, bytes]

MAX_SIZE = const(49152)  # bytes of the text
_FORMAT = "wican-update 1"
_RESERVED = ("manifest", "manifest.new")
_KEYS = ("board", "version", "minimum")
_MOST_FILES = const(400)
_MOST_BYTES = const(4_194_304)
_MOST_DIGITS = const(7)
_LONGEST_PATH = const(80)
_DEEPEST = const(6)
_LONGEST_NAME = const(40)
_ALLOWED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."


class UpdateError(Exception):
    """Why an update is refused or failed: `code` for programs, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Manifest:
    """A manifest whose form has been checked, line by line.

    Attributes:
        text: as it was signed.
        board, version, minimum: what its head says.
        files: how many files there are.
        size: bytes of all of them.
    """

    def __init__(self, text: bytes) -> None:
        """Raises UpdateError, code "manifest"."""
        self.text = text
        self._start = text.find(b"\n\n") + 2
        self.board, self.version, self.minimum = self._head()
        self.files = self.size = 0
        before = ""
        for path, size, _ in self.entries():
            if path <= before:  # in order, so that no path comes twice
                raise _damaged("its files are not in order")
            before = path
            self.files += 1
            self.size += size
        if not 0 < self.files <= _MOST_FILES or self.size > _MOST_BYTES:
            raise _damaged("it has %d files of %d bytes" % (self.files, self.size))

    def entries(self) -> "Iterator[Entry]":
        """(path, bytes, SHA-256) of each file, in the order of the archive. Raises UpdateError."""
        start = self._start
        while start < len(self.text):
            stop = self.text.find(b"\n", start)
            if stop < 0:
                raise _damaged("its last line has no end")
            yield _entry(self.text[start:stop])
            start = stop + 1

    def _head(self) -> "list[str]":
        try:
            lines = self.text[: self._start - 2].decode().split("\n")
        except ValueError:
            lines = []
        if self._start < 2 or len(lines) != 1 + len(_KEYS) or lines[0] != _FORMAT:
            raise UpdateError("format", "This is no update that this device knows.")
        pairs = [line.partition(" ") for line in lines[1:]]
        if tuple([pair[0] for pair in pairs]) != _KEYS:
            raise _damaged("its head is not complete")
        if not all([version.is_version(pair[2]) for pair in pairs[1:]]):
            raise _damaged("its version is none")
        return [pair[2] for pair in pairs]


def is_path(path: str) -> bool:
    """Whether a file may have that path: relative, of plain names, not out of its folder, not the manifest's own."""
    names = path.split("/")
    if len(path) > _LONGEST_PATH or len(names) > _DEEPEST or path in _RESERVED:
        return False
    for name in names:
        if not name or len(name) > _LONGEST_NAME or name[0] == ".":
            return False
        if [char for char in name if char not in _ALLOWED]:
            return False
    return True


def _entry(line: bytes) -> "Entry":
    try:
        digest, size, path = line.decode().split(" ")
        found = unhexlify(digest)
    except ValueError:
        raise _damaged("a line is none")
    if len(found) != 32 or not version.is_number(size, _MOST_DIGITS):
        raise _damaged("a line is none")
    if not is_path(path):
        raise UpdateError("path", "The update has a file at a place where none may be.")
    return path, int(size), found


def _damaged(why: str) -> UpdateError:
    return UpdateError("manifest", "The update's manifest makes no sense: %s." % why)
