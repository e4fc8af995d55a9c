"""A car for tests of the poller: answers by request text, and a clock that only moves when something happens."""

from binascii import unhexlify

from autopid import plan
from autopid.group import Group
from autopid.poller import Poller
from obd import errors
from obd.request import Reply


class Clock:
    """Uptime that the test moves."""

    def __init__(self):
        self.now = 1000

    def ms(self):
        return self.now


class Silent:
    """A log that only remembers."""

    def __init__(self):
        self.lines = []

    def debug(self, text, *arguments):
        self.lines.append(text % arguments)

    info = warning = error = debug


class Stop(Exception):
    """Ends a poller that would run for ever."""


class FakeAdapter:
    """`answers`: request text -> payload as hex, {ecu: hex}, an exception, or a function that returns one of these."""

    def __init__(self, clock, answers, cost_ms=20, protocol="6"):
        self.clock = clock
        self.answers = answers
        self.cost_ms = cost_ms
        self.asked = []
        self.times = []
        self._protocol = protocol

    def protocol(self, request):
        return self._protocol

    def count(self, text):
        return len([1 for asked in self.asked if asked == text])

    async def request(self, request):
        self.asked.append(request.text)
        self.times.append(self.clock.now)
        self.clock.now += self.cost_ms
        answer = self.answers.get(
            request.text, errors.NoAnswer("no ECU answered %s" % request.text)
        )
        if callable(answer) and not isinstance(answer, type):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            answer = {0x7E8: answer}
        address = 0xF1 if request.link.extended_address is not None else None
        return Reply([(ecu, [unhexlify(text)]) for ecu, text in answer.items()], [], address)


class TestPoller(Poller):
    """Sleeps by moving the clock, and stops at a given time."""

    __test__ = False
    until = 0

    async def _sleep(self, milliseconds):
        self._uptime.now += milliseconds
        if self._uptime.now >= self.until:
            raise Stop

    async def _poll(self, adapter, jobs):
        if self._uptime.now >= self.until:
            raise Stop
        await super()._poll(adapter, jobs)


def autopid(standard=(), custom=(), protocol="6", cycle_ms=1000, custom_init=""):
    """The autopid settings of names or (name, period) pairs and custom (name, pid, expression, period, init)."""
    parameters = []
    for item in standard:
        name, period = item if isinstance(item, tuple) else (item, 1000)
        parameters.append(
            {"name": name, "period_ms": period, "receive_header": "", "enabled": True}
        )
    own = []
    for name, pid, expression, period, init in custom:
        own.append(
            {
                "name": name,
                "pid": pid,
                "expression": expression,
                "period_ms": period,
                "init": init,
                "unit": "none",
                "class": "none",
                "min": None,
                "max": None,
                "type": "number",
                "enabled": True,
            }
        )
    return {
        "grouping": True,
        "cycle_ms": cycle_ms,
        "standard": {"enabled": True, "protocol": protocol, "parameters": parameters},
        "specific": {"enabled": True},
        "custom": {"init": custom_init, "parameters": own},
    }


class Bench:
    """A poller with its group, clock and car."""

    def __init__(self, settings, answers, profile=None, cost_ms=20, protocol="6"):
        self.clock = Clock()
        self.group = Group(self.clock)
        self.log = Silent()
        self.adapter = FakeAdapter(self.clock, answers, cost_ms, protocol)
        self.poller = TestPoller(self.group, self.clock, self.log)
        self.plan = plan.build(settings, profile, self.group)
        self.poller.configure(self.plan)

    async def run(self, milliseconds):
        self.poller.until = self.clock.now + milliseconds
        try:
            await self.poller.run(self.adapter)
        except Stop:
            return

    def text(self, name):
        return self.group.get(name).text

    def error(self, name):
        return self.group.get(name).error
