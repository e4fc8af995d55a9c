"""esptool on a port: what chip is there, and writing an image to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from image.boards import Board

_MB = 1 << 20
_BAUD = "460800"
_TOLD = {
    "chip": re.compile(r"^Chip type: +(\S+)", re.MULTILINE),
    "psram": re.compile(r"Embedded PSRAM (\d+)MB"),
    "mac": re.compile(r"^MAC: +((?:[0-9a-f]{2}:){5}[0-9a-f]{2})$", re.MULTILINE),
    "flash": re.compile(r"^Detected flash size: (\d+)MB$", re.MULTILINE),
}


class FlashError(Exception):
    """Why a device was not written, as one sentence."""


@dataclass(frozen=True)
class Chip:
    """What esptool found: sizes in bytes, the base MAC address in twelve hexadecimal digits."""

    kind: str
    flash: int
    psram: int
    device_id: str


def program(name: str) -> str:
    """The program to start: the one of build/venv, or what the environment variable of its name says."""
    return os.environ.get(name.upper()) or str(Path(sys.executable).with_name(name))


def probe(port: str, board: Board) -> Chip:
    """Asks the chip what it is. Raises FlashError if it does not answer, or is none that the board has."""
    done = subprocess.run(
        [program("esptool"), "--chip", board.chip, "--port", port, "flash-id"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise FlashError(
            f"no {board.chip} answers at {port}: {' '.join(said[-1:])}\n"
            "Is it powered, is the cable one with data lines, does another program use the port? "
            "Else hold BOOT, press RESET, let go of BOOT, and try again."
        )
    return read(done.stdout)


def read(text: str) -> Chip:
    """What esptool's flash-id told. Raises FlashError."""
    found = {name: pattern.search(text) for name, pattern in _TOLD.items()}
    chip, psram, mac, flash = (found[name] for name in ("chip", "psram", "mac", "flash"))
    if chip is None or mac is None or flash is None:
        raise FlashError("esptool told too little of the chip: is it version 5.0 or newer?")
    size = int(psram[1]) if psram else 0
    return Chip(chip[1], int(flash[1]) * _MB, size * _MB, mac[1].replace(":", ""))


def check(chip: Chip, board: Board) -> None:
    """Raises FlashError if the board's firmware cannot run on this chip."""
    if chip.kind.lower().replace("-", "") != board.chip:
        raise FlashError(f"this is an {chip.kind}; {board.name} has an {board.chip}")
    if chip.flash < board.flash:
        text = "this chip has {} MB of flash; the image is for {} MB"
        raise FlashError(text.format(chip.flash // _MB, board.flash // _MB))
    if chip.psram < board.psram:
        text = "this chip has {} MB of PSRAM; {} needs {} MB"
        raise FlashError(text.format(chip.psram // _MB, board.name, board.psram // _MB))


def write(port: str, board: Board, path: Path) -> None:
    """Writes an image to address 0 and starts it; esptool shows its progress and compares what it wrote.

    Raises FlashError.
    """
    command = [program("esptool"), "--chip", board.chip, "--port", port, "--baud", _BAUD]
    command += ["--after", "hard-reset", "write-flash", "--flash-mode", "keep"]
    command += ["--flash-freq", "keep", "--flash-size", "keep", "0x0", str(path)]
    if subprocess.run(command, check=False).returncode:
        raise FlashError(
            "the image was not written: the device does not start until it is written again. "
            "Try again; if it fails again, another cable or a slower computer port may help."
        )
