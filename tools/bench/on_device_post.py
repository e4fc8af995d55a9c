"""Runs under MicroPython: POST requests to one server, on a kept connection, on one each, or with `requests`.

    on_device_post.py kept|anew|requests PORT ROOT COUNT

ROOT holds the cert set `bench`. Prints POST requests per second, the first connection included.
"""

import asyncio
import json
import sys
import time

_VALUES = ",".join(['"PARAMETER_%02d":%d.25' % (number, number * 7) for number in range(13)])
BODY = ('{"autopid_data":{%s}}' % _VALUES).encode()  # some 300 bytes
HEADERS = [("User-Agent", "ESP32 WiCAN/1.0"), ("Content-Type", "application/json")]


async def firmware(port: int, root: str, count: int, keep: bool) -> None:
    """The firmware's client: the server is verified; the connection stays, or each request has its own."""
    from net import http, tls
    from trust.certsets import CertSets

    context = tls.Context(CertSets(root).load("bench"))
    lock = asyncio.Lock()
    connection = http.Connection("127.0.0.1", port, context, handshake_lock=lock, keep=keep)
    for _ in range(count):
        response = await connection.request("POST", "/in", HEADERS, BODY, 5000)
        if response.status != 200:
            raise OSError("status %d" % response.status)
    connection.close()
    if connection.handshakes != (1 if keep else count):
        raise OSError("%d connections" % connection.handshakes)


def frozen(port: int, count: int) -> None:
    """MicroPython's own `requests`: a connection a request, nothing verified."""
    import requests

    headers = dict(HEADERS)
    address = "https://127.0.0.1:%d/in" % port
    for _ in range(count):
        response = requests.post(address, data=BODY, headers=headers)  # type: ignore[no-untyped-call]
        response.close()
        if response.status_code != 200:
            raise OSError("status %d" % response.status_code)


def main(client: str, port: str, root: str, count: str) -> None:
    began = time.ticks_us()
    if client == "requests":
        frozen(int(port), int(count))
    else:
        asyncio.run(firmware(int(port), root, int(count), client == "kept"))
    seconds = time.ticks_diff(time.ticks_us(), began) / 1e6
    print(json.dumps({"rate": int(count) / seconds, "bytes": len(BODY)}))


main(*sys.argv[1:])
