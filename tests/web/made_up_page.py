"""The page on its own, for the tests beside it: a real server with values that are made up.

micropython tests/web/made_up_page.py PORT PASSWORD STALL_MS WORK_MS SEND_MS FAILURES ROOT

FAILURES is how often the site cannot be built before it can, ROOT the folder with the cert sets.
"""

import asyncio
import gc
import json
import os
import sys

import board
from autopid import parameter
from autopid.group import Group
from autopid.poller import Poller
from config import checks
from config.store import Store
from delivery import commands, verdict
from delivery.dead_letters import DeadLetters
from delivery.journal import Attempt, Journal
from delivery.message import Message
from log import Log
from net.bridge_log import LOCAL, REMOTE, Traffic
from net.bridge_tally import Tally
from net.bridges import Bridged, Bridges
from net.clock import Clock, System
from trust import Sets
from uptime import Uptime
from web import destinations, site
from web.auth import PASSWORD, make_record
from web.gate import Gate
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


SECRET = "s3cret-token"
RELEASED = 1_735_689_600  # 2025-01-01
OK = verdict.Verdict("delivered", "body", "The server accepted the document (200).", None, 200)
REFUSED = verdict.Verdict(
    "auth",
    "status",
    "The server does not know who is sending (401).",
    "Check the token: missing, mistyped or expired?",
    401,
)
UNREADABLE = 'The server cannot read the document (422). "<b>"'
TRACE = """POST /in?<car>=1 HTTP/1.1\r
Host: collector.example\r
User-Agent: ESP32 WiCAN/1.0\r
Content-Type: application/json\r
Authorization: Bearer ***\r
Content-Length: 291\r
\r
{"autopid_data":{"0C-EngineRPM":2413,"name":"Zoë"}}"""


class Parcel:
    """What an attempt carried."""

    id = "30aea4000001-7-1"
    count = 1
    body = b"x" * 291

    def __init__(self, trace=""):
        self.trace = trace


class Destination:
    """A destination that does only what it is told. `settings` is for it alone."""

    settings = {"auth": {"token": SECRET}}

    def __init__(self, number, name, state, reason, attempts, grave=(), fuse="closed"):
        self.id = number
        self.name = name
        self.state = state
        self.reason = reason
        self.fuse = fuse
        self.queued = len(grave)
        self.journal = Journal()
        for outcome in attempts:
            self.journal.add(Attempt(0, 120, Parcel(), outcome))
        self._dead = DeadLetters()
        for id in grave:
            self._dead.add(Message(id, b"x" * 291, 1730000000, None), UNREADABLE, 422)

    def pairs(self):
        return [
            ("id", self.id),
            ("name", self.name),
            ("state", self.state),
            ("reason", self.reason),
            ("delivered", self.journal.delivered),
            ("failed", self.journal.failed),
            ("dropped", 0),
            ("queued", self.queued),
            ("dead", len(self._dead)),
            ("fuse", self.fuse),
        ]

    def dead_letters(self):
        return self._dead

    async def send_now(self):
        """Ends like the attempt before; not at all if there was none."""
        before = self.journal.last
        if before is None:
            return None
        attempt = Attempt(0, 120, Parcel(TRACE), OK if before.ok else REFUSED)
        self.journal.add(attempt)
        return attempt

    def reset(self):
        self.state = "waiting"
        self.reason = ""
        self.fuse = "closed"

    def replay(self, id):
        found = self._dead.delete(id)
        self.queued += 1 if found else 0
        return found


class Slow(Destination):
    """Answers once it is reset."""

    async def send_now(self):
        self.state = "sending"
        while self.state == "sending":
            await asyncio.sleep_ms(10)
        return await super().send_now()


class MovableSystem(System):
    """A system whose clock can be set; it starts without a time if there is a file "no_time" in `root`."""

    can_be_set = True

    def __init__(self, root):
        super().__init__()
        self.ahead_s = 0
        try:
            os.stat(root + "/no_time")
            self.ahead_s = -super().now()
        except OSError:
            pass

    def now(self):
        return super().now() + self.ahead_s

    def set(self, unix_s, micros):
        self.ahead_s += unix_s - self.now()
        return True


class Memory(dict):
    """What survives restarts."""

    def put(self, key, text):
        self[key] = text


BRIDGE = {"listen_port": 8883, "host": "api.example.com", "port": 443}


class Part:
    """What carries the bytes of a bridge."""

    def __init__(self):
        self.tally = Tally()
        self.tally.is_listening = True
        self.tally.served = 3
        over, now = Traffic(0), Traffic(0)
        over.received, over.sent, now.sent = 700, 50, 5
        for traffic in (over, now):
            self.tally.begin(traffic)
        self.tally.end(over)


def made_up_bridges(uptime, root):
    """None if there is a file "no_bridges" in `root`; nothing in the log if there is one "no_trouble"."""
    names = os.listdir(root) if has(root) else ()
    if "no_bridges" in names:
        return None
    made = Bridges(uptime, lambda: RELEASED)
    common = dict(BRIDGE, kind="tls")
    made.running = [
        Bridged(dict(common, name="scada", enabled=True), [], Part()),
        Bridged(dict(common, name="spare", enabled=False, listen_port=1883), [], None),
    ]
    if "no_trouble" not in names:
        made.log.add("scada", "tls", REMOTE, 'The certificate is for "other".', -9984, Traffic(0))
        made.log.add("spare", "config", LOCAL, "There is no cert set named spåre.")
    return made


def has(folder):
    try:
        os.stat(folder)
    except OSError:
        return False
    return True


def made_up_settings(root):
    """Destination 1 takes downlinks if there is a file "downlinks" in `root`."""
    mode = "local" if has(root + "/downlinks") else "off"
    wanted = {"mode": mode, "window_s": 60, "allow": ["ping", "send_now", "set_cycle"]}
    common = {"url": "https://receiver.example/in", "cycle_ms": 10_000}
    signed = {
        "preset": "thingpark",
        "body": {"format": "thingpark", "dev_eui": "", "port": 2},
        "sign": {"scheme": "thingpark", "as_id": "wican.as"},
    }
    return {
        "device": {"name": "made-up", "set_up": True},
        "destinations": [
            dict(common, id=1, name="Home", downlink=wanted, **signed),
            dict(common, id=2, name="Fleet <portal>", cert_set="garage"),
            dict(
                common, id=3, name="Spare", cert_set="garage", enabled=False, preset="kpn_things"
            ),
            dict(common, id=4, name="Yard", cert_set="spare", enabled=False, **signed),
        ],
        "bridges": [
            dict(BRIDGE, name="scada", kind="tls", cert_set="gate", enabled=False),
            dict(BRIDGE, name="dns", kind="udp", cert_set="spare", host="10.0.0.1", port=53),
        ],
        "passthrough": [{"protocol": "udp", "ip": "10.0.0.1"}],
    }


KEYS = {
    "destinations.1.sign.secret": "00112233445566778899aabbccddeeff",
    "destinations.3.sign.secret": "0123456789-abcdefghij-ABCDEFGHIJ:+",
    "destinations.4.sign.secret": "00112233445566778899aabbccddeeff",
}


class MadeUpStore(Store):
    """A cycle of 1234 ms of the first destination is refused, and so are keys for the fourth."""

    def __init__(self, root, log):
        super().__init__(root, log, lambda: checks.ALL)
        problems = self.save(made_up_settings(root), KEYS)
        assert not problems, problems

    def save_secrets(self, changes):
        if "destinations.4.sign.secret" in changes:
            return [{"field": "", "code": "storage", "message": "It could not be written (28)."}]
        return super().save_secrets(changes)

    def save(self, data, secrets_changes=None):
        for first in data.get("destinations", ())[:1]:
            if first.get("cycle_ms") == 1234:
                text = "Must be another one."
                return [{"field": "destinations[0].cycle_ms", "code": "range", "message": text}]
        return super().save(data, secrets_changes)


class Model:
    """The model the page shows."""

    def __init__(self, root):
        self.name = "wican <one>"
        self.changes = 0
        self.ecu = "online"
        self.grouping = True
        self.uptime = Uptime()
        self.log = Log("debug", sink=lambda line: None, uptime=self.uptime)
        self.root = root
        self.crash = ""
        self.board = board
        board.captive = lambda: has(root + "/captive")
        if has(root + "/wifi"):
            board.wifi_scan = wifi_scan
        self.store = MadeUpStore(root, self.log.logger("config"))
        self.certificates = Sets(root)
        logger = self.log.logger("clock")
        self.clock = Clock(Memory(), MovableSystem(root), tuple, logger, self.uptime, RELEASED)
        self.bridges = made_up_bridges(self.uptime, root)
        self.group = Group(self.uptime)
        self.poller = Poller(self.group, self.uptime, self.log.logger("poller"))
        self.group.configure([Parameter(*value[:3], value[3] == "on") for value in VALUES])
        refused = REFUSED.cause + " " + REFUSED.advice
        open_reason = "5 attempts in a row failed."
        self.made_up = (
            Destination(1, "Home", "ok", "", [OK, OK, OK]),
            Destination(2, "Fleet <portal>", "failing", refused, [OK, REFUSED]),
            Destination(3, "Spare", "disabled", "This destination is switched off.", []),
            Slow(4, "Yard", "paused", open_reason, [OK], ["a-7-1", "a-7-2", "a-7-3"], "open"),
        )
        self.downlinks = commands.Downlinks(
            self.store,
            "30aea4000001",
            self.destinations,
            self.clock.unix_s,
            self.uptime,
            self.log.logger("downlink"),
        )
        for entry, value in zip(self.group, VALUES):
            if value[3]:
                self.group.update(entry, value[3])
            if value[4]:
                self.group.fail(entry, value[4])

    def status_pairs(self):
        return [
            ("device_id", "30aea4000001"),
            ("fw_version", "0.1.0"),
            ("ip_address", "192.168.4.1"),
            ("time_synced", True),
            ("vpn_ip", None),
        ]

    def problems(self):
        return ["destinations[1].url: Must start with <https>."]

    def destinations(self):
        return self.made_up

    def show(self, state, on):
        pass

    async def wifi_scan(self):
        return await board.wifi_scan()

    def certificates_changed(self, name):
        self.changes += 1
        self.log.logger("page").info("change %d of cert set %s", self.changes, name)


async def wifi_scan():
    """Networks in reach: there are some if there is a file "wifi" in `root`."""
    return [
        ("Garage", -71, "wpa2", 1),
        ('Home "5"', -48, "wpa3", 36),
        ("Garage", -55, "wpa2", 11),
        ("", -40, "wpa2", 6),
        ("Café", -80, "open", 6),
    ]


class Ticks:
    """A stream of events that never ends: one at once and then nothing but what keeps it alive."""

    def __init__(self):
        self._pieces = ["", "data: tick\n\n"]

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self._pieces:
            await asyncio.sleep_ms(200)
            self._pieces = ["", ": alive\n\n"]
        return self._pieces.pop()


async def refresh(model):
    """Keeps the first values young."""
    while True:
        for entry, value in zip(model.group, VALUES):
            if value[4] is None:
                model.group.update(entry, value[3])
        await asyncio.sleep(1)


def mount_rude(page):
    """What no real page has: routes that fail, take long or never end; and the list of all routes."""

    async def broken(request):
        raise RuntimeError("made to fail")

    async def slow(request):
        await asyncio.sleep(1)
        return "done"

    async def stuck(request):
        await asyncio.Event().wait()

    def endless_text():
        while True:
            yield "x" * 1000

    async def endless(request):
        return endless_text()

    async def list_routes(request):
        pairs = [(method, row[1].url_pattern) for row in page.url_map for method in row[0]]
        return json.dumps(sorted(set(pairs))), 200, {"Content-Type": "application/json"}

    async def ticks(request):
        return Ticks(), 200, {"Content-Type": "text/event-stream"}

    for handler in (broken, slow, stuck, endless, ticks):
        page.get("/" + handler.__name__)(handler)
    page.get("/routes")(list_routes)


async def main(port, password, root, stall_ms, work_ms, send_ms, failures):
    gc.threshold(65536)  # as on the device: what is kept lies close together
    model = Model(root)
    logger = model.log.logger("web")
    model.store.save_secrets({PASSWORD: make_record(password, b"0123456789abcdef")})
    page = Site(Gate(model.store, model.uptime), logger, site.hosts(model))
    destinations.mount(page, model, send_ms)  # before the same ones that wait longer
    site.mount_all(page, model)
    mount_rude(page)
    failing = iter(range(failures))

    def build():
        for _ in failing:
            raise OSError("made to fail")
        return page

    refreshing = asyncio.create_task(refresh(model))
    await Server(build, port, model.uptime, logger, "127.0.0.1", stall_ms, work_ms).run()
    refreshing.cancel()


_, port, password, *numbers, root = sys.argv
asyncio.run(main(int(port), password, root, *[int(text) for text in numbers]))
