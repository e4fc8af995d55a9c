"""Runs under Unix MicroPython: the firmware's poller on an adapter, as fast as that answers.

    on_device_poll.py PORT PLAN SPELLS MILLISECONDS

PLAN is a JSON file, {"settings": the autopid section, "profile": vehicle profile or null}. Prints how long the first
sweep over all values took, then what was done in each spell.
"""

import asyncio
import json
import sys

from autopid import plan as plans
from autopid import profile as profiles
from autopid.group import Group
from autopid.poller import Poller
from log import Log
from obd.elm327 import Elm327
from uptime import Uptime


class Bench:
    def __init__(self, path: str) -> None:
        with open(path) as file:
            plan = json.load(file)
        log = Log("warning", sink=lambda line: print(line, file=sys.stderr))
        self.uptime = Uptime()
        self.group = Group(self.uptime)
        self.poller = Poller(self.group, self.uptime, log.logger("poller"))
        profile = plan["profile"] and profiles.load(plan["profile"])
        self.poller.configure(plans.build(plan["settings"], profile, self.group))

    async def run(self, port: int, spells: int, length_ms: int) -> dict:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.adapter = Elm327(reader, writer, "6")
        await self.adapter.start()
        began = self.uptime.ms()
        task = asyncio.create_task(self.poller.run(self.adapter))
        while [entry for entry in self.group if entry.text is None]:
            await asyncio.sleep_ms(20)
        first_ms = self.uptime.ms() - began
        found = []
        for _ in range(spells):
            found.append(await self._spell(length_ms))
        task.cancel()
        return {"parameters": len(self.group), "first_ms": first_ms, "spells": found}

    async def _spell(self, length_ms: int) -> dict:
        adapter, group = self.adapter, self.group
        requests, commands, values = adapter.requests, adapter.commands, group.updates
        began = self.uptime.ms()
        await asyncio.sleep_ms(length_ms)
        return {
            "ms": self.uptime.ms() - began,
            "requests": adapter.requests - requests,
            "commands": adapter.commands - commands,
            "values": group.updates - values,
        }


def main(port: str, path: str, spells: str, length_ms: str) -> None:
    print(json.dumps(asyncio.run(Bench(path).run(int(port), int(spells), int(length_ms)))))


main(*sys.argv[1:])
