"""Six destinations at once: whether a dead and a slow server make the documents of the others late."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from collector.server import background

from bench import ev, programs, provision
from bench.report import Row, less_is_better

_GOOD = 4
_SLOW_S = 3.0
_MEASURED_MS = 23_000
_LEAST_SAMPLES = 80
_AT_MOST_MS = 50


def rows() -> list[Row]:
    """How late the documents of the four good ones leave: 99 of 100 no later than this."""
    pki, root = programs.BUILD / "pki", programs.BUILD / "six"
    with (
        programs.collector(pki) as good,
        background(pki, delay=_SLOW_S) as slow,
        _dead() as dead,
    ):
        provision.trust(root)
        ports = [good] * _GOOD + [dead, slow.port]
        documents = [provision.destination(1 + place, port) for place, port in enumerate(ports)]
        plan = {"destinations": provision.complete(documents), "values": ev.values(0)}
        path = programs.save("six.json", plan)
        found = programs.on_device("on_device_destinations.py", path, root, _GOOD, _MEASURED_MS)
    name = f"six destinations at {provision.CYCLE_MS} ms, one dead, one slow: p99 lateness"
    return [less_is_better(name, "ms", p99_lateness_ms(found), at_most=_AT_MOST_MS)]


def p99_lateness_ms(found: dict[str, Any]) -> int:
    """Of the device's report; a due time that passed without a document counts as a whole cycle.

    Raises BenchError if the servers did not behave as the row says, or there is too little to judge by.
    """
    late = sorted([*found["late"], *([provision.CYCLE_MS] * found["missed"])])
    if len(late) < _LEAST_SAMPLES:
        raise programs.BenchError(f"only {len(late)} documents to judge by")
    if found["dead"]["delivered"] or not found["dead"]["failed"] or not found["slow"]["delivered"]:
        raise programs.BenchError(f"the servers were not dead and slow: {found}")
    return int(late[math.ceil(len(late) * 0.99) - 1])


@contextmanager
def _dead() -> Iterator[int]:
    """A server that takes connections (the system does it) and never says a word, not even of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])
