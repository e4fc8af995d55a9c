"""Brings what runs in line with the settings. Imported when they change, then given back: see `transient`."""

from delivery.destination import Destination
from micropython import const
from running import Running

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from autopid.group import Group
    from autopid.poller import Poller
    from autopid.profile import Profile
    from config.store import Store
    from delivery.contexts import Contexts
    from delivery.shared import Shared
    from log import Logger
    from net.bridge import Way
    from net.bridges import Bridged, Bridges, Part
    from net.tls import Context
    from supervisor import Supervisor

_BESIDE_BRIDGES = const(3)  # sockets for connections to servers, one of them never a bridge's


def plan(
    store: "Store", group: "Group", poller: "Poller", log: "Logger", problems: "list[str]"
) -> None:
    """Has the poller ask what settings and vehicle profile want; adds a sentence for each problem."""
    from autopid import plan as plans  # larger than all of this; the caller gives it back

    made = plans.build(store.settings["autopid"], _profile(store, log, problems), group)
    poller.configure(made)
    problems.extend(["%s: %s" % problem for problem in made.problems])
    log.info("%d parameters of %d PIDs", len(group), len(made.jobs))


def _profile(store: "Store", log: "Logger", problems: "list[str]") -> "Profile | None":
    from autopid import profile as profiles

    data = store.profile()
    if data is None:
        return None
    try:
        return profiles.load(data, store.base_profile)
    except profiles.ProfileError as error:
        problems.append("The vehicle profile cannot be used: %s" % error)
        log.error("the vehicle profile cannot be used: %s", error)
        return None


def destinations(
    before: "list[Running]", store: "Store", shared: "Shared", supervisor: "Supervisor"
) -> "list[Running]":
    """Starts, changes and ends destinations so that they match the settings; the others are not disturbed.

    Returns those that are wanted, in the order of the settings.
    """
    shared.sessions.limit = _connections(store.settings)
    wanted = _wanted(before, store, shared)  # what fails, fails before any task is touched
    for running in before:
        if running.task is not None and running not in wanted:
            task, running.task = running.task, None  # stopped once, even if what follows fails
            supervisor.stop(task)
            running.destination.purge()
    if not store.problems and not store.notices:  # else some may only seem to be gone
        shared.forget_all_but([running.settings["id"] for running in wanted])
    for running in wanted:
        if running.task is None:
            name = "destination %d" % running.settings["id"]
            running.task = supervisor.start(name, running.destination.run)
    return wanted


def ids(store: "Store") -> "dict[str, str]":
    """What dynamic fields stand for, by the names in `delivery.identity.FIELDS`."""
    found = {name.upper(): text for name, text in store.settings["ids"].items()}
    found["CUSTOM3"] = store.secret("ids.custom3") or ""
    return found


def _wanted(before: "list[Running]", store: "Store", shared: "Shared") -> "list[Running]":
    grouping = store.settings["autopid"]["grouping"]
    old = {running.settings["id"]: running for running in before}
    wanted = []
    for settings in store.settings["destinations"]:
        running = old.get(settings["id"])
        if running is None or _is_other(settings, running.settings):
            running = Running(settings, Destination(settings, grouping, shared))
        else:
            running.destination.apply(settings, grouping)
            running.settings = settings
        wanted.append(running)
    return wanted


def _is_other(settings: dict, before: dict) -> bool:
    """Whether these settings are of another destination, which was given the same id."""
    return settings["name"] != before["name"] and settings["url"] != before["url"]


def _connections(settings: dict) -> int:
    """How many connections to servers may be open: with bridges, other sockets of the chip's ten are taken."""
    if any([bridge["enabled"] for bridge in settings["bridges"]]):
        return _BESIDE_BRIDGES
    return settings["network"]["max_connections"]


class Builder:
    """Makes bridges of settings. They listen at the address `lan` unless told otherwise."""

    def __init__(
        self, bridges: "Bridges", shared: "Shared", contexts: "Contexts", lan: str
    ) -> None:
        self._bridges = bridges
        self._shared = shared
        self._contexts = contexts
        self._lan = lan

    def apply(self, store: "Store", supervisor: "Supervisor") -> None:
        """Starts and ends bridges so that they match the settings; those that stay the same are not disturbed."""
        self._shared.sessions.limit = _connections(store.settings)
        before = self._bridges.running
        wanted = self._wanted(store, before)  # what fails, fails before any task is touched
        for running in before:
            if running.task is not None and running not in wanted:
                task, running.task = running.task, None
                supervisor.stop(task)
        self._bridges.running = wanted
        for running in wanted:
            if running.task is None and running.part is not None:
                running.task = supervisor.start("bridge " + running.settings["name"], running.run)

    def _wanted(self, store: "Store", before: "list[Bridged]") -> "list[Bridged]":
        old = {running.settings["name"]: running for running in before}
        wanted = []
        for index, settings in enumerate(store.settings["bridges"]):
            rules = [] if settings["kind"] == "tls" else store.settings["passthrough"]
            running = old.get(settings["name"])
            if running is None or running.is_other(settings, rules):
                running = self._bridged(index, settings, rules, before)
            wanted.append(running)
        return wanted

    def _bridged(
        self, index: int, settings: dict, rules: "list[dict]", before: "list[Bridged]"
    ) -> "Bridged":
        from net.bridges import Bridged

        part = None
        try:
            if settings["enabled"]:
                part = self._part(index, settings, rules)
        except ValueError as error:
            self._bridges.refuse(settings["name"], error)
        made = Bridged(settings, rules, part)
        for running in before:
            if running.place == made.place:
                made.follow(running)
        return made

    def _part(self, index: int, settings: dict, rules: "list[dict]") -> "Part":
        """What carries the bytes. Raises ValueError with a sentence."""
        name, port, idle_ms = settings["name"], settings["listen_port"], settings["idle_s"] * 1000
        target = settings["host"], settings["port"]
        here = "0.0.0.0" if settings["uplink"] else self._lan
        log, uptime, clients = self._bridges.log, self._bridges.uptime, settings["clients"]
        if settings["kind"] == "udp":
            from net.datagrams import Datagrams

            return Datagrams(name, port, target, rules, log, uptime, clients, here, idle_ms)
        from net.bridge import Bridge

        way, room = self._way(index, settings, rules), self._bridges.room
        return Bridge(name, port, way, room, log, uptime, clients, here, idle_ms)

    def _way(self, index: int, settings: dict, rules: "list[dict]") -> "Way":
        """The way to the server. Raises ValueError with a sentence."""
        from net.bridge import connector, passthrough

        if settings["kind"] == "tcp":
            return passthrough(rules, settings["host"], settings["port"])
        return connector(
            settings["host"],
            settings["port"],
            self._context(settings["cert_set"], "roots.bridge%d" % index),
            settings["server_name"] or None,
            self._shared.handshake_lock,
            self._shared.sessions,
        )

    def _context(self, cert_set: str, key: str) -> "Context":
        """Whom a cert set trusts. Raises ValueError with a sentence."""
        from delivery.errors import RouteError

        try:
            return self._contexts.make(cert_set, key)
        except RouteError as error:
            raise ValueError(f"{error} {error.advice}")
