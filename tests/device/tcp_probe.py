"""Runs under Unix MicroPython: one destination over a plain connection that is told what to send.

The first line of standard input is the plan, {"root", "settings", "look_ms"}. Each other line is a JSON list, answered
by one line of JSON:

    ["deliver", body, deadline_ms, times]   the verdict on the body, repeated; the trace; connections opened so far
    ["close"]                               true
"""

import asyncio
import json
import sys

from delivery.contexts import Contexts
from delivery.errors import RouteError
from delivery.message import Message, Parcel
from delivery.tcp_route import TcpRoute
from net.http import RequestError
from trust import Sets


class Format:
    CONTENT_TYPE = "application/json"


class Probe:
    def __init__(self, plan):
        contexts = Contexts(Sets(plan["root"]))
        self.way = TcpRoute(
            plan["settings"], {}.get, contexts, asyncio.Lock(), look_ms=plan["look_ms"]
        )

    async def deliver(self, body, deadline_ms, times):
        parcel = Parcel([Message("a0b1c2d3e4f5-1-1", body.encode() * times, 0, 0)], Format, True)
        try:
            found = await self.way.deliver(parcel, deadline_ms)
            outcome = {"kind": found.kind, "stage": found.stage, "cause": found.cause}
            outcome["advice"] = found.advice
        except RequestError as error:
            outcome = {"kind": "retry", "stage": error.stage, "cause": str(error)}
            outcome["advice"] = error.advice
        except RouteError as error:
            outcome = {"kind": "settings", "cause": str(error), "advice": error.advice}
        outcome["trace"] = parcel.trace
        outcome["connects"] = self.way._opening.handshakes
        return outcome

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
