"""What the default bundle costs: memory over a cert set with one authority, time of the first contact."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

import certifi
import roots
import unix_device
from pki import Authority

from bench import heap, programs
from bench.report import Row, less_is_better

_KB = 1024  # bytes
_AT_MOST_KB = 12
_RUNS = 3
_ROUNDS = 40
_SCRIPT = programs.SCRIPTS / "on_device_trust.py"
_ROOMY, _STEP = 512 * _KB, 256  # bytes of heap
_SLOWEST_S = 60.0
_HANDED_OUT = re.compile(r" ([-+<>]) (0x[0-9a-f]+)(?: (0x[0-9a-f]+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """MicroPython's heap and the C library's together, in bytes."""

    settled: int
    peak: int


def rows() -> list[Row]:
    """Memory of a kept connection, then times of connections."""
    pki, root = programs.BUILD / "trust-pki", programs.BUILD / "trust"
    _provision(pki, root)
    home = heap.compiled(programs.BUILD / "bytecode")
    with programs.collector(pki) as port:
        device = _Device(home, root, port)
        single, default, whole = (device.memory(way) for way in ("single", "default", "whole"))
        ms = device.times("single", "remembered", "default", "whole")
    return [
        less_is_better(
            "default bundle, memory over one CA",
            "KB",
            (default.settled - single.settled) / _KB,
            (whole.settled - single.settled) / _KB,
            at_most=_AT_MOST_KB,
        ),
        less_is_better("first contact, peak memory", "KB", default.peak / _KB, whole.peak / _KB),
        less_is_better("connection with one CA, peak memory", "KB", single.peak / _KB),
        less_is_better("first contact, both passes", "ms", ms["default"], ms["whole"]),
        less_is_better("connection, authority remembered", "ms", ms["remembered"], ms["single"]),
    ]


def trace(text: str) -> tuple[int, int]:
    """Bytes that were in use at the end and at most, of a trace that glibc's `mtrace` wrote."""
    sizes: dict[str, int] = {}
    used = peak = 0
    for sign, place, size in _HANDED_OUT.findall(text):
        used -= sizes.pop(place, 0)  # what was there before the trace began, is unknown
        if sign in "+>":
            sizes[place] = int(size, 16)
            used += sizes[place]
            peak = max(peak, used)
    return used, peak


def _provision(pki: Path, root: Path) -> None:
    """A server below an authority and an intermediate one; a device that has the authority in both ways."""
    for folder in (pki, root):
        shutil.rmtree(folder, ignore_errors=True)
    authority = Authority("Bench CA")
    authority.write(pki)
    server = authority.intermediate("Bench issuing CA").server("127.0.0.1")
    server.write(pki, "server.crt", "server.key")
    unix_device.DeviceFiles(root).add_cert_set("single", authority.pem)
    public = Path(certifi.where()).read_bytes()
    data = roots.bundle(public + authority.pem, roots.date(certifi.__version__))
    roots.write(root / "certs" / "default" / "roots.bin", data)


class _Device:
    """Runs the script, each time as a process of its own, with the modules of `home`."""

    def __init__(self, home: Path, root: Path, port: int) -> None:
        self._home = home
        self._to = (str(root), str(port))

    def memory(self, way: str) -> Memory:
        """The least of several runs: MicroPython's collector also keeps what merely looks referenced."""
        runs = [self._held(way) for _ in range(_RUNS)]
        settled, peak = (min(each) for each in zip(*runs, strict=True))
        return Memory(settled, peak + self._least_heap(way))

    def times(self, *ways: str) -> dict[str, float]:
        """The median of many connections each, in milliseconds."""
        found = json.loads(self._run(["time", *self._to, str(_ROUNDS), *ways], _ROOMY))
        return {way: statistics.median(spent) for way, spent in found.items()}

    def _held(self, way: str) -> tuple[int, int]:
        """Bytes in use of both heaps, and the C library's peak."""
        path = programs.BUILD / "trust.trace"
        path.unlink(missing_ok=True)
        output = self._run(["hold", *self._to, way], _ROOMY, path)
        if not path.exists():
            raise programs.BenchError("the C library of the 32-bit build cannot trace its heap")
        used, peak = trace(path.read_text())
        path.unlink()
        return min(json.loads(output)["samples"]) + used, peak

    def _least_heap(self, way: str) -> int:
        """With how little heap for MicroPython the way still works: it has no other measure of its peak."""
        too_little, enough = 0, _ROOMY
        while enough - too_little > _STEP:
            size = (too_little + enough) // 2
            try:
                self._run(["hold", *self._to, way], size)
                enough = size
            except programs.BenchError:
                too_little = size
        return enough

    def _run(self, arguments: list[str], size: int, traced: Path | None = None) -> str:
        """What the script prints with that much heap. Raises BenchError."""
        environment = {**os.environ, "MICROPYPATH": f"{programs.LIB}:{programs.BOARD}"}
        if traced is not None:
            environment["LD_PRELOAD"] = "libc_malloc_debug.so.0"
            environment["MALLOC_TRACE"] = str(traced)
        program = str(programs.ROOT / "tools" / "micropython")
        command = [program, "-32", "-X", f"heapsize={size}", str(_SCRIPT), *arguments]
        try:
            result = subprocess.run(
                command,
                cwd=self._home,
                env=environment,
                capture_output=True,
                text=True,
                timeout=_SLOWEST_S,
            )
        except subprocess.TimeoutExpired:
            raise programs.BenchError(f"{_SCRIPT.name} takes too long") from None
        if result.returncode:
            problem = (result.stderr or result.stdout).strip()[-800:]
            raise programs.BenchError(f"{_SCRIPT.name} failed: {problem}")
        return result.stdout
