"""Deliveries per second: a kept connection against one connection a request."""

from __future__ import annotations

from pathlib import Path

import unix_device

from bench import programs
from bench.report import Row, more_is_better

CERT_SET = "bench"

_SPELLS = 3
_COUNTS = {"kept": 300, "anew": 60, "requests": 30}  # requests a spell


def rows() -> list[Row]:
    """The best of several spells each, in turn."""
    root = programs.BUILD / "post"
    with programs.collector(programs.BUILD / "pki") as port:
        trust(root)
        spells = [_spell(port, root) for _ in range(_SPELLS)]
    best = {client: max(spell[client] for spell in spells) for client in _COUNTS}
    name, peer = "deliveries over TLS", best["requests"]
    return [
        more_is_better(name, "POST/s", best["kept"], peer, times_peer=10),
        more_is_better(name + ", a connection each", "POST/s", best["anew"], peer),
    ]


def trust(root: Path) -> None:
    """Puts the collector's authority onto a device's file system."""
    authority = (programs.BUILD / "pki" / "ca.pem").read_bytes()
    unix_device.DeviceFiles(root).add_cert_set(CERT_SET, authority)


def _spell(port: int, root: Path) -> dict[str, float]:
    """POST requests per second of each client."""
    return {
        client: programs.on_device("on_device_post.py", client, port, root, count)["rate"]
        for client, count in _COUNTS.items()
    }
