"""Deliveries per second: a kept connection against one connection a request."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench import programs
from bench.report import Row, more_is_better

_SPELLS = 3
_KEPT, _ANEW = 300, 30  # requests a spell


def rows() -> list[Row]:
    """The best of several spells each, in turn."""
    root = programs.BUILD / "post"
    with programs.collector(programs.BUILD / "pki") as port:
        trust(root)
        ours, peer = zip(*[(_rate("firmware", port, root, _KEPT), _rate("requests", port, root, _ANEW)) for _ in range(_SPELLS)])
    return [more_is_better("deliveries over TLS", "POST/s", max(ours), max(peer), times_peer=10)]


def trust(root: Path) -> None:
    """Puts the collector's authority onto a device's file system as cert set `bench`."""
    folder = root / "certs" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(programs.BUILD / "pki" / "ca.pem", folder / "ca.pem")


def _rate(client: str, port: int, root: Path, count: int) -> float:
    return programs.on_device("on_device_post.py", client, port, root, count)["rate"]
