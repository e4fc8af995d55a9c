"""The fuse between a destination and its server: who fails again and again, or crawls, is left alone for a while."""

from micropython import const

from delivery.schedule import jittered

CLOSED = "closed"
OPEN = "open"
HALF_OPEN = "half_open"

_WINDOW = const(8)  # answers whose mean time counts


class Fuse:
    """Closed: all may pass. Open: nobody, for a time that doubles. Half open: one tries.

    Attributes:
        state: CLOSED, OPEN or HALF_OPEN.
        reason: why it is not closed, one sentence; "" while it is.
    """

    def __init__(self, settings: dict) -> None:
        """`settings`: `failures` in a row that open it, `slow_ms` mean time of eight answers that does (0: none),
        `open_s` for the first time, at most `longest_s`."""
        self._limit = settings["failures"]
        self._slow_ms = settings["slow_ms"]
        self._first_ms = settings["open_s"] * 1000
        self._longest_ms = settings["longest_s"] * 1000
        self.reset()

    def reset(self) -> None:
        """Closes it and forgets everything."""
        self.state = CLOSED
        self.reason = ""
        self._failures = 0
        self._open_ms = 0
        self._until_ms = 0
        self._times: list[int] = []

    def wait_ms(self, now_ms: int) -> int:
        """Milliseconds until somebody may try; 0 if now. An open fuse whose time is over is half open from here on."""
        if self.state != OPEN:
            return 0
        left = self._until_ms - now_ms
        if left > 0:
            return left
        self.state = HALF_OPEN
        return 0

    def succeed(self, now_ms: int, took_ms: int) -> None:
        """A delivery that took so long."""
        if self.state != CLOSED:
            self.reset()
        self._failures = 0
        self._times = self._times[1 - _WINDOW :] + [took_ms]
        mean = sum(self._times) // len(self._times)
        if self._slow_ms and len(self._times) == _WINDOW and mean > self._slow_ms:
            self._open(now_ms, "The last answers took %d ms on average." % mean)

    def fail(self, now_ms: int) -> None:
        """An attempt that did not deliver."""
        self._failures += 1
        if self.state == HALF_OPEN or self._failures >= self._limit:
            self._open(now_ms, "%d attempts in a row failed." % self._failures)

    def _open(self, now_ms: int, reason: str) -> None:
        self._open_ms = min(self._longest_ms, self._open_ms * 2 or self._first_ms)
        self._until_ms = now_ms + jittered(self._open_ms)
        self._times = []
        self.state = OPEN
        self.reason = reason
