"""Runs under Unix MicroPython: the whole firmware but for the car, whose values the test sets, and the time.

micropython connector_probe.py ROOT

Each line of standard input is a JSON list, answered by one line of JSON, {"problems", "states", "attempt"}, as soon as
nothing is under way any more:

    ["save", {section: …}]              other settings; "problems" says why not
    ["values", {"SPEED": "5"}]          the car gave these values
    ["skip", 60]                        so many seconds pass for schedules, pauses and fuses
    ["date", 60]                        the clock is put forward by so many seconds
    ["send", 1]                         destination 1 sends now; "attempt" is what became of it
    ["report"]                          nothing but the answer
"""

import asyncio
import json
import sys

import app
from autopid.parameter import Parameter
from log import Log

ROWS = (
    ("ENGINE_RPM", "rpm", ""),
    ("SPEED", "km/h", "speed"),
    ("IGNITION", "", ""),
    ("BATTERY_VOLTAGE", "V", "voltage"),
)


class Ahead:
    """How much more time has passed than really has."""

    ms = 0
    s = 0


class Uptime(app.Uptime):
    def ms(self):
        return super().ms() + Ahead.ms


class System(app.System):
    def now(self):
        return super().now() + Ahead.s


class Shared(app.Shared):
    """Knows which destinations wait for time to pass."""

    pausing = []

    async def pause(self, wake, ms):
        self.pausing.append(wake)
        try:
            await super().pause(wake, ms)
        finally:
            self.pausing.remove(wake)


class Firmware(app.App):
    """The application, with values of our own in the place of the car's."""

    def _apply_autopid(self):
        self.group.configure([Parameter(name, None, unit, kind) for name, unit, kind in ROWS])

    def __init__(self, root):
        super().__init__(root)
        self.car.start = lambda: None


class Probe:
    def __init__(self, root):
        app.Uptime, app.System, app.Shared = Uptime, System, Shared
        app.Log = lambda **options: Log(sink=lambda line: print(line, file=sys.stderr), **options)
        self.firmware = Firmware(root)
        self.answer = {}

    async def run(self):
        task = asyncio.create_task(self.firmware.run())
        commands = asyncio.StreamReader(sys.stdin.buffer)
        line = await commands.readline()
        while line:
            command, *arguments = json.loads(line)
            self.answer = {}
            await getattr(self, command)(*arguments)
            await self.rest()
            self.answer["states"] = [state(each) for each in self.firmware.destinations()]
            print(json.dumps(self.answer))
            line = await commands.readline()
        task.cancel()

    async def save(self, sections):
        draft = self.firmware.store.draft()
        draft.update(sections)
        self.answer["problems"] = self.firmware.store.save(draft)

    async def values(self, texts):
        await self.rest()  # the group is there
        self.firmware.poller.online = True
        for name, text in texts.items():
            self.firmware.group.update(self.firmware.group.get(name), text)
        self.wake()

    async def skip(self, seconds):
        Ahead.ms += seconds * 1000
        self.wake()

    async def date(self, seconds):
        Ahead.s += seconds

    async def report(self):
        pass

    async def send(self, number):
        for destination in self.firmware.destinations():
            if destination.id == number:
                attempt = await destination.send_now()
                self.answer["attempt"] = dict(attempt.pairs(), request=attempt.trace)

    def wake(self):
        for wake in Shared.pausing:
            wake.set()

    async def rest(self):
        """Waits until every destination waits for time to pass, and none for its server."""
        quiet = 0
        while quiet < 5:
            await asyncio.sleep_ms(1)
            quiet = quiet + 1 if self.is_quiet() else 0

    def is_quiet(self):
        running = self.firmware.destinations()
        if len(running) != len(self.firmware.store.settings["destinations"]):
            return False
        if len(Shared.pausing) != len(running) or any([each.is_set() for each in Shared.pausing]):
            return False
        return not any([each.dispatcher is not None and each.dispatcher.busy for each in running])


def state(destination):
    found = dict(destination.pairs())
    found["attempts"] = [dict(attempt.pairs()) for attempt in destination.journal]
    return found


asyncio.run(Probe(sys.argv[1]).run())
