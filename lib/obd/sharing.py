"""An ELM327 over TCP for apps on a phone: one at a time, which has the OBD chip for itself while it talks.

    sharing = Sharing(lambda: adapter, 35000, 10_000, uptime, log.logger("sharing"))
    await sharing.run()
    sharing.reason      # why nothing else is asked now; "" if no app talks

It only listens; the conversation is loaded when somebody comes: see `obd.guest`.
"""

import asyncio
import socket

import transient
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

    from obd.can import Can
    from obd.elm327 import Elm327
    from obd.guest import Guest

_BACKLOG = const(1)
TALKING = "An app on a phone uses the OBD chip."


class Sharing:
    """Takes apps that connect from private addresses.

    Args:
        adapter: () -> the OBD chip at work, None while there is none.
        port: TCP port.
        return_ms: silence after which the chip is given back.

    Attributes:
        guests: how many apps were served.
    """

    def __init__(
        self,
        adapter: "Callable[[], Elm327 | Can | None]",
        port: int,
        return_ms: int,
        uptime: "Uptime",
        log: "Logger",
        host: str = "0.0.0.0",
    ) -> None:
        self._adapter = adapter
        self._port = port
        self._return_ms = return_ms
        self._uptime = uptime
        self._log = log
        self._host = host
        self._guest: Guest | None = None
        self._task: asyncio.Task[None] | None = None
        self.guests = 0

    @property
    def reason(self) -> str:
        """Why nobody else can ask the car now; "" if no app talks."""
        return TALKING if self._guest is not None and self._guest.has_adapter else ""

    async def run(self) -> None:
        """Serves until it is cancelled. Raises OSError if the port cannot be had."""
        server = await asyncio.start_server(self._accept, self._host, self._port, backlog=_BACKLOG)
        self._log.info("apps may connect to port %d", self._port)
        try:
            while True:
                await asyncio.sleep_ms(60_000)
        finally:
            server.close()
            self.dismiss()
            await server.wait_closed()

    async def _accept(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        try:
            await self._receive(reader, writer)
        finally:
            await _close(writer)

    async def _receive(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        """Serves one app. Another one that has been silent gives way: phones leave without a word."""
        from net.passthrough import LAN, covers

        address = _address_of(writer.get_extra_info("peername"))
        if not any([covers(block, address) for block in LAN]):
            self._log.warning("%s was refused: it is not in this network", address)
            return
        if self.reason:
            self._log.warning("%s was refused: another app talks to the car", address)
            return
        self.dismiss()
        from obd.guest import Guest  # given back below

        guest = Guest(reader, writer, self._adapter, self._return_ms, self._uptime, self._log)
        self._guest, self._task = guest, asyncio.current_task()
        self.guests += 1
        self._log.info("an app connected from %s", address)
        try:
            await guest.run()
        finally:
            self._log.info("the app at %s is gone", address)
            if self._guest is guest:
                self._guest = self._task = None
                transient.release(transient.GUEST)

    def dismiss(self) -> None:
        """Sends the app away."""
        if self._task is not None:
            self._task.cancel()
            self._guest = self._task = None


async def _close(writer: "StreamWriter") -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:  # it is gone
        pass


def _address_of(peer: object) -> str:
    """The IP address of a socket's peer; the Unix port of MicroPython gives the raw structure of it."""
    if isinstance(peer, tuple):
        return peer[0]
    octets = socket.sockaddr(peer)[1]  # type: ignore[attr-defined]  # only that port has it
    return ".".join([str(byte) for byte in octets])
