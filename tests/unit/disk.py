"""A file system in memory whose power can be cut at any step.

with Disk(module) as disk:      # the module's `os` and `open` are the disk's as long as this lasts
    disk.left = 10              # PowerCut at the eleventh step from now
"""

from errno import EEXIST, ENOENT


class PowerCut(Exception):
    """The device is off: nothing after this happens."""


class Disk:
    """Every change of a name and every `grain` bytes written are one step, which happens or does not.

    Attributes:
        files: path -> content that is on the medium. A file that is being written is on it as far
            as it was flushed, or, with `early`, up to the last byte: real media do either.
        left: how many steps the power lasts; None for ever.
        full: part of a path: files with it take no more bytes, as on a full medium; None for no file.
        steps: how many steps there were.
    """

    def __init__(self, *modules, files=None, early=False, grain=1):
        self.files = dict(files or {})
        self.folders = []
        self.early = early
        self.grain = grain
        self.left = None
        self.full = None
        self.steps = 0
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
        """Like the builtin, for "rb" and "wb"."""
        if mode == "wb":
            self.step()
            self.files[path] = b""
        elif path not in self.files:
            raise OSError(ENOENT, "missing")
        return File(self, path)

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

    def _find(self, path):
        if path not in self.files:
            raise OSError(ENOENT, "missing")


class File:
    """An open file."""

    def __init__(self, disk, path):
        self._disk = disk
        self._path = path
        self._written = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self):
        """The whole content."""
        return self._disk.files[self._path]

    def write(self, data):
        """Adds bytes; if the power fails on the way, those before are written."""
        if self._disk.full is not None and self._disk.full in self._path:
            raise OSError(28, "full")  # ENOSPC, which MicroPython does not name
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
