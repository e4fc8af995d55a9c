"""The device's file system: littlefs as MicroPython makes it, from files and back.

The parameters are those of MicroPython's VfsLfs2 (extmod/vfs_lfsx.c: reads and writes of 32 bytes, a cache of four of
them, littlefs 2.0 on the medium). A larger cache would store files within a folder's entry that the device cannot read.
"""

from __future__ import annotations

from littlefs import LittleFS, LittleFSError
from littlefs.context import UserContext

from image.boards import ImageError

_UNIT = 32
_CACHE = 4 * _UNIT
_FORMAT = 0x00020000


def pack(files: dict[str, bytes], size: int, block: int) -> bytes:
    """A file system of exactly `size` bytes with these files, by path; the same files make the same bytes.

    Raises ImageError if they do not fit.
    """
    system = _littlefs(UserContext(size), size, block)
    system.format()
    system.mount()
    try:
        for path in sorted(files):
            _make_parents(system, path)
            with system.open(path, "wb") as file:
                file.write(files[path])
    except LittleFSError as error:
        raise ImageError(f"the files do not fit into {size // 1024} KB ({error})") from None
    system.unmount()
    return bytes(system.context.buffer)


def unpack(data: bytes, block: int) -> dict[str, bytes]:
    """The files in a file system, by path. Raises ImageError if it cannot be read."""
    context = UserContext(len(data))
    context.buffer[:] = data
    system = _littlefs(context, len(data), block)
    try:
        system.mount()
        return {path: _content(system, path) for path in _paths(system, "")}
    except LittleFSError as error:
        raise ImageError(f"the file system cannot be read ({error})") from None


def _littlefs(context: UserContext, size: int, block: int) -> LittleFS:
    return LittleFS(
        context,
        mount=False,
        block_size=block,
        block_count=size // block,
        read_size=_UNIT,
        prog_size=_UNIT,
        cache_size=_CACHE,
        lookahead_size=_UNIT,
        disk_version=_FORMAT,
    )


def _make_parents(system: LittleFS, path: str) -> None:
    parent = path.rpartition("/")[0]
    if parent:
        system.makedirs(parent, exist_ok=True)


def _paths(system: LittleFS, folder: str) -> list[str]:
    found: list[str] = []
    for parent, _, names in system.walk(folder or "/"):
        found += [f"{parent}/{name}".lstrip("/").replace("//", "/") for name in names]
    return sorted(found)


def _content(system: LittleFS, path: str) -> bytes:
    with system.open(path, "rb") as file:
        return bytes(file.read())
