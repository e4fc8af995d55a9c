"""Runs under Unix MicroPython: sends requests with the device's client, as told on standard input.

The first line is the plan, {"root": folder with cert sets, "cap": bytes kept of a reply's body}. Each other line is a
JSON list of requests that are sent at the same time, answered by one line with the list of their outcomes, in the same
order. A request is {"key": name of its connection, "port", "set", "deadline" (ms), "body": text, "times": how often,
"base64": the body instead, "fill": whether the body is as long as memory allows instead, "headers", "method", "target",
"close": whether to close afterwards}. The connection of a key is opened when first needed and kept.
"""

import asyncio
import binascii
import gc
import json
import sys
import time

from net import http, tls
from trust.certsets import CertSets


class Probe:
    def __init__(self, plan):
        self.plan = plan
        self.contexts = {}
        self.connections = {}

    def context(self, name):
        if name not in self.contexts:
            self.contexts[name] = tls.Context(CertSets(self.plan["root"]).load(name))
        return self.contexts[name]

    def connection(self, request):
        key = request["key"]
        if key not in self.connections:
            self.connections[key] = http.Connection(
                "127.0.0.1",
                request["port"],
                self.context(request["set"]) if request["set"] else None,
                handshake_lock=self.lock,
                body_cap=self.plan["cap"],
            )
        return self.connections[key]

    async def run(self):
        self.lock = asyncio.Lock()
        commands = asyncio.StreamReader(sys.stdin.buffer)
        line = await commands.readline()
        while line:
            requests = json.loads(line)
            found = await asyncio.gather(*[self.send(request) for request in requests])
            print(json.dumps({"outcomes": found, "used": used()}))
            line = await commands.readline()

    async def send(self, request):
        connection = self.connection(request)
        began = time.ticks_ms()
        found = await outcome(connection, request)
        found["took"] = time.ticks_diff(time.ticks_ms(), began)
        found["handshakes"], found["retries"] = connection.handshakes, connection.retries
        found["open"] = connection.is_open
        if request["close"]:
            connection.close()
            del self.connections[request["key"]]
        return found


async def outcome(connection, request):
    headers = [tuple(header) for header in request["headers"]]
    body = request["body"].encode() * request["times"]
    if request["base64"]:
        body = binascii.a2b_base64(request["base64"])
    if request.get("fill"):
        body = as_much_as_fits()
    method, target = request["method"], request["target"]
    try:
        reply = await connection.request(method, target, headers, body, request["deadline"])
    except http.RequestError as error:
        return {
            "stage": error.stage,
            "cause": str(error),
            "advice": error.advice,
            "status": error.status,
        }
    return {
        "stage": None,
        "status": reply.status,
        "body": reply.body.decode(),
        "truncated": reply.truncated,
        "headers": dict(reply.headers),
    }


def as_much_as_fits():
    """Bytes that leave a little memory, and nowhere as much in one piece as they take."""
    size = gc.mem_free()
    while True:
        try:
            return bytes(size)
        except MemoryError:
            size = size * 7 // 8


def used():
    """Bytes of the heap in use, with nothing in it that could be freed."""
    gc.collect()
    return gc.mem_alloc()


asyncio.run(Probe(json.loads(sys.stdin.buffer.readline())).run())
