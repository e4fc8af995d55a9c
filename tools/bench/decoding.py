"""Values out of answers: compiled expressions against `eval`."""

from __future__ import annotations

from bench import ev, programs
from bench.report import Row, less_is_better, more_is_better

_ROUNDS = 40  # a multiple of the sets of answers
_SETS = 4


def rows() -> list[Row]:
    """Speed on the 64-bit build; heap on the 32-bit build."""
    plan = programs.save("decode.json", _plan())
    fast = programs.on_device("on_device_decode.py", plan, _ROUNDS)
    small = programs.on_device("on_device_decode.py", plan, _ROUNDS, small=True)
    per_value = small["garbage"] / ev.PARAMETERS, small["peer_garbage"] / ev.PARAMETERS
    return [
        more_is_better("decoding", "values/s", fast["ours"], fast["peer"], times_peer=3),
        less_is_better(
            "decoding: heap growth", "bytes/round", max(fast["growth"], small["growth"]), at_most=0
        ),
        less_is_better("decoding: heap taken, 32 bits", "bytes/value", *per_value),
    ]


def _plan() -> dict:
    values = [
        (place, parameter["expression"], ev.as_python(parameter["expression"]))
        for place, entry in enumerate(ev.profile()["pids"])
        for parameter in entry["parameters"]
    ]
    return {"images": [ev.images(seed) for seed in range(_SETS)], "values": values}
