"""Runs under Unix MicroPython: sends requests with the device's client and prints each outcome as one line of JSON.

https_probe.py PLAN    with PLAN = {"root", "set", "host", "port", "name", "deadline", "requests", "body",
"times"} as JSON
"""

import asyncio
import json
import sys

from net import http, tls
from trust.certsets import CertSets


async def outcome(connection, plan):
    headers = [("Content-Type", "application/json")]
    body = plan["body"].encode() * plan["times"]
    try:
        response = await connection.request("POST", "/in?a=b", headers, body, plan["deadline"])
    except http.RequestError as error:
        return {
            "stage": error.stage,
            "cause": str(error),
            "advice": error.advice,
            "errno": error.errno,
            "status": error.status,
        }
    return {"status": response.status, "body": response.body.decode()}


async def probe(plan):
    context = tls.Context(CertSets(plan["root"]).load(plan["set"]))
    connection = http.Connection(plan["host"], plan["port"], context, plan["name"], asyncio.Lock())
    for _ in range(plan["requests"]):
        found = await outcome(connection, plan)
        found["handshakes"] = connection.handshakes
        found["retries"] = connection.retries
        print(json.dumps(found))
    connection.close()


asyncio.run(probe(json.loads(sys.argv[1])))
