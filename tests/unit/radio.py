"""A device with a made-up radio in virtual time, for tests of what joins networks and makes one."""

import sys

import transient
from helper import run
from net import access_point, joining, wifi
from timeline import Timeline

sys.path.insert(0, __file__.rpartition("/")[0] + "/../fakes")
import network  # noqa: E402 (needs the path above)

sys.path.pop(0)
transient.ON_DEVICE = False  # the modules whose time is played have to stay the same ones

MINUTE = 60_000
DEFAULTS = {"priority": 0, "enabled": True, "address": "", "gateway": "", "dns": ""}


class Log:
    def __init__(self):
        self.lines = []

    def info(self, format, *arguments):
        self.lines.append(format % arguments)

    warning = debug = info

    def count(self, text):
        return len([line for line in self.lines if text in line])


class Device:
    """Wifi and access point of one device.

    Attributes:
        links: what was told of networks that were joined, in order: (address, whether it is another one).
        wanted: what the access point is to be.
    """

    def __init__(self, *networks, mode="auto"):
        self.time = Timeline()
        self.air = network.begin(self.time.ms)
        self.air.spend = self.time.spend
        self.log = Log()
        self.links = []
        self.wifi = wifi.Wifi(network, self.time, self.log, self._linked)
        self.wanted = ("WiCAN_1", "a password", mode)
        self.point = access_point.AccessPoint(
            network, self.wifi, lambda: self.wanted, self.time, self.log
        )
        self.point_radio = network.WLAN(network.AP_IF)
        self.set(*networks)

    def set(self, *networks, name="my-car"):
        """New settings: names, or (name, password), or settings as the store has them."""
        passwords = {}
        section = []
        for index, one in enumerate(networks):
            if isinstance(one, str):
                one = (one, None)
            if isinstance(one, tuple):
                passwords["network.wifi.%d.password" % (index + 1)] = one[1]
                one = {"ssid": one[0]}
            section.append(dict(DEFAULTS, id=index + 1, **one))
            if "password" in one:
                passwords["network.wifi.%d.password" % section[-1]["id"]] = one["password"]
        self.wifi.apply(name, joining.known({"wifi": section}, passwords.get))

    def router(self, ssid, *arguments, **options):
        """Somebody's access point in reach."""
        router = network.Router(ssid, *arguments, **options)
        self.air.routers.append(router)
        return router

    def _linked(self, moved):
        self.links.append((self.wifi.address, moved))

    @property
    def where(self):
        """The name of the network that the device is in, or None."""
        return self.wifi.joined and self.wifi.joined[0]

    def tried(self):
        return [ssid for _, ssid, _ in self.air.attempts]

    def play(self, scene, point=False):
        """Runs the device while the scene `await`s time."""

        async def played():
            tasks = [self.time.create_task(self.wifi.run())]
            if point:
                tasks.append(self.time.create_task(self.point.run()))
            try:
                await scene(self)
                for task in tasks:
                    assert not task.done(), "it ended by itself"
            finally:
                for task in tasks:
                    task.cancel()
                    try:
                        await task
                    except self.time.CancelledError:
                        pass

        kept = wifi.asyncio, joining.asyncio, access_point.asyncio
        wifi.asyncio = joining.asyncio = access_point.asyncio = self.time
        try:
            run(played())
        finally:
            wifi.asyncio, joining.asyncio, access_point.asyncio = kept
