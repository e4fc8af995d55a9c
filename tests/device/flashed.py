"""A device that is an image file: started from it under Unix MicroPython, and looked at."""

import os
import subprocess
from contextlib import contextmanager

import image
import made_up_micropython
import unix_device
from image import application, boards, official

from firmware import Device

ROOT = unix_device.ROOT
HERE = ROOT / "tests" / "device"
FAKES = ROOT / "tests" / "fakes"
RELEASED = 1_700_000_000


def make(folder, name="wican_pro", key=bytes(384), **micropython):
    """The image of a board, on a MicroPython that is made up."""
    board = boards.load(name)
    path = folder / "micropython.bin"
    path.write_bytes(made_up_micropython.official(**micropython))
    made = application.build(board, released=RELEASED)
    files = image.layout(made, board, key)
    return image.compose(board, official.read(path, board), files, made.version)


def command(path, region, *file):
    """What starts the device from the image file, or runs a file of this computer on it."""
    arguments = [path, region.offset, region.size, FAKES, *file]
    runner = [ROOT / "tools" / "micropython", "-X", "heapsize=8M", HERE / "image_boot.py"]
    return [str(argument) for argument in [*runner, *arguments]]


def execute(path, region, code):
    """What code prints on the device whose application does not run."""
    file = path.with_name("code.py")
    file.write_text(code)
    done = subprocess.run(
        command(path, region, file), capture_output=True, text=True, env=_environment(), timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def started(path, region, web_port):
    """The device, running."""
    process = subprocess.Popen(
        command(path, region),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
        start_new_session=True,
    )
    try:
        yield Device(process, web_port)
    finally:
        process.terminate()
        process.wait()


def _environment():
    return {key: value for key, value in os.environ.items() if key != "MICROPYPATH"}
