"""What the host has to know of a board: firmware/boards/<name>/board.json and firmware/micropython.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import on_cpython

FOLDER = on_cpython.ROOT / "firmware"
_MB = 1 << 20


class ImageError(Exception):
    """Why there is no image, or none that can be used, as one sentence."""


@dataclass(frozen=True)
class Board:
    """A board. Sizes and offsets are in bytes."""

    name: str
    chip: str
    flash: int
    psram: int
    variant: str
    sources: tuple[Path, ...]
    partition_table: int
    application: int
    vfs: int
    block: int
    settings: dict[str, Any]


@dataclass(frozen=True)
class Pinned:
    """The MicroPython that the firmware is written for, and the oldest that will do."""

    version: str
    oldest: str


def names() -> list[str]:
    """The boards that an image can be made for."""
    return sorted(path.parent.name for path in FOLDER.glob("boards/*/board.json"))


def load(name: str) -> Board:
    """The board of that name. Raises ImageError."""
    if name not in names():
        raise ImageError(f"there is no board {name!r}; there are {', '.join(names())}")
    data = json.loads((FOLDER / "boards" / name / "board.json").read_bytes())
    offsets = {key: int(value, 0) for key, value in data["offsets"].items()}
    return Board(
        name=data["board"],
        chip=data["chip"],
        flash=data["flash_mb"] * _MB,
        psram=data["psram_mb"] * _MB,
        variant=data["micropython"],
        sources=tuple(on_cpython.ROOT / source for source in data["sources"]),
        partition_table=offsets["partition_table"],
        application=offsets["application"],
        vfs=offsets["vfs"],
        block=data["vfs_block"],
        settings=data["settings"],
    )


def pinned() -> Pinned:
    """What firmware/micropython.json says."""
    data = json.loads((FOLDER / "micropython.json").read_bytes())
    return Pinned(data["version"], data["oldest"])
