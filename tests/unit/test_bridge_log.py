"""What is remembered of bridges that failed."""

import json

from net.bridge_log import LOCAL, REMOTE, BridgeLog, Traffic


class Clock:
    """Uptime and wall clock that the test moves."""

    def __init__(self):
        self.now_ms = 0
        self.unix_s = 0

    def ms(self):
        return self.now_ms


def made():
    clock = Clock()
    return clock, BridgeLog(clock, lambda: clock.unix_s)


def objects(log):
    return json.loads("".join(log.pieces()))


def test_an_entry_tells_everything():
    clock, log = made()
    traffic = Traffic(1000)
    traffic.received, traffic.sent = 12, 345
    clock.now_ms, clock.unix_s = 3500, 1_790_000_000
    log.add("scada", "read", REMOTE, 'The connection to "a" broke.', 104, traffic)
    assert objects(log) == [
        {
            "time": "2026-09-21T14:13:20Z",
            "uptime_ms": 3500,
            "times": 1,
            "bridge": "scada",
            "stage": "read",
            "direction": "remote",
            "errno": 104,
            "bytes_in": 12,
            "bytes_out": 345,
            "duration_ms": 2500,
            "message": 'The connection to "a" broke.',
        }
    ]
    assert list(log.lines()) == [
        "2026-09-21T14:13:20Z scada read remote (12 in, 345 out, 2500 ms, error 104): "
        'The connection to "a" broke.\n'
    ]


def test_without_a_clock_uptime_tells_the_order():
    clock, log = made()
    clock.now_ms = 61_007
    log.add("b", "config", LOCAL, "No.")
    assert objects(log)[0]["time"] is None
    assert list(log.lines()) == ["61.007 s b config local (0 in, 0 out, 0 ms): No.\n"]


def test_only_the_latest_64_are_kept():
    _, log = made()
    for number in range(100):
        log.add("b", "tcp", REMOTE, "Attempt %d failed." % number)
    assert [entry.text for entry in log] == [
        "Attempt %d failed." % number for number in range(36, 100)
    ]
    assert len(objects(log)) == 64


def test_what_happens_again_and_again_takes_one_entry():
    clock, log = made()
    log.add("b", "tcp", REMOTE, "The first.")
    for moment in range(1, 200):
        clock.now_ms = moment
        log.add("b", "limit", LOCAL, "The client 10.0.0.1 was refused.")
    assert [(each["message"], each["times"], each["uptime_ms"]) for each in objects(log)] == [
        ("The first.", 1, 0),
        ("The client 10.0.0.1 was refused.", 199, 199),
    ]
    assert ", 199 times)" in list(log.lines())[1]


def test_what_differs_is_told_apart():
    _, log = made()
    for arguments in (
        ("b", "read", REMOTE, "x"),
        ("c", "read", REMOTE, "x"),
        ("c", "write", REMOTE, "x"),
        ("c", "write", LOCAL, "x"),
        ("c", "write", LOCAL, "y"),
        ("c", "write", LOCAL, "y", 5),
    ):
        log.add(*arguments)
    assert [entry.times for entry in log] == [1] * 6


def test_long_sentences_are_cut():
    _, log = made()
    log.add("b", "tls", REMOTE, "x" * 1000)
    [entry] = log
    assert len(entry.text) == 240
    assert entry.text.endswith("…")


def test_an_empty_log_is_an_empty_list():
    _, log = made()
    assert objects(log) == []
    assert list(log.lines()) == []
