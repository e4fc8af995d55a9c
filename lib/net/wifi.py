"""Keeps the device in a Wi-Fi network: joins the best of those that are known and in reach, notices when it is lost.

    wifi = Wifi(board.wifi(), uptime, log.logger("wifi"), linked)
    wifi.apply("wican", joining.known(settings["network"], store.secret))
    await wifi.run()
    wifi.address    # "192.168.1.50"; "" while the device is in no network

The driver is asked, never believed to call: it has no events. What joins is only needed while there is no network, and
loaded then: `net.joining`.
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

    Static = tuple[str, str, str, str]  # address, mask, gateway, name server
    # Its name, password, fixed address, number in the settings, priority.
    Known = tuple[str, str | None, Static | None, int, int]

NO_ADDRESS = "0.0.0.0"

_LOOK_MS = const(1000)
_RESTART_MS = const(500)
_FIRST_PAUSE_MS = const(5000)
_LONGEST_PAUSE_MS = const(60_000)
_GUESTS_PAUSE_MS = const(120_000)
_ADDRESS_MS = const(10_000)


class Wifi:
    """The station: the device as a guest of somebody's network.

    Args:
        network: MicroPython's module of that name.
        linked: called after a network was joined, and when the address changed; True if the device had another address
            before, so that no connection of that time can be alive.

    Attributes:
        station: the interface.
        known: the networks to join.
        joined: the one the device is in, or None.
        address: the one the device has there; "" while there is none.
        since_ms: uptime in ms at which it was joined or lost.
        trouble: why no network is joined, a sentence; "".
        radio: held while the radio is busy: whoever looks for networks takes it.
        bans, wants_scan, scanned_ms, stuck, told, network, uptime, log: for `net.joining`.
        is_broken: the driver is to be started anew.
        looked_ms: uptime in ms of its last step, for the supervisor.
    """

    def __init__(
        self,
        network: "ModuleType",
        uptime: "Uptime",
        log: "Logger",
        linked: "Callable[[bool], None]",
    ) -> None:
        self.network = network
        self.uptime = uptime
        self.log = log
        self.station = network.WLAN(network.WLAN.IF_STA)
        self.known: list[Known] = []
        self.joined: Known | None = None
        self.address = ""
        self.since_ms = self.looked_ms = uptime.ms()
        self.trouble = ""
        self.radio = asyncio.Lock()
        self.bans: dict[int, tuple[int, int]] = {}  # number -> wrong passwords, uptime of its end
        self.wants_scan = True
        self.scanned_ms: int | None = None
        self.stuck = 0  # attempts in a row that came to no end
        self.told: dict[int, str] = {}  # number -> the latest trouble with it
        self.is_broken = True  # as good as: it was not started yet
        self._linked = linked
        self._name = ""
        self._before = ""  # the latest address
        self._pause_ms = _FIRST_PAUSE_MS
        self._due_ms = 0

    def apply(self, name: str, known: "list[Known]") -> None:
        """Goes by this name in networks, and joins one of these. The one that was joined is kept if it is among them.

        Multicast DNS keeps the name of the first network after a start: the port sets it once.
        """
        if name != self._name:
            self._name = name
            self.is_broken = True  # names are taken when the driver starts
        if known != self.known:
            self.known = known
            self.bans, self.told, self.trouble = {}, {}, ""
            self.wants_scan, self.scanned_ms = True, None
            self._hurry()

    def rssi_dbm(self) -> "int | None":
        """Strength of the signal; None without a network."""
        try:
            strength: int = self.station.status("rssi")
            return strength if self.joined else None
        except OSError:  # it was lost since
            return None

    async def run(self) -> None:
        """Joins networks until it is cancelled; then the interface is off. May be run again."""
        self.is_broken = self.wants_scan = True
        self.since_ms = self.uptime.ms()
        self._hurry()
        try:
            while True:
                if self.is_broken:
                    await self._restart()
                elif await self._join():
                    await self._stay()
                else:
                    await self._rest()
        finally:
            self._lose()
            self.station.active(False)

    async def _restart(self) -> None:
        """Starts the driver anew, whatever state it is in."""
        if self.station.active():
            self.station.active(False)
            await asyncio.sleep_ms(_RESTART_MS)
        self.network.hostname(self._name)
        self.station.active(True)
        # Without this the driver tries for ever, and its status says nothing else.
        self.station.config(reconnects=0)
        self.is_broken, self.stuck = False, 0

    async def _join(self) -> bool:
        """One round through the networks that are known; whether one of them was joined."""
        if not self.known:
            return False
        from net import joining  # given back as soon as it worked

        joined = await joining.Round(self).run()
        if joined is None:
            return False
        transient.release(transient.JOINING)
        self.joined, self.trouble = joined, ""
        self.since_ms = self.uptime.ms()
        self._move(self.station.ifconfig()[0])
        return True

    async def _stay(self) -> None:
        """Watches over the network until it is lost, or not wanted any more."""
        gone_ms = self.uptime.ms()
        while self._is_wanted() and self.station.isconnected():
            address = self.station.ifconfig()[0]
            if address != NO_ADDRESS:
                gone_ms = self.uptime.ms()
                if address != self.address:
                    self._move(address)
            elif self.uptime.ms() - gone_ms > _ADDRESS_MS:
                break
            await self._pause()
        self._lose()

    def _is_wanted(self) -> bool:
        """Whether what is joined is still what the settings want."""
        if self.is_broken or self.joined is None:
            return False
        return self.joined[:3] in [known[:3] for known in self.known]

    def _move(self, address: str) -> None:
        moved = self._before not in ("", address)
        self.address = self._before = address
        assert self.joined is not None
        self.log.info("in the network %s as %s", self.joined[0], address)
        self._linked(moved)

    def _lose(self) -> None:
        """Forgets the network; the next round begins at once."""
        if self.joined is None:
            return
        self.log.warning("left the network %s", self.joined[0])
        try:
            self.station.disconnect()
        except OSError:  # it was lost, not left
            pass
        self.joined, self.address = None, ""
        self.since_ms = self.uptime.ms()
        self.wants_scan = True
        self._hurry()

    def _hurry(self) -> None:
        self._pause_ms = _FIRST_PAUSE_MS
        self._due_ms = 0

    async def _rest(self) -> None:
        """Waits between two rounds; settings that change end it.

        Each round takes the radio from those who are at the device's own access point.
        """
        pause_ms = max(self._pause_ms, _GUESTS_PAUSE_MS) if self._has_guests() else self._pause_ms
        self._pause_ms = min(self._pause_ms * 2, _LONGEST_PAUSE_MS)
        self._due_ms = self.uptime.ms() + pause_ms
        while self.uptime.ms() < self._due_ms and not self.is_broken:
            await self._pause()

    async def _pause(self) -> None:
        self.looked_ms = self.uptime.ms()
        await asyncio.sleep_ms(_LOOK_MS)

    def _has_guests(self) -> bool:
        point = self.network.WLAN(self.network.WLAN.IF_AP)
        return point.active() and len(point.status("stations")) > 0
