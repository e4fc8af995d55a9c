"""The official MicroPython image for a chip: bootloader, partition table and application in one file, for address 0.

Sources of the formats: ESP-IDF Programming Guide, "Application Image Format" (header, segments, checksum, SHA-256) and
"Partition Tables" (entries of 32 bytes, MD5). Where the file system lies is MicroPython's choice: until 1.25 the table
has an entry `vfs`; since 1.26 it begins where the last partition ends and takes the rest of the flash
(ports/esp32/main.c).
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from esptool.bin_image import LoadFirmwareImage
from esptool.util import FatalError

from image.boards import Board, ImageError, pinned

_MAGIC = 0xE9
_CHIPS = {"esp32s3": 9}  # esp_chip_id_t
_ENTRY = struct.Struct("<2sBBII16sI")
_ENTRIES = 96
_BANNER = re.compile(rb"MicroPython v(\d+\.\d+\.\d+)[^;\0]{0,80}; ([^\0]{1,100}) with ESP32")
_VARIANTS = {"ESP32_GENERIC_S3-SPIRAM_OCT": "Octal-SPIRAM"}  # what their banners say


@dataclass(frozen=True)
class Partition:
    """An entry of the partition table; offset and size in bytes."""

    label: str
    offset: int
    size: int


@dataclass(frozen=True)
class Region:
    """A part of the flash, in bytes."""

    offset: int
    size: int


@dataclass(frozen=True)
class Official:
    """A MicroPython that fits a board: the file, its version, and where it is going to look for its file system."""

    data: bytes
    version: str
    vfs: Region


def read(path: Path, board: Board) -> Official:
    """The official image in a file. Raises ImageError if it is none for this board."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from None
    _check_program(data, 0, board.chip, "bootloader")
    _check_program(data, board.application, board.chip, "application")
    region = vfs(data, board)
    if region.offset < len(data):
        raise ImageError(f"{path.name} reaches into the file system at {region.offset:#x}")
    return Official(data, _version(data, board), region)


def vfs(data: bytes, board: Board) -> Region:
    """Where MicroPython has its file system. Raises ImageError."""
    parts = partitions(data, board.partition_table)
    found = [part for part in parts if part.label == "vfs"]
    offset = found[0].offset if found else max(part.offset + part.size for part in parts)
    size = found[0].size if found else board.flash - offset
    if offset != board.vfs:
        raise ImageError(
            f"this MicroPython has its file system at {offset:#x}; on {board.name} it is at {board.vfs:#x}"
        )
    if size <= 0 or offset + size > board.flash or size % board.block:
        raise ImageError(
            f"a file system of {size} bytes does not fit the flash of {board.flash} bytes"
        )
    return Region(offset, size)


def partitions(data: bytes, start: int) -> list[Partition]:
    """The entries of the partition table at `start`. Raises ImageError."""
    found: list[Partition] = []
    for at in range(start, start + _ENTRIES * _ENTRY.size, _ENTRY.size):
        entry = data[at : at + _ENTRY.size]
        if entry[:2] == b"\xeb\xeb":
            if hashlib.md5(data[start:at]).digest() != entry[16:]:
                raise ImageError("the partition table is damaged: download the image again")
            break
        if entry[:2] != b"\xaa\x50":
            break
        _, _, _, offset, size, label, _ = _ENTRY.unpack(entry)
        found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), offset, size))
    if not found:
        raise ImageError(f"there is no partition table at {start:#x}: this is no whole image")
    return found


def _check_program(data: bytes, offset: int, chip: str, what: str) -> None:
    """Raises ImageError unless there is a sound program for this chip at `offset`."""
    head = data[offset : offset + 24]
    if len(head) < 24 or head[0] != _MAGIC:
        raise ImageError(
            f"there is no {what} at {offset:#x}: take the .bin that is written to address 0"
        )
    if int.from_bytes(head[12:14], "little") != _CHIPS[chip]:
        raise ImageError(f"the {what} is not for {chip}")
    try:
        program = LoadFirmwareImage(chip, data[offset:])
        sound = program.checksum == program.calculate_checksum()
    except (FatalError, struct.error, IndexError):
        sound = False
    if not sound or program.stored_digest != program.calc_digest:
        raise ImageError(f"the {what} is damaged: download the image again")


def _version(data: bytes, board: Board) -> str:
    """The version of MicroPython that the banner tells. Raises ImageError."""
    found = _BANNER.search(data, board.application)
    if found is None:
        raise ImageError("there is no MicroPython in this image")
    version, machine = found[1].decode(), found[2].decode("ascii", "replace")
    oldest = pinned().oldest
    if _key(version) < _key(oldest):
        raise ImageError(f"MicroPython {version} is too old: take {oldest} or newer")
    if _VARIANTS.get(board.variant, "") not in machine:
        raise ImageError(
            f"this is MicroPython for {machine!r}; {board.name} needs {board.variant}"
        )
    return version


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
