"""An image with next to nothing in it, and programs in the place of others that note what they are told."""

import hashlib
import json
import os
import sys
from pathlib import Path

import image
import made_up_micropython
from image import application, boards, official

MAC = "12:34:56:78:9a:bc"
DEVICE = MAC.replace(":", "")
_TOLD = """esptool v5.6.0
Connected to ESP32-S3 on /dev/ttyACM0:
Chip type:          {kind} (QFN56) (revision v0.2)
Features:           Wi-Fi, BT 5 (LE), Dual Core + LP Core, 240MHz{psram}
Crystal frequency:  40MHz
USB mode:           USB-Serial/JTAG
MAC:                {mac}

Stub flasher running.

Flash Memory Information:
=========================
Manufacturer: c8
Device: 4018
Detected flash size: {flash}
Flash type set in eFuse: quad (4 data lines)
"""
_PSRAM = ", Embedded PSRAM 8MB (AP_3v3)"


def make(folder, name="wican_pro", **micropython):
    """The image of a board; its application is one file."""
    board = boards.load(name)
    path = folder / "micropython.bin"
    path.write_bytes(made_up_micropython.official(**micropython))
    made = application.Application(name, "0.1.0", {"app.mpy": b"M"}, {"board.mpy": b"B"})
    return image.compose(
        board, official.read(path, board), image.layout(made, board, bytes(384)), made.version
    )


def written(folder, **options):
    """That image as a file."""
    path = folder / "image.bin"
    path.write_bytes(make(folder, **options).bytes())
    return path


def told(kind="ESP32-S3", psram=_PSRAM, flash="16MB", mac=MAC):
    """What esptool's flash-id prints."""
    return _TOLD.format(kind=kind, psram=psram, flash=flash, mac=mac)


class Program:
    """A program that a test puts in the place of another.

    It prints what `says` gives for the first of its arguments that is a key there, keeps files it is given, and ends
    with status 1 if a file `fails` names that argument.
    """

    def __init__(self, folder, name, monkeypatch, **says):
        self._folder = folder / f"fake_{name}"
        self._folder.mkdir()
        self._log = self._folder / "calls"
        self._fails = self._folder / "fails"
        self._says = self._folder / "says.json"
        path = self._folder / name
        path.write_text(_SCRIPT.format(python=sys.executable, folder=str(self._folder)))
        path.chmod(0o755)
        monkeypatch.setenv(name.upper(), str(path))
        self.say(**says)

    def say(self, **says):
        """What it prints from now on."""
        known = {key.replace("_", "-"): text for key, text in says.items()}
        self._says.write_text(json.dumps(known))

    def fail_at(self, *words):
        """It fails when it is told to do one of these."""
        self._fails.write_text(" ".join(words))

    @property
    def calls(self):
        """The arguments of each call."""
        if not self._log.exists():
            return []
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def kept(self, path):
        """What was in a file when the program was given it."""
        return (self._folder / hashlib.sha256(path.encode()).hexdigest()).read_bytes()

    def mode(self, path):
        """Who could read it."""
        name = hashlib.sha256(path.encode()).hexdigest()
        return int((self._folder / f"{name}.mode").read_text())


_SCRIPT = """#!{python}
import hashlib, json, os, shutil, sys
from pathlib import Path
folder = Path({folder!r})
with open(folder / "calls", "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
for word in sys.argv[1:]:
    if os.path.isfile(word):
        name = hashlib.sha256(word.encode()).hexdigest()
        shutil.copyfile(word, folder / name)
        (folder / (name + ".mode")).write_text(str(os.stat(word).st_mode & 0o777))
fails = folder / "fails"
if fails.exists() and set(fails.read_text().split()) & set(sys.argv):
    sys.exit("A fatal error occurred: Failed to connect")
for word, text in json.loads((folder / "says.json").read_text()).items():
    if word in sys.argv:
        print(text)
"""


def left_in(folder):
    """The files below a folder."""
    return sorted(path.name for path in Path(folder).iterdir()) if os.path.isdir(folder) else []
