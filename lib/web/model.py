"""What the page and the API know of the device: see `web.Model`. Loaded with the page."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType

    from app import App
    from delivery.commands import Downlinks
    from net.bridges import Bridges


class DeviceModel:
    """The device as its page sees it."""

    def __init__(self, app: "App", board: "ModuleType") -> None:
        self._app = app
        self.board = board
        self.root = app.root
        self.uptime = app.uptime
        self.group = app.group
        self.log = app.log
        self.store = app.store
        self.clock = app.clock
        self.certificates = app.certificates
        self.poller = app.poller
        self.status_pairs = app.status_pairs
        self.destinations = app.destinations
        self.show = app.show

    @property
    def bridges(self) -> "Bridges | None":
        """What carries others' connections; None if there never was any."""
        return self._app.bridges

    @property
    def crash(self) -> str:
        """What the firmware crashed of before this start, "" if it did not."""
        return self._app.crash

    @crash.setter
    def crash(self, sentence: str) -> None:
        self._app.crash = sentence

    @property
    def downlinks(self) -> "Downlinks":
        """The commands that come from the servers of destinations."""
        return self._app.downlinks

    @property
    def name(self) -> str:
        """The device's name."""
        return self.store.settings["device"]["name"]

    @property
    def grouping(self) -> bool:
        """Whether values are gathered into one document; nothing is sent otherwise."""
        return self.store.settings["autopid"]["grouping"]

    @property
    def ecu(self) -> str:
        """ "online" or "offline"."""
        return self.poller.ecu_status

    def problems(self) -> "list[str]":
        """What is wrong with settings and vehicle profile, a sentence each."""
        found = list(self.store.notices)
        for problem in self.store.problems:
            found.append("%s: %s" % (problem["field"], problem["message"]))
        if self._app.crash:
            found.append("The firmware crashed: %s" % self._app.crash)
        if self._app.networks is not None and self._app.networks.wifi.trouble:
            found.append(self._app.networks.wifi.trouble)
        return found + self._app.plan_problems

    def certificates_changed(self, name: str) -> None:
        """Has destinations and bridges with that cert set connect again; with the default bundle also those whose set
        takes it."""
        self.log.logger("app").info("the cert set %s was changed", name)
        for running in self._app.running:
            chosen = running.settings["cert_set"]
            if chosen == name or (name == "default" and self.certificates.takes_default(chosen)):
                running.destination.restart()
        if self.bridges is not None:
            self.bridges.certificates_changed(name)
            self.store.notify("bridges")

    async def wifi_scan(self) -> "list[tuple[str, int, str, int]] | None":
        """The networks in reach as `board.wifi_scan` tells them, as soon as the radio is free."""
        if self._app.networks is None:
            return await self.board.wifi_scan()
        async with self._app.networks.wifi.radio:
            return await self.board.wifi_scan()
