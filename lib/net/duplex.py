"""Copies bytes both ways between two links, a buffer each way, until both sides have said all they had to say.

A side is read only when the other one has taken what was read before: who reads slowly slows the sender down. No port
of MicroPython can end one direction of a socket and keep the other (there is no `shutdown`), so the end of one side is
passed on by closing the other one, not before the other direction has had its time:

* The server has ended: what the client still sends goes on, until it pauses.
* The client has ended: it waits for an answer if it spoke last, so the server gets more time then.
"""

import asyncio

from micropython import const

from net.bridge_log import LOCAL, REMOTE

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from uptime import Uptime

    from net.bridge_log import Traffic

    class Side(Protocol):
        """A link of `net.opening`."""

        async def readinto(self, view: memoryview) -> int | None: ...
        async def send(self, data: bytes | memoryview) -> None: ...


_BUFFER = const(2048)
_PAUSE_MS = const(300)  # of the client's, once the server has ended
_ANSWER_MS = const(10_000)  # the server's silence, once the client has asked and ended


class Broken(Exception):
    """Why the copying ended before both sides had.

    `stage` is "read", "write" or "idle", `direction` which side's connection it is about, `error` the exception behind
    it, or None if a time limit passed.
    """

    def __init__(self, stage: str, direction: str, error: "Exception | None" = None) -> None:
        super().__init__(stage)
        self.stage = stage
        self.direction = direction
        self.error = error


class Flow:
    """One direction. `since_ms` is the uptime at which the latest buffer began to be sent."""

    def __init__(self, source: "Side", sink: "Side", sides: "tuple[str, str]") -> None:
        self.source = source
        self.sink = sink
        self.sides = sides
        self.since_ms = 0
        self.is_sending = False
        self.has_ended = False

    def broken(self, error: "Exception | None" = None) -> Broken:
        """What an exception means now; without one, that a time limit passed."""
        if self.is_sending:
            return Broken("write", self.sides[1], error)
        return Broken("read", self.sides[0], error)


class Duplex:
    """Copies between a client's link and a server's; `heard` is called before the server's bytes are passed on.

    `traffic` counts. `idle_ms` is how long both may be silent, or one of them may take nothing.
    """

    def __init__(
        self,
        local: "Side",
        remote: "Side",
        traffic: "Traffic",
        uptime: "Uptime",
        idle_ms: int,
        heard: "Callable[[], None]",
    ) -> None:
        self._up = Flow(local, remote, (LOCAL, REMOTE))
        self._down = Flow(remote, local, (REMOTE, LOCAL))
        self._traffic = traffic
        self._uptime = uptime
        self._idle_ms = idle_ms
        self._heard = heard
        self._moved_ms = uptime.ms()
        self._speaker: Flow | None = None  # the latest one
        self._failure: Broken | None = None
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Returns when both sides are through, everything passed on. Raises Broken. It closes neither."""
        tasks = [asyncio.create_task(self._copy(flow)) for flow in (self._up, self._down)]
        try:
            while not self._is_over():
                self._changed.clear()
                try:
                    await asyncio.wait_for_ms(self._changed.wait(), self._wait_ms())
                except asyncio.TimeoutError:
                    pass
        finally:
            for task in tasks:
                task.cancel()

    def _is_over(self) -> bool:
        """Raises Broken."""
        if self._failure is not None:
            raise self._failure
        if self._up.has_ended and self._down.has_ended:
            return True
        if self._spare_ms() > 0:
            return False
        for flow in self._sending():
            raise flow.broken()
        if self._up.has_ended or self._down.has_ended:
            return True
        raise Broken("idle", LOCAL if self._speaker is self._down else REMOTE)

    def _wait_ms(self) -> int:
        """When to look again: not later than a pause after one side's end, for the other may have stopped sending."""
        spare_ms = max(1, self._spare_ms())
        has_end = self._up.has_ended or self._down.has_ended
        return min(spare_ms, _PAUSE_MS) if has_end else spare_ms

    def _sending(self) -> "list[Flow]":
        """Those that wait for their sink, the one that waits longest first."""
        flows = [flow for flow in (self._up, self._down) if flow.is_sending]
        return sorted(flows, key=lambda flow: flow.since_ms)

    def _spare_ms(self) -> int:
        """How long nothing needs to happen from now on."""
        now_ms = self._uptime.ms()
        for flow in self._sending():
            return self._idle_ms - (now_ms - flow.since_ms)
        return self._patience_ms() - (now_ms - self._moved_ms)

    def _patience_ms(self) -> int:
        """How long both may be silent."""
        if self._down.has_ended:
            return min(_PAUSE_MS, self._idle_ms)
        if self._up.has_ended:
            has_asked = self._speaker is self._up
            return min(_ANSWER_MS if has_asked else _PAUSE_MS, self._idle_ms)
        return self._idle_ms

    async def _copy(self, flow: Flow) -> None:
        try:
            view = memoryview(bytearray(_BUFFER))
            while await self._pass_on(flow, view):
                pass
            flow.has_ended = True
            self._moved_ms = self._uptime.ms()
        except Exception as error:  # the root of a task: who waits for it tells
            self._failure = flow.broken(error)
        self._changed.set()

    async def _pass_on(self, flow: Flow, view: memoryview) -> bool:
        """One buffer, or less; False at the end."""
        count = await flow.source.readinto(view)
        if not count:
            return count is None  # the transport woke up without data
        if flow is self._down:
            self._heard()
        flow.since_ms = self._moved_ms = self._uptime.ms()
        self._speaker = flow
        flow.is_sending = True
        await flow.sink.send(view[:count])
        flow.is_sending = False
        self._moved_ms = self._uptime.ms()
        self._count(flow, count)
        return True

    def _count(self, flow: Flow, count: int) -> None:
        if flow is self._up:
            self._traffic.sent += count
        else:
            self._traffic.received += count
