"""Listens for browsers. What serves them is loaded when the first one comes: see `web.clients` and `web.site`."""

import asyncio

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

    from log import Logger
    from uptime import Uptime

    from web.clients import Clients
    from web.site import Site

_BACKLOG = const(3)
_SWEEP_MS = const(500)
_STALL_MS = const(5000)
_WORK_MS = const(60_000)  # the longest request is an attempt to deliver: see web.destinations


class Server:
    """Serves a site on a TCP port; drops a client that stands still for `stall_ms`.

    A request may be worked on for `work_ms`. The site is built by `build` when the first client comes.

    Attributes:
        seen_ms: uptime when a client was there last, None before the first.
    """

    def __init__(
        self,
        build: "Callable[[], Site]",
        port: int,
        uptime: "Uptime",
        log: "Logger",
        host: str = "0.0.0.0",
        stall_ms: int = _STALL_MS,
        work_ms: int = _WORK_MS,
    ) -> None:
        self._build = build
        self._host = host
        self._port = port
        self._uptime = uptime
        self._log = log
        self._stall_ms = stall_ms
        self._work_ms = work_ms
        self._clients: Clients | None = None
        self.seen_ms: int | None = None

    async def run(self) -> None:
        """Serves until it is cancelled. Raises OSError if the port cannot be had."""
        server = await asyncio.start_server(self._accept, self._host, self._port, backlog=_BACKLOG)
        self._log.info("listening on port %d", self._port)
        try:
            while True:
                await asyncio.sleep_ms(_SWEEP_MS)
                if self._clients is not None:
                    self._clients.drop_overdue()
                    if self._clients.has_any():
                        self.seen_ms = self._uptime.ms()
        finally:
            server.close()
            if self._clients is not None:
                self._clients.drop_all()
            await server.wait_closed()

    def drop_clients(self) -> None:
        """Closes all connections, because the device has another address."""
        if self._clients is not None:
            self._clients.drop_all()

    async def _accept(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        self.seen_ms = self._uptime.ms()
        clients = self._clients or self._load_clients()
        if clients is not None:
            await clients.serve(reader, writer)
        else:
            writer.close()
            await writer.wait_closed()

    def _load_clients(self) -> "Clients | None":
        """Loads what serves clients; None if that is not possible now, which the next client tries again."""
        try:
            from web.clients import Clients

            self._clients = Clients(
                self._build, self._uptime, self._log, self._stall_ms, self._work_ms
            )
        except Exception as error:  # whatever it is: the device goes on without its page
            self._log.error("the page cannot be shown: %r", error)
        return self._clients
