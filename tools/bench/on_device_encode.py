"""Runs under MicroPython: writes one document again and again, from the group and with `json.dumps`.

    on_device_encode.py PLAN ROUNDS

PLAN is a JSON file, {"values": [[name, decimal text], …], "body": those settings of a destination}. The peer gets the
same values as a ready-made dict of floats and ints. Prints documents per second of both.
"""

import gc
import json
import sys
import time

from autopid.group import Group
from autopid.parameter import Parameter
from delivery.formats import wican
from delivery.sample import Sample
from micropython import const
from uptime import Uptime

_SPELLS = const(7)


def filled(values: list) -> Group:
    """A group that holds these values."""
    group = Group(Uptime())
    group.configure([Parameter(name, None) for name, _ in values])  # never decoded
    for parameter, (_, text) in zip(group, values):
        group.update(parameter, text)
    return group


def per_second(sample: "Sample | None", ready: dict, rounds: int) -> float:
    """Documents a second: of the sample, or of the ready-made dict if there is none."""
    gc.collect()
    began = time.ticks_us()
    for _ in range(rounds):
        if sample is not None:
            wican.document(sample)
        else:
            json.dumps(ready)
    return rounds * 1e6 / time.ticks_diff(time.ticks_us(), began)


def main(path: str, rounds_text: str) -> None:
    with open(path) as file:
        plan = json.load(file)
    rounds = int(rounds_text)
    sample = Sample(list(filled(plan["values"])), 0, 0, "a1b2c3d4e5f6", plan["body"])
    ready = {"autopid_data": {name: json.loads(text) for name, text in plan["values"]}}
    if json.loads(wican.document(sample)) != ready:
        raise ValueError("the document is another one")
    ours = peer = 0.0
    for _ in range(_SPELLS):
        ours = max(ours, per_second(sample, ready, rounds))
        peer = max(peer, per_second(None, ready, rounds))
    print(json.dumps({"ours": ours, "peer": peer}))


main(*sys.argv[1:])
