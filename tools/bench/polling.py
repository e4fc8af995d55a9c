"""Asking the car: requests and values per second, and a sweep over a large profile."""

from __future__ import annotations

from statistics import median
from typing import Any

import simulator

from bench import ev, programs
from bench.report import Row, less_is_better, more_is_better

_SPELLS, _SPELL_MS = 3, 3000
_SWEEPS = 2
_NEVER_IDLE_MS = 20  # a period no adapter keeps up with

# What the reference firmware sends before standard PIDs on 11-bit CAN.
_STANDARD_INIT = "ATTP6;ATSH7DF;ATCRA"


def petrol() -> list[Row]:
    """Standard PIDs."""
    car = simulator.load_car("petrol")
    names = car.standard
    plan = {"settings": _settings(names), "profile": None}
    peer_plan = {
        "class_init": _STANDARD_INIT,
        "requests": [("", "01" + name[:2]) for name in names],
    }
    with programs.simulator("petrol") as port:
        ours = _ours(port, plan)["spells"]
    with programs.simulator("petrol") as port:
        rate = 1000 * len(names) / _peer_ms(port, peer_plan)
    return [
        more_is_better("polling: requests", "1/s", _rate(ours, "requests"), rate, at_least=25),
        more_is_better("polling: values", "1/s", _rate(ours, "values"), rate, at_least=60),
    ]


def electric() -> list[Row]:
    """A sweep over 246 parameters."""
    car = programs.save("ev.json", ev.car())
    plan = {"settings": _settings([]), "profile": ev.profile()}
    with programs.simulator(car) as port:
        found = _ours(port, plan)
    with programs.simulator(car) as port:
        peer_s = _peer_ms(port, ev.reference_plan()) / 1000
    sweeps_s = [spell["ms"] / 1000 * ev.PARAMETERS / spell["values"] for spell in found["spells"]]
    name = f"sweep of {ev.PARAMETERS} parameters"
    return [
        less_is_better(name, "s", median(sweeps_s), peer_s, times_peer=20),
        less_is_better(name + ", the first", "s", found["first_ms"] / 1000, peer_s),
    ]


def _settings(standard: list[str]) -> dict[str, Any]:
    """The autopid section of the settings."""
    parameters = [
        {"name": name, "period_ms": _NEVER_IDLE_MS, "receive_header": "", "enabled": True}
        for name in standard
    ]
    return {
        "cycle_ms": _NEVER_IDLE_MS,
        "standard": {"enabled": bool(standard), "protocol": "6", "parameters": parameters},
        "specific": {"enabled": True},
        "custom": {"init": "", "parameters": []},
    }


def _ours(port: int, plan: dict[str, Any]) -> dict[str, Any]:
    path = programs.save("plan.json", plan)
    return programs.on_device("on_device_poll.py", port, path, _SPELLS, _SPELL_MS)


def _peer_ms(port: int, plan: dict[str, Any]) -> float:
    """The peer's fastest sweep; BenchError if it did not get its answers."""
    path = programs.save("reference.json", plan)
    found = programs.on_device("on_device_reference.py", port, path, _SWEEPS)
    if set(found["answers"]) != {len(plan["requests"])}:
        raise programs.BenchError(f"the reference algorithm got {found['answers']} answers")
    return min(found["ms"])


def _rate(spells: list[dict[str, int]], key: str) -> float:
    """Median of the spells, per second."""
    return median(1000 * spell[key] / spell["ms"] for spell in spells)
