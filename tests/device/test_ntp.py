"""The device's clock under Unix MicroPython against real NTP servers on UDP, good ones and bad ones."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from peers import ntp
from peers.ntp import Ntp, Script

ROOT = Path(__file__).resolve().parent.parent.parent
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]
RELEASED = 1_750_000_000  # the computer's own clock, which is the truth here, may be somewhat old
FAR_MS = 30_000  # clocks that are wrong here are so by more than twice as much
TRIES = 4
HONEST = ntp.honest
LATE = ntp.late(1.8)
MUTE = (ntp.silent, LATE, ntp.stranger)


@pytest.fixture(params=BUILDS, ids=lambda build: "32" if build else "64")
def build(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


def ask(build: tuple[str, ...], *plans: dict) -> list[dict]:
    """What became of clocks that asked all their servers once, at the same time."""
    default = {"released": RELEASED, "shows": None, "good": False}
    done = subprocess.run(
        [ROOT / "tools" / "micropython", *build, ROOT / "tests" / "device" / "clock_probe.py"],
        env={**os.environ, "MICROPYPATH": f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen"},
        input=json.dumps([default | plan for plan in plans]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert not any(each["loaded"] for each in found)  # what asks is given back whatever happens
    return found


def play_all(build: tuple[str, ...], cases: list[tuple[Script, ...]], **plan: object) -> list:
    """What became of each clock, and how often each of its servers was asked.

    A computer that is so busy that an answer comes too late is given another chance.
    """
    mute = sum(script in MUTE for scripts in cases for script in scripts)
    for _ in range(TRIES):
        with ExitStack() as stack:
            peers = [stack.enter_context(Ntp(*scripts)) for scripts in cases]
            plans = [{"servers": each.hosts, "port": each.port, **plan} for each in peers]
            found = ask(build, *plans)
            if sum("did not answer" in line for each in found for line in each["log"]) <= mute:
                break
    return [(each, list(those.asked.values())) for each, those in zip(found, peers)]


def play(build: tuple[str, ...], *scripts: Script, **plan: object) -> tuple[dict, list[int]]:
    """The same with one clock."""
    [outcome] = play_all(build, [scripts], **plan)
    return outcome


def is_right(found: dict) -> bool:
    return found["source"] == "ntp" and abs(found["off_ms"]) < FAR_MS


def test_two_servers_that_agree_set_the_clock(build):
    found, asked = play(build, HONEST, HONEST, HONEST)
    assert asked == [1, 1, 0]
    assert is_right(found) and found["state"] == "set"
    assert abs(int(found["kept"]) - time.time()) < 3600
    assert found["log"][-1].startswith("the clock is set to 20")
    assert found["log"][-1].endswith(" UTC by 127.0.0.1")


def test_a_lone_server_sets_a_clock_that_was_never_set(build):
    found, asked = play(build, HONEST)
    assert is_right(found) and asked == [1]


SKIPPED = {  # what the first server does: what is said of it; the second one's time is taken
    "silence": (ntp.silent, "did not answer"),
    "late": (LATE, "did not answer"),
    "short": (ntp.short, "sent something else than an answer"),
    "echo": (ntp.echo, "sent something else than an answer"),
    "other cookie": (ntp.saying(cookie=b"12345678"), "sent something else than an answer"),
    "broadcast": (ntp.saying(first=0x25), "sent something else than an answer"),
    "not synchronised": (ntp.saying(first=0xE4), "has no time itself"),
    "stratum 16": (ntp.saying(stratum=16), "has no time itself"),
    "no time stamp": (ntp.saying(stamp=bytes(8)), "has no time itself"),
    "KoD": (ntp.saying(stratum=0, code=b"DENY"), "does not want to be asked (DENY)"),
    "before the release": (ntp.off(-(10**8) * 3), ", which cannot be"),
    "after twenty years": (ntp.off(10**9), ", which cannot be"),
    "stranger": (ntp.stranger, "did not answer"),
}


def test_a_server_that_is_of_no_use_is_named_and_the_next_one_is_asked(build):
    outcomes = play_all(build, [(script, HONEST) for script, _ in SKIPPED.values()])
    for case, (found, asked) in zip(SKIPPED, outcomes):
        assert is_right(found) and asked == [1, 1], (case, found)
        [line] = [line for line in found["log"] if line.startswith("NTP server 127.0.0.1 ")]
        assert SKIPPED[case][1] in line, case


def test_the_answer_is_found_among_what_else_arrives(build):
    cases = [(ntp.noise,), (ntp.twice,), (ntp.honest_in_the_end,)]
    assert all(is_right(found) for found, _ in play_all(build, cases))


def test_a_slow_server_is_good_enough(build):
    found, _ = play(build, ntp.late(0.3))
    assert is_right(found)


def test_one_liar_is_outvoted(build):
    found, asked = play(build, ntp.off(86400), HONEST, HONEST)
    assert is_right(found) and asked == [1, 1, 1]
    assert any("tells another time than 127.0.0.2" in line for line in found["log"])


def test_without_a_majority_nobody_is_believed(build):
    found, asked = play(build, ntp.off(86400), HONEST, ntp.off(-86400))
    assert (found["state"], found["kept"], asked) == ("no_time", None, [1, 1, 1])
    assert sum("no two servers agree" in line for line in found["log"]) == 3


def test_a_lone_liar_cannot_move_a_good_clock(build):
    found, _ = play(build, ntp.off(86400), ntp.silent, shows=0, good=True)
    assert found["source"] == "user" and abs(found["off_ms"]) < FAR_MS
    assert any("no other server confirms such a step" in line for line in found["log"])


def test_two_servers_can(build):
    found, _ = play(build, HONEST, HONEST, shows=86400, good=True)
    assert is_right(found)


def test_the_second_era_is_told_from_the_first(build):
    """From 2036 on the seconds of NTP begin anew; the firmware of that time knows when it was made."""
    ahead = 15 * 365 * 86400
    found, _ = play(build, ntp.off(ahead), released=RELEASED + ahead)
    assert found["source"] == "ntp" and abs(found["off_ms"] - ahead * 1000) < FAR_MS


def test_a_name_that_cannot_be_looked_up_is_passed_over(build):
    with Ntp(HONEST, HONEST) as peers:
        servers = [peers.hosts[0], "no-such-host.invalid", peers.hosts[1]]
        [found] = ask(build, {"servers": servers, "port": peers.port})
    assert "NTP server no-such-host.invalid could not be looked up" in found["log"]
    assert is_right(found)


def test_a_port_that_nobody_serves_is_told(build):
    with Ntp(HONEST) as peers:
        port = peers.port
    [found] = ask(build, {"servers": ["127.0.0.1"], "port": port})
    assert found["state"] == "no_time"
    assert any("127.0.0.1 cannot be reached (error " in line for line in found["log"])
