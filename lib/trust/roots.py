"""The default bundle of public roots: one file, of which only the root that a server's chain needs is read.

    ROOTS1\\n\\0                     8 bytes
    date                            8 digits YYYYMMDD: what the roots were taken from
    count                           u16, as all numbers big-endian
    count times, sorted by key:     the index
        key                         the first 8 bytes of the SHA-256 of the subject (DER Name)
        offset, length              u32 from the start of the file, u16
    certificates                    DER, in the order of the index, nothing between them
    SHA-256                         32 bytes, of everything before

`tools/roots.py` makes it, `trust.roots_update` checks and replaces it. The hash is checked then and not at every
look-up, which reads some 3 KB of the file's 130: a root whose bytes have changed since can only fail to verify a
server.
"""

import os
from errno import ENOENT
from hashlib import sha256

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    Entry = tuple[bytes, int, int]

MAGIC = b"ROOTS1\n\0"
HEADER = const(18)  # bytes
ENTRY = const(14)
HASH = const(32)
_KEY = const(8)
_PIECE = const(18)  # entries that are read at a time
_FAMILY = const(5)  # so many bytes of MAGIC are the same in every version

MISSING = "The default bundle of public authorities is not installed."
DAMAGED = "The default bundle of public authorities is damaged; install it again."
OTHER = "The default bundle of public authorities has a format that this firmware does not know."
UNREADABLE = "The default bundle of public authorities cannot be read."


class RootsError(Exception):
    """Why the bundle cannot be used; `str()` is one plain sentence."""


def key(name: bytes) -> bytes:
    """What the root of that subject (the whole DER Name) goes by in the index."""
    return sha256(name).digest()[:_KEY]


def find(path: str, keys: "Container[bytes]") -> "list[bytes]":
    """All roots (DER) whose subject has one of these keys; none if there are none. Raises RootsError."""
    with Bundle(path) as bundle:
        return [bundle.certificate(entry) for entry in bundle.entries(keys)]


def about(path: str) -> "tuple[str, int]":
    """The bundle's date, "YYYY-MM-DD", and how many roots are in it. Raises RootsError."""
    with Bundle(path) as bundle:
        return bundle.date, bundle.count


class Bundle:
    """An open file whose header is right. Each method raises RootsError, as making it does.

    Attributes:
        date: "YYYY-MM-DD".
        count: of roots.
        start, stop: where the certificates are in the file.
    """

    def __init__(self, path: str) -> None:
        try:
            size = os.stat(path)[6]
            self._file = open(path, "rb")  # noqa: SIM115 (closed at the end of the block)
        except OSError as error:
            raise RootsError(MISSING if error.errno == ENOENT else UNREADABLE)
        try:
            self._read_header(size)
        except RootsError:
            self._file.close()
            raise

    def __enter__(self) -> "Bundle":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _read_header(self, size: int) -> None:
        head = self.read(0, HEADER)
        if head[:8] != MAGIC:
            known = head[:_FAMILY] == MAGIC[:_FAMILY]
            raise RootsError(OTHER if known else DAMAGED)
        if not head[8:16].isdigit():
            raise RootsError(DAMAGED)
        digits = head[8:16].decode()
        self.date = digits[:4] + "-" + digits[4:6] + "-" + digits[6:]
        self.count = int.from_bytes(head[16:], "big")
        self.start, self.stop = HEADER + ENTRY * self.count, size - HASH
        if not self.count or self.start > self.stop:
            raise RootsError(DAMAGED)

    def read(self, place: int, length: int) -> bytes:
        """So many bytes from that place in the file."""
        try:
            self._file.seek(place)
            data = self._file.read(length)
        except OSError:
            raise RootsError(UNREADABLE)
        if len(data) < length:
            raise RootsError(DAMAGED)
        return data

    def entries(self, keys: "Container[bytes] | None" = None) -> "Iterator[Entry]":
        """Key, offset and length of the index's entries with one of these keys, or of all."""
        for first in range(0, self.count, _PIECE):
            size = min(_PIECE, self.count - first) * ENTRY
            piece = self.read(HEADER + first * ENTRY, size)
            for at in range(0, size, ENTRY):
                found = piece[at : at + _KEY]
                if keys is None or found in keys:
                    offset = int.from_bytes(piece[at + 8 : at + 12], "big")
                    yield found, offset, int.from_bytes(piece[at + 12 : at + 14], "big")

    def certificate(self, entry: "Entry") -> bytes:
        """The root of an entry (DER), after a look at whether it is the one."""
        from trust.x509 import Certificate  # a look-up that finds nothing does without

        wanted, offset, length = entry
        if not self.start <= offset <= self.stop - length:
            raise RootsError(DAMAGED)
        data = self.read(offset, length)
        try:
            if key(Certificate(data).subject_raw) == wanted:
                return data
        except ValueError:
            pass
        raise RootsError(DAMAGED)
