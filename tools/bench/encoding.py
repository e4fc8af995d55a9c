"""Documents per second: all values of a large car as JSON, exact, against `json.dumps` of floats."""

from __future__ import annotations

from bench import ev, programs, provision
from bench.report import Row, more_is_better

_ROUNDS = 200  # documents a spell


def rows() -> list[Row]:
    """Best of several spells each, in turn."""
    body = provision.complete([provision.destination(1, 443)])[0]["body"]
    plan = programs.save("encode.json", {"values": ev.values(0), "body": body})
    found = programs.on_device("on_device_encode.py", plan, _ROUNDS)
    name = f"body encoding, {ev.PARAMETERS} values"
    return [more_is_better(name, "documents/s", found["ours"], found["peer"], times_peer=2)]
