"""The device's own network: on while no other one is in reach, for somebody who is to set the device up.

point = AccessPoint(board.wifi(), wifi, lambda: (name, password, mode), uptime, log.logger("wifi"))
await point.run()
point.open(600_000)     # on for ten minutes, whatever the settings say
"""

import asyncio

import transient
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from log import Logger
    from uptime import Uptime

    from net.wifi import Wifi

_LOOK_MS = const(1000)
_PATIENCE_MS = const(30_000)  # without a network that is known
_LINGER_MS = const(60_000)  # who has just set the device up learns how it went
_LONGEST_MS = const(600_000)
_CLIENTS = const(4)
_MASK = "255.255.255.0"
_PLACES = ("192.168.4", "172.22.4", "10.244.4")  # one of them is in no network of the station's


class AccessPoint:
    """Switches the access point.

    Args:
        network: MicroPython's module of that name.
        wifi: the station.
        wanted: () -> (name of the network, its password, "auto", "always" or "never").

    Attributes:
        looked_ms: uptime in ms of its last step, for the supervisor.
    """

    def __init__(
        self,
        network: "ModuleType",
        wifi: "Wifi",
        wanted: "Callable[[], tuple[str, str, str]]",
        uptime: "Uptime",
        log: "Logger",
    ) -> None:
        self._network = network
        self._point = network.WLAN(network.WLAN.IF_AP)
        self._wifi = wifi
        self._wanted = wanted
        self._uptime = uptime
        self._log = log
        self._open_until_ms = 0
        self.looked_ms = uptime.ms()
        self._as: tuple[str, str, str] | None = None  # name, password, address while it is on
        self._names: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """The device's own in that network; "" while it is off."""
        return self._as[2] if self._as else ""

    def open(self, ms: int) -> None:
        """Has it on for so long, whatever the settings say."""
        self._open_until_ms = self._uptime.ms() + ms

    async def run(self) -> None:
        """Switches it until cancelled; then it is off."""
        self._point.active(False)
        try:
            while True:
                name, password, mode = self._wanted()
                on = self._is_due(mode)
                wanted = (name, password, self._free_address()) if on else None
                if wanted != self._as:
                    self._switch(wanted)
                self.looked_ms = self._uptime.ms()
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            self._switch(None)

    def _is_due(self, mode: str) -> bool:
        now = self._uptime.ms()
        if now < self._open_until_ms:
            return True
        if mode != "auto":
            return mode == "always"
        same_ms = now - self._wifi.since_ms
        if self._wifi.joined is None:
            return bool(self._as) or not self._wifi.known or same_ms >= _PATIENCE_MS
        if not self._as or same_ms >= _LONGEST_MS:
            return False
        return same_ms < _LINGER_MS or len(self._point.status("stations")) > 0

    def _free_address(self) -> str:
        """An address that is in no network that the device is a guest of."""
        current = self._wifi.station.ifconfig() if self._wifi.joined else None
        for place in _PLACES:
            if current is None or not _is_within(place + ".0", current[0], current[1]):
                return place + ".1"
        return _PLACES[0] + ".1"

    def _switch(self, wanted: "tuple[str, str, str] | None") -> None:
        if self._names is not None:
            self._names.cancel()
            self._names = None
        if wanted is None:
            if self._as:
                self._log.info("the access point is off")
            self._as = None
            self._point.active(False)
            return
        self._start(wanted[0], wanted[1])
        self._point.ifconfig((wanted[2], _MASK, wanted[2], wanted[2]))
        self._as = wanted
        self._names = asyncio.create_task(self._answer(wanted[2]))
        self._log.info("the access point %s is on, the page is at http://%s", wanted[0], wanted[2])

    def _start(self, name: str, password: str) -> None:
        secured = {
            "ssid": name,
            "key": password,
            "security": self._network.WLAN.SEC_WPA2,  # every phone can do that
            "max_clients": _CLIENTS,
        }
        try:
            self._point.config(**secured)  # else it begins as an open one
            self._point.active(True)
        except OSError:  # the driver takes it the other way round only
            self._point.active(True)
            self._point.config(**secured)

    async def _answer(self, address: str) -> None:
        """Leads whoever joins to the page, as long as it is on."""
        from net import captive_dns  # given back below

        try:
            await captive_dns.serve(address)
        except OSError as error:
            self._log.warning("names are not answered at the access point (%s)", error)
        finally:
            transient.release(transient.CAPTIVE)


def _is_within(address: str, other: str, mask: str) -> bool:
    """Whether two IPv4 addresses are in the same network."""
    for one, two, bits in zip(address.split("."), other.split("."), mask.split(".")):
        if (int(one) ^ int(two)) & int(bits) & 255:
            return False
    return True
