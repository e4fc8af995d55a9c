"""Starts what is measured and what it is measured against, each as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import on_cpython

ROOT = on_cpython.ROOT
BUILD = ROOT / "build" / "bench"
LIB = "lib"
BOARD = "firmware/boards/unix"
SCRIPTS = Path(__file__).resolve().parent
_SLOWEST_S = 150.0
_PORT = re.compile(r":(\d+)/?$")


class BenchError(Exception):
    """What kept a measurement from being made, as one sentence."""


@contextmanager
def simulator(car: str | Path) -> Iterator[int]:
    """A car with its adapter; gives the port."""
    command = [sys.executable, "-m", "simulator", "--car", str(car), "--port", "0"]
    with _process(command, stdout=subprocess.PIPE) as process:
        yield _announced(process.stdout, "simulator")


@contextmanager
def collector(pki: Path) -> Iterator[int]:
    """An HTTPS server that speaks TLS 1.2, as the ESP32 does; gives the port. `pki/ca.pem` is what to trust."""
    command = [sys.executable, "-m", "collector", "--pki", str(pki), "--tls12", "--port", "0"]
    with _process(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        yield _announced(process.stderr, "collector")


def on_device(
    script: str, *arguments: str | int | Path, home: Path = ROOT, small: bool = False
) -> dict[str, Any]:
    """Runs a script of this folder under MicroPython and returns the JSON object of its last line.

    The firmware's modules are those of `home`/lib, found by a short path as on a device, because modules keep theirs on
    the heap; `small` takes the 32-bit build. Raises BenchError.
    """
    command: list[str | Path] = [
        ROOT / "tools" / "micropython",
        *(["-32"] if small else []),
        "-X",
        "heapsize=8M",
    ]
    try:
        result = subprocess.run(
            [*command, SCRIPTS / script, *map(str, arguments)],
            cwd=home,
            env={**os.environ, "MICROPYPATH": f"{LIB}:{BOARD}"},
            capture_output=True,
            text=True,
            timeout=_SLOWEST_S,
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{script} takes longer than {_SLOWEST_S:g} s") from None
    last = result.stdout.rstrip().rpartition("\n")[2]
    if result.returncode or not last.startswith("{"):
        raise BenchError(f"{script} failed: {(result.stderr or result.stdout).strip()[-800:]}")
    return json.loads(last)


def save(name: str, data: object) -> Path:
    """Writes a JSON file for a script (its command line holds only 255 characters)."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / name
    path.write_text(json.dumps(data))
    return path


@contextmanager
def _process(command: list[str], **streams: Any) -> Iterator[subprocess.Popen]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, start_new_session=True, **streams
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _announced(stream: IO[str] | None, name: str) -> int:
    """The port in the line with which a server tells that it listens."""
    line = stream.readline().strip() if stream else ""
    found = _PORT.search(line)
    if not found:
        raise BenchError(f"the {name} does not start: {line}")
    return int(found[1])
