"""The bridges of a device: those at work, and what they share."""

import asyncio

from net.bridge import Room
from net.bridge_log import LOCAL, BridgeLog
from net.bridge_tally import Tally

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from supervisor import Task
    from uptime import Uptime

    class Part(Protocol):
        """What carries bytes: `net.bridge.Bridge`, or `net.datagrams.Datagrams`."""

        tally: Tally

        async def run(self) -> None: ...


class Bridged:
    """A bridge as the settings want it, and what carries its bytes.

    Attributes:
        settings, rules: those of the bridge, and of what may pass by it.
        is_stale: whether it has to be built anew, whatever the settings say.
        task: what it runs in; None while it is not at work.
    """

    def __init__(self, settings: dict, rules: "list[dict]", part: "Part | None") -> None:
        """`part` is None if the bridge is switched off or cannot work."""
        self.settings = settings
        self.rules = rules
        self.is_stale = False
        self.task: Task | None = None
        self.part = part
        self._door = asyncio.Lock()

    @property
    def place(self) -> "tuple[bool, int]":
        """Where it listens: no two can be in the same place."""
        return self.settings["kind"] == "udp", self.settings["listen_port"]

    def is_other(self, settings: dict, rules: "list[dict]") -> bool:
        """Whether these settings need another one."""
        return self.is_stale or (settings, rules) != (self.settings, self.rules)

    def follow(self, before: "Bridged") -> None:
        """Waits for the end of that one, which has the same place, before it listens."""
        self._door = before._door

    async def run(self) -> None:
        """Carries bytes until it is cancelled. Raises OSError if the port cannot be had."""
        assert self.part is not None
        async with self._door:
            await self.part.run()

    def pairs(self) -> "list[tuple[str, str | int | bool]]":
        """Everything by name, for the API."""
        settings = self.settings
        names = ("name", "kind", "enabled", "listen_port", "host", "port")
        tally = Tally() if self.part is None else self.part.tally
        return [(name, settings[name]) for name in names] + tally.pairs()


class Bridges:
    """All bridges.

    Attributes:
        uptime: the clock of every time here.
        room: how many clients they serve at once.
        log: what went wrong with them.
        running: those of the settings, in their order.
    """

    def __init__(self, uptime: "Uptime", unix_s: "Callable[[], int]") -> None:
        """`unix_s` gives Unix time in seconds, 0 while the clock is not set."""
        self.uptime = uptime
        self.room = Room()
        self.log = BridgeLog(uptime, unix_s)
        self.running: list[Bridged] = []

    def refuse(self, name: str, error: Exception) -> None:
        """Notes why a bridge cannot work."""
        self.log.add(name, "config", LOCAL, str(error))

    def renew(self) -> None:
        """Has all of them built anew: the device is in another network, or has another address."""
        for bridged in self.running:
            bridged.is_stale = True

    def certificates_changed(self, name: str) -> None:
        """Has those that use that cert set built anew; after a new default bundle, any set may."""
        for bridged in self.running:
            if bridged.settings["kind"] == "tls":
                uses = name in (bridged.settings["cert_set"], "default")
                bridged.is_stale = bridged.is_stale or uses
