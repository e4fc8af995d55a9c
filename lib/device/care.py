"""Starts what watches over the device while the application runs, does what that finds due, and keeps what is told of
the application's end.

Imported while that is done, then given back: see `transient`. Nothing here may be held by what lives on.
"""

from log import line

from device import crash

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType as Board

    from config.store import Store
    from log import Log
    from supervisor import Supervisor
    from uptime import Uptime


def begin(
    board: "Board",
    root: str,
    supervisor: "Supervisor",
    uptime: "Uptime",
    log: "Log",
    let_in: "Callable[[], None]",
) -> str:
    """Starts health and, where there is one, the button; returns a sentence about the last crash, "" for none."""
    from device.button import Button
    from device.health import Health

    logger = log.logger("health")
    supervisor.start("health", Health(board, root, supervisor, uptime, log).run)
    supervisor.start("button", Button(board.button, let_in, uptime).run)
    logger.info("last reset: %s", board.reset_cause())
    known = crash.last(root).split("\n")[0]
    if known:
        logger.warning("the last crash: %s", known)
    return known


def note(root: str, trouble: str, log: "Log") -> None:
    """Keeps why the watchdog is going to reset the device, with the latest lines of the log."""
    log.logger("health").error("%s", trouble)
    crash.keep(root, trouble, None, lines(log))


def confirm(board: "Board", root: str, log: "Log") -> bool:
    """This start was good, and so is the application if it was on trial; False if that cannot be noted."""
    from device import boot
    from device.slots import Slots

    slots = Slots(root)
    try:
        if slots.confirm():
            log.logger("health").info("version %s is confirmed", slots.version(slots.used))
        boot.forgive(board)
    except OSError as error:
        log.logger("health").error("this start cannot be noted as a good one: %s", error)
        return False
    return True


def give_up(board: "Board", root: str, log: "Log") -> None:
    """Starts the version before, if this one is on trial: it was never well."""
    from device.slots import Slots

    slots = Slots(root)
    if slots.trial and slots.tried:
        version = slots.version(slots.trial)
        text = "Version %s was never well: the one before takes over." % version
        crash.keep(root, text, None, lines(log))
        board.reset()


def lines(log: "Log") -> "list[str]":
    """The log as text, the oldest line first."""
    return [line(record) for record in log.records()]


def ended(board: "Board", root: str, error: Exception, log: "Log | None") -> None:
    """The application ended with an error: keeps it, and starts the device again."""
    import sys

    sys.print_exception(error)
    crash.keep(root, "The application ended.", error, lines(log) if log is not None else ())
    board.reset()


async def first_password(root: str, store: "Store") -> None:
    """Gives the page its password after a factory reset: the device's own; one that has none makes and shows a new one.

    Raises OSError.
    """
    from web import auth

    from device import own

    record = own.read(root, own.PASSWORD)
    if auth.is_record(record) and not store.save_secrets({auth.PASSWORD: record}):
        return
    await auth.settle(store)


def reset_password(root: str, store: "Store", log: "Log") -> None:
    """The page's password is the device's own again; one that has none makes a new one and shows it on its console."""
    from device import own

    record = own.read(root, own.PASSWORD) or None
    for problem in store.save_secrets({"web.password": record}):
        log.logger("button").error("the password cannot be reset: %s", problem["message"])
        return
    log.logger("button").warning("the button was held: the password is the device's own again")
