"""When to send: due times on a grid that does not drift, and how long to hold back after failures.

Pure arithmetic on milliseconds of uptime; whoever uses it reads the clock.
"""

from micropython import const

MIN_CYCLE_MS = const(1000)
_STAGGER_MS = const(400)
_PATIENT_FAILURES = const(3)
_MIN_LONGEST_HOLD_MS = const(60_000)
_SHORTEST_DEADLINE_MS = const(10_000)
_LONGEST_DEADLINE_MS = const(30_000)


class Cycle:
    """Due times at `start_ms + k * cycle_ms`.

    A slot that falls due while the send before it is still going on is counted and left out: what
    is sent next is the newest snapshot anyway.
    """

    def __init__(self, cycle_ms: int, start_ms: int) -> None:
        self.cycle_ms = max(cycle_ms, MIN_CYCLE_MS)
        self.due_ms = start_ms

    def wait_ms(self, now_ms: int) -> int:
        """Milliseconds until the next slot; 0 when it is due."""
        return max(0, self.due_ms - now_ms)

    def begin(self, now_ms: int) -> int:
        """A send starts for the slot that is due; returns how many more a slow loop let pass."""
        return max(0, self._pass(now_ms) - 1)

    def end(self, now_ms: int, hold_ms: int = 0) -> int:
        """The send is over; returns how many slots fell due during it.

        With `hold_ms` the next slot is the first one at least that far away.
        """
        overlapped = self._pass(now_ms)
        if hold_ms:
            self._pass(now_ms + hold_ms - 1)
        return overlapped

    def _pass(self, now_ms: int) -> int:
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


def hold_ms(failures: int, cycle_ms: int) -> int:
    """How long to hold back after that many failures in a row.

    The first three are tried again at the next cycle; from then on the pause doubles, up to a
    minute or one cycle, whichever is longer.
    """
    if failures <= _PATIENT_FAILURES:
        return 0
    longest = max(cycle_ms, _MIN_LONGEST_HOLD_MS)
    return min(longest, cycle_ms << min(failures - _PATIENT_FAILURES, 6))


def deadline_ms(cycle_ms: int) -> int:
    """How long one attempt may take: two cycles, within 10 s (a slow handshake) and 30 s."""
    return min(_LONGEST_DEADLINE_MS, max(_SHORTEST_DEADLINE_MS, 2 * cycle_ms))
