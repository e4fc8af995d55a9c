"""A device's file system with what lies beside the slots, and starts of that device."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ("device", "web/__init__.py", "web/auth.py", "log.py", "uptime.py")


def make(root: Path) -> None:
    """Puts the modules beside the slots, as sources. Nothing else of lib/ is in reach."""
    rescue = root / "rescue"
    for name in BESIDE:
        source = ROOT / "lib" / name
        if source.is_dir():
            shutil.copytree(source, rescue / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (rescue / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, rescue / name)
    shutil.copyfile(ROOT / "firmware/boards/unix/board.py", rescue / "board.py")


def application(root: Path, slot: str, source: str, version: str) -> None:
    """A small application in a slot. It brings its own board and `device`, as real ones do."""
    folder = root / f"app_{slot}"
    shutil.copytree(root / "rescue", folder)
    (folder / "app.py").write_text(source)
    (folder / "manifest").write_text(
        f"wican-update 1\nboard unix\nversion {version}\nminimum 0.1\n\n{'0' * 64} 1 app.py\n"
    )


def environment(root: Path) -> dict[str, str]:
    return {**os.environ, "MICROPYPATH": str(ROOT / "tests/device"), "STATE_DIR": str(root)}


def start(root: Path) -> subprocess.CompletedProcess:
    """One start of the device, to its end; it ends with 1 if it is to start again."""
    return subprocess.run(
        [ROOT / "tools/micropython", ROOT / "tests/device/boot_probe.py", root],
        env=environment(root),
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
    )
