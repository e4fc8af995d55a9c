"""Forwards UDP in the clear where a passthrough rule says so: name look-ups, clocks.

Each client gets a socket of its own towards the target, so that answers find their way back. There are few of them:
the one that has been silent for the longest time gives way.
"""

import asyncio
import errno
import socket

from micropython import const

from net.bridge import UNCOVERED, address_of
from net.bridge_log import LOCAL, REMOTE, Traffic
from net.bridge_tally import Tally
from net.passthrough import LAN, PASSTHROUGH, covers, route

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from uptime import Uptime

    from net.bridge_log import BridgeLog
    from net.dial import Stream
    from net.passthrough import Rule

    Source = tuple[str, int] | tuple[str, int, int, int] | str  # as the port's recvfrom gives it

_CLIENTS = const(3)
_IDLE_MS = const(10_000)
_LARGEST = const(1472)  # bytes; what fits into one Ethernet frame

_STRANGER = "The client %s is not on the list of %s. Add its address there if it belongs there."
_TOO_LARGE = "A datagram of more than %d bytes was dropped. Have the client send smaller ones."
_LOST = "%s port %d cannot be reached. Check the address, and that a server listens there."


class Client:
    """Whom the target's answers go to."""

    def __init__(self, source: "Source", sock: "socket.socket", now_ms: int) -> None:
        self.source = source
        self.sock = sock
        self.moved_ms = now_ms
        self.traffic = Traffic(now_ms)
        self.task: asyncio.Task[None] | None = None


class Datagrams:
    """Carries datagrams between a UDP port of the LAN and one target.

    A client without traffic is forgotten after `idle_ms`. `clients`, `host` and `tally` are those of
    `net.bridge.Bridge`; here, each client that it remembers is a session.
    """

    def __init__(
        self,
        name: str,
        port: int,
        target: "tuple[str, int]",
        rules: "Sequence[Rule]",
        log: "BridgeLog",
        uptime: "Uptime",
        clients: "Sequence[str]" = (),
        host: str = "0.0.0.0",
        idle_ms: int = _IDLE_MS,
    ) -> None:
        """`target` is IPv4 address and port. Raises ValueError with a sentence unless a rule covers it."""
        if route(rules, "udp", target[0], target[1]) != PASSTHROUGH:
            raise ValueError(UNCOVERED % ("udp", target[1], target[0]))
        self.name = name
        self.tally = Tally()
        self._here = (host, port)
        self._target = target
        self._log = log
        self._uptime = uptime
        self._allowed = clients or LAN
        self._idle_ms = idle_ms
        self._table: list[Client] = []  # the one that was silent for the longest time first

    @property
    def known(self) -> int:
        """How many clients it remembers now."""
        return len(self._table)

    async def run(self) -> None:
        """Forwards until it is cancelled. Raises OSError if the port cannot be had."""
        sock = _new()
        try:
            sock.bind(_where(self._here))
            self.tally.is_listening = True
            arrivals: Stream = asyncio.StreamReader(sock)  # type: ignore[assignment]  # see Stream
            while True:
                await arrivals.read(0)  # waits until there is something, and leaves it there
                self._receive(sock)
        finally:
            self.tally.is_listening = False
            for client in list(self._table):
                self._forget(client)
            sock.close()

    def _receive(self, sock: "socket.socket") -> None:
        try:
            data, source = sock.recvfrom(_LARGEST + 1)
        except OSError:  # there was nothing after all, or what came was damaged
            return
        address = address_of(source)
        if not any([covers(block, address) for block in self._allowed]):
            self._log.add(self.name, "limit", LOCAL, _STRANGER % (address, self.name))
        elif len(data) > _LARGEST:
            self._log.add(self.name, "limit", LOCAL, _TOO_LARGE % _LARGEST)
        else:
            self._forward(sock, data, source)

    def _forward(self, sock: "socket.socket", data: bytes, source: "Source") -> None:
        try:
            client = self._known(source) or self._add(sock, source)
        except OSError as error:
            self._log.add(self.name, "tcp", REMOTE, _LOST % self._target, error.args[0])
            return
        self._touch(client)
        try:
            client.traffic.sent += client.sock.send(data)
        except OSError as error:
            self._lose(client, error)

    def _known(self, source: "Source") -> "Client | None":
        for client in self._table:
            if client.source == source:
                return client
        return None

    def _add(self, sock: "socket.socket", source: "Source") -> Client:
        """Raises OSError."""
        if len(self._table) == _CLIENTS:
            self._forget(self._table[0])
        outward = _new()
        try:
            outward.connect(
                _where(self._target)
            )  # from now on it takes answers of the target only
        except OSError:
            outward.close()
            raise
        client = Client(source, outward, self._uptime.ms())
        self._table.append(client)
        self.tally.begin(client.traffic)
        self.tally.served += 1
        client.task = asyncio.create_task(self._answer(client, sock))
        return client

    def _touch(self, client: Client) -> None:
        client.moved_ms = self._uptime.ms()
        self._table.remove(client)
        self._table.append(client)

    def _forget(self, client: Client) -> None:
        if client in self._table:
            self._table.remove(client)
            self.tally.end(client.traffic)
            if client.task is not None:
                client.task.cancel()
            client.sock.close()

    def _lose(self, client: Client, error: OSError) -> None:
        if error.args[0] == errno.EAGAIN:  # no room for it now: datagrams may get lost
            return
        traffic = client.traffic
        self._log.add(self.name, "read", REMOTE, _LOST % self._target, error.args[0], traffic)

    async def _answer(self, client: Client, sock: "socket.socket") -> None:
        """Takes the target's answers back until there has been no traffic for long enough."""
        arrivals: Stream = asyncio.StreamReader(client.sock)  # type: ignore[assignment]  # see Stream
        spare_ms = self._idle_ms
        while spare_ms > 0:
            try:
                await asyncio.wait_for_ms(arrivals.read(0), spare_ms)
                self._return(client, sock)
            except asyncio.TimeoutError:
                pass
            spare_ms = self._idle_ms - (self._uptime.ms() - client.moved_ms)
        client.task = None
        self._forget(client)

    def _return(self, client: Client, sock: "socket.socket") -> None:
        try:
            data = client.sock.recv(_LARGEST + 1)
        except OSError as error:
            return self._lose(client, error)
        self._touch(client)
        if len(data) > _LARGEST:
            self._log.add(self.name, "limit", REMOTE, _TOO_LARGE % _LARGEST)
            return None
        client.traffic.received += len(data)
        try:
            sock.sendto(data, client.source)
        except OSError:  # it is gone, or there is no room for it now: datagrams may get lost
            pass
        return None


def _new() -> "socket.socket":
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    return sock


def _where(address: "tuple[str, int]") -> "tuple[str, int]":
    """An address as the port wants it. No look-up: it is no name."""
    return socket.getaddrinfo(address[0], address[1])[0][-1]  # type: ignore[return-value]
