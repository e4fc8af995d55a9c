"""Replaces the default bundle by one that arrives in pieces; whenever the power fails, the old or the new is there.

with Update(path) as update:        # what is there of the new bundle goes, unless it was committed
    update.write(piece)             # as often as needed
    date, count = await update.commit()

An older date is accepted: with a newer bundle somebody may have lost the very root that his server's chain needs, and
going back is his way out. Who may replace the bundle at all is decided by the gate in front of the page, not by the
date. A format other than this firmware's is refused, since nothing could be looked up in it.
"""

import asyncio
import os
from hashlib import sha256

from config import files
from micropython import const

from trust import roots
from trust.roots import Bundle, RootsError

MAX_SIZE = const(524288)  # bytes; four times as many as there are
_PIECE = const(1024)
_ENOSPC = const(28)  # MicroPython has no name for it

_REFUSALS = {
    roots.DAMAGED: "The new bundle is damaged, or something else; send one made by `make roots`.",
    roots.OTHER: "The new bundle has a format that this firmware does not know; update the firmware first.",
}


class Update:
    """A bundle on its way. Only one at a time: whoever receives it sees to that."""

    def __init__(self, path: str) -> None:
        """`path`: of the bundle in use, or to be; its folder and the one around it are made. Raises RootsError."""
        self._path = path
        self._fresh = path + ".new"
        self._size = 0
        try:
            for parent in _parents(path):
                files.make_folder(parent)
            self._file = open(self._fresh, "wb")  # noqa: SIM115 (closed at the end of the block)
        except OSError as error:
            raise _unwritten(error)

    def __enter__(self) -> "Update":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left of a bundle that was not committed, unless even that fails: the next one overwrites it."""
        try:
            self._file.close()
        except OSError:
            pass
        discard(self._path)

    def write(self, piece: "bytes | memoryview") -> None:
        """The next bytes. Raises RootsError if there is no room for them, or if it is more than 512 KB."""
        self._size += len(piece)
        if self._size > MAX_SIZE:
            raise RootsError("The new bundle is larger than 512 KB.")
        try:
            self._file.write(piece)
        except OSError as error:
            raise _unwritten(error)

    async def commit(self) -> "tuple[str, int]":
        """Checks what is on the medium and puts it in place; returns its date "YYYY-MM-DD" and the number of roots.

        Raises RootsError if it is not a bundle that is right in every byte; the one before stays then.
        """
        try:
            self._file.flush()  # does not return before it is on the medium: see config.files
            self._file.close()
            found = await checked(self._fresh)
            os.rename(self._fresh, self._path)
        except OSError as error:
            raise _unwritten(error)
        except RootsError as error:
            raise RootsError(_REFUSALS.get(str(error), "The new bundle cannot be read back."))
        return found


async def checked(path: str) -> "tuple[str, int]":
    """Reads a bundle from end to end, giving way in between: date and count if all is right, else RootsError."""
    with Bundle(path) as bundle:
        await _check_hash(bundle)
        place, before = bundle.start, b""
        for entry in bundle.entries():
            if entry[0] < before or entry[1] != place:
                raise RootsError(roots.DAMAGED)
            bundle.certificate(entry)
            before, place = entry[0], place + entry[2]
            await asyncio.sleep_ms(0)
        if place != bundle.stop:
            raise RootsError(roots.DAMAGED)
        return bundle.date, bundle.count


def discard(path: str) -> None:
    """Removes what a power cut left of a new bundle for `path`, if it can be."""
    try:
        os.remove(path + ".new")
    except OSError:
        pass


async def _check_hash(bundle: Bundle) -> None:
    digest = sha256()
    for place in range(0, bundle.stop, _PIECE):
        digest.update(bundle.read(place, min(_PIECE, bundle.stop - place)))
        await asyncio.sleep_ms(0)
    if digest.digest() != bundle.read(bundle.stop, roots.HASH):
        raise RootsError(roots.DAMAGED)


def _unwritten(error: OSError) -> RootsError:
    if error.errno == _ENOSPC:
        return RootsError("There is no room for the new bundle.")
    return RootsError(f"The new bundle cannot be stored ({error}).")


def _parents(path: str) -> "list[str]":
    """The two folders that a bundle is in, the outer one first."""
    inner = path.rsplit("/", 1)[0]
    return [inner.rsplit("/", 1)[0], inner]
