"""Brings what runs in line with the settings. Imported when they change, then given back: see `transient`."""

from delivery.destination import Destination
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
    from delivery.shared import Shared
    from log import Logger
    from supervisor import Supervisor


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
    shared.sessions.limit = store.settings["network"]["max_connections"]
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
