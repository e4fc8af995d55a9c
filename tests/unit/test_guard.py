"""Starts that fail on a weak battery."""

from device import guard


class Board:
    def __init__(self, mv, **memory):
        self.mv = mv
        self.memory = memory
        self.did = []

    def supply_mv(self):
        return self.mv

    def boot_get(self, key):
        return self.memory.get(key, 0)

    def led(self, state):
        self.did.append(state)

    def sleep(self, ms, deep):
        self.did.append((ms, deep))


class Time:
    """Showing it takes no time."""

    def sleep_ms(self, ms):
        pass


def hold(board, failed):
    """What the board did."""
    before, guard.time = guard.time, Time()
    try:
        guard.hold(board, failed)
    finally:
        guard.time = before
    return board.did


def test_a_weak_battery_after_two_failed_starts_ends_in_deep_sleep():
    assert hold(Board(12_050), 2) == ["low_battery", "sleeping", (600_000, True)]


def test_anything_else_is_started():
    assert hold(Board(12_050), 1) == []
    assert hold(Board(12_100), 5) == []
    assert hold(Board(None), 5) == []


def test_the_limit_is_the_one_of_the_settings():
    assert hold(Board(11_900, guard_mv=11_500), 5) == []
    assert hold(Board(11_400, guard_mv=11_500), 5) != []
