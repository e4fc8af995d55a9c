"""Runs under Unix MicroPython: destinations over a group filled by hand.

The first line of standard input is the plan, {"root", "boot", "secrets", "grouping", "connections", "destinations"}
(an argument of the command line holds 255 characters); destinations are documents as a settings file has them. Each
other line is a JSON list, answered by one line with the state of all destinations and their attempts:

    ["values", {"SPEED": "5"}]          the car gave these values
    ["apply", [document…], grouping]    other settings
    ["send", 1]                         destination 1 sends now; answered when it has, with the attempt
    ["signal", "ecu", true]             the car woke up
    ["reset"]                           all destinations forget their failures
    ["report"]                          nothing but the answer
"""

import asyncio
import json
import sys

from autopid import parameter
from autopid.group import Group
from config import checks, schema
from delivery.contexts import Contexts
from delivery.destination import Destination
from delivery.shared import Shared
from device.memory import Memory
from log import Log
from net.clock import System
from trust import Sets
from uptime import Uptime


def Parameter(name, unit="", device_class="", binary=False):  # noqa: N802
    """A parameter whose value the test sets."""
    return parameter.Parameter(name, None, unit, device_class, binary=binary)


class Signals:
    """What the car does, as the test says."""

    def __init__(self):
        self.states = {}

    def state(self, name):
        return self.states.get(name)

    def supply_mv(self):
        return None


class Probe:
    def __init__(self, plan):
        uptime = Uptime()
        self.secrets = plan["secrets"]
        self.group = Group(uptime)
        self.group.configure(
            [
                Parameter("SPEED", "km/h", "speed"),
                Parameter("FUEL", "%", ""),
                Parameter("COOLANT_TMP", "°C", "temperature"),
            ]
        )
        self.group.fail(self.group.get("COOLANT_TMP"), "no answer")
        self.signals = Signals()
        logger = Log(sink=lambda line: print(line, file=sys.stderr)).logger("delivery")
        shared = Shared(
            plan["root"],
            plan["boot"],
            "a1b2c3d4e5f6",
            self.group,
            uptime,
            System().now,
            self.signals,
            Contexts(Sets(plan["root"])),
            plan["secrets"].get,
            lambda: [("fw_version", "1.0"), ("time_synced", True)],
            logger,
            plan["connections"],
            lambda: True,
            dict,
            Memory(plan["root"], logger),
            lambda number, reply: None,
        )
        self.destinations = [
            Destination(settings, plan["grouping"], shared)
            for settings in self.complete(plan["destinations"])
        ]

    def complete(self, documents):
        """The settings of these documents, as the store makes them."""
        document = {"destinations": documents}
        settings, problems = schema.validate(document, self.secrets, checks.ALL)
        if problems:
            raise ValueError(problems)
        return settings["destinations"]

    async def run(self):
        self.tasks = [asyncio.create_task(each.run()) for each in self.destinations]
        commands = asyncio.StreamReader(sys.stdin.buffer)
        line = await commands.readline()
        while line:
            print(json.dumps(await self.obey(*json.loads(line))))
            line = await commands.readline()
        for task in self.tasks:
            task.cancel()

    async def obey(self, command, *arguments):
        if command == "send":
            attempt = await self.destinations[arguments[0] - 1].send_now()
            return dict(attempt.pairs(), request=attempt.trace)
        if command == "values":
            for name, text in arguments[0].items():
                self.group.update(self.group.get(name), text)
        elif command == "signal":
            self.signals.states[arguments[0]] = arguments[1]
        elif command == "reset":
            for destination in self.destinations:
                destination.reset()
        elif command == "apply":
            for destination, settings in zip(self.destinations, self.complete(arguments[0])):
                destination.apply(settings, arguments[1])
        await asyncio.sleep_ms(0)
        return self.report()

    def report(self):
        found = []
        for destination in self.destinations:
            state = dict(destination.pairs())
            state["attempts"] = [dict(attempt.pairs()) for attempt in destination.journal]
            found.append(state)
        return found


asyncio.run(Probe(json.loads(sys.stdin.buffer.readline())).run())
