"""What surrounds a destination, for tests: a clock that they move, a server with a script."""

import asyncio

from autopid import parameter
from autopid.group import Group
from delivery import verdict
from delivery.destination import Destination
from delivery.shared import Shared
from destination_settings import destination
from net.http import RequestError

_DEFAULTS = destination()


def Parameter(name, unit="", device_class="", binary=False):  # noqa: N802
    """A parameter whose value the test sets."""
    return parameter.Parameter(name, None, unit, device_class, binary=binary)


class Answer:
    """A reply of the server, with the members of `net.http.Response` that delivery reads."""

    def __init__(self, status, headers=()):
        self.status = status
        self._headers = headers

    def get(self, name, default=None):
        for known, value in self._headers:
            if known == name:
                return value
        return default


class Notes:
    """A logger that keeps its lines."""

    def __init__(self):
        self.lines = []

    def info(self, text, *arguments):
        self.lines.append(text % arguments)

    warning = info


class Road:
    """A way to the scripted server, in place of `delivery.route.Route`."""

    def __init__(self, world, settings):
        self._world = world
        self._settings = settings
        self._busy = False
        self.closed = False

    async def deliver(self, parcel, deadline_ms):
        self._busy = True
        try:
            answer = await self._world.serve(self._settings, parcel)
        except RequestError as error:
            return verdict.of_error(error)
        finally:
            self._busy = False
        parcel.trace = "POST" if parcel.wants_trace else ""
        return verdict.of_response(answer)

    def close(self):
        """Not under a request, which would go on waiting for a socket that is gone."""
        assert not self._busy
        self.closed = True


class Signals:
    """What the car does, as the test says."""

    def __init__(self):
        self.states = {}
        self.millivolts = None

    def state(self, name):
        return self.states.get(name)

    def supply_mv(self):
        return self.millivolts

    def sources(self):
        return []


class Grave:
    """Dead letters: (id, cause, status), and the messages by id."""

    def __init__(self):
        self.letters = []
        self.messages = {}
        self.dropped = 0
        self.full = False

    def __len__(self):
        return len(self.letters)

    def add(self, message, cause, status):
        if self.full:
            self.dropped += 1
            return
        self.letters.append((message.id, cause, status))
        self.messages[message.id] = message

    def get(self, id):
        return self.messages.get(id)

    def rows(self):
        return [(id, 0, 0, status, cause) for id, cause, status in self.letters]

    def clear(self):
        self.letters = []

    def delete(self, id):
        self.letters = [letter for letter in self.letters if letter[0] != id]


class Memory(dict):
    """What the device remembers, in place of `device.memory.Memory`."""

    def put(self, key, text):
        self[key] = text


class World(Shared):
    """One parameter SPEED; servers by address.

    Attributes:
        now: uptime in ms.
        epoch: Unix time at the start in seconds; 0: the clock is not set.
        requests: (ms, url, id, body as text) of what was sent.
        answers: url -> an Answer or an exception, or a list of them of which the last one stays.
        latency: url -> ms until the answer.
        secrets: name -> secret.
        named: what dynamic fields stand for.
        replies: (number of the destination, reply) of those that may hold commands.
        roads: every connection made.
        outboxes: every outbox made.
        dead: the dead letters of all destinations.
    """

    def __init__(self):
        self.now = 0
        self.epoch = 1_730_000_000
        self.named = {}
        self.replies = []
        super().__init__(
            "/nowhere",
            7,
            "dev",
            Group(self),
            self,
            lambda: self.epoch and self.epoch + self.now // 1000,
            Signals(),
            None,
            self.secret_named,
            self.status_pairs,
            Notes(),
            6,
            lambda: self.epoch > 0,
            lambda: self.named,
            Memory(),
            lambda *reply: self.replies.append(reply),
        )
        self.requests = []
        self.answers = {}
        self.latency = {}
        self.secrets = {}
        self.roads = []
        self.outboxes = []
        self.dead = Grave()
        self._dues = []
        self.group.configure([Parameter("SPEED", "km/h", "speed")])

    def ms(self):
        return self.now

    def secret_named(self, name):
        return self.secrets.get(name)

    def status_pairs(self):
        return [("fw_version", "1.0")]

    def read(self, text):
        """The car gives SPEED this value."""
        self.group.update(self.group.get("SPEED"), text)

    def route(self, settings):
        self.roads.append(Road(self, settings))
        return self.roads[-1]

    def outbox(self, settings):
        from delivery.outbox import RamOutbox

        self.outboxes.append(RamOutbox(settings["queue"]))
        return self.outboxes[-1]

    def dead_letters(self, settings):
        return self.dead

    async def serve(self, settings, parcel):
        url = settings["url"]
        self.requests.append((self.now, url, parcel.id, parcel.body.decode()))
        await self.pause(asyncio.Event(), self.latency.get(url, 0))
        answer = self.answers.get(url) or Answer(200)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def pause(self, wake, ms):
        due = self.now + ms
        self._dues.append(due)
        while self.now < due and not wake.is_set():
            await asyncio.sleep(0)

    async def advance(self, ms):
        """Lets that much time pass, from one due time to the next."""
        end = self.now + ms
        await self._settle()
        while self.now < end:
            self._dues = [due for due in self._dues if due > self.now]
            self.now = min(self._dues + [end])
            await self._settle()

    async def _settle(self):
        for _ in range(8):
            await asyncio.sleep(0)

    def times(self, url=None):
        """When requests were sent, to one address or to all."""
        return [at for at, to, _, _ in self.requests if url is None or to == url]

    def bodies(self):
        return [body for _, _, _, body in self.requests]


def settings(**changes):
    """The settings of a destination, valid or not; `queue={"mode": "ram"}` changes one member of a section."""
    found = dict(_DEFAULTS)
    found["queue"] = dict(found["queue"], max_age_s=0)
    for name, change in changes.items():
        found[name] = dict(found[name], **change) if isinstance(change, dict) else change
    return found


def play(scene, *, value="5", **changes):
    """Runs `scene(world, destination)` while the destination runs; returns the world."""
    return asyncio.run(_play(scene, value, settings(**changes)))


async def _play(scene, value, chosen):
    world = World()
    if value is not None:
        world.read(value)
    destination = Destination(chosen, True, world)
    task = asyncio.create_task(destination.run())
    try:
        await scene(world, destination)
    finally:
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
    return world
