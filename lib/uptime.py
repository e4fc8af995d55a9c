"""Monotonic time that does not wrap: ages, deadlines and schedules are measured with it, never with the wall clock."""

from time import ticks_diff, ticks_ms


class Uptime:
    """Milliseconds since the object was made.

    `time.ticks_ms()` wraps after 12.4 days on the chip; this extends it as long as it is read at least every six days.
    """

    def __init__(self) -> None:
        self._last = ticks_ms()
        self._ms = 0

    def ms(self) -> int:
        """Milliseconds since start."""
        now = ticks_ms()
        self._ms += ticks_diff(now, self._last)
        self._last = now
        return self._ms
