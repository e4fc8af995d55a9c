"""`make image BOARD=… MICROPYTHON=file.bin`: one file for address 0 of the flash, with everything that runs.

    0x0         bootloader, partition table and MicroPython, byte for byte as the official image has them
    0x200000    littlefs, exactly as large as the partition:
                /boot.py /main.py       what MicroPython starts
                /rescue/                what starts the device, and safe mode
                /app_a/                 the application, with its manifest
                /slots                  which slot is in use: see lib/device/slots.py
                /update.pub             the public key that updates have to be signed with
                /certs/default/         the default bundle of public authorities
                /config/settings.json   the board's default settings

What is between is erased flash. Nothing in it is secret or belongs to one device only: see `flash`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import on_cpython

from image import boards, filesystem, official
from image.application import MINIMUM, Application
from image.boards import Board, ImageError
from image.official import Official, Region

__all__ = ["Image", "ImageError", "compose", "digest", "layout", "load", "programs"]

BUILD = on_cpython.ROOT / "build"
FOLDER = BUILD / "image"
SLOT = "app_a"
KEY_SIZE = 384  # bytes: see lib/device/signature.py


@dataclass(frozen=True)
class Image:
    """An image taken apart: what is before the file system, where that lies, and its files by path."""

    board: Board
    version: str
    firmware: bytes
    vfs: Region
    files: dict[str, bytes]

    def with_files(self, files: dict[str, bytes]) -> Image:
        """The same with these files in addition, or in the place of others."""
        return replace(self, files={**self.files, **files})

    def sized(self, flash: int) -> Image:
        """The same for a chip with that much flash, which MicroPython 1.26 and newer use to its end; ImageError.

        A file system of another size than its partition would not be mounted but made anew.
        """
        board = replace(self.board, flash=flash)
        return replace(self, board=board, vfs=official.vfs(self.firmware, board))

    def bytes(self) -> bytes:
        """The file to write to address 0. Raises ImageError if the files do not fit."""
        erased = b"\xff" * (self.vfs.offset - len(self.firmware))
        return (
            self.firmware + erased + filesystem.pack(self.files, self.vfs.size, self.board.block)
        )


def compose(board: Board, micropython: Official, files: dict[str, bytes], version: str) -> Image:
    """The official firmware and these files."""
    return Image(board, version, micropython.data, micropython.vfs, files)


def layout(made: Application, board: Board, key: bytes) -> dict[str, bytes]:
    """All files of a new device by path. `key` is the modulus that updates are checked with. Raises ImageError."""
    if len(key) != KEY_SIZE:
        raise ImageError(f"the public key for updates must have {KEY_SIZE} bytes, not {len(key)}")
    roots = BUILD / "roots.bin"
    if not roots.exists():
        raise ImageError(f"{roots.relative_to(on_cpython.ROOT)} is missing: run `make roots`")
    files = programs(made, SLOT)
    files["slots"] = f"a - {MINIMUM} -\n".encode()
    files["certs/default/roots.bin"] = roots.read_bytes()
    files["config/settings.json"] = json.dumps(board.settings).encode()
    files["update.pub"] = key
    return files


def programs(made: Application, slot: str) -> dict[str, bytes]:
    """All that runs, by path: what starts the device, and the application in a slot."""
    files = {name: (on_cpython.ROOT / name).read_bytes() for name in ("boot.py", "main.py")}
    files.update({f"rescue/{path}": data for path, data in made.rescue.items()})
    files.update({f"{slot}/{path}": data for path, data in made.files.items()})
    files[f"{slot}/manifest"] = made.manifest
    return files


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def load(path: Path) -> Image:
    """Takes an image file apart. Raises ImageError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(
            f"{path} cannot be read ({error.strerror}); `make image` makes one"
        ) from None
    found = [_of_board(data, boards.load(name)) for name in boards.names()]
    for image in found:
        if image is not None:
            return image
    raise ImageError(f"{path} is no image of this firmware; `make image` makes one")


def _of_board(data: bytes, board: Board) -> Image | None:
    """The image taken apart, None if it is not one for this board."""
    board = replace(board, flash=len(data))
    try:
        region = official.vfs(data, board)
        files = filesystem.unpack(data[region.offset :], board.block)
    except ImageError:
        return None
    head = dict(
        line.split(" ", 1)
        for line in files.get(f"{SLOT}/manifest", b"").decode("utf-8", "replace").splitlines()[:4]
        if " " in line
    )
    if head.get("board") != board.name:
        return None
    firmware = data[: region.offset].rstrip(b"\xff")
    return Image(board, head["version"], firmware, region, files)
