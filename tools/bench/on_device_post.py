"""Runs under MicroPython: POST requests to one server, on a kept connection or with `requests`.

    on_device_post.py firmware|requests PORT ROOT COUNT

ROOT holds the cert set `bench`. Prints POST requests per second, the first connection included.
"""

import asyncio
import json
import sys
import time

_VALUES = ",".join(['"PARAMETER_%02d":%d.25' % (number, number * 7) for number in range(13)])
BODY = ('{"autopid_data":{%s}}' % _VALUES).encode()  # some 300 bytes
HEADERS = [("User-Agent", "ESP32 WiCAN/1.0"), ("Content-Type", "application/json")]


def kept(port: int, root: str, count: int) -> None:
    """The firmware's client: the server is verified, the connection stays."""
    asyncio.run(_kept(port, root, count))


async def _kept(port: int, root: str, count: int) -> None:
    from net import http, tls
    from trust.certsets import CertSets

    context = tls.Context(CertSets(root).load("bench"))
    connection = http.Connection("127.0.0.1", port, context, handshake_lock=asyncio.Lock())
    for _ in range(count):
        response = await connection.request("POST", "/in", HEADERS, BODY, 5000)
        if response.status != 200:
            raise OSError("status %d" % response.status)
    connection.close()
    if connection.handshakes != 1:
        raise OSError("%d connections" % connection.handshakes)


def anew(port: int, _: str, count: int) -> None:
    """MicroPython's own `requests`: a connection a request, nothing verified."""
    import requests

    headers = dict(HEADERS)
    for _ in range(count):
        response = requests.post("https://127.0.0.1:%d/in" % port, data=BODY, headers=headers)
        response.close()
        if response.status_code != 200:
            raise OSError("status %d" % response.status_code)


def main(client: str, port: str, root: str, count: str) -> None:
    post = kept if client == "firmware" else anew
    began = time.ticks_us()
    post(int(port), root, int(count))
    seconds = time.ticks_diff(time.ticks_us(), began) / 1e6
    print(json.dumps({"rate": int(count) / seconds, "bytes": len(BODY)}))


main(*sys.argv[1:])
