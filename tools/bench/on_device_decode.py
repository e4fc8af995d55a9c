"""Runs under MicroPython: decodes the values of a profile's answers, compiled and with `eval`.

    on_device_decode.py PLAN ROUNDS

PLAN is a JSON file, {"images": [[hex, …], …], "values": [[place of the answer, expression, Python text], …]}: several
sets of answers, used in turn, so that no value is the one before. Prints values per second of both, and in bytes what a
round takes from the heap and what of it stays after a collection.
"""

import gc
import json
import sys
import time
from binascii import unhexlify

from autopid.expression import Expression
from micropython import const

_SPELLS = const(5)


class Compiled:
    """As the firmware does it: exact decimal text."""

    def __init__(self, values: list) -> None:
        shapes: dict = {}
        self._values = [(place, Expression(text, (), shapes)) for place, text, _ in values]

    def decode(self, images: list) -> None:
        for place, expression in self._values:
            expression.value(images[place])


class Evaluated:
    """The obvious way: the text is evaluated each time, with floats."""

    def __init__(self, values: list) -> None:
        self._values = [(place, text) for place, _, text in values]
        self._names = {"b": b""}

    def decode(self, images: list) -> None:
        names = self._names
        for place, text in self._values:
            names["b"] = images[place]
            eval(text, names)


def compare(values: list, images: list) -> None:
    """Both must agree, or the comparison is worth nothing."""
    for place, text, python in values:
        exact = Expression(text).value(images[place])
        floating = eval(python, {"b": images[place]})
        if abs(float(exact) - floating) > 0.0051:
            raise ValueError("%s is %s, not %s" % (text, exact, floating))


def speed(decoder: Compiled | Evaluated, sets: list, count: int, rounds: int) -> float:
    """Values per second, the best of several spells."""
    best = 0.0
    for _ in range(_SPELLS):
        gc.collect()
        began = time.ticks_us()
        for number in range(rounds):
            decoder.decode(sets[number % len(sets)])
        best = max(best, count * rounds * 1e6 / time.ticks_diff(time.ticks_us(), began))
    return best


def allocated() -> int:
    gc.collect()
    return gc.mem_alloc()


def growth(decoder: Compiled, sets: list, rounds: int) -> float:
    """Bytes a round that a collection does not bring back: after `rounds` against after twice as many."""
    run(decoder, sets, rounds)
    before = allocated()
    run(decoder, sets, rounds)
    return (allocated() - before) / rounds


def garbage(decoder: Compiled | Evaluated, sets: list) -> int:
    """Bytes that one round takes, collected or not."""
    before = allocated()
    gc.disable()
    decoder.decode(sets[1])
    taken = gc.mem_alloc() - before
    gc.enable()
    return taken


def run(decoder: Compiled, sets: list, rounds: int) -> None:
    """That many rounds, a multiple of the number of sets, so that each run ends with the same values."""
    for number in range(rounds):
        decoder.decode(sets[number % len(sets)])


def main(path: str, rounds_text: str) -> None:
    with open(path) as file:
        plan = json.load(file)
    values, rounds = plan["values"], int(rounds_text)
    sets = [[unhexlify(image) for image in images] for images in plan["images"]]
    for images in sets:
        compare(values, images)
    ours, peer = Compiled(values), Evaluated(values)
    result = {
        "ours": speed(ours, sets, len(values), rounds),
        "peer": speed(peer, sets, len(values), max(rounds // 10, 1)),
        "growth": growth(ours, sets, rounds),
        "garbage": garbage(ours, sets),
        "peer_garbage": garbage(peer, sets),
    }
    print(json.dumps(result))


main(*sys.argv[1:])
