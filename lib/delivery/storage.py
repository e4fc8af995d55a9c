"""Where destinations keep what waits and what was given up: a folder for each below one that all share."""

import os

from delivery import records

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from log import Logger

    from delivery.dead_letters import DeadLetters
    from delivery.shared import Outbox

_DEAD = ".dead"


class Storage:
    """Makes outboxes and dead letters, in memory or below `folder`; `boot` is what ids of this boot begin with."""

    def __init__(self, folder: str, boot: str, log: "Logger") -> None:
        self._folder = folder
        self._boot = boot
        self._log = log

    def outbox(self, settings: dict) -> "Outbox":
        """The outbox of a destination that has a queue."""
        queue = settings["queue"]
        if queue["mode"] == "ram":
            from delivery.outbox import RamOutbox

            return RamOutbox(queue)
        from delivery.flash_outbox import FlashOutbox

        return FlashOutbox(self._place(settings["id"]), queue, self._boot)

    def dead_letters(self, settings: dict) -> "DeadLetters":
        """What was given up of a destination: on flash if its queue is there, else in memory."""
        from delivery import dead_letters

        if settings["queue"]["mode"] != "flash":
            return dead_letters.DeadLetters()
        return dead_letters.FlashDeadLetters(self._place(settings["id"]) + _DEAD, self._boot)

    def forget(self, number: int) -> None:
        """Deletes what is kept of the destination with that number, the newest first. Errors are logged.

        So the power may fail meanwhile: what is left is what had waited longest.
        """
        for folder in (self._place(number), self._place(number) + _DEAD):
            try:
                records.remove_all(folder, sorted(records.names_in(folder), reverse=True))
            except OSError as error:
                self._log.warning("%s cannot be deleted: %s", folder, error)

    def forget_all_but(self, numbers: "list[int]") -> None:
        """Deletes what is kept of destinations that no longer exist. Errors are logged."""
        try:
            names = os.listdir(self._folder)
        except OSError as error:
            self._log.warning("%s cannot be read: %s", self._folder, error)
            return
        for name in names:
            number = name.partition(".")[0]
            if number.isdigit() and int(number) not in numbers:
                self.forget(int(number))

    def _place(self, number: int) -> str:
        return "%s/%d" % (self._folder, number)
