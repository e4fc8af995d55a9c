"""Runs a file of unit tests under Unix MicroPython."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path.name
    for path in Path(__file__).parent.glob("test_*.py")
    if not path.name.startswith("test_host_")
)


def passes(name: str, *build: str) -> None:
    """Fails if one of the tests does, or if there are none. `build` are options of tools/micropython."""
    path = ":".join(str(ROOT / part) for part in ("lib", "firmware/boards/unix", "tests/unit"))
    command = [ROOT / "tools" / "micropython", *build, "-X", "heapsize=8M"]
    result = subprocess.run(
        [*command, "tests/unit/helper.py", f"tests/unit/{name}"],
        cwd=ROOT,
        env={**os.environ, "MICROPYPATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    assert not result.stdout.splitlines()[-1].startswith("0 passed"), "the file holds no test"
