"""`python -m image BOARD MICROPYTHON`: makes the image of a board."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import sys
from pathlib import Path

import update

import image
from image import application, boards, official
from image.boards import ImageError


def main() -> int:
    """Makes the image, takes it apart again, and says what is in it; 1 if that cannot be."""
    parser = argparse.ArgumentParser(prog="make image", description=image.__doc__)
    parser.add_argument("board", help=f"one of {', '.join(boards.names())}")
    parser.add_argument("micropython", type=Path, help="the official .bin for address 0")
    parser.add_argument("--key", type=Path, default=update.KEY, help="the key that signs updates")
    parser.add_argument("--flash-mb", type=int, help="of a chip with more flash than the board's")
    parser.add_argument("--out", type=Path, help="the file to make")
    options = parser.parse_args()
    try:
        make(options)
    except ImageError as error:
        print(f"make image: {error}", file=sys.stderr)
        return 1
    return 0


def make(options: argparse.Namespace) -> None:
    """Raises ImageError."""
    board = boards.load(options.board)
    if options.flash_mb:
        board = dataclasses.replace(board, flash=options.flash_mb << 20)
    micropython = official.read(options.micropython, board)
    made = application.build(board)
    files = image.layout(made, board, public_key(options.key))
    out = options.out or image.FOLDER / f"{board.name}.bin"
    data = image.compose(board, micropython, files, made.version).bytes()
    write(out, data)
    if image.load(out).files != files:
        raise ImageError(f"{out} does not hold what was written to it")
    report(out, data, micropython, made)


def public_key(path: Path) -> bytes:
    """The public half of the key that signs updates; `path` is either half, and they lie beside each other.

    Both are made if the private one is named and there is none. Raises ImageError.
    """
    public = path.with_suffix(".pub")
    try:
        if not public.exists() and path != public:
            update.load_key(path)
        return public.read_bytes()
    except (OSError, update.UpdateError) as error:
        raise ImageError(f"there is no public key {public}: {error}") from None


def write(out: Path, data: bytes) -> None:
    """The file is there whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(out.name + ".new")
    fresh.write_bytes(data)
    os.replace(fresh, out)


def report(
    out: Path,
    data: bytes,
    micropython: official.Official,
    made: application.Application,
) -> None:
    """Says what was made."""
    size = sum(len(content) for content in made.files.values())
    print(f"board        {made.board}")
    print(f"firmware     {made.version}, {len(made.files)} files, {size // 1024} KB")
    print(f"MicroPython  {micropython.version}")
    if micropython.version != boards.pinned().version:
        print(f"             (this firmware is written for {boards.pinned().version})")
    place = micropython.vfs
    print(f"file system  {place.size // 1024} KB at {place.offset:#x}")
    print(f"image        {out}, {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    sys.exit(main())
