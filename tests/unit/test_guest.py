"""An app that uses the OBD chip: it has it for itself while it talks, finds it as it left it, and can do no harm."""

from helper import run
from obd import guest
from obd.elm327 import Elm327
from obd.guest import Guest, kind_of
from obd.request import Request
from timeline import Timeline
from wire import Wire

RETURN_MS = 10_000


class Log:
    def __init__(self):
        self.lines = []

    def info(self, format, *arguments):
        self.lines.append(format % arguments)

    warning = debug = info


class Phone(Wire):
    """The app's side: what it wrote comes out of `read`, what it is told gathers in `heard`."""

    def __init__(self):
        super().__init__()
        self.heard = b""
        self.is_deaf = False

    def write(self, data):
        if self.is_deaf:
            raise OSError(104)
        self.heard += bytes(data)

    def said(self):
        heard, self.heard = self.heard, b""
        return heard


class Scene:
    def __init__(self, answers=None):
        self.time = Timeline()
        self.chip = Wire(dict({"ATWS": b"\r\rELM327 v2.3\r\r>", "ATI": b"ELM327 v2.3\r\r>"}))
        self.chip.answers.update(answers or {})
        self.adapter = Elm327(self.chip, self.chip, "6")
        self.phone = Phone()
        self.log = Log()
        self.guest = Guest(
            self.phone, self.phone, lambda: self.adapter, RETURN_MS, self.time, self.log
        )

    def sent(self):
        """What went to the chip since the last look."""
        sent = list(self.chip.sent)
        self.chip.sent.clear()
        return sent

    async def type(self, text):
        """The app sends that; what it is told."""
        self.phone.feed(text)
        await self.time.pass_ms(200)
        return self.phone.said()

    async def until(self, done):
        """The chip's side is not in virtual time, but never waits for long."""
        import asyncio

        for _ in range(400):
            if done():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it never happened")

    async def come(self):
        """The app's first line has to wait for a quiet chip."""
        self.phone.feed(b"ATI\r")
        await self.until(lambda: b"ELM327" in self.phone.heard)
        assert self.sent()[-1] == "ATI"
        return self.phone.said()

    def play(self, scene):
        async def played():
            task = self.time.create_task(self.guest.run())
            try:
                await scene(self)
            finally:
                task.cancel()
                try:
                    await task
                except self.time.CancelledError:
                    pass

        kept, guest.asyncio = guest.asyncio, self.time
        try:
            run(played())
        finally:
            guest.asyncio = kept


RPM = {"010C": b"7E804410C1AF8\r\r>"}


def test_app_talks_to_a_chip_as_after_its_start():
    scene = Scene({"010C": b"41 0C 1A F8 \r\r>"})

    async def played(scene):
        await scene.come()
        assert await scene.type(b"010C\r") == b"41 0C 1A F8 \r\r>"
        assert await scene.type(b"AT RV\r") == b"OK\r\r>"
        assert scene.sent() == ["010C", "AT RV"]

    scene.play(played)


def test_device_asks_nothing_while_the_app_talks_and_goes_on_after():
    scene = Scene(RPM)

    async def played(scene):
        await scene.come()
        own = scene.time.create_task(scene.adapter.request(Request("010C")))
        for _ in range(5):
            await scene.type(b"ATRV\r")
            await scene.time.pass_ms(RETURN_MS - 1000)
        assert scene.guest.has_adapter and not own.done()
        assert set(scene.sent()) == {"ATRV"}
        await scene.time.pass_ms(2000)
        await scene.until(own.done)
        reply = await own
        assert reply.payload(reply.ecus[0]) == b"\x41\x0c\x1a\xf8"
        assert not scene.guest.has_adapter
        sent = scene.sent()
        assert "ATWS" in sent and "ATH1" in sent and sent[-1].startswith("010C"), sent

    scene.play(played)


def test_app_finds_the_chip_as_it_left_it():
    scene = Scene(RPM)

    async def played(scene):
        await scene.come()
        for line in (b"ATE0\r", b"AT H1\r", b"AT SP 6\r", b"ATSH7E0\r", b"ATH0\r", b"ATSH 7E4\r"):
            assert await scene.type(line) == b"OK\r\r>"
        await scene.time.pass_ms(RETURN_MS + 1000)
        await scene.adapter.request(Request("010C"))
        scene.sent()
        scene.phone.feed(b"010C\r")
        await scene.until(lambda: scene.phone.heard)
        assert scene.sent() == ["ATWS", "ATM0", "ATE0", "ATSP6", "ATH0", "ATSH7E4", "010C"]
        assert b"OK" not in scene.phone.said(), "the app did not ask for that"
        assert await scene.type(b"ATZ\r")
        await scene.time.pass_ms(RETURN_MS + 1000)
        scene.sent()
        scene.phone.feed(b"010C\r")
        await scene.until(lambda: scene.phone.heard)
        assert scene.sent() == ["ATWS", "ATM0", "010C"]

    scene.play(played)


def test_app_that_leaves_the_protocol_to_the_chip_waits_for_no_second_search():
    for chosen, expected in ((b"ATSP0\r", ["ATTPA8"]), (b"ATSPA6\r", []), (b"ATZ\r", ["ATTPA8"])):
        scene = Scene({"010C": b"41 0C 1A F8 \r\r>"})

        async def played(scene, chosen=chosen, expected=expected):
            await scene.come()
            await scene.type(chosen)
            await scene.time.pass_ms(RETURN_MS + 1000)
            scene.adapter.found = "8"  # the device asked meanwhile
            scene.sent()
            scene.phone.feed(b"010C\r")
            await scene.until(lambda: scene.phone.heard)
            assert [line for line in scene.sent() if line.startswith("ATTP")] == expected

        scene.play(played)


def test_what_would_cut_the_chip_off_or_stay_in_it_is_not_known():
    for line in (b"ATPP0CSV23", b"at br d 23", b"STSBR115200", b"STSLEEP0", b"ATLP", b"VTPPSW10"):
        scene = Scene()

        async def played(scene, line=line):
            await scene.come()
            await scene.type(b"ATE0\r")
            scene.sent()
            assert await scene.type(line + b"\r") == b"?\r\r>"
            assert scene.sent() == []
            await scene.type(b"ATL1\r")
            await scene.type(b"ATE1\r")
            assert await scene.type(line + b"\r") == line + b"\r\n?\r\n\r\n>"

        scene.play(played)


def test_reset_leaves_the_speed_alone():
    scene = Scene({"ATWS": b"ATWS\r\r\rELM327 v2.3\r\r>"})

    async def played(scene):
        await scene.come()
        assert await scene.type(b"ATZ\r") == b"ATZ\r\r\rELM327 v2.3\r\r>"
        assert scene.sent() == ["ATWS"]

    scene.play(played)


def test_monitor_is_interrupted_and_nothing_slips_through_behind():
    scene = Scene({"ATMA": None})

    async def played(scene):
        await scene.come()
        await scene.type(b"ATMA\r")
        for _ in range(5):
            scene.chip.feed(b"7E8 03 41 0C\r")
            await scene.time.pass_ms(RETURN_MS - 1000)
            assert scene.guest.has_adapter, "the app is told something"
        scene.phone.said()
        scene.sent()
        await scene.type(b"xAT")
        scene.chip.feed(b"STOPPED\r\r>")
        await scene.time.pass_ms(100)
        assert b"STOPPED" in scene.phone.said()
        assert await scene.type(b"PP0CSV23\r") == b""
        assert scene.sent() == [] and scene.chip._line == "", "a blank interrupts"
        assert await scene.type(b"ATRV\r") == b"OK\r\r>"

    scene.play(played)


def test_commands_sent_in_a_row_are_done_in_turn():
    scene = Scene()

    async def played(scene):
        await scene.come()
        assert await scene.type(b"ATE0\r\nATH1\r\nATS0\r\n") == b"OK\r\r>" * 3
        assert scene.sent() == ["ATE0", "ATH1", "ATS0"]
        for character in b"ATL0\r":
            await scene.type(bytes([character]))
        assert scene.sent() == ["ATL0"]

    scene.play(played)


def test_line_without_an_end_is_bounded():
    scene = Scene()

    async def played(scene):
        await scene.come()
        await scene.type(b"ATE0\r")
        scene.sent()
        for _ in range(10):
            await scene.type(b"41" * 100)
        assert len(scene.guest._line) < 300
        assert await scene.type(b"\r") == b"?\r\r>"
        assert scene.sent() == []

    scene.play(played)


def ends(scene, what):
    """Whether the conversation ends by itself, and the chip is free after."""

    async def played():
        task = scene.time.create_task(scene.guest.run())
        await scene.come()
        await what(scene)
        await scene.time.pass_ms(1000)
        assert task.done() and not scene.guest.has_adapter
        await task

    kept, guest.asyncio = guest.asyncio, scene.time
    try:
        run(played())
    finally:
        guest.asyncio = kept


def test_ends_when_the_app_the_chip_or_the_patience_does():
    async def leaves(scene):
        scene.phone.unplug()

    async def hears_nothing(scene):
        scene.phone.is_deaf = True
        scene.phone.feed(b"ATRV\r")

    async def is_unplugged(scene):
        scene.chip.unplug()

    async def says_nothing(scene):
        await scene.time.pass_ms(11 * 60_000)

    for what in (leaves, hears_nothing, is_unplugged, says_nothing):
        ends(Scene(), what)


def test_without_a_chip_the_app_is_sent_away():
    scene = Scene()
    scene.adapter = None

    async def played():
        scene.phone.feed(b"ATI\r")
        await scene.guest.run()

    run(played())
    assert "no OBD chip" in scene.log.lines[-1]


def test_kinds_of_commands():
    for command, kind in (
        ("ATE0", "ATE"),
        ("ATSH7E0", "ATSH"),
        ("ATST10", "ATST"),
        ("ATS0", "ATS"),
        ("ATSP6", "ATSP"),
        ("ATTPA6", "ATSP"),
        ("ATCRA7E8", "ATCRA"),
        ("ATAR", "ATCRA"),
        ("ATAT2", "ATAT"),
        ("ATCFC1", "ATCFC"),
        ("ATCF7E0", "ATCF"),
        ("ATNL", "ATAL"),
        ("STFAP7E8,7FF", "STFAP7E8,7FF"),
        ("ATMA", ""),
        ("ATM1", ""),
        ("ATRV", ""),
        ("ATDPN", ""),
        ("ATI", ""),
        ("STFAC", ""),
        ("0100", ""),
    ):
        assert kind_of(command) == kind, command
