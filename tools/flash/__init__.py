"""`make flash PORT=…`: checks the chip, makes the device's own passwords, writes the image and shows them once.

The image is taken as `make image` made it; the passwords are added to its file system, so that no two devices share
one. Nothing of them stays on this computer.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from image import Image, boards

from flash import esp
from flash.credentials import Credentials, make
from flash.esp import FlashError

__all__ = ["FlashError", "checked", "flash", "written"]


def checked(port: str, board: boards.Board) -> esp.Chip:
    """The chip at the port, which is one that the board has. Raises FlashError."""
    chip = esp.probe(port, board)
    esp.check(chip, board)
    return chip


def flash(port: str, image: Image) -> Credentials:
    """Writes an image to the device at a port, with passwords of its own; returns them.

    Raises FlashError, ImageError.
    """
    chip = checked(port, image.board)
    own = make(chip.device_id)
    with written(image.sized(chip.flash).with_files(own.files())) as path:
        esp.write(port, image.board, path)
    return own


@contextlib.contextmanager
def written(image: Image) -> Iterator[Path]:
    """The image as a file that only its owner may read, gone at the end of the block."""
    handle, name = tempfile.mkstemp(suffix=".bin")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(image.bytes())
        yield Path(name)
    finally:
        os.unlink(name)
