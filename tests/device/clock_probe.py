"""Runs under Unix MicroPython: clocks of devices ask real servers once, all at the same time.

Standard input holds a list of {"servers", "port", "released", "shows", "good"} as JSON: `shows` is how many seconds the
clock is fast at first, None for one that was never set; `good` tells whether it was set by hand.

Prints what became of each of them as a line of JSON.
"""

import asyncio
import json
import sys
import time

from log import Log
from net.clock import Clock
from uptime import Uptime


class Memory:
    text = None

    def get(self, key):
        return self.text

    def put(self, key, text):
        self.text = text


class System:
    """A clock of its own, that of the computer being the truth."""

    can_be_set = True

    def __init__(self, off_s):
        self.off_ms = None if off_s is None else off_s * 1000

    def now(self):
        return 0 if self.off_ms is None else (true_ms() + self.off_ms) // 1000

    def set(self, unix_s, micros):
        self.off_ms = unix_s * 1000 + micros // 1000 - true_ms()
        return True

    def rtc(self):
        return None

    def set_rtc(self, unix_s):
        pass


class Over(Exception):
    """The servers have been asked."""


async def stop(ms):
    raise Over


def true_ms():
    return time.time_ns() // 1_000_000


async def probe(plan):
    lines = []
    uptime = Uptime()
    log = Log(sink=lines.append, uptime=uptime).logger("clock")
    memory, system = Memory(), System(plan["shows"])
    clock = Clock(
        memory, system, lambda: plan["servers"], log, uptime, plan["released"], plan["port"]
    )
    if plan["good"]:
        clock.offer("user", system.now())
    clock._wait = stop
    try:
        await clock.run()
    except Over:
        pass
    return {
        "source": clock.source,
        "state": clock.state,
        "off_ms": system.off_ms,
        "kept": memory.text,
        "log": [line.split("clock   ", 1)[1] for line in lines],
    }


async def main(plans):
    found = await asyncio.gather(*[probe(plan) for plan in plans])
    for each in found:
        each["loaded"] = "net.sntp" in sys.modules
        print(json.dumps(each))


asyncio.run(main(json.load(sys.stdin)))
