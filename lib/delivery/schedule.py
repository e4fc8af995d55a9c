"""When to send: due times on a grid that does not drift, and how long to hold back after failures.

Pure arithmetic on milliseconds of uptime; whoever uses it reads the clock.
"""

import os

from micropython import const

MIN_CYCLE_MS = const(1000)
_STAGGER_MS = const(400)
_SHORTEST_DEADLINE_MS = const(10_000)
_LONGEST_DEADLINE_MS = const(30_000)


class Cycle:
    """Due times at `start_ms + k * cycle_ms`.

    A slot that nobody was ready for is counted and left out: what is made next holds the newest values anyway.
    """

    def __init__(self, cycle_ms: int, start_ms: int) -> None:
        self.cycle_ms = max(cycle_ms, MIN_CYCLE_MS)
        self.due_ms = start_ms

    def wait_ms(self, now_ms: int) -> int:
        """Milliseconds until the next slot; 0 when it is due."""
        return max(0, self.due_ms - now_ms)

    def begin(self, now_ms: int) -> int:
        """Something is made for the slot that is due; returns how many more a slow loop let pass."""
        return max(0, self.skip(now_ms) - 1)

    def skip(self, now_ms: int) -> int:
        """Moves to the first slot after `now_ms`; returns how many slots that leaves behind."""
        behind = now_ms - self.due_ms
        if behind < 0:
            return 0
        slots = behind // self.cycle_ms + 1
        self.due_ms += slots * self.cycle_ms
        return slots


def stagger_ms(identity: int) -> int:
    """The first wait of destination number `identity` (from 1): not all shake hands at once."""
    return (identity - 1) * _STAGGER_MS


def backoff_ms(failures: int, first_ms: int, longest_ms: int) -> int:
    """How long to wait after that many failures in a row: doubling, 15 % more or less."""
    return jittered(min(longest_ms, first_ms << min(failures - 1, 20)))


def jittered(ms: int) -> int:
    """The time, 15 % more or less by chance: a hundred devices do not come back at once after an outage."""
    return ms * (85 + os.urandom(1)[0] * 31 // 256) // 100


def deadline_ms(cycle_ms: int) -> int:
    """How long one attempt may take: two cycles, within 10 s (a slow handshake) and 30 s."""
    return min(_LONGEST_DEADLINE_MS, max(_SHORTEST_DEADLINE_MS, 2 * cycle_ms))
