"""The clock: which source may set it, when the servers are asked, what is told of it, and what outlives a restart."""

import asyncio
import sys

import transient
from config import schema
from helper import run
from net import clock, sntp
from net.clock import Clock

transient.ON_DEVICE = False  # the module whose servers are played has to stay the same one

RELEASED = 1_795_219_200  # 2026-11-21
START_S = 1_795_248_000  # 08:00:00 on that day
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
YEARS_20_S = 20 * 31_556_952
UNSET = 0  # what the system's clock shows after power was lost
POOL = "pool.ntp.org"


class Over(Exception):
    """The time that a test wanted to pass is over."""


class Memory:
    def __init__(self, text=None):
        self.text = text
        self.writes = []

    def get(self, key):
        assert key == "clock"
        return self.text

    def put(self, key, text):
        assert key == "clock"
        self.text = text
        self.writes.append(int(text.lstrip("~")))


class Log:
    def __init__(self):
        self.lines = []

    def info(self, format, *arguments):
        self.lines.append(format % arguments)

    warning = info


class System:
    """A clock that goes on with the world's time. `chip` is what the clock chip says, or an exception."""

    def __init__(self, world, shows, can_be_set=True, chip=None):
        self.world = world
        self.can_be_set = can_be_set
        self.chip = chip
        self.chip_writes = []
        self._zero_ms = shows * 1000 - world.now

    def now(self):
        return (self._zero_ms + self.world.now) // 1000

    def set(self, unix_s, micros):
        assert 0 <= micros < 1_000_000
        if self.can_be_set:
            self._zero_ms = unix_s * 1000 + micros // 1000 - self.world.now
        return self.can_be_set

    def off_ms(self):
        """How fast it is."""
        return self._zero_ms + self.world.now - self.world.true_ms()

    def rtc(self):
        if isinstance(self.chip, Exception):
            raise self.chip
        return self.chip

    def set_rtc(self, unix_s):
        if isinstance(self.chip, Exception):
            raise self.chip
        self.chip_writes.append(unix_s)


class World:
    """Uptime, the modules `asyncio` and `time`, and NTP servers, in virtual time.

    `servers`: name -> how many seconds its clock is wrong, None for silence, or an exception.

    Attributes:
        asked: (uptime in ms, server) of every question.
    """

    def __init__(self, shows=UNSET, can_be_set=True, chip=None, last_good=None, **servers):
        self.now = 0
        self.end = 0
        self.servers = {name.replace("_", "."): servers[name] for name in servers}
        self.order = sorted(self.servers)
        self.asked = []
        self.events = []
        self.log = Log()
        self.memory = Memory(last_good)
        self.system = System(self, shows, can_be_set, chip)
        self.clock = Clock(
            self.memory, self.system, lambda: self.order, self.log, self, RELEASED, 1123
        )

    def ms(self):
        return self.now

    def true_ms(self):
        return START_S * 1000 + self.now

    ticks_ms = ms

    def ticks_diff(self, after, before):
        return after - before

    def at(self, ms, event):
        """Calls `event()` at that uptime."""
        self.events.append((ms, event))

    async def sleep_ms(self, ms):
        due = self.now + ms
        for event in [each for each in self.events if each[0] <= min(due, self.end)]:
            self.events.remove(event)
            self.now = max(self.now, event[0])
            event[1]()
        self.now = min(due, self.end)
        if due > self.end:
            raise Over
        await asyncio.sleep(0)

    async def exchange(self, server, released, port):
        assert (released, port) == (RELEASED, 1123)
        self.asked.append((self.now, server))
        off = self.servers[server]
        await self.sleep_ms(1500 if off is None else 40)
        if off is None:
            raise sntp.NtpError("did not answer")
        if isinstance(off, Exception):
            raise off
        return sntp.Answer(server, self.true_ms() + off * 1000)

    def play(self, ms):
        """Runs the clock's task for that long; returns the world."""
        self.end = self.now + ms
        kept = clock.asyncio, sntp.time, sntp.exchange
        clock.asyncio, sntp.time, sntp.exchange = self, self, self.exchange
        try:
            run(self.clock.run())
        except Over:
            return self
        finally:
            clock.asyncio, sntp.time, sntp.exchange = kept
        raise AssertionError("the task ended")

    def asked_of(self, server):
        return [at for at, name in self.asked if name == server]


# Without the network


def start(**world):
    """Source, state and Unix time of a clock that was just made."""
    made = World(**world).clock
    return made.source, made.state, made.best_s()


def test_without_any_source_there_is_no_time():
    for shows in (UNSET, 946_684_800, RELEASED - 1, RELEASED + YEARS_20_S + 1):
        assert start(shows=shows) == ("", "no_time", 0)
    world = World()
    assert not world.clock.is_set and world.clock.synced_ms is None
    assert world.log.lines == ["the time is not known: no server can be verified until it is"]


def test_a_system_clock_that_can_be_right_counts_as_set():
    for shows in (RELEASED, START_S, RELEASED + YEARS_20_S):
        assert start(shows=shows) == ("system", "set", shows)
    assert start(shows=START_S, can_be_set=False) == ("system", "set", START_S)


def test_the_best_source_is_taken_at_the_start():
    ago = str(START_S - 99)
    assert start(last_good=ago) == ("file", "estimated", START_S - 99)
    assert start(last_good=ago, shows=START_S - 5) == ("system", "set", START_S - 5)
    assert start(last_good=ago, shows=START_S - 5, chip=START_S) == ("rtc", "set", START_S)
    assert start(chip=START_S) == ("rtc", "set", START_S)


def test_a_source_that_cannot_be_right_is_passed_over():
    wrong = (0, RELEASED - 1, RELEASED + YEARS_20_S + 1)
    for unix_s in wrong:
        assert start(chip=unix_s, shows=START_S) == ("system", "set", START_S)
        assert start(last_good=str(unix_s)) == ("", "no_time", 0)
    assert start(last_good="yesterday") == ("", "no_time", 0)


def test_a_clock_chip_that_does_not_work_is_told_once():
    world = World(chip=OSError(5), last_good=str(START_S)).play(MINUTE)
    assert world.clock.source == "file"
    world.clock.offer("user", START_S)
    assert [line for line in world.log.lines if "chip" in line] == [
        "the clock chip does not work: " + str(OSError(5))
    ]


def test_the_start_is_told():
    assert World(chip=START_S).log.lines == [
        "the clock starts at 2026-11-21 08:00:00 UTC: so says the clock chip"
    ]
    assert World(last_good=str(START_S)).log.lines == [
        "the clock starts at 2026-11-21 08:00:00 UTC: the last time known before the restart"
    ]


def test_a_computer_that_finds_its_time_later_is_believed_then():
    world = World(shows=UNSET, can_be_set=False)
    world.play(5 * MINUTE)
    assert world.clock.state == "no_time"
    world.system = world.clock.system = System(world, START_S, False)
    assert world.play(2 * MINUTE).clock.source == "system"


# The servers


def test_the_first_answer_that_is_confirmed_sets_the_clock():
    world = World(pool_ntp_org=0, time_a=0, time_b=0).play(MINUTE)
    assert world.clock.source == "ntp" and world.clock.state == "set"
    assert [server for _, server in world.asked] == [POOL, "time.a"]
    assert world.clock.synced_ms == 80 and abs(world.system.off_ms()) <= 1
    assert "the clock is set to 2026-11-21 08:00:00 UTC by pool.ntp.org" in world.log.lines
    assert world.clock.unix_s() == world.true_ms() // 1000


def test_a_good_clock_asks_one_server_every_six_hours():
    world = World(pool_ntp_org=0, time_a=0).play(DAY + MINUTE)
    assert len(world.asked) == 2 + 4
    times = world.asked_of(POOL)
    for index in range(1, len(times)):
        assert 6 * HOUR <= times[index] - times[index - 1] <= 6 * HOUR + 2 * MINUTE
    assert len(world.log.lines) == 2  # not known, set


def test_silent_servers_are_asked_again_at_growing_distances():
    world = World(a=OSError(113)).play(30 * MINUTE)
    times = world.asked_of("a")
    expected = 2 * SECOND
    for index in range(1, len(times)):
        pause = times[index] - times[index - 1] - 40
        assert expected * 3 // 4 <= pause <= expected * 5 // 4, index
        expected = min(expected * 2, 5 * MINUTE)
    assert len(times) >= 10 and expected == 5 * MINUTE


def test_the_distances_are_not_the_same_on_all_devices():
    found = [tuple(World(a=None).play(10 * MINUTE).asked_of("a")) for _ in range(8)]
    assert len(set(found)) > 1


def test_after_a_lost_network_it_starts_with_short_distances_again():
    world = World(a=None)
    world.at(HOUR, lambda: world.servers.update(a=0))
    world.at(2 * HOUR, lambda: world.servers.update(a=None))
    world.play(9 * HOUR)
    lost = [at for at in world.asked_of("a") if at > 2 * HOUR]
    assert lost[1] - lost[0] < 5 * SECOND and world.clock.source == "ntp"


def test_the_same_trouble_is_told_once():
    world = World(a=None, b=0).play(DAY)
    assert len(world.asked_of("a")) > 3
    line = "NTP server a did not answer"
    assert world.log.lines.count(line) == 1
    world.servers["a"] = 0
    world.play(MINUTE)
    world.servers["a"] = None
    world.play(MINUTE)
    assert world.log.lines.count(line) == 2


def test_a_liar_is_told_and_not_believed():
    world = World(shows=UNSET, a=86400, b=0, c=0).play(MINUTE)
    assert abs(world.system.off_ms()) <= 1
    assert "NTP server a tells another time than b (+86400 s)" in world.log.lines


def test_without_a_majority_the_clock_is_not_set_until_there_is_one():
    world = World(a=0, b=500, c=1000).play(10 * MINUTE)
    assert world.clock.state == "no_time" and len(world.asked_of("a")) > 5
    assert "NTP server a is not believed: no two servers agree (+0 s)" in world.log.lines
    assert len(world.log.lines) == 1 + 3
    world.servers["c"] = 0
    assert world.play(MINUTE).clock.source == "ntp"


def test_one_liar_cannot_move_a_good_clock():
    world = World(a=0).play(MINUTE)
    world.servers["a"] = 3600
    world.play(DAY)
    assert abs(world.system.off_ms()) <= 1 and len(world.asked_of("a")) > 10
    doubts = [line for line in world.log.lines if "no other server confirms" in line]
    assert len(doubts) == 1


def test_a_good_clock_that_went_wrong_is_mended_by_two_and_the_step_is_told():
    world = World(a=0, b=0).play(MINUTE)
    world.system.set(world.system.now() - 7200, 0)
    world.play(7 * HOUR)
    assert abs(world.system.off_ms()) <= 1
    [line] = [line for line in world.log.lines if "slow" in line]
    assert line.startswith("the clock was 7200 s slow, it is set to 2026-11-21 ")
    assert line.endswith(" UTC by a")


def test_a_small_step_is_not_worth_a_line():
    world = World(a=0).play(MINUTE)
    lines = len(world.log.lines)
    world.servers["a"] = 1
    world.play(7 * HOUR)
    assert 900 <= world.system.off_ms() <= 1100 and len(world.log.lines) == lines


def test_a_server_that_does_not_want_to_be_asked_is_left_out_for_a_day():
    world = World(a=sntp.Kiss("does not want to be asked"), b=0).play(3 * DAY)
    times = world.asked_of("a")
    assert len(times) == 3 and len(world.asked_of("b")) >= 12
    for index in range(1, len(times)):
        assert DAY <= times[index] - times[index - 1] <= DAY + 7 * HOUR


def test_a_server_that_is_left_out_stays_so_when_the_settings_change():
    world = World(a=sntp.Kiss("does not want to be asked"), b=0).play(MINUTE)
    world.play(MINUTE)
    assert len(world.asked_of("a")) == 1 and len(world.asked_of("b")) == 2


def test_the_list_of_servers_is_that_of_the_settings():
    world = World(a=None, b=0)
    world.order = ["", "b"]
    world.play(MINUTE)
    assert [server for _, server in world.asked] == ["b"]
    world.order = []
    world.play(DAY)
    assert len(world.asked) == 1


def test_without_servers_the_time_is_kept_all_the_same():
    world = World(chip=START_S).play(DAY)
    assert world.clock.state == "set" and world.asked == []
    assert 23 <= len(world.memory.writes) <= 24


def test_a_computer_keeps_its_own_time():
    world = World(shows=START_S, can_be_set=False, a=0).play(DAY)
    assert (world.asked, world.memory.writes) == ([], [])
    assert World(can_be_set=False, last_good=str(START_S)).clock.state == "no_time"


def settings(*servers):
    """The servers in the settings, and what is wrong with those given."""
    found, problems = schema.validate({"clock": {"servers": list(servers)}})
    return found["clock"]["servers"], [(each["field"], each["code"]) for each in problems]


def test_the_settings_name_three_servers_until_others_are_chosen():
    expected = ["pool.ntp.org", "time.cloudflare.com", "time.windows.com"]
    assert schema.validate({})[0]["clock"] == {"servers": expected}
    for chosen in (
        [],
        ["ntp.example"],
        ["192.168.0.1", "2001:db8::1", "a-b.example", "fritz_box"],
    ):
        assert settings(*chosen) == (chosen, [])


def test_servers_that_cannot_be_are_refused_one_by_one():
    for wrong, code in (
        ("", "field_empty"),
        ("ntp.example:123", "address"),
        ("ntp.example/x", "characters"),
        ("https://ntp.example", "address"),
        ("a b", "characters"),
        ("x" * 254, "too_long"),
    ):
        assert settings("a", wrong) == (["a", ""], [("clock.servers[1]", code)])
    assert settings("a", "b", "c", "d", "e")[1] == [("clock.servers", "too_many")]


# Offers


def set_by(source):
    """A world whose clock was just set by that source."""
    if source == "":
        return World(a=0)
    if source in ("file", "system", "rtc"):
        kind = {"file": "last_good", "system": "shows", "rtc": "chip"}[source]
        value = str(START_S) if source == "file" else START_S
        return World(a=0, **{kind: value})
    if source == "ntp":
        return World(a=0).play(MINUTE)
    world = World(a=0, last_good=str(START_S))
    assert world.clock.offer(source, START_S) == ""
    return world


def test_what_may_override_what():
    table = (  # set by, then: answer at once, answer after a day, by hand, NTP
        ("", "", "", "user", "ntp"),
        ("file", "answer", "answer", "user", "ntp"),
        ("system", "answer", "answer", "user", "ntp"),
        ("rtc", "answer", "answer", "user", "ntp"),
        ("answer", None, "answer", "user", "ntp"),
        ("user", "user", "user", "user", "ntp"),
        ("ntp", "ntp", "ntp", "user", "ntp"),
    )
    for source, at_once, later, by_hand, by_ntp in table:
        world = set_by(source)
        assert world.clock.source == source
        before = world.clock.unix_s()
        assert world.clock.offer("answer", START_S + 100) == ""
        assert world.clock.source == (source if at_once is None else at_once), source
        if at_once != "answer":
            assert world.clock.unix_s() == before, source
        world = set_by(source)
        world.now += DAY + SECOND
        assert world.clock.wants_answer == bool(source), source
        world.clock.offer("answer", START_S + DAY // 1000)
        assert world.clock.source == later, source
        world = set_by(source)
        assert world.clock.offer("user", START_S + 100) == ""
        assert world.clock.source == by_hand and world.clock.unix_s() == START_S + 100
        assert set_by(source).play(HOUR).clock.source == by_ntp


def test_a_verified_answer_cannot_move_a_good_clock_far():
    for source in ("ntp", "user"):
        world = set_by(source)
        world.now += DAY + SECOND
        before = world.clock.unix_s()
        assert world.clock.offer("answer", before + 1001) == ""
        assert (world.clock.source, world.clock.unix_s()) == (source, before)
        world.clock.offer("answer", before + 1000)
        assert (world.clock.source, world.clock.unix_s()) == (source, before + 1000)


def test_an_estimated_time_is_replaced_by_a_verified_answer():
    world = World(last_good=str(START_S - 9000))
    assert world.clock.state == "estimated" and world.clock.wants_answer
    world.clock.offer("answer", START_S)
    assert world.clock.state == "set" and world.clock.unix_s() == START_S
    assert not world.clock.wants_answer
    assert (
        world.log.lines[-1] == "the clock is set to 2026-11-21 08:00:00 UTC by a verified server"
    )


def test_a_time_set_by_hand_has_bounds_and_says_so():
    world = World()
    sentence = (
        "The time must lie after 2026-11-21, when this firmware was made, and within 20 years."
    )
    for unix_s in (0, RELEASED - 1, RELEASED + YEARS_20_S + 1, 1 << 60, -5):
        assert world.clock.offer("user", unix_s) == sentence
        assert world.clock.state == "no_time"
    for unix_s in (RELEASED, RELEASED + YEARS_20_S, START_S):
        assert world.clock.offer("user", unix_s) == ""
        assert world.clock.unix_s() == unix_s
    assert world.clock.offer("user", 0) == sentence
    assert world.clock.unix_s() == START_S


def test_an_answer_has_the_same_bounds():
    world = World(last_good=str(START_S))
    assert world.clock.offer("answer", RELEASED - 1) != ""
    assert world.clock.source == "file"


def test_the_clock_of_a_computer_is_not_set_by_hand():
    world = World(shows=START_S, can_be_set=False)
    assert not world.clock.wants_answer
    assert "cannot be set from here" in world.clock.offer("user", START_S + 5)
    assert world.clock.unix_s() == START_S and world.clock.offer("answer", START_S) == ""


# What outlives a restart


def test_the_last_good_time_is_kept_at_every_sync_and_else_once_an_hour():
    world = World(a=0).play(DAY)
    writes = world.memory.writes
    assert 23 <= len(writes) <= 28  # hourly, and at four syncs
    assert writes[0] == START_S
    for index in range(1, len(writes)):
        assert 0 <= writes[index] - writes[index - 1] <= 3720
    assert START_S + 86400 - writes[-1] <= 3720


def test_an_estimated_time_is_not_kept_as_good():
    world = World(last_good=str(START_S), a=None).play(DAY)
    assert world.memory.writes == [START_S] and world.memory.text[0] == "~"


def test_an_estimate_stays_one_over_a_restart_that_the_system_clock_survives():
    world = World(last_good=str(START_S - 9000))
    shows = world.system.now()
    for _ in range(2):
        world = World(last_good=world.memory.text, shows=shows)
        assert (world.clock.state, world.clock.best_s()) == ("estimated", shows)
        assert world.clock.unix_s() == 0, "nothing is dated by it"
    assert world.clock.offer("user", START_S) == ""
    world = World(last_good=world.memory.text, shows=START_S)
    assert (world.clock.source, world.clock.unix_s()) == ("system", START_S)


def test_a_server_alone_cannot_move_a_clock_far_that_went_on_over_a_restart():
    world = World(shows=START_S + 86_400, a=0, b=None).play(HOUR)
    assert world.clock.source == "system"
    world.servers["b"] = 0
    assert world.play(HOUR).clock.source == "ntp"


def test_a_restart_goes_on_from_the_last_good_time_until_a_server_answers():
    first = World(a=0).play(5 * HOUR)
    world = World(last_good=first.memory.text, a=None).play(HOUR)
    assert world.clock.state == "estimated" and world.clock.is_set
    assert START_S + 5 * 3600 <= world.clock.best_s() <= START_S + 6 * 3600
    world.servers["a"] = 0
    world.play(10 * MINUTE)
    assert world.clock.state == "set" and abs(world.system.off_ms()) <= 1


def test_the_clock_chip_is_set_at_every_sync():
    world = World(chip=START_S - 50, a=0).play(7 * HOUR)
    assert len(world.system.chip_writes) == 2
    assert abs(world.system.chip_writes[0] - START_S) <= 1
    world.clock.offer("user", START_S + 9)
    assert world.system.chip_writes[-1] == START_S + 9


# The real system


class Rtc:
    """In place of the module `machine`, and of RTC in it."""

    def __init__(self):
        self.was_set_to = None
        self.RTC = lambda: self  # MicroPython imports no method

    def datetime(self, parts):
        self.was_set_to = parts


class SinceThe2000s:
    """In place of the module `time`: that of the chip, whose count begins in 2000."""

    def __init__(self, real, now):
        self._real = real
        self._now = now

    def time(self):
        return self._now

    def gmtime(self, seconds=None):
        return tuple(self._real.gmtime(seconds + 946_684_800))


def with_chip(scene, now=None):
    """Runs `scene(system, rtc)` with the chip's `machine`, and if `now` is given with its `time`, too."""
    rtc = Rtc()
    kept, time = sys.modules.get("machine"), clock.time
    sys.modules["machine"] = rtc
    if now is not None:
        clock.time = SinceThe2000s(time, now)
    try:
        scene(clock.System(), rtc)
    finally:
        clock.time = time
        if kept is None:
            del sys.modules["machine"]
        else:
            sys.modules["machine"] = kept


def test_the_clock_of_the_chip_counts_from_2000():
    def scene(system, rtc):
        assert system.can_be_set and system.now() == START_S
        assert system.set(START_S + 3661, 250_000) is True
        assert rtc.was_set_to == (2026, 11, 21, 5, 9, 1, 1, 250_000)
        assert clock.text(START_S) == "2026-11-21 08:00:00 UTC"

    with_chip(scene, START_S - 946_684_800)


def test_the_clock_of_other_ports_counts_from_1970():
    def scene(system, rtc):
        assert abs(system.now() - int(clock.time.time())) <= 1
        system.set(START_S, 0)
        assert rtc.was_set_to == (2026, 11, 21, 5, 8, 0, 0, 0)

    with_chip(scene)


def test_a_computer_has_no_clock_to_set():
    system = clock.System()
    assert not system.can_be_set and system.set(START_S, 0) is False
    assert abs(system.now() - int(clock.time.time())) <= 1
    assert system.rtc() is None
    system.set_rtc(START_S)


class Chip:
    def __init__(self):
        self.unix_s = START_S

    def read(self):
        return self.unix_s

    def write(self, unix_s):
        self.unix_s = unix_s


def test_a_board_may_have_a_clock_chip():
    chip = Chip()
    system = clock.System(chip)
    assert system.rtc() == START_S
    system.set_rtc(START_S + 1)
    assert chip.unix_s == START_S + 1
