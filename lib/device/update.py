"""Takes a signed update piece by piece and writes it to the spare slot; the one in use stays what it is.

    await Update(slots, key, board, read, length).install()

An update is "WUP1", the length of its manifest in four bytes (big endian), the manifest (see `device.manifest`), its
signature in 384 bytes (see `device.signature`), and the contents of all files one after the other. Nothing is written
before the signature is right. Every file is read back from the medium and its SHA-256 compared; the manifest, which
makes the slot whole, is written when all of them are there. Whenever the power fails, the old application starts.
"""

import asyncio
import os
from errno import EEXIST
from hashlib import sha256

from micropython import const

from device import signature, version
from device.manifest import MAX_SIZE, Manifest, UpdateError
from device.slots import MANIFEST

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.slots import Slots

    Read = Callable[[int], Awaitable[bytes]]

MAGIC = b"WUP1"
KEY_FILE = "/update.pub"  # the modulus: whose signature counts
_HEAD = const(8)  # bytes of magic and length
_PIECE = const(2048)
_FOLDER = const(0x4000)  # in what `os.stat` says first
_SPARE_BLOCKS = const(24)  # for settings and what else is written meanwhile
_ENOSPC = const(28)  # MicroPython has no name for it


def read_key(root: str) -> bytes:
    """The public key that this device was delivered with. Raises UpdateError."""
    try:
        with open(root + KEY_FILE, "rb") as file:
            key = file.read(signature.SIZE + 1)
    except OSError:
        key = b""
    if len(key) != signature.SIZE:
        text = "This device has no key to check updates with; write an image of its firmware."
        raise UpdateError("no_key", text)
    return key


class Update:
    """One update on its way. Only one at a time: whoever receives it sees to that.

    Attributes:
        manifest: None until its signature was found right.
        written: bytes of files that are on the medium.
    """

    def __init__(
        self,
        slots: "Slots",
        key: bytes,
        board: str,
        read: "Read",
        length: "int | None" = None,
        busy: "Callable[[], None] | None" = None,
    ) -> None:
        """`read(size)` gives 1 to `size` bytes, none at the end; `length` is how many there are, if that is known.

        `busy` is called whenever a part of the work is done.
        """
        self.manifest: Manifest | None = None
        self.written = 0
        self._slots = slots
        self._key = key
        self._board = board
        self._source = read
        self._length = length
        self._busy = busy or _nothing

    async def install(self) -> Manifest:
        """Receives all of it; at the next start it gets its trial. Raises UpdateError; the spare slot is empty then."""
        try:
            self.manifest = manifest = await self._receive_manifest()
            self._admit(manifest)
            slot = self._slots.free()
            await empty(self._slots.folder(slot), self._busy)
            try:
                await self._fill(manifest, slot)
            except Exception:
                await empty(self._slots.folder(slot))
                raise
            self._slots.try_next(slot)
        except EOFError:
            raise UpdateError("truncated", "The update is not complete: the connection was lost.")
        except OSError as error:
            raise _unwritten(error)
        return manifest

    async def _fill(self, manifest: Manifest, slot: str) -> None:
        folder = self._slots.folder(slot)
        self._check_room(manifest)
        _make_folder(folder)
        for path, size, digest in manifest.entries():
            _make_parents(folder, path)
            if await self._store(folder + "/" + path, size) != digest:
                raise UpdateError("damaged", "The update is damaged: download it again.")
            self._busy()
            if await digest_of(folder + "/" + path) != digest:
                raise UpdateError("storage", "The memory does not keep what is written to it.")
        if await self._more():
            raise UpdateError("length", "The update is longer than its manifest says.")
        _write(folder + MANIFEST, manifest.text)

    # What comes before the files

    async def _receive_manifest(self) -> Manifest:
        head = await self._take(_HEAD)
        if head[:4] != MAGIC:
            raise UpdateError("format", "This is no update that this device knows.")
        size = int.from_bytes(head[4:], "big")
        if not 0 < size <= MAX_SIZE:
            raise UpdateError("format", "The update's manifest is too long for this device.")
        text = await self._take(size)
        signed = await self._take(signature.SIZE)
        if not await signature.verify(self._key, sha256(text).digest(), signed):
            raise UpdateError("signature", "The update is not signed with this device's key.")
        return Manifest(text)

    def _admit(self, manifest: Manifest) -> None:
        """Raises UpdateError if a good update is none for this device, now."""
        if manifest.board != self._board:
            text = "The update is for the board %s; this is %s."
            raise UpdateError("board", text % (manifest.board[:40], self._board))
        if version.key(manifest.version) < version.key(self._slots.oldest):
            text = "Version %s is too old: this device takes %s or newer."
            raise UpdateError("too_old", text % (manifest.version, self._slots.oldest))
        if self._slots.trial and self._slots.tried:
            text = "The running version is on trial: wait a few minutes until it is confirmed."
            raise UpdateError("on_trial", text)
        whole = _HEAD + len(manifest.text) + signature.SIZE + manifest.size
        if self._length is not None and self._length != whole:
            code = "truncated" if self._length < whole else "length"
            raise UpdateError(code, "The update has %d bytes, not %d." % (self._length, whole))

    def _check_room(self, manifest: Manifest) -> None:
        found = os.statvfs(self._slots.root or "/")
        block, free = found[0], found[3]
        need = _SPARE_BLOCKS
        for _, size, _ in manifest.entries():
            need += size // block + 2  # what is left over, and a folder
        if need > free:
            text = "There is no room: %d KB are needed, %d KB are free."
            raise UpdateError("no_room", text % (need * block // 1024, free * block // 1024))

    # The stream

    async def _take(self, size: int) -> bytes:
        """Exactly that many bytes, held at once. Raises EOFError."""
        pieces = []
        while size:
            pieces.append(await self._read(size))
            size -= len(pieces[-1])
        return b"".join(pieces)

    async def _store(self, path: str, size: int) -> bytes:
        """Writes a file and returns the SHA-256 of what came for it."""
        digest = sha256()
        with open(path, "wb") as file:
            while size:
                piece = await self._read(min(size, _PIECE))
                digest.update(piece)
                file.write(piece)
                size -= len(piece)
                self.written += len(piece)
                await asyncio.sleep_ms(0)
            file.flush()  # does not return before it is on the medium: see config.files
        return digest.digest()

    async def _read(self, size: int) -> bytes:
        """1 to `size` bytes. Raises EOFError."""
        try:
            piece = await self._source(size)
        except OSError:
            piece = b""
        if not piece:
            raise EOFError
        return piece

    async def _more(self) -> bool:
        """Whether there is anything left."""
        try:
            return len(await self._source(1)) > 0
        except (EOFError, OSError):
            return False


def _nothing() -> None:
    pass


async def empty(folder: str, busy: "Callable[[], None]" = _nothing) -> None:
    """Deletes a folder with all that is in it, the manifest first; does nothing if it is not there. Raises OSError."""
    try:
        names = sorted(os.listdir(folder), key=lambda name: name != MANIFEST[1:])
    except OSError:
        return
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & _FOLDER:
            await empty(path, busy)
        else:
            os.remove(path)
        busy()
        await asyncio.sleep_ms(0)
    os.rmdir(folder)


async def digest_of(path: str) -> bytes:
    """The SHA-256 of a file, read from the medium. Raises OSError."""
    digest = sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            await asyncio.sleep_ms(0)
    return digest.digest()


def _write(path: str, data: bytes) -> None:
    """By another name first: half of it would be there after a power cut."""
    with open(path + ".new", "wb") as file:
        file.write(data)
        file.flush()
    os.rename(path + ".new", path)


def _make_parents(folder: str, path: str) -> None:
    names = path.split("/")
    for depth in range(1, len(names)):
        _make_folder(folder + "/" + "/".join(names[:depth]))


def _make_folder(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError as error:
        if error.errno != EEXIST:
            raise


def _unwritten(error: OSError) -> UpdateError:
    if error.errno == _ENOSPC:
        return UpdateError("no_room", "There is no room for the update.")
    return UpdateError("storage", "The update cannot be stored (%s)." % error)
