"""The composition root: builds the parts, hands each what it needs, and keeps their tasks running."""

import asyncio
import gc

import board
import transient
from autopid.group import Group
from autopid.poller import Poller
from car import Car
from config.store import Store
from delivery.contexts import Contexts
from delivery.shared import Shared
from device.keeper import Keeper
from device.led import Led
from device.memory import Memory
from device.signals import Signals
from log import Log
from micropython import const
from net.clock import Clock, System
from supervisor import Supervisor
from trust import Sets
from uptime import Uptime
from web.server import Server

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.fields import Checks
    from config.store import Watch
    from delivery.commands import Downlinks
    from delivery.destination import Destination
    from net.bridges import Bridges
    from net.networks import Networks
    from running import Running
    from supervisor import Task
    from web.site import Site

    Follower = tuple[Callable[[], None], Watch]

_HOUSEKEEPING_MS = const(10_000)
_HOUR_MS = const(3_600_000)
_CLOSE_MS = const(300)  # for tasks that end to close what they have open
_VISIT_MS = const(60_000)
_LOG_RING = const(100)  # records; full, they take some 8 KB
_GC_THRESHOLD = const(65536)  # garbage collected in small portions keeps the pauses short


class App:
    """The whole firmware on one device file system.

    Args:
        root: folder that plays the device's file system; "" on the device.

    Attributes:
        root, board, certificates, clock, group, log, uptime, poller, store: the parts the page reads.
        bridges: as well; None if there never was one.
        keeper: of the power.
        networks: Wi-Fi; None where there is none.
        car: the way to the car.
        running: the destinations at work, in the order of the settings.
        crash: what the firmware crashed of before this start, "" if it did not.
        plan_problems: what is wrong with what is to be read, a sentence each.
    """

    def __init__(self, root: str) -> None:
        from device.status import RELEASED  # given back below

        self.root = root
        self.board = board
        self.uptime = Uptime()
        self.log = Log(ring=_LOG_RING, uptime=self.uptime)
        self._log = self.log.logger("app")
        self._finish_erasing(root)
        self.store = Store(root, self.log.logger("config"), _checks)
        board.configure(self.store.settings["board"])
        self.certificates = Sets(root)
        self._memory = Memory(root, self._log)
        self.clock = Clock(
            self._memory,
            System(board.clock_chip()),
            lambda: self.store.settings["clock"]["servers"],
            self.log.logger("clock"),
            self.uptime,
            RELEASED,
        )
        self.group = Group(self.uptime)
        self.poller = Poller(self.group, self.uptime, self.log.logger("poller"))
        self._device_id = board.device_id(root)
        self._supervisor = Supervisor(self.uptime, self.log.logger("tasks"))
        self.car = Car(
            board, self.store, self._memory, self.poller, self.uptime, self.log, self._supervisor
        )
        self.signals = Signals(
            self.group,
            self.uptime,
            lambda: self.store.settings["signals"],
            lambda: self.poller.ecu_status,
            board.supply_mv,
        )
        self._contexts = Contexts(self.certificates, self.clock, self._memory)
        self._ids: dict[str, str] = {}
        self._shared = self._make_shared(root)
        self._followers: list[Follower] = []
        self._behind: list[Follower] = []  # those not in line with the settings yet
        self._changes = self.store.watch("profile", *self.store.settings)
        self.running: list[Running] = []
        self._downlinks: Downlinks | None = None
        self.bridges: Bridges | None = None
        self.networks: Networks | None = None
        self._server: Server | None = None
        self._time: Task | None = None
        self._lamp = Led(board.led)
        self.keeper = Keeper(
            board,
            self,
            lambda: self.store.settings["power"],
            self._is_visited,
            self.log.logger("power"),
        )
        self.plan_problems: list[str] = []
        self.crash = ""
        transient.release(transient.STATUS)

    async def run(self) -> None:
        """Runs the device until it is cancelled or a fatal error ends it."""
        self._follow(self._apply_log, "log")
        self._follow(self._apply_autopid, "autopid", "profile")
        self._follow(self._apply_destinations, "destinations", "autopid", "network", "ids")
        self._follow(self._apply_bridges, "bridges", "passthrough", "network")
        self._follow(self.car.start, "adapter")
        self._follow(self._restart_clock, "clock")
        self._follow(self.car.share, "sharing")
        self._start_wifi()
        self._supervisor.start("settings", self._keep_up)
        self._supervisor.start("power", self.keeper.run)
        if self.store.settings["web"]["enabled"]:
            self._supervisor.start("page", self._serve_page)
        self._log.info("firmware started, device %s", self._device_id)
        self._begin_care()
        self.show("running", True)
        try:
            while True:
                gc.collect()
                self.uptime.ms()  # read often enough for its counter never to wrap unseen
                await asyncio.sleep_ms(_HOUSEKEEPING_MS)
        finally:
            self._supervisor.stop_all()

    def _begin_care(self) -> None:
        from device import care  # given back below

        self.crash = care.begin(
            board, self.root, self._supervisor, self.uptime, self.log, self._let_in
        )
        transient.release(transient.CARE)

    def _let_in(self) -> None:
        """The button is held: somebody has lost the password."""
        from device import care  # given back below

        if self.networks is not None:
            self.networks.let_in()
        care.reset_password(self.root, self.store, self.log)
        transient.release(transient.CARE)

    def _finish_erasing(self, root: str) -> None:
        from device import factory  # given back below

        factory.finish(root, self._log)
        transient.release("device.factory ")

    def status_pairs(self) -> "list[tuple[str, str | int | bool]]":
        """The redacted status."""
        from device import status  # given back below

        try:
            pairs = status.pairs(
                board, self._device_id, self.uptime.ms(), self.clock, self.poller.ecu_status
            )
            if self.networks is not None:
                pairs.extend(self.networks.pairs())
            return pairs + [("power", self.keeper.power.rule)]
        finally:
            transient.release(transient.STATUS)

    def destinations(self) -> "list[Destination]":
        """All destinations, in the order of the settings."""
        return [running.destination for running in self.running]

    @property
    def downlinks(self) -> "Downlinks":
        """The commands that come from the servers of destinations."""
        if self._downlinks is None:
            from delivery.commands import Downlinks  # few devices take any

            self._downlinks = Downlinks(
                self.store,
                self._device_id,
                self.destinations,
                self.clock.unix_s,
                self.uptime,
                self.log.logger("downlink"),
            )
        return self._downlinks

    # Settings that changed

    def _follow(self, apply: "Callable[[], None]", *sections: str) -> None:
        """Calls `apply` at the start and after each change of these sections, again if it fails."""
        follower = apply, self.store.watch(*sections)
        self._followers.append(follower)
        self._behind.append(follower)

    async def _keep_up(self) -> None:
        """Brings one part after the other in line with the settings; one that fails does not keep the others back."""
        while True:
            for follower in self._followers:
                if follower[1].changed() and follower not in self._behind:
                    self._behind.append(follower)
            while self._behind:
                follower = self._behind.pop(0)
                self._behind.append(follower)  # the last, should it fail
                follower[0]()
                self._behind.remove(follower)
                await asyncio.sleep_ms(0)
            await self._changes.wait()

    def _apply_log(self) -> None:
        self.log.set_level(self.store.settings["log"]["level"])

    def _apply_autopid(self) -> None:
        import rollout  # given back below

        self.plan_problems = []
        rollout.plan(self.store, self.group, self.poller, self._log, self.plan_problems)
        transient.release(transient.PLANNING)
        gc.collect()

    def _apply_destinations(self) -> None:
        import rollout  # given back below

        self._ids = rollout.ids(self.store)
        self.running = rollout.destinations(
            self.running, self.store, self._shared, self._supervisor
        )
        transient.release(transient.ROLLOUT)

    def _apply_bridges(self) -> None:
        if self.bridges is None:
            if not self.store.settings["bridges"]:
                return
            from net.bridges import Bridges  # few devices have any

            self.bridges = Bridges(self.uptime, self.clock.unix_s)
        import rollout  # given back below

        rollout.Builder(self.bridges, self._shared, self._contexts, board.lan_address()).apply(
            self.store, self._supervisor
        )
        transient.release(transient.ROLLOUT)

    def _make_shared(self, root: str) -> Shared:
        boot = self._memory.count("boots")
        return Shared(
            root,
            boot,
            self._device_id,
            self.group,
            self.uptime,
            self.clock.unix_s,
            self.signals,
            self._contexts,
            self.store.secret,
            self.status_pairs,
            self.log.logger("delivery"),
            self.store.settings["network"]["max_connections"],
            lambda: self.clock.is_set,
            lambda: self._ids,
            self._memory,
            lambda number, reply: self.downlinks.carried(number, reply),
        )

    def _restart_clock(self) -> None:
        if self._time is not None:
            self._supervisor.stop(self._time)
        self._time = self._supervisor.start("clock", self.clock.run)

    # The network

    def _start_wifi(self) -> None:
        radio = board.wifi()
        if radio is None:
            return
        from net.networks import Networks

        log = self.log.logger("wifi")
        self.networks = Networks(
            radio, self.root, self._device_id, self.store, self.uptime, log, self._linked
        )
        self._follow(self.networks.apply, "network", "device")
        self.networks.start(self._supervisor)

    def _linked(self, moved: bool) -> None:
        """The device is in a network: what was connected before is not any more. `moved`: it has another address."""
        if self.clock.synced_ms is None or self.uptime.ms() - self.clock.synced_ms > _HOUR_MS:
            self._restart_clock()  # it asks at once
        for running in self.running:
            running.destination.restart()
        if self.bridges is not None:
            self.bridges.renew()
            self.store.notify("bridges")
        if moved and self._server is not None:
            self._server.drop_clients()

    # Sleep: see `device.keeper.Household`

    def unix_s(self) -> int:
        """Unix time in seconds, 0 while the clock is not set."""
        return self.clock.unix_s()

    async def stop_car(self) -> None:
        """Asks the car nothing any more, and leaves the adapter."""
        self.car.stop()
        await asyncio.sleep_ms(_CLOSE_MS)

    def start_car(self) -> None:
        """Finds the adapter and asks the car."""
        self.car.start()

    async def stop_radio(self) -> None:
        """Switches Wi-Fi off."""
        if self.networks is not None:
            self.networks.stop(self._supervisor)
            await asyncio.sleep_ms(_CLOSE_MS)

    def start_radio(self) -> None:
        """Joins networks again."""
        if self.networks is not None:
            self.networks.start(self._supervisor)

    def show(self, state: str, on: bool) -> None:
        """Has the LED show a state of `device.led`, or not any more."""
        self._lamp.put(state, on)

    def _is_visited(self) -> bool:
        seen_ms = None if self._server is None else self._server.seen_ms
        return seen_ms is not None and self.uptime.ms() - seen_ms < _VISIT_MS

    # The page

    async def _serve_page(self) -> None:
        if self.store.secret("web.password") is None:
            from device import care  # given back below

            await care.first_password(self.root, self.store)
            transient.release(transient.CARE)
        port = self.store.settings["web"]["port"]
        self._server = Server(self._build_page, port, self.uptime, self.log.logger("page"))
        await self._server.run()

    def _build_page(self) -> "Site":
        from web import model, site  # 40 KB that a device nobody looks at does not need

        return site.build(model.DeviceModel(self, board), self.store)


def _checks() -> "Checks":
    from config import checks  # needed while settings are read

    return checks.ALL


def main(root: str = "") -> None:
    """Runs the firmware; starts the device again if that ends in an error."""
    gc.threshold(_GC_THRESHOLD)
    app: App | None = None
    try:
        app = App(root)
        asyncio.run(app.run())
    except KeyboardInterrupt:
        return
    except Exception as error:
        from device import care

        care.ended(board, root, error, app.log if app is not None else None)
