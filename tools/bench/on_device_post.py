"""Runs under MicroPython: POST requests to one server, on a kept connection, on one each, or with `requests`.

    on_device_post.py kept|anew|shared|requests PLAN ROOT COUNT

PLAN is a JSON file, {"port": of the server, "destinations": [complete settings, …]}; several take turns. ROOT holds the
cert set `bench`. Prints POST requests per second, the first connection included, and how many TLS handshakes it took.
"""

import asyncio
import json
import sys
import time

_VALUES = ",".join(['"PARAMETER_%02d":%d.25' % (number, number * 7) for number in range(13)])
BODY = ('{"autopid_data":{%s}}' % _VALUES).encode()  # some 300 bytes
HEADERS = [("User-Agent", "ESP32 WiCAN/1.0"), ("Content-Type", "application/json")]


async def firmware(settings: list, root: str, count: int) -> int:
    """What a destination does with each of its documents: the server is verified, the answer judged, the request has an
    id of its own. Returns the number of TLS handshakes."""
    from delivery.contexts import Contexts
    from delivery.formats import wican
    from delivery.message import Message, Parcel
    from delivery.route import Route
    from net import tls
    from net.sessions import Sessions
    from trust import Sets

    begun = counted(tls.Context)
    contexts, lock, sessions = Contexts(Sets(root)), asyncio.Lock(), Sessions(len(settings))
    routes = [
        Route(each, lambda name: None, contexts, lock, lambda: 0, sessions) for each in settings
    ]
    for number in range(count):
        message = Message("a1b2c3d4e5f6-1-%d" % number, BODY, 0, 0)
        verdict = await routes[number % len(routes)].deliver(Parcel([message], wican), 5000)
        if not verdict.ok:
            raise OSError(verdict.cause)
    for route in routes:
        route.close()
    return len(begun)


def counted(context: type) -> list:
    """A list that grows by one with each TLS handshake that a context begins."""
    begun: list[None] = []
    wrap = context.wrap  # type: ignore[attr-defined]

    def counting(*arguments: object) -> object:
        begun.append(None)
        return wrap(*arguments)

    context.wrap = counting  # type: ignore[attr-defined]
    return begun


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


def main(client: str, path: str, root: str, count_text: str) -> None:
    with open(path) as file:
        plan = json.load(file)
    count = int(count_text)
    handshakes = count
    began = time.ticks_us()
    if client == "requests":
        frozen(plan["port"], count)
    else:
        handshakes = asyncio.run(firmware(plan["destinations"], root, count))
    seconds = time.ticks_diff(time.ticks_us(), began) / 1e6
    if client == "kept" and handshakes != 1 or client == "anew" and handshakes != count:
        raise OSError("%d handshakes" % handshakes)
    print(json.dumps({"rate": count / seconds, "handshakes": handshakes, "bytes": len(BODY)}))


main(*sys.argv[1:])
