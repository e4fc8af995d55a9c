"""The sending grid: no drift, no queue of missed slots, no hammering."""

from delivery import schedule
from delivery.schedule import Cycle


def run(cycle, now, durations, hold=0):
    """Runs sends of these durations when due; returns their beginnings and the missed slots."""
    times = []
    coalesced = 0
    for duration in durations:
        now += cycle.wait_ms(now)
        times.append(now)
        coalesced += cycle.begin(now)
        now += duration
        coalesced += cycle.end(now, hold)
    return times, coalesced


def test_due_times_do_not_drift_with_the_length_of_a_send():
    assert run(Cycle(5000, 700), 0, [900, 10, 4999, 1]) == ([700, 5700, 10700, 15700], 0)


def test_slots_that_fall_due_during_a_send_are_counted_and_left_out():
    assert run(Cycle(1000, 0), 0, [2500, 10]) == ([0, 3000], 2)


def test_a_send_that_ends_when_the_next_slot_is_due_has_overlapped_it():
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


def test_holding_back_keeps_the_grid_and_counts_nothing():
    assert run(Cycle(1000, 0), 0, [10, 10], hold=2500) == ([0, 3000], 0)
    # Exactly on a slot counts as far enough away.
    assert run(Cycle(1000, 0), 0, [0, 0], hold=3000) == ([0, 3000], 0)


def test_cycle_is_never_under_a_second():
    assert Cycle(1, 0).cycle_ms == 1000


def test_failures_are_tried_again_at_the_next_cycle_then_less_and_less_often():
    assert [schedule.hold_ms(n, 1000) for n in range(11)] == [
        0, 0, 0, 0, 2000, 4000, 8000, 16000, 32000, 60000, 60000,
    ]  # fmt: skip
    assert schedule.hold_ms(100, 5000) == 60000


def test_holding_back_never_makes_a_slow_destination_much_slower():
    assert schedule.hold_ms(100, 3600000) == 3600000


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
