"""The page on its own, for the tests beside it: a real server with values that are made up.

micropython tests/web/made_up_page.py PORT PASSWORD STALL_MS FAILURES

FAILURES is how often the site cannot be built before it can.
"""

import asyncio
import sys

from autopid import parameter
from autopid.group import Group
from delivery.journal import Attempt, Journal
from log import Log
from uptime import Uptime
from web import api, pages
from web.auth import Gate, make_record
from web.server import Server
from web.site import Site

VALUES = (
    ("0C-EngineRPM", "rpm", "none", "2413", None),
    ("0D-VehicleSpeed", "km/h", "speed", "87", None),
    ("SOC", "%", "battery", "62.35", None),
    ("HV_Current", "A", "current", "-14.2", None),
    ("Odometer", "m", "distance", "9007199254740993", None),
    ("Lights", "", "none", "on", None),
    ("Coolant", "°C", "temperature", "88", "The ECU did not answer."),
    ("TyrePressure", "bar", "pressure", None, "The ECU refuses: request out of range (7F 22 31)."),
    ("<b>&\"'", "<i>", "none", "1", "<script>alert(1)</script>"),
)


def Parameter(name, unit="", device_class="", binary=False):  # noqa: N802
    """A parameter whose value the test sets."""
    return parameter.Parameter(name, None, unit, device_class, binary=binary)


class Verdict:
    """How a made-up attempt ended."""

    def __init__(self, ok, cause, advice=""):
        self.ok = ok
        self.stage = "body"
        self.status = 200 if ok else 401
        self.cause = cause
        self.advice = advice


class Destination:
    """A destination that stands still."""

    def __init__(self, number, name, state, reason, attempts):
        self.id = number
        self.name = name
        self.state = state
        self.reason = reason
        self.journal = Journal()
        for verdict in attempts:
            self.journal.add(Attempt(0, 120, 291, verdict))

    def pairs(self):
        return [
            ("id", self.id),
            ("name", self.name),
            ("state", self.state),
            ("reason", self.reason),
            ("delivered", self.journal.delivered),
            ("failed", self.journal.failed),
        ]


class Model:
    """The model the page shows."""

    def __init__(self):
        self.name = "wican <one>"
        self.ecu = "online"
        self.grouping = True
        self.uptime = Uptime()
        self.log = Log("debug", sink=lambda line: None, uptime=self.uptime)
        self.group = Group(self.uptime)
        self.group.configure([Parameter(*value[:3], value[3] == "on") for value in VALUES])
        for entry, value in zip(self.group, VALUES):
            if value[3]:
                self.group.update(entry, value[3])
            if value[4]:
                self.group.fail(entry, value[4])

    def status_pairs(self):
        return [
            ("fw_version", "0.1.0"),
            ("ip_address", "192.168.4.1"),
            ("time_synced", True),
            ("vpn_ip", None),
        ]

    def problems(self):
        return ["destinations[1].url: Must start with <https>."]

    def destinations(self):
        ok = Verdict(True, "The server accepted the document (200).")
        refused = Verdict(False, "The server does not know who is sending (401).")
        advice = "Check the token: missing, mistyped or expired?"
        return (
            Destination(1, "Home", "ok", "", [ok, ok, ok]),
            Destination(
                2, "Fleet <portal>", "failing", refused.cause + " " + advice, [ok, refused]
            ),
            Destination(3, "Spare", "disabled", "This destination is switched off.", []),
        )


async def refresh(model):
    """Keeps the first values young."""
    while True:
        for entry, value in zip(model.group, VALUES):
            if value[4] is None:
                model.group.update(entry, value[3])
        await asyncio.sleep(1)


async def main(port, password, stall_ms, failures):
    model = Model()
    logger = model.log.logger("web")
    gate = Gate(make_record(password, b"0123456789abcdef"), model.uptime)
    site = Site(gate, logger, lambda host: host.partition(":")[0] != "evil.example")
    pages.mount(site, model)
    api.mount(site, model)

    async def broken(request):
        raise RuntimeError("made to fail")

    async def slow(request):
        await asyncio.sleep(1)
        return "done"

    async def endless(request):
        return iter(lambda: "x" * 1000, None)

    site.get("/broken")(broken)
    site.get("/slow")(slow)
    site.get("/endless")(endless)
    failing = iter(range(failures))

    def build():
        for _ in failing:
            raise OSError("made to fail")
        return site

    refreshing = asyncio.create_task(refresh(model))
    await Server(build, port, model.uptime, logger, "127.0.0.1", stall_ms).run()
    refreshing.cancel()


asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
