"""Runs under Unix MicroPython: one MQTT destination that is told what to publish.

The first line of standard input is the plan, {"root", "secrets", "settings"}. Each other line is a JSON list,
answered by one line of JSON:

    ["deliver", id, body, deadline_ms]      the verdict, the trace, how often a connection was accepted
    ["close"]                               true
"""

import asyncio
import json
import sys

from delivery.contexts import Contexts
from delivery.errors import RouteError
from delivery.message import Message, Parcel
from delivery.mqtt_route import MqttRoute
from net.http import RequestError
from trust import Sets


class Format:
    CONTENT_TYPE = "application/json"


class Probe:
    def __init__(self, plan):
        self.way = None
        self.plan = plan

    async def deliver(self, id, body, deadline_ms):
        parcel = Parcel([Message(id, body.encode(), 0, 0)], Format, True)
        try:
            found = await self.route().deliver(parcel, deadline_ms)
            outcome = {"kind": found.kind, "stage": found.stage, "cause": found.cause}
            outcome["advice"] = found.advice
        except RequestError as error:
            outcome = {"kind": "retry", "stage": error.stage, "cause": str(error)}
            outcome["advice"] = error.advice
        except RouteError as error:
            outcome = {"kind": "settings", "cause": str(error), "advice": error.advice}
        outcome["trace"] = parcel.trace
        outcome["connects"] = 0 if self.way is None else self.way._client.connects
        return outcome

    def route(self):
        if self.way is None:
            plan = self.plan
            secret = plan["secrets"].get
            contexts = Contexts(Sets(plan["root"]))
            self.way = MqttRoute(
                plan["settings"], secret, contexts, asyncio.Lock(), "a0b1c2d3e4f5"
            )
        return self.way

    async def close(self):
        self.way.close()
        return True


async def main():
    commands = asyncio.StreamReader(sys.stdin.buffer)
    probe = Probe(json.loads(await commands.readline()))
    line = await commands.readline()
    while line:
        command, *arguments = json.loads(line)
        print(json.dumps(await getattr(probe, command)(*arguments)))
        line = await commands.readline()


asyncio.run(main())
