"""A UART's speed: when a character that is sent has arrived.

Times are kept as sums of character times since the line was last idle, never as sums of sleeps, so
that the lateness of one timer is not added to the next.
"""

import asyncio
from collections import deque
from collections.abc import Callable

BITS = 10


class Receiver:
    """Gives the host's lines to `deliver(data, at)` when they would have come in."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, deliver: Callable[[bytes, float], None]
    ) -> None:
        self._loop = loop
        self._deliver = deliver
        self._free = 0.0
        self.baud: int | None = None

    def feed(self, data: bytes) -> None:
        """Takes what the host wrote, now."""
        if self.baud is None:
            self._deliver(data, self._loop.time())
            return
        self._free = max(self._loop.time(), self._free)
        for line in data.replace(b"\r", b"\r\0").split(b"\0"):
            if line:
                self._free += len(line) * BITS / self.baud
                self._loop.call_at(self._free, self._deliver, line, self._free)


class Transmitter:
    """Queues what the adapter prints.

    A piece goes to `write` when the last of its characters would be out.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, write: Callable[[bytes], None]) -> None:
        self._loop = loop
        self._write = write
        self._queue: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._free = 0.0
        self.baud: int | None = None

    def send(self, data: bytes, at: float) -> float:
        """Sends not before `at`; returns when the last character will be out."""
        self._free = max(self._free, at)
        if self.baud is not None:
            self._free += len(data) * BITS / self.baud
        self._queue.append((self._free, data))
        if self._timer is None:
            self._arm()
        return self._free

    def backlog(self, at: float) -> float:
        """Characters not yet out at `at`."""
        return 0 if self.baud is None else max(0.0, self._free - at) * self.baud / BITS

    def _arm(self) -> None:
        self._timer = self._loop.call_at(self._queue[0][0], self._fire)

    def _fire(self) -> None:
        now = self._loop.time() + 50e-6
        ready = [self._queue.popleft()[1]]
        while self._queue and self._queue[0][0] <= now:
            ready.append(self._queue.popleft()[1])
        self._timer = None
        if self._queue:
            self._arm()
        self._write(b"".join(ready))
