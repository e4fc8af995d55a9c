"""The way to the car: finds the adapter, polls through it again and again, and lets apps use it if they may."""

import asyncio

import transient
from micropython import const
from obd.elm327 import Elm327
from obd.errors import AdapterLost, Garbled

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType

    from autopid.poller import Poller
    from config.store import Store
    from device.memory import Memory
    from log import Log
    from obd.can import Can
    from obd.sharing import Sharing
    from supervisor import Supervisor, Task
    from uptime import Uptime

_FIRST_PAUSE_MS = const(500)
_LONGEST_PAUSE_MS = const(10_000)


class Car:
    """Keeps the connection to the car's adapter while it is started.

    Attributes:
        adapter: what the car is asked through; None while there is no connection to it.
        sharing: by which apps use the adapter; None if they may not.
    """

    def __init__(
        self,
        board: "ModuleType",
        store: "Store",
        memory: "Memory",
        poller: "Poller",
        uptime: "Uptime",
        log: "Log",
        supervisor: "Supervisor",
    ) -> None:
        """`memory` keeps the protocol that was found."""
        self._board = board
        self._store = store
        self._memory = memory
        self._poller = poller
        self._uptime = uptime
        self._logs = log
        self._log = log.logger("adapter")
        self._supervisor = supervisor
        self.adapter: Elm327 | Can | None = None
        self.sharing: Sharing | None = None
        self._apps: Task | None = None
        self._task: Task | None = None
        self._trouble = ""
        self._attempts = 0  # to reach the adapter

    def start(self) -> None:
        """Finds the adapter and asks the car, afresh if that is being done."""
        self.stop()
        self._task = self._supervisor.start("car", self._poll, self._pulse)

    def stop(self) -> None:
        """Asks the car nothing any more, and leaves the adapter."""
        if self._task is not None:
            self._supervisor.stop(self._task)
            self._task = None

    def _pulse(self) -> int:
        """Another number as long as the car is asked, or somebody looked for the adapter, or an app has it."""
        if self.sharing is not None and self.sharing.reason:
            self._attempts += 1
        return self._attempts + self._poller.rounds

    async def _poll(self) -> None:
        """Connects to the adapter and polls, again and again."""
        pause = _FIRST_PAUSE_MS
        while True:
            began = self._uptime.ms()
            self._attempts += 1
            try:
                await self._use_adapter()
            except (AdapterLost, Garbled, OSError) as error:
                self._failed(str(error))
            if self._uptime.ms() - began > _LONGEST_PAUSE_MS:
                pause = _FIRST_PAUSE_MS
            await asyncio.sleep_ms(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_MS)

    def _failed(self, trouble: str) -> None:
        self._poller.disconnected(trouble)
        if trouble != self._trouble:  # the same trouble at every attempt is told once
            self._trouble = trouble
            self._log.warning("%s", trouble)

    async def _use_adapter(self) -> None:
        adapter = await self._make_adapter()
        try:
            await adapter.start()
            self._trouble = ""
            self._log.info("connected: %s", adapter.identity)
            self.adapter = adapter
            await self._poller.run(adapter)
        finally:
            self.adapter = None
            if self.sharing is not None:
                self.sharing.dismiss()
            await adapter.close()

    async def _make_adapter(self) -> "Elm327 | Can":
        common = (
            self._store.settings["autopid"]["standard"]["protocol"],
            self._memory.get("protocol"),
            self._log,
            lambda protocol: self._memory.put("protocol", protocol),
        )
        if self._store.settings["adapter"]["kind"] == "can":
            from obd.can import Can  # few boards have a controller

            return Can(self._board.can(), *common)
        reader, writer = await self._open_adapter()
        return Elm327(reader, writer, *common)

    async def _open_adapter(self) -> "tuple[asyncio.StreamReader, asyncio.StreamWriter]":
        from obd import link  # given back below

        try:
            return await link.connect(self._store.settings["adapter"])
        finally:
            transient.release(transient.LINK)

    def share(self) -> None:
        """Lets apps use the adapter, or no more, as the settings say."""
        if self._apps is not None:
            self._supervisor.stop(self._apps)
        self._apps = self.sharing = None
        settings = self._store.settings["sharing"]
        if settings["enabled"]:
            from obd.sharing import Sharing  # few devices have it

            self.sharing = Sharing(
                lambda: self.adapter,
                settings["port"],
                settings["return_s"] * 1000,
                self._uptime,
                self._logs.logger("sharing"),
            )
            self._apps = self._supervisor.start("sharing", self.sharing.run)
