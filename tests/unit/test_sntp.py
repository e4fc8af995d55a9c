"""One question to a time server: which answers count, what the others are called, and whom of several to believe."""

import errno

from helper import raises, run
from net import dial, sntp

RELEASED = 1_795_219_200  # 2026-11-21
TRUE_MS = 1_795_248_000_250  # 08:00:00.250 on that day
ERA_0 = 2_208_988_800
YEAR_S = 31_556_952


def packet(cookie, unix_ms=TRUE_MS, first=0x24, stratum=2, code=b"GPS\0", stamp=None):
    """A server's answer: version 4, mode 4."""
    seconds = (unix_ms // 1000 + ERA_0) % (1 << 32)
    fraction = ((unix_ms % 1000 << 32) + 999) // 1000
    if stamp is None:
        stamp = seconds.to_bytes(4, "big") + fraction.to_bytes(4, "big")
    head = bytes([first, stratum, 6, 0xEC]) + bytes(8) + code + bytes(8)
    return head + cookie + bytes(8) + stamp


class Network:
    """In place of the modules `socket`, `asyncio` and `time`: servers by name, in virtual time.

    A server is a list of (ms after the question, what comes); that is an exception, bytes, or a function that makes
    bytes of the question's cookie and the server's time. Servers' clocks go on.
    """

    AF_INET, SOCK_STREAM, SOCK_DGRAM = 2, 1, 2

    def __init__(self, **servers):
        self.servers = servers
        self.now = 5000
        self.asked = []
        self.open = 0

    def getaddrinfo(self, host, port, family, kind):
        if host not in self.servers:
            raise OSError(-2)
        return [(self.AF_INET, kind, 0, "", (host, port))]

    def socket(self, family, kind):
        assert (family, kind) == (self.AF_INET, self.SOCK_DGRAM)
        self.open += 1
        return Socket(self)

    def ticks_ms(self):
        return self.now

    def ticks_diff(self, after, before):
        return after - before

    async def sleep_ms(self, ms):
        self.now += ms

    def true_ms(self):
        return TRUE_MS + self.now - 5000

    def play(self, coroutine):
        """Runs it in this network."""
        kept = sntp.socket, sntp.asyncio, sntp.time, dial.socket
        sntp.socket = sntp.asyncio = sntp.time = dial.socket = self
        try:
            return run(coroutine)
        finally:
            sntp.socket, sntp.asyncio, sntp.time, dial.socket = kept
            assert self.open == 0

    def exchange(self):
        """The Unix time in ms that the server "a" says."""

        async def ask():
            return (await sntp.exchange("a", RELEASED, 123)).now_ms()

        return self.play(ask())

    def trouble(self):
        """What is wrong with the server "a"."""
        return str(raises(sntp.NtpError, self.exchange))


class Socket:
    def __init__(self, network):
        self.network = network
        self.arriving = []
        self.blocking = True

    def setblocking(self, blocking):
        self.blocking = blocking

    def connect(self, where):
        self.host, port = where
        assert port == 123

    def send(self, question):
        self.network.asked.append((self.host, question))
        self.sent = self.network.now
        self.arriving = list(self.network.servers[self.host])

    def recv(self, size):
        assert not self.blocking
        if not self.arriving or self.network.now - self.sent < self.arriving[0][0]:
            raise OSError(errno.EAGAIN)
        what = self.arriving.pop(0)[1]
        if isinstance(what, Exception):
            raise what
        if not isinstance(what, bytes):
            what = what(self.network.asked[-1][1][40:48])
        return what[:size]

    def close(self):
        self.network.open -= 1


def answer(**changes):
    return lambda cookie: packet(cookie, **changes)


def server(*replies):
    return Network(a=replies)


def test_the_question_is_that_of_a_client_and_holds_nothing_but_chance():
    network = server((0, answer()), (0, answer()))
    network.exchange()
    network.exchange()
    questions = [question for _, question in network.asked]
    for question in questions:
        assert len(question) == 48
        assert question[:40] == b"\x23" + bytes(39)  # no leap, version 4, mode 3
    assert questions[0][40:] != questions[1][40:]


def test_half_of_the_round_trip_is_added():
    assert server((0, answer())).exchange() == TRUE_MS
    assert server((400, answer())).exchange() == TRUE_MS + 200


def test_the_answer_goes_on_like_a_clock():
    network = server((0, answer()))
    found = network.play(sntp.exchange("a", RELEASED, 123))
    network.now += 3000

    async def later():
        return found.now_ms()

    assert network.play(later()) == TRUE_MS + 3000


def test_an_answer_after_one_and_a_half_seconds_is_too_late():
    assert server((1500, answer())).exchange() == TRUE_MS + 750
    assert server((1520, answer())).trouble() == "did not answer"


def test_a_silent_server_takes_one_and_a_half_seconds():
    network = server()
    assert network.trouble() == "did not answer"
    assert 6500 <= network.now <= 6600


def test_what_is_no_answer_to_the_question_is_passed_over():
    strays = (
        b"",
        b"x",
        bytes(48),
        lambda cookie: packet(cookie)[:47],
        lambda cookie: packet(bytes(8)),
        lambda cookie: packet(bytes([cookie[0] ^ 1]) + cookie[1:]),
        lambda cookie: packet(cookie[:7] + bytes([cookie[7] ^ 1])),
    )
    for stray in strays:
        assert server((10, stray), (200, answer())).exchange() == TRUE_MS + 100
        trouble = "sent something else than an answer" if stray else "did not answer"
        assert server((10, stray)).trouble() == trouble


def test_a_flood_of_strays_ends_at_the_deadline():
    network = server(*[(0, bytes(48))] * 1000)
    assert network.trouble() == "sent something else than an answer"
    assert network.now <= 6600


def test_only_servers_answer():
    for mode in range(8):
        network = server((0, answer(first=0x20 | mode)))
        if mode == 4:
            assert network.exchange() == TRUE_MS
        else:
            assert network.trouble() == "sent something else than an answer"


def test_a_packet_may_be_longer():
    assert server((0, lambda cookie: packet(cookie) + bytes(20))).exchange() == TRUE_MS


def test_a_server_without_a_time_of_its_own_is_of_no_use():
    for changes in (
        {"first": 0xE4},
        {"stratum": 16},
        {"stratum": 255},
        {"stamp": bytes(8)},
        {"stratum": 0, "code": b"INIT"},
        {"stratum": 0, "code": b"\xff\xfe\x00\x01"},
    ):
        assert server((0, answer(**changes))).trouble() == "has no time itself", changes
    for changes in ({"stratum": 1}, {"stratum": 15}, {"first": 0x64}, {"first": 0xA4}):
        assert server((0, answer(**changes))).exchange() == TRUE_MS, changes


def test_a_server_may_ask_to_be_left_alone():
    for code in (b"RATE", b"DENY", b"RSTR"):
        network = server((0, answer(first=0xE4, stratum=0, code=code, stamp=bytes(8))))
        error = raises(sntp.Kiss, network.exchange)
        assert str(error) == "does not want to be asked (%s): it is left out for a day" % (
            code.decode()
        )


def test_only_who_saw_the_question_can_ask_to_be_left_alone():
    network = server((0, packet(bytes(8), stratum=0, code=b"DENY")), (50, answer()))
    assert network.exchange() == TRUE_MS + 25


def test_no_time_before_the_release_nor_twenty_years_after_it():
    first, last = RELEASED * 1000, RELEASED * 1000 + 20 * YEAR_S * 1000
    for unix_ms in (first, last):
        assert server((0, answer(unix_ms=unix_ms))).exchange() == unix_ms
    for unix_ms, year in (
        (first - 1, 2026),
        (last + 1, 2046),
        (946_684_800_000, 2000),
        (1_700_000_000_000, 2023),
        (3_600_000_000_000, 2084),
    ):
        trouble = server((0, answer(unix_ms=unix_ms))).trouble()
        assert trouble == "says it is the year %d, which cannot be" % year


def test_the_second_era_begins_in_2036():
    for unix_ms in (2_085_978_495_999, 2_085_978_496_001, 2_200_000_000_500):
        assert server((0, answer(unix_ms=unix_ms))).exchange() == unix_ms


def test_a_name_that_does_not_resolve_is_told():
    assert Network().trouble() == "could not be looked up"


def test_a_network_that_is_not_there_is_an_error_of_the_system():
    assert raises(OSError, server((0, OSError(111))).exchange).args[0] == 111


# Whom to believe


def off(seconds, network):
    """A server whose clock is wrong by that much."""
    return [
        (20, lambda cookie: packet(cookie, unix_ms=network[0].true_ms() - 20 + seconds * 1000))
    ]


def poll(clock_off=None, **offs):
    """Asks servers a, b, … in this order, whose clocks are off by so many seconds; None for silence, "KISS" for that.

    Returns who is believed, how far off what it says is in ms, who was asked, and the poll.
    """
    box = []
    servers = {}
    for name in offs:
        if offs[name] is None:
            servers[name] = ()
        elif offs[name] == "KISS":
            servers[name] = ((0, answer(stratum=0, code=b"RATE")),)
        elif offs[name] != "NAMELESS":
            servers[name] = off(offs[name], box)
    network = Network(**servers)
    box.append(network)
    clock = None if clock_off is None else lambda: network.true_ms() // 1000 + clock_off
    asking = sntp.Poll(RELEASED, clock)

    async def ask():
        found = await asking.ask(sorted(offs))
        return found and (found.server, found.now_ms() - network.true_ms())

    believed = network.play(ask())
    asked = "".join([name for name, _ in network.asked])
    return believed and believed[0], believed and believed[1], asked, asking


def believed(clock_off=None, **offs):
    """Who is believed, and who was asked."""
    found = poll(clock_off, **offs)
    return found[0], found[2]


def test_the_first_time_is_confirmed_by_a_second_server():
    assert believed(a=0, b=0, c=0) == ("a", "ab")
    assert believed(a=0, b=9, c=0) == ("a", "ab")
    assert believed(a=0, b=None, c=0) == ("a", "abc")
    assert abs(poll(a=0, b=0)[1]) <= 20


def test_a_lone_server_is_believed_when_there_is_no_better_clock():
    assert believed(a=0) == ("a", "a")
    assert believed(a=86400) == ("a", "a")
    assert believed(a=None, b=0, c="NAMELESS") == ("b", "ab")
    assert believed(a=None, b="NAMELESS") == (None, "a")
    assert believed() == (None, "")


def test_one_liar_is_outvoted_wherever_it_stands():
    assert believed(a=11, b=0, c=0) == ("b", "abc")
    assert believed(a=0, b=5000, c=0) == ("a", "abc")
    assert believed(a=0, b=0, c=86400) == ("a", "ab")
    assert believed(a=99, b=-99, c=0, d=0) == ("c", "abcd")


def test_nobody_is_believed_when_all_differ():
    assert believed(a=0, b=60) == (None, "ab")
    found = poll(a=0, b=60, c=-60)
    assert found[0] is None and found[2] == "abc"
    assert [trouble[:2] for trouble in found[3].troubles] == [
        (name, "is not believed: no two servers agree") for name in "abc"
    ]
    assert found[3].troubles[1][2] == " (+60 s)"


def test_a_liar_is_named():
    troubles = poll(a=3600, b=0, c=0)[3].troubles
    assert troubles == [("a", "tells another time than b", " (+3600 s)")]
    assert poll(a=0, b=0, c=0)[3].troubles == []


def test_a_good_clock_needs_one_server_that_agrees():
    assert believed(0, a=0, b=0) == ("a", "a")
    assert believed(-9, a=0, b=0) == ("a", "a")
    assert believed(-12, a=0, b=0) == ("a", "ab")
    assert believed(0, a=None, b=1) == ("b", "ab")


def test_a_good_clock_is_not_moved_far_by_one_server():
    found = poll(0, a=1002)
    assert found[0] is None and found[2] == "a"
    trouble = "is not believed: no other server confirms such a step"
    assert found[3].troubles[0][:2] == ("a", trouble)
    assert believed(0, a=-1002, b=None) == (None, "ab")
    assert believed(0, a=86400, b=0) == ("b", "ab")
    assert believed(0, a=86400, b=-86400) == (None, "ab")
    assert believed(0, a=999) == ("a", "a")
    assert believed(0, a=999, b=0) == ("b", "ab")


def test_a_good_clock_that_went_wrong_is_mended_by_two_servers():
    assert believed(-86400, a=0, b=0, c=0) == ("a", "ab")
    assert believed(86400, a=0, b=None, c=0) == ("a", "abc")
    assert believed(86400, a=55, b=0, c=0) == ("b", "abc")


def test_servers_that_do_not_want_to_be_asked_are_known():
    found = poll(a="KISS", b=0, c=0)
    assert found[0] == "b" and found[3].unwilling == ["a"]
    assert found[3].troubles[0][1].startswith("does not want to be asked (RATE)")


def test_every_trouble_is_told():
    found = poll(a=None, b="NAMELESS", c=-10 * YEAR_S)
    assert [(server, trouble) for server, trouble, _ in found[3].troubles] == [
        ("a", "did not answer"),
        ("b", "could not be looked up"),
        ("c", "says it is the year 2016, which cannot be"),
    ]


def test_without_names_the_round_ends_at_the_first_one():
    found = poll(a="NAMELESS", b=0, c=0)
    assert found[0] is None and found[3].is_cut
    assert [server for server, _, _ in found[3].troubles] == ["a"]


def test_a_network_that_is_down_is_told_with_its_error():
    network = server((0, OSError(113)))
    asking = sntp.Poll(RELEASED)
    assert network.play(asking.ask(["a"])) is None
    assert asking.troubles == [("a", "cannot be reached", " (error 113)")]
