"""Runs under Unix MicroPython: destinations over a group filled by hand.

The first line of standard input is the plan, {"root", "secrets", "grouping", "destinations"} (an
argument of the command line holds 255 characters). Each other line is a JSON list, answered by one
line with the state of all destinations and their attempts:

    ["values", {"SPEED": "5"}]          the car gave these values
    ["apply", [settings…], grouping]    other settings
    ["report"]                          nothing but the answer
"""

import asyncio
import json
import sys

from autopid import parameter
from autopid.group import Group
from delivery.destination import Destination, Shared
from log import Log
from trust import Sets
from uptime import Uptime


def Parameter(name, unit="", device_class="", binary=False):  # noqa: N802
    """A parameter whose value the test sets."""
    return parameter.Parameter(name, None, unit, device_class, binary=binary)


class Probe:
    def __init__(self, plan):
        uptime = Uptime()
        self.group = Group(uptime)
        self.group.configure(
            [
                Parameter("SPEED", "km/h", "speed"),
                Parameter("FUEL", "%", ""),
                Parameter("COOLANT_TMP", "°C", "temperature"),
            ]
        )
        self.group.fail(self.group.get("COOLANT_TMP"), "no answer")
        shared = Shared(
            self.group,
            uptime,
            Sets(plan["root"]),
            plan["secrets"].get,
            lambda: [("fw_version", "1.0"), ("time_synced", True)],
            Log(sink=lambda line: print(line, file=sys.stderr)).logger("delivery"),
            asyncio.Lock(),
        )
        self.destinations = [
            Destination(settings, plan["grouping"], shared) for settings in plan["destinations"]
        ]

    async def run(self):
        self.tasks = [asyncio.create_task(each.run()) for each in self.destinations]
        commands = asyncio.StreamReader(sys.stdin.buffer)
        line = await commands.readline()
        while line:
            self.obey(*json.loads(line))
            await asyncio.sleep_ms(0)
            print(json.dumps(self.report()))
            line = await commands.readline()
        for task in self.tasks:
            task.cancel()

    def obey(self, command, *arguments):
        if command == "values":
            for name, text in arguments[0].items():
                self.group.update(self.group.get(name), text)
        elif command == "apply":
            for destination, settings in zip(self.destinations, arguments[0]):
                destination.apply(settings, arguments[1])

    def report(self):
        found = []
        for destination in self.destinations:
            state = dict(destination.pairs())
            state["attempts"] = [dict(attempt.pairs()) for attempt in destination.journal]
            found.append(state)
        return found


asyncio.run(Probe(json.loads(sys.stdin.buffer.readline())).run())
