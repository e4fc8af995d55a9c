"""Runs under Unix MicroPython: sends one request as a destination would, and prints its outcome as a line of JSON.

It reads {"root", "set", "host", "port", "name", "deadline", "pins", "remembered", "state"} as JSON from standard input;
"remembered" is the choice of roots that the device remembers, "state" that of its clock.
"""

import asyncio
import json
import sys

from delivery.contexts import Contexts
from delivery.errors import RouteError
from net import http
from trust import Sets

BODY = b'{"autopid_data":{"SPEED":5}}'


class Clock:
    wants_answer = False

    def __init__(self, state):
        self.state = state


class Memory:
    def __init__(self, remembered):
        self.remembered = remembered

    def get(self, key):
        return self.remembered

    def put(self, key, text):
        self.remembered = text


async def outcome(plan, memory):
    settings = {
        "id": 1,
        "cert_set": plan["set"],
        "tls": {"pins": plan["pins"], "ciphers": "default"},
    }
    try:
        context = Contexts(Sets(plan["root"]), Clock(plan["state"]), memory).of_destination(
            settings
        )
    except RouteError as error:
        return {"stage": "settings", "cause": str(error), "advice": error.advice}
    connection = http.Connection(plan["host"], plan["port"], context, plan["name"], asyncio.Lock())
    try:
        response = await connection.request("POST", "/in", [], BODY, plan["deadline"])
    except http.RequestError as error:
        found = {"stage": error.stage, "cause": str(error), "advice": error.advice}
        return dict(found, certificate=error.certificate)
    finally:
        connection.close()
    return {"status": response.status}


async def probe(plan):
    memory = Memory(plan["remembered"])
    found = await outcome(plan, memory)
    print(json.dumps(dict(found, remembered=memory.remembered)))


asyncio.run(probe(json.load(sys.stdin)))
