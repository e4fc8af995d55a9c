"""Starts the device from an image, as the chip does: `micropython image_boot.py IMAGE OFFSET SIZE FAKES [FILE]`.

The image's file system is mounted in the place of this computer's, which is below /host; what is on the board is
imitated by the modules of the folder FAKES. With FILE that runs instead of boot.py and main.py.
"""

import sys
import time

import micropython
import vfs

BLOCK = 4096


class Flash:
    """The partition of the file system, in the image file."""

    def __init__(self, path, offset, size):
        self._file = open(path, "r+b")  # noqa: SIM115 (open as long as the device runs)
        self._offset, self._size = offset, size

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(self._offset + block * BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        assert block * BLOCK + offset + len(buffer) <= self._size
        self._file.seek(self._offset + block * BLOCK + offset)
        self._file.write(buffer)

    def ioctl(self, operation, argument):
        if operation == 4:
            return self._size // BLOCK
        if operation == 5:
            return BLOCK
        if operation in (2, 3):
            self._file.flush()
        return 0


class Chip:
    """The module `micropython`, with what only the chip's build has."""

    def __getattr__(self, name):
        return getattr(micropython, name)

    def alloc_emergency_exception_buf(self, size):
        pass


def furnish():
    """What is on a WiCAN Pro's board beside the chip: a clock that is right, and 13.8 V at the divider."""
    import machine

    year, month, day, hour, minute, second = time.gmtime()[:6]
    numbers = (second, minute, hour, 0, day, month, year - 2000)
    bcd = [number // 10 << 4 | number % 10 for number in numbers]
    machine.registers[0x32] = {0x10 + place: byte for place, byte in enumerate(bcd)}
    machine.registers[0x45] = {}
    machine.microvolts[4] = 1_245_455


def run(name):
    """Runs a file as the port does."""
    with open(name) as file:
        source = file.read()
    exec(source, {"__name__": "__main__"})


_, image, offset, size, fakes = sys.argv[:5]
other = sys.argv[5:]
flash = Flash(image, int(offset), int(size))
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(flash), "/")
vfs.mount(vfs.VfsPosix("/"), "/host")
sys.path[:] = [
    "/host" + fakes,
    "",
    ".frozen",
    "/lib",
]  # the chip's own modules, and the chip's path
sys.argv[:] = [""]
sys.modules["micropython"] = Chip()
furnish()
if other:
    run("/host" + other[0])
else:
    run("/boot.py")
    run("/main.py")
flash.ioctl(3, 0)
