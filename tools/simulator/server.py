"""An adapter one can reach: over TCP, over a pseudo terminal, from a test in another thread."""

import asyncio
import os
import selectors
import socket
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .adapter import Adapter
from .car import Car, load_car
from .link import Link
from .options import Options

_START_WAIT = 10.0
_SPEEDS = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name[0] == "B" and name[1:].isdigit()
}


class Server:
    """A car with its adapter; `adapter` has the faults, the counters and the log.

    `port` or `path` says where it is.
    """

    port = 0
    path = ""

    def __init__(self, car: Car, options: Options) -> None:
        self.car = car
        self.adapter = Adapter(car, options, asyncio.get_running_loop())
        self.adapter.unplug = lambda: self._in_loop(self._unplug)
        self.adapter.plug = lambda: self._in_loop(self._plug)
        self.adapter.start()
        self._thread = threading.get_ident()

    async def close(self) -> None:
        """Ends everything."""
        self._unplug()
        await self.adapter.stop()

    def _in_loop(self, action: Callable[[], None]) -> None:
        """Runs `action` in the loop's thread and waits until it is done."""
        if threading.get_ident() == self._thread:
            action()
            return
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self.adapter.loop.call_soon_threadsafe(act)
        done.wait(_START_WAIT)

    def _plug(self) -> None:
        raise NotImplementedError

    def _unplug(self) -> None:
        raise NotImplementedError


class TcpServer(Server):
    """One host at a time, as with a real adapter: a new connection replaces the one before.

    Unplugged, it closes the connection and refuses others; its settings and its clock go on.
    """

    def __init__(self, car: Car, options: Options, host: str, port: int) -> None:
        super().__init__(car, options)
        self._host, self.port = host, port
        self._socket: socket.socket | None = None
        self._peer: tuple[socket.socket, Link] | None = None
        self._plug()

    def _plug(self) -> None:
        if self._socket:
            return
        self._socket = socket.create_server((self._host, self.port), backlog=8)
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self.adapter.loop.add_reader(self._socket, self._accept)

    def _unplug(self) -> None:
        if self._socket:
            self.adapter.loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        self._hang_up()

    def _accept(self) -> None:
        assert self._socket
        peer, _ = self._socket.accept()
        self._hang_up()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(self.adapter.loop, peer.fileno(), self.adapter.feed, self._hang_up)
        self._peer, self.adapter.host = (peer, link), link.write

    def _hang_up(self) -> None:
        if self._peer:
            peer, link = self._peer
            self._peer, self.adapter.host = None, None
            link.close()
            peer.close()


class PtyServer(Server):
    """A pseudo terminal at `path`.

    Unplugged it disappears; plugged again it may have another path.
    """

    def __init__(self, car: Car, options: Options) -> None:
        super().__init__(car, options)
        self._ends: tuple[int, int] | None = None
        self._plug()

    def _plug(self) -> None:
        if self._ends:
            return
        master, slave = self._ends = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._link = Link(self.adapter.loop, master, self._feed, self._unplug)
        self.adapter.host = self._link.write

    def _feed(self, data: bytes) -> None:
        if self.adapter.options.strict_baud and self._ends:
            self.adapter.host_baud = _SPEEDS.get(termios.tcgetattr(self._ends[1])[5])
        self.adapter.feed(data)

    def _unplug(self) -> None:
        if self._ends:
            self._link.close()
            for end in self._ends:
                os.close(end)
            self._ends, self.adapter.host = None, None


async def serve(
    car: str | Path | dict | Car,
    options: Options | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> TcpServer:
    """Starts an adapter on a TCP port (0: any free one, see `.port`). Raises CarError, OSError."""
    return TcpServer(load_car(car), options or Options(), host, port)


async def open_pty(car: str | Path | dict | Car, options: Options | None = None) -> PtyServer:
    """Starts an adapter on a pseudo terminal, see `.path`. Raises CarError, OSError."""
    return PtyServer(load_car(car), options or Options())


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop with exact timers: epoll, the usual choice, rounds up to milliseconds."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


@contextmanager
def background(
    car: str | Path | dict | Car,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    pty: bool = False,
    **options: Any,
) -> Iterator[Server]:
    """An adapter in a thread of its own, for programs that are not asynchronous.

    with background("petrol", latency_ms=5) as sim: connect(sim.port); sim.adapter.asleep = True
    """
    chosen, known = Options(**options), load_car(car)
    loop = new_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulator", daemon=True)
    thread.start()
    opening = open_pty(known, chosen) if pty else serve(known, chosen, host, port)
    try:
        server: Server = asyncio.run_coroutine_threadsafe(opening, loop).result(_START_WAIT)
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.close(), loop).result(_START_WAIT)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_WAIT)
        loop.close()
