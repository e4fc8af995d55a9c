"""The fuse: when it opens, for how long, and who may try."""

from delivery.fuse import CLOSED, HALF_OPEN, OPEN, Fuse

SETTINGS = {"failures": 3, "slow_ms": 8000, "open_s": 30, "longest_s": 100}


def failed(fuse, now, times):
    for _ in range(times):
        fuse.fail(now)
    return fuse


def test_it_opens_after_so_many_failures_in_a_row():
    fuse = failed(Fuse(SETTINGS), 0, 2)
    fuse.succeed(0, 100)
    failed(fuse, 0, 2)
    assert (fuse.state, fuse.reason, fuse.wait_ms(0)) == (CLOSED, "", 0)
    fuse.fail(1000)
    assert fuse.state == OPEN and fuse.reason == "3 attempts in a row failed."
    assert 25500 <= fuse.wait_ms(1000) <= 34500


def test_one_may_try_when_the_time_is_over_and_a_failure_doubles_it():
    fuse = failed(Fuse(SETTINGS), 0, 3)
    now = 0
    for expected in (30000, 60000, 100000, 100000):
        wait = fuse.wait_ms(now)
        assert expected * 85 // 100 <= wait <= expected * 115 // 100
        assert fuse.wait_ms(now + wait - 1) == 1 and fuse.state == OPEN
        now += wait
        assert fuse.wait_ms(now) == 0 and fuse.state == HALF_OPEN
        fuse.fail(now)
        assert fuse.state == OPEN


def test_a_delivery_closes_it_and_the_next_time_is_short_again():
    fuse = failed(Fuse(SETTINGS), 0, 3)
    fuse.wait_ms(40000)
    fuse.fail(40000)
    fuse.wait_ms(200000)
    fuse.succeed(200000, 10)
    assert (fuse.state, fuse.reason) == (CLOSED, "")
    failed(fuse, 200000, 3)
    assert fuse.wait_ms(200000) <= 34500


def test_a_server_that_crawls_opens_it_once_eight_answers_are_known():
    fuse = Fuse(SETTINGS)
    for _ in range(7):
        fuse.succeed(0, 9000)
    assert fuse.state == CLOSED
    fuse.succeed(0, 9000)
    assert fuse.state == OPEN and "9000 ms on average" in fuse.reason


def test_a_single_slow_answer_is_nothing():
    fuse = Fuse(SETTINGS)
    for took in (100, 100, 100, 30000, 100, 100, 100, 100, 100, 100):
        fuse.succeed(0, took)
    assert fuse.state == CLOSED


def test_how_long_answers_take_can_be_ignored():
    fuse = Fuse(dict(SETTINGS, slow_ms=0))
    for _ in range(20):
        fuse.succeed(0, 60000)
    assert fuse.state == CLOSED


def test_it_can_be_closed_by_hand():
    fuse = failed(Fuse(SETTINGS), 0, 3)
    fuse.reset()
    assert (fuse.state, fuse.reason, fuse.wait_ms(0)) == (CLOSED, "", 0)
