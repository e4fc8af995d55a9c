"""What surrounds a destination, for tests: a clock that they move, a server with a script."""

import asyncio

from autopid import parameter
from autopid.group import Group
from delivery.destination import Destination, Shared
from uptime import Uptime


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

    def __init__(self, world, settings, token):
        self._world = world
        self._settings = settings
        self._token = token
        self._busy = False
        self.closed = False

    async def post(self, body, deadline_ms):
        self._busy = True
        try:
            return await self._world.serve(self._settings, self._token, body)
        finally:
            self._busy = False

    def close(self):
        """Not under a request, which would go on waiting for a socket that is gone."""
        assert not self._busy
        self.closed = True


class World(Shared):
    """One parameter SPEED; servers by address.

    Attributes:
        now: uptime in ms.
        requests: (ms, url, token, body as text) of what was sent.
        answers: url -> an Answer or an exception, or a list of them of which the last one stays.
        latency: url -> ms until the answer.
        secrets: name -> secret.
        roads: every connection made.
    """

    def __init__(self):
        super().__init__(
            Group(Uptime()), self, None, self.secret_named, self.status_pairs, Notes(), None
        )
        self.now = 0
        self.requests = []
        self.answers = {}
        self.latency = {}
        self.secrets = {}
        self.roads = []
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

    def route(self, settings, token):
        self.roads.append(Road(self, settings, token))
        return self.roads[-1]

    async def serve(self, settings, token, body):
        url = settings["url"]
        self.requests.append((self.now, url, token, body.decode()))
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
    """The settings of a destination."""
    found = {
        "id": 1,
        "name": "Cloud",
        "enabled": True,
        "url": "https://a.example/in",
        "cycle_ms": 5000,
        "auth": {"type": "none"},
        "query": [],
        "cert_set": "default",
    }
    found.update(changes)
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
