"""The sending grid: no drift, no queue of missed slots, no hammering."""

from delivery import schedule
from delivery.schedule import Cycle


def run(cycle, now, durations):
    """Makes something at each due time, which takes that long; returns the beginnings and the missed slots."""
    times = []
    missed = 0
    for duration in durations:
        now += cycle.wait_ms(now)
        times.append(now)
        missed += cycle.begin(now)
        now += duration
        missed += cycle.skip(now)
    return times, missed


def test_due_times_do_not_drift_with_the_length_of_a_send():
    assert run(Cycle(5000, 700), 0, [900, 10, 4999, 1]) == ([700, 5700, 10700, 15700], 0)


def test_slots_that_nobody_was_ready_for_are_counted_and_left_out():
    assert run(Cycle(1000, 0), 0, [2500, 10]) == ([0, 3000], 2)


def test_a_slot_at_the_very_moment_counts_as_passed():
    assert run(Cycle(1000, 0), 0, [1000, 1]) == ([0, 2000], 1)


def test_a_held_up_loop_sends_once_and_keeps_the_grid():
    assert run(Cycle(1000, 0), 3400, [10, 10]) == ([3400, 4000], 3)


def test_nothing_is_due_early():
    cycle = Cycle(5000, 1000)
    assert (cycle.wait_ms(0), cycle.wait_ms(999), cycle.wait_ms(1000), cycle.wait_ms(9000)) == (
        1000,
        1,
        0,
        0,
    )


def test_cycle_is_never_under_a_second():
    assert Cycle(1, 0).cycle_ms == 1000


def test_the_pause_after_failures_doubles_up_to_its_limit():
    for failures, pause in ((1, 5000), (2, 10000), (3, 20000), (8, 600000), (100, 600000)):
        for _ in range(20):
            ms = schedule.backoff_ms(failures, 5000, 600000)
            assert pause * 85 // 100 <= ms <= pause * 115 // 100, (failures, ms)


def test_a_hundred_devices_do_not_come_back_at_the_same_moment():
    assert len({schedule.jittered(60000) for _ in range(100)}) > 10


def test_deadline_follows_the_cycle_within_limits():
    assert [schedule.deadline_ms(ms) for ms in (1000, 5000, 8000, 60000)] == [
        10000,
        10000,
        16000,
        30000,
    ]


def test_six_destinations_start_apart_from_each_other():
    starts = [schedule.stagger_ms(identity) for identity in range(1, 7)]
    assert starts[0] == 0 and starts == sorted(set(starts)) and starts[-1] < 3000
