"""Runs the unit tests where they matter: under Unix MicroPython, 64-bit and with the chip's 32-bit objects."""

import os
import platform
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path.name
    for path in Path(__file__).parent.glob("test_*.py")
    if not path.name.startswith("test_host_")
)


BUILDS = {"native": [], "32-bit": ["-32"]} if platform.machine() == "x86_64" else {"native": []}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS.keys())
@pytest.mark.parametrize("name", FILES)
def test_passes_under_micropython(name: str, build: list[str]) -> None:
    path = ":".join(str(ROOT / part) for part in ("lib", "firmware/boards/unix", "tests/unit"))
    result = subprocess.run(
        [
            ROOT / "tools" / "micropython",
            *build,
            "-X",
            "heapsize=8M",
            "tests/unit/helper.py",
            f"tests/unit/{name}",
        ],
        cwd=ROOT,
        env={**os.environ, "MICROPYPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    assert not result.stdout.splitlines()[-1].startswith("0 passed"), "the file holds no test"
