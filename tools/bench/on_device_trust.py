"""Runs under MicroPython: connections to one server, whose authority is found in several ways.

    on_device_trust.py hold ROOT PORT WAY
    on_device_trust.py time ROOT PORT ROUNDS WAY…

ROOT holds the cert set `single`, which has the server's authority only, and the default bundle, which has it as well.
WAY is `single`, `default` (the bundle at first contact), `remembered` (the bundle, when the authority is known) or
`whole` (the bundle, all of it). Each connection starts from the files, as after a restart, and sends a small document.

`hold` keeps the connection and prints how much heap is in use after garbage collections, in bytes. The C library traces
what it hands out until then, where it has been told to. `time` takes the ways in turn and prints how many milliseconds
each connection took until the answer was there.
"""

import asyncio
import gc
import json
import sys
import time

from micropython import const
from net import http, tls
from trust import Sets

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from net.tls import TlsSocket

_HOST = "127.0.0.1"
_SAMPLES = const(5)
_DEADLINE_MS = const(10_000)


class Choice:
    """Remembers which authority served last."""

    def __init__(self) -> None:
        self._text: str | None = None

    def get(self) -> "str | None":
        return self._text

    def put(self, text: str) -> None:
        self._text = text


class Whole:
    """The same face as `tls.Context`, but it trusts every authority of the bundle."""

    is_blind = False
    knows_time = True

    def __init__(self, root: str) -> None:
        from trust import roots

        self.handshake = tls.Handshake(False, False)
        self._context = tls.checking(self._note)
        with roots.Bundle(root + "/certs/default/roots.bin") as bundle:
            for _, offset, length in bundle.entries():
                self._context.load_verify_locations(bundle.read(offset, length))

    def wrap(self, sock: "socket.socket", server_name: str) -> "TlsSocket":
        return tls.wrapped(self._context, sock, server_name)

    def release(self) -> None:
        """Nobody has to explain anything."""

    def over(self) -> None:
        """There is nothing to give back."""

    def explain(self, error: Exception, server_name: str) -> "tuple[str, str | None, str]":
        return str(error), None, ""

    def _note(self, certificate: memoryview, depth: int) -> int:
        return 0


def prepared(way: str, root: str, port: int, choice: Choice) -> http.Connection:
    """A connection that is not open yet."""
    if way == "whole":
        return http.Connection(_HOST, port, Whole(root))  # type: ignore[arg-type]  # see there
    certset = Sets(root).load("single" if way == "single" else "default")
    context = tls.Context(certset, choice=choice)
    if context.is_blind != (way == "default"):
        raise OSError("the authority is known, or not, where it should be the other way round")
    return http.Connection(_HOST, port, context)


async def send(connection: http.Connection) -> None:
    response = await connection.request("POST", "/in", (), b"{}", _DEADLINE_MS)
    if response.status != 200:
        raise OSError("status %d" % response.status)


async def hold(way: str, root: str, port: int) -> dict:
    stop = traced()
    connection = prepared(way, root, port, Choice())
    await send(connection)
    gc.collect()
    stop()
    samples = []
    for _ in range(_SAMPLES):
        await send(connection)
        gc.collect()
        samples.append(gc.mem_alloc())
    if connection.handshakes != 1:
        raise OSError("the connection was not kept")
    return {"samples": samples}


async def measured(ways: "list[str]", root: str, port: int, rounds: int) -> dict:
    """In turn, so that what else the machine does strikes all of them alike."""
    known = Choice()
    await spent_ms("default", root, port, known)
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            choice = known if way == "remembered" else Choice()
            spent[way].append(await spent_ms(way, root, port, choice))
    return spent


async def spent_ms(way: str, root: str, port: int, choice: Choice) -> float:
    gc.collect()
    began = time.ticks_us()
    connection = prepared(way, root, port, choice)
    await send(connection)
    spent = time.ticks_diff(time.ticks_us(), began) / 1000
    connection.close()
    return spent


def traced() -> "Callable[[], object]":
    """Starts the C library's trace of its heap, if its debugging library is loaded; returns what ends it.

    The two functions that work are that library's, of an old version of its interface; those that are found without
    asking for the version do nothing.
    """
    import ffi  # type: ignore[import-not-found]  # of the Unix port

    find = ffi.open(None).func("P", "dlvsym", "Pss")
    start, stop = [find(0, name, "GLIBC_2.0") for name in ("mtrace", "muntrace")]
    if not start or not stop:
        return lambda: None
    ffi.func("v", start, "")()
    end: Callable[[], object] = ffi.func("v", stop, "")
    return end


def main(task: str, root: str, port: str, *more: str) -> None:
    if task == "hold":
        found = hold(more[0], root, int(port))
    else:
        found = measured(list(more[1:]), root, int(port), int(more[0]))
    print(json.dumps(asyncio.run(found)))


main(*sys.argv[1:])
