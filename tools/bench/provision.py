"""What the devices of the benchmarks are given: whom to trust, where to send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import on_cpython
import unix_device

from bench import programs

CERT_SET = "bench"
CYCLE_MS = 1000


def trust(root: Path) -> None:
    """Puts the collector's authority onto a device's file system."""
    authority = (programs.BUILD / "pki" / "ca.pem").read_bytes()
    unix_device.DeviceFiles(root).add_cert_set(CERT_SET, authority)


def destination(id: int, port: int, **more: Any) -> dict[str, Any]:
    """The settings document of a destination on this machine."""
    return {
        "id": id,
        "name": f"bench {id}",
        "url": f"https://127.0.0.1:{port}/in",
        "cycle_ms": CYCLE_MS,
        "cert_set": CERT_SET,
        **more,
    }


def complete(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The settings of destinations with everything their documents leave out. Raises BenchError."""
    on_cpython.install()
    from config import schema

    settings, problems = schema.validate({"version": 1, "destinations": documents})
    if problems:
        raise programs.BenchError(f"the settings are refused: {problems}")
    found: list[dict[str, Any]] = settings["destinations"]
    return found
