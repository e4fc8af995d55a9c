"""`make deploy PORT=…`: brings a device that was flashed before in line with these sources, over its serial port.

    python -m deploy PORT BOARD

For development: only files that differ are written, with mpremote, into the slot that is in use; settings, secrets and
certificates stay. The slot's manifest is deleted first and written last, so that a device whose cable was pulled starts
the other slot or safe mode, and takes the next `make deploy`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import image
from flash.esp import program
from image import ImageError, application, boards

# Runs on the device. Its watchdog would end the copying, and cannot be stopped: it is given ten minutes.
_LOOK = """
import os, sys
from binascii import hexlify
from hashlib import sha256
from machine import WDT
WDT(timeout=600000)
def hash(path):
    digest = sha256()
    with open(path, "rb") as file:
        while piece := file.read(2048):
            digest.update(piece)
    return hexlify(digest.digest()).decode()
def look(path):
    try:
        kind = os.stat(path)[0]
    except OSError:
        return
    if not kind & 0x4000:
        print("file", hash(path), path)
        return
    print("folder", path)
    for name in os.listdir(path):
        look(path + "/" + name)
for path in %s:
    look(path)
try:
    print("slots", open("/slots").read().strip())
except OSError:
    print("slots a - 0 -")
"""
# Neither what this stopped nor what ran before has failed: see lib/device/boot.py.
FORGIVE = """
import esp32
memory = esp32.NVS("wican")
memory.set_i32("failed_boots", 0)
memory.commit()
"""
_SLOTS = ("a", "b")
_FILE = re.compile(r"^file ([0-9a-f]{64}) (/\S+)$", re.MULTILINE)
_FOLDER = re.compile(r"^folder (/\S+)$", re.MULTILINE)
_WORDS = re.compile(r"^slots ([ab]) (\S+) \S+ \S+$", re.MULTILINE)


class DeployError(Exception):
    """Why the device is not in line with the sources, as one sentence."""


@dataclass(frozen=True)
class Seen:
    """What is on the device: SHA-256 by path, folders, and the slot in use."""

    files: dict[str, str]
    folders: set[str]
    slot: str


def main() -> int:
    """Deploys; 1 if that cannot be."""
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("port", help="the serial port, such as /dev/ttyACM0")
    parser.add_argument("board", help=f"one of {', '.join(boards.names())}")
    options = parser.parse_args()
    try:
        board = boards.load(options.board)
        made = application.build(board)
        count = deploy(options.port, made)
    except (ImageError, DeployError) as error:
        print(f"make deploy: {error}", file=sys.stderr)
        return 1
    print(f"{count} files were written" if count else "the device has all of this already")
    return 0


def deploy(port: str, made: application.Application) -> int:
    """Writes what differs and starts the device again; returns how many files that were. Raises DeployError."""
    seen = look(port)
    wanted = image.programs(made, f"app_{seen.slot}")
    with tempfile.TemporaryDirectory() as folder:
        steps, count = plan(seen, wanted, f"/app_{seen.slot}/manifest", Path(folder))
        _mpremote(port, [*steps, ["exec", FORGIVE], ["reset"]], show=True)
    return count


def look(port: str) -> Seen:
    """Asks the device what it has. Raises DeployError."""
    roots = ["/boot.py", "/main.py", "/rescue", *(f"/app_{slot}" for slot in _SLOTS)]
    told = _mpremote(port, [["exec", _LOOK % roots]], show=False).replace("\r", "")
    slots = _WORDS.search(told)
    if slots is None:
        raise DeployError(f"the device at {port} did not tell what it has: {told[-200:]!r}")
    if slots[2] != "-":
        raise DeployError("an update is on trial: wait until it is confirmed, then try again")
    files = {path: digest for digest, path in _FILE.findall(told)}
    return Seen(files, set(_FOLDER.findall(told)), slots[1])


def plan(
    seen: Seen, wanted: dict[str, bytes], manifest: str, folder: Path
) -> tuple[list[list[str]], int]:
    """(mpremote's commands that make the device have what is wanted, how many files they write).

    `folder` takes copies of the files to write. What lies in the other slot stays.
    """
    files = {"/" + path: data for path, data in wanted.items()}
    mine = ("/rescue/", manifest.rpartition("/")[0] + "/")
    stale = sorted(path for path in seen.files if path.startswith(mine) and path not in files)
    changed = sorted(path for path in files if seen.files.get(path) != image.digest(files[path]))
    if not stale and not changed:
        return [], 0
    steps = [["rm", ":" + manifest]] if manifest in seen.files else []
    steps += [["rm", ":" + path] for path in stale if path != manifest]
    steps += [["mkdir", ":" + path] for path in missing(changed, seen.folders)]
    for number, path in enumerate(
        sorted({*changed, manifest}, key=lambda path: (path == manifest, path))
    ):
        copy = folder / str(number)
        copy.write_bytes(files[path])
        steps.append(["cp", str(copy), ":" + path])
    return [["fs", *step] for step in steps], len({*changed, manifest})


def missing(paths: list[str], folders: set[str]) -> list[str]:
    """The folders to make for these files, parents first."""
    needed = {str(parent) for path in paths for parent in Path(path).parents}
    return sorted(needed - folders - {"/"})


def _mpremote(port: str, steps: list[list[str]], show: bool) -> str:
    """Runs commands on the device; returns what it printed unless that is to be shown. Raises DeployError.

    `resume`: a soft reset would run boot.py, and count as a start.
    """
    command = [program("mpremote"), "connect", port, "resume"]
    for number, step in enumerate(steps):
        command += ["+", *step] if number else step
    done = subprocess.run(
        command,
        stdout=None if show else subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeployError(
            f"mpremote failed at {port}: {done.stderr.strip()[-300:] or 'see above'}\n"
            "Is the port right, and free? A device without this firmware needs `make flash` first."
        )
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main())
