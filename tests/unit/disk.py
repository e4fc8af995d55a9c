"""A file system in memory whose power can be cut at any step.

with Disk(module) as disk:      # the module's `os` and `open` are the disk's as long as this lasts
    disk.left = 10              # PowerCut at the eleventh step from now

And below it, on MicroPython, a flash memory in RAM for the chip's own file system:

flash = Flash(formatted(64))
flash.left = 10
mounted(flash, function)        # with "/cut" to work in; the power is off after ten changes
"""

import os
from errno import EEXIST, EIO, ENOENT


class PowerCut(Exception):
    """The device is off: nothing after this happens."""


class Disk:
    """Every change of a name and every `grain` bytes written are one step, which happens or does not.

    Attributes:
        files: path -> content that is on the medium. A file that is being written is on it as far
            as it was flushed, or, with `early`, up to the last byte: real media do either.
        left: how many steps the power lasts; None for ever.
        full: part of a path: files with it take no more bytes, as on a full medium; None for no file.
        most: how many bytes go onto the medium; None for any number.
        errno: what is raised then.
        broken: part of a path: files with it cannot be opened; None for no file.
        steps: how many steps there were.
        writes: how often a file was opened to write.
    """

    def __init__(self, *modules, files=None, early=False, grain=1):
        self.files = dict(files or {})
        self.folders = []
        self.early = early
        self.grain = grain
        self.left = None
        self.full = None
        self.most = None
        self.errno = 28  # ENOSPC, which MicroPython does not name
        self.broken = None
        self.steps = 0
        self.writes = 0
        self._modules = modules

    def __enter__(self):
        self._before = [module.os for module in self._modules]
        for module in self._modules:
            module.os = self
            module.open = self.open
        return self

    def __exit__(self, *_):
        for module, before in zip(self._modules, self._before):
            module.os = before
            del module.open

    def step(self, count=1):
        """Lasts for up to `count` steps and returns how many; PowerCut if not even for one."""
        if self.left is not None:
            count = min(count, self.left)
            self.left -= count
            if count == 0:
                raise PowerCut
        self.steps += count
        return count

    def open(self, path, mode):
        """Like the builtin, for "rb", "wb" and "ab"."""
        if self.broken is not None and self.broken in path:
            raise OSError(EIO, "broken")
        self.writes += mode != "rb"
        if mode == "wb" or (mode == "ab" and path not in self.files):
            self.step()
            self.files[path] = b""
        elif path not in self.files:
            raise OSError(ENOENT, "missing")
        return File(self, path, mode)

    def rename(self, old, new):
        """Like os.rename."""
        self._find(old)
        self.step()
        self.files[new] = self.files.pop(old)

    def remove(self, path):
        """Like os.remove."""
        self._find(path)
        self.step()
        del self.files[path]

    def mkdir(self, path):
        """Like os.mkdir."""
        if path in self.folders:
            raise OSError(EEXIST, "exists")
        self.folders.append(path)

    def rmdir(self, path):
        """Like os.rmdir, of a folder that is empty."""
        if path not in self.folders:
            raise OSError(ENOENT, "missing")
        assert not self.listdir(path)
        self.folders.remove(path)

    def listdir(self, path):
        """Like os.listdir, without folders."""
        if self.broken is not None and self.broken in path:
            raise OSError(EIO, "broken")
        size = len(path) + 1
        names = [name[size:] for name in self.files if name[:size] == path + "/"]
        if not names and path not in self.folders:
            raise OSError(ENOENT, "missing")
        return names

    def stat(self, path):
        """Like os.stat, only with the size."""
        self._find(path)
        return (0, 0, 0, 0, 0, 0, len(self.files[path]), 0, 0, 0)

    def room(self, path):
        """How many bytes that file may have."""
        if self.most is None:
            return 1 << 30
        return self.most - sum([len(self.files[other]) for other in self.files if other != path])

    def _find(self, path):
        if path not in self.files:
            raise OSError(ENOENT, "missing")


class File:
    """An open file."""

    def __init__(self, disk, path, mode):
        self._disk = disk
        self._path = path
        self._written = disk.files[path] if mode == "ab" else b""
        self._place = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def seek(self, place):
        """Where to read next."""
        self._place = place

    def read(self, size=None):
        """The next bytes, or the whole content."""
        content = self._disk.files[self._path]
        end = len(content) if size is None else self._place + size
        part = content[self._place : end]
        self._place += len(part)
        return part

    def write(self, data):
        """Adds bytes; if the power fails on the way, those before are written."""
        if self._disk.full is not None and self._disk.full in self._path:
            raise OSError(self._disk.errno, "full")
        room = self._disk.room(self._path) - len(self._written)
        self._spread(data[:room])
        if len(data) > room:
            raise OSError(self._disk.errno, "full")

    def _spread(self, data):
        while data:
            steps = (len(data) + self._disk.grain - 1) // self._disk.grain
            size = self._disk.step(steps) * self._disk.grain
            self._written += data[:size]
            data = data[size:]
            if self._disk.early:
                self.flush()

    def flush(self):
        """Puts what was written on the medium."""
        self._disk.files[self._path] = self._written


class Flash:
    """A block device in RAM. After `left` changes the next one is done by half, then the power is off.

    Without power it allocates nothing: the finaliser of a file that could not be closed gets here, too.

    Attributes:
        changes, erased: how often something was written or erased, how often erased.
    """

    def __init__(self, content, block=512):
        self.content = bytearray(content)
        self.block = block
        self.left = None
        self.off = False
        self.changes = self.erased = 0
        self._blank = b"\xff" * block

    def readblocks(self, block, data, offset=0):
        """Part of the face of a block device, as are the next two."""
        if self.off:
            return -EIO
        start = block * self.block + offset
        data[:] = self.content[start : start + len(data)]
        return 0

    def writeblocks(self, block, data, offset=0):
        return self._change(block * self.block + offset, data)

    def ioctl(self, operation, argument):
        if operation == 6:
            self.erased += 1
            return self._change(argument * self.block, self._blank)
        return {4: len(self.content) // self.block, 5: self.block}.get(operation, 0)

    def _change(self, start, data):
        if self.off:
            return -EIO
        self.changes += 1
        size = len(data)
        if self.left is not None:
            self.left -= 1
            self.off = self.left < 0
            size = size // 2 if self.off else size
        self.content[start : start + size] = data[:size]
        return -EIO if self.off else 0


def formatted(blocks, block=512):
    """The content of a flash memory with an empty file system."""
    flash = Flash(b"\xff" * block * blocks, block)
    os.VfsLfs2.mkfs(flash)
    return flash.content


def mounted(flash, function, *arguments):
    """Calls a function while the flash is mounted at /cut."""
    os.mount(os.VfsLfs2(flash), "/cut")
    try:
        return function(*arguments)
    finally:
        os.umount("/cut")
