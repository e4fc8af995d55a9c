"""A file system in memory whose power can be cut at any step, for tests of what writes files.

with Disk(module) as disk:      # the module's `os` and `open` are the disk's as long as this lasts
    disk.left = 10              # PowerCut at the eleventh step from now
"""

from errno import EEXIST, ENOENT, ENOSPC


class PowerCut(Exception):
    """The device is off: nothing after this happens."""


class Disk:
    """Every byte written and every change of a name is one step; one step either happens or it does not.

    Attributes:
        files: path -> content that is on the medium. A file that is being written is on it as far as it was flushed,
            or, with `early`, up to the last byte: real media do either.
        left: how many steps the power lasts; None for ever.
        full: refuses bytes, as a full medium does.
        steps: how many steps there were.
    """

    def __init__(self, *modules, files=None, early=False):
        self.files = dict(files or {})
        self.folders = []
        self.early = early
        self.left = None
        self.full = False
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
        """Lasts for up to `count` steps; returns how many of them. Raises PowerCut for the first that it does not."""
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
            raise OSError(ENOENT)
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
            raise OSError(EEXIST)
        self.folders.append(path)

    def _find(self, path):
        if path not in self.files:
            raise OSError(ENOENT)


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
        if self._disk.full:
            raise OSError(ENOSPC)
        done = 0
        while done < len(data):
            count = self._disk.step(len(data) - done)
            self._written += data[done : done + count]
            done += count
            if self._disk.early:
                self.flush()

    def flush(self):
        """Puts what was written on the medium."""
        self._disk.files[self._path] = self._written
