"""What the whole firmware needs: heap while it works, time to load."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bytecode
import simulator
import unix_device

from bench import ev, programs, provision
from bench.report import Row, less_is_better

_KB = 1024  # bytes
_RUNS = 2
_DOCUMENTS = 5


def rows() -> list[Row]:
    """The firmware as bytecode, and from sources."""
    car = programs.save("ev.json", ev.car())
    home = compiled(programs.BUILD / "bytecode")
    with programs.simulator(car) as elm, programs.collector(programs.BUILD / "pki") as server:
        root = provisioned(programs.BUILD / "device", elm, server)
        ours = [_measured(root, home) for _ in range(_RUNS)]
        peer = [_measured(root, programs.ROOT) for _ in range(_RUNS)]
    return [
        _kilobytes("live heap, 32 bits", _lowest(ours, "samples"), _lowest(peer, "samples"), 200),
        _kilobytes("live heap, highest sample", max(max(run["samples"]) for run in ours)),
        _kilobytes(
            "live heap after the imports", _lowest(ours, "imported"), _lowest(peer, "imported")
        ),
        _kilobytes("live heap before the imports", _lowest(ours, "before")),
        less_is_better(
            "imports", "ms", _lowest(ours, "imported_ms"), _lowest(peer, "imported_ms")
        ),
    ]


def _kilobytes(name: str, ours: int, peer: int | None = None, at_most: int | None = None) -> Row:
    peer_kb = None if peer is None else peer / _KB
    return less_is_better(name, "KB", ours / _KB, peer_kb, at_most=at_most)


def _lowest(runs: list[dict[str, Any]], key: str) -> int:
    """The least of all runs and samples: MicroPython's collector also keeps what merely looks referenced."""
    found = [run[key] for run in runs]
    return min(min(value) if isinstance(value, list) else value for value in found)


def compiled(home: Path) -> Path:
    """The device's modules as bytecode in `home`/lib."""
    shutil.rmtree(home, ignore_errors=True)
    for folder in (programs.LIB, programs.BOARD, "build/packages"):
        bytecode.compile_folder(programs.ROOT / folder, home, programs.LIB)
    return home


def provisioned(root: Path, elm: int, server: int) -> Path:
    """A device's file system: the electric car, one destination, the page."""
    shutil.rmtree(root, ignore_errors=True)
    provision.trust(root)
    unix_device.DeviceFiles(root).provision(
        car=simulator.load_car(ev.car()),
        elm=f"127.0.0.1:{elm}",
        web_port=unix_device.free_port(),
        password="bench password",
        destinations=[provision.destination(1, server)],
        private={},
    )
    return root


def _measured(root: Path, home: Path) -> dict[str, Any]:
    found = programs.on_device("on_device_heap.py", root, _DOCUMENTS, home=home, small=True)
    if found["values"] != ev.PARAMETERS:
        raise programs.BenchError(f"the firmware reads {found['values']} values")
    return found
