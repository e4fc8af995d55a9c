"""The application as it lies in a slot: bytecode of everything that runs, the page, and the manifest over all of it.

Beside the slots lies /rescue: the modules that boot.py and safe mode need, found by following their imports.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import bytecode
import on_cpython

from image.boards import Board, ImageError

ROOT = on_cpython.ROOT
PACKAGES = ROOT / "build" / "packages"
MINIMUM = "0.1.0"  # no older version may be installed any more once this one is confirmed
_SERVER = ("__init__", "helpers", "microdot")  # of the package microdot: the rest is not used
_RESCUE = ("board", "device.boot", "device.safe_mode")
_STATUS = "device/status.py"
_VERSION = re.compile(r'^VERSION = "([0-9.]+)"$', re.MULTILINE)
_RELEASED = re.compile(r"^RELEASED = [0-9_]+.*$", re.MULTILINE)


@dataclass(frozen=True)
class Application:
    """What goes into a slot, and what lies beside the slots, by path.

    `version` is the firmware's own.
    """

    board: str
    version: str
    files: dict[str, bytes]
    rescue: dict[str, bytes]

    @property
    def manifest(self) -> bytes:
        """The text that is signed for an update and makes a slot whole: see lib/device/manifest.py."""
        head = f"wican-update 1\nboard {self.board}\nversion {self.version}\nminimum {MINIMUM}\n\n"
        lines = [
            f"{hashlib.sha256(self.files[path]).hexdigest()} {len(self.files[path])} {path}\n"
            for path in sorted(self.files)
        ]
        return (head + "".join(lines)).encode()


def build(board: Board, released: int | None = None) -> Application:
    """Compiles the application for a board; `released` is the moment of the release (Unix seconds, see `release_time`).

    The same sources and moment make the same bytes. Raises ImageError.
    """
    with tempfile.TemporaryDirectory() as scratch:
        sources, compiled = Path(scratch) / "sources", Path(scratch) / "compiled"
        version = collect(board, sources, release_time() if released is None else released)
        bytecode.compile_folder(sources, compiled, "")
        files = {
            path.relative_to(compiled).as_posix(): path.read_bytes()
            for path in sorted(compiled.rglob("*.mpy"))
        }
        files.update(_data())
        rescue = {path: files[path] for path in _rescue_files(sources)}
    made = Application(board.name, version, files, rescue)
    check(made)
    return made


def release_time() -> int:
    """When this was released, in Unix seconds: SOURCE_DATE_EPOCH, else the last commit, else now."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given:
        if not given.isdecimal():
            raise ImageError(f"SOURCE_DATE_EPOCH must be Unix seconds, not {given!r}")
        return int(given)
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else int(time.time())


def collect(board: Board, target: Path, released: int) -> str:
    """Copies the modules of a board's application to one folder, as they are imported; returns the version.

    Raises ImageError.
    """
    target.mkdir()
    _copy_modules(ROOT / "lib", target)
    for folder in board.sources:
        _copy_modules(folder, target)
    for name in _SERVER:
        module = PACKAGES / "microdot" / f"{name}.py"
        if not module.exists():
            raise ImageError(f"{module.relative_to(ROOT)} is missing: run `make build/ready`")
        _copy(module, target / "microdot" / module.name)
    status = target / _STATUS
    text = status.read_text("utf-8")
    found = _VERSION.search(text)
    if found is None or len(_RELEASED.findall(text)) != 1:
        raise ImageError(f"lib/{_STATUS} has no VERSION or no RELEASED")
    status.write_text(_RELEASED.sub(f"RELEASED = {released}", text), "utf-8")
    return found[1]


def check(made: Application) -> None:
    """Raises ImageError if the device would not take the manifest as an update's."""
    on_cpython.install()
    from device.manifest import MAX_SIZE, Manifest, UpdateError

    if len(made.manifest) > MAX_SIZE:
        raise ImageError("the manifest is too long for the device")
    try:
        Manifest(made.manifest)
    except UpdateError as error:
        raise ImageError(f"the device would refuse this application: {error}") from None


def _data() -> dict[str, bytes]:
    """What is no module: the page, which is one folder on the path, and data that modules read."""
    page = PACKAGES / "page"
    if not (page / "versions").exists():
        raise ImageError(f"{page.relative_to(ROOT)} is missing: run `make page`")
    files = {f"page/{path.name}": path.read_bytes() for path in sorted(page.iterdir())}
    for path in sorted((ROOT / "lib").rglob("*")):
        place = path.relative_to(ROOT / "lib")
        hidden = "static" in place.parts or "__pycache__" in place.parts
        if path.is_file() and path.suffix not in (".py", ".pyi", ".md") and not hidden:
            files[place.as_posix()] = path.read_bytes()
    return files


def _copy_modules(folder: Path, target: Path) -> None:
    for module in sorted(folder.rglob("*.py")):
        place = target / module.relative_to(folder)
        if place.exists():
            raise ImageError(f"{module.relative_to(ROOT)} has the name of another module")
        _copy(module, place)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


# Beside the slots


def _rescue_files(sources: Path) -> list[str]:
    """The bytecode files of everything that is imported, at once or later, by what starts the device."""
    found: dict[str, Path] = {}
    waiting = list(_RESCUE)
    while waiting:
        name = waiting.pop()
        path = _module(sources, name)
        if path is None or name in found:
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *imports(path.read_text("utf-8"))]
    return sorted(
        path.relative_to(sources).with_suffix(".mpy").as_posix() for path in found.values()
    )


def _module(sources: Path, name: str) -> Path | None:
    """The file of a module, None if it is MicroPython's own or no module."""
    if not name:
        return None
    place = sources / name.replace(".", "/")
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.exists():
            return path
    return None


def imports(source: str) -> list[str]:
    """Every name a module may import, wherever it does; what only type checkers import is left out."""
    found: list[str] = []
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
        waiting += ast.iter_child_nodes(node)
    return found
