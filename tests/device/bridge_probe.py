"""Runs under Unix MicroPython: bridges and forwardings, until standard input ends.

The first line of it is the plan, {"root", "room": clients at once, "bridges": [...]}; a bridge is {"name", "port",
"host", "to": port, "set": cert set, "server_name", "clients", "idle_ms", "open_ms"}; one in the clear has {"rules",
"protocol"} instead of a cert set. It says "listening", or why it cannot.
Each other line is a JSON list, answered by one line of JSON:

    ["log"]              all entries, an object each
    ["lines"]            the same as text
    ["known", name]      how many clients a forwarding of UDP remembers
    ["places"]           how many clients are served
    ["memory"]           the most bytes that were in use since the last time, as far as that was looked at
    ["stop", name]       ends the bridge

With a folder as argument, it is the whole firmware on that file system instead; each line is a settings document, which
it puts into force; it says the problems.
"""

import asyncio
import gc
import json
import sys

from net import tls
from net.bridge import Bridge, Room, connector, passthrough
from net.bridge_log import BridgeLog
from net.datagrams import Datagrams
from net.sessions import Sessions
from trust.certsets import CertSets
from uptime import Uptime

LOOK_MS = 20


class Probe:
    def __init__(self, plan):
        self.plan = plan
        self.uptime = Uptime()
        self.records = BridgeLog(self.uptime)
        self.room = Room(plan.get("room", 2))
        self.sessions = Sessions(4)
        self.handshakes = asyncio.Lock()
        self.parts = {}
        self.tasks = {}
        self.most = 0

    def start(self):
        for settings in self.plan["bridges"]:
            made = self.parts[settings["name"]] = self.made(settings)
            self.tasks[settings["name"]] = asyncio.create_task(made.run())

    def made(self, settings):
        clients = settings.get("clients", ())
        if settings.get("protocol") == "udp":
            target = (settings["host"], settings["to"])
            return Datagrams(
                settings["name"],
                settings["port"],
                target,
                settings["rules"],
                self.records,
                self.uptime,
                clients,
            )
        return Bridge(
            settings["name"],
            settings["port"],
            self.way(settings),
            self.room,
            self.records,
            self.uptime,
            clients,
            idle_ms=settings.get("idle_ms", 60_000),
            open_ms=settings.get("open_ms", 20_000),
        )

    def way(self, settings):
        if "rules" in settings:
            return passthrough(settings["rules"], settings["host"], settings["to"])
        return connector(
            settings["host"],
            settings["to"],
            tls.Context(CertSets(self.plan["root"]).load(settings["set"])),
            settings.get("server_name"),
            self.handshakes,
            self.sessions,
        )

    def log(self):
        return json.loads("".join(self.records.pieces()))

    def lines(self):
        return list(self.records.lines())

    def known(self, name):
        return self.parts[name].known

    def places(self):
        return self.room.taken

    def memory(self):
        most, self.most = self.most, 0
        return most

    async def look(self):
        while True:
            gc.collect()
            self.most = max(self.most, gc.mem_alloc())
            await asyncio.sleep_ms(LOOK_MS)

    async def stop(self, name):
        self.tasks[name].cancel()
        try:
            await self.tasks[name]
        except asyncio.CancelledError:
            return True


async def whole_firmware(root):
    import app

    commands = asyncio.StreamReader(sys.stdin.buffer)
    firmware = app.App(root)
    running = asyncio.create_task(firmware.run())
    line = await commands.readline()
    while line:
        print("problems:", firmware.store.save(json.loads(line)))
        line = await commands.readline()
    running.cancel()


async def main():
    commands = asyncio.StreamReader(sys.stdin.buffer)
    probe = Probe(json.loads(await commands.readline()))
    try:
        probe.start()
    except ValueError as error:
        print(json.dumps(str(error)))
        return
    await asyncio.sleep_ms(0)
    await asyncio.sleep_ms(0)
    looking = asyncio.create_task(probe.look()) if probe.plan.get("look") else None
    print(json.dumps("listening"))
    line = await commands.readline()
    while line:
        command, *arguments = json.loads(line)
        found = getattr(probe, command)(*arguments)
        print(json.dumps(await found if command == "stop" else found))
        line = await commands.readline()
    if looking is not None:
        looking.cancel()


asyncio.run(whole_firmware(sys.argv[1]) if len(sys.argv) > 1 else main())
