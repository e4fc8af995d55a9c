"""Deliveries per second: a kept connection against one connection a request; handshakes of six destinations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import programs, provision
from bench.report import Row, less_is_better, more_is_better

_SPELLS = 3
_COUNTS = {"kept": 300, "anew": 60, "requests": 30}  # requests a spell
_SIX = range(1, 7)
_SHARED = 1000  # requests of all six together


def rows() -> list[Row]:
    """The best of several spells each, in turn; then six destinations that take turns."""
    root = programs.BUILD / "post"
    with programs.collector(programs.BUILD / "pki") as port:
        provision.trust(root)
        spells = [_spell(port, root) for _ in range(_SPELLS)]
        handshakes = _measured("shared", port, root, _SHARED)["handshakes"]
    best = {client: max(spell[client] for spell in spells) for client in _COUNTS}
    name, peer = "deliveries over TLS", best["requests"]
    return [
        more_is_better(name, "POST/s", best["kept"], peer, times_peer=10),
        more_is_better(name + ", a connection each", "POST/s", best["anew"], peer),
        less_is_better(f"TLS handshakes per {_SHARED:,} POSTs", "", handshakes, at_most=len(_SIX)),
    ]


def _spell(port: int, root: Path) -> dict[str, float]:
    """POST requests per second of each client."""
    return {
        client: _measured(client, port, root, count)["rate"] for client, count in _COUNTS.items()
    }


def _measured(client: str, port: int, root: Path, count: int) -> dict[str, Any]:
    documents = {
        "kept": [provision.destination(1, port)],
        "anew": [provision.destination(1, port, transport={"keep": False})],
        "requests": [],
        "shared": [provision.destination(number, port) for number in _SIX],
    }
    settings = provision.complete(documents[client])
    plan = programs.save("post.json", {"port": port, "destinations": settings})
    return programs.on_device("on_device_post.py", client, plan, root, count)
