"""Feeds the watchdog as long as the tasks make progress, and says after minutes of health that this start was good."""

import asyncio

import transient
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType as Board

    from log import Log
    from supervisor import Supervisor
    from uptime import Uptime

_BEAT_MS = const(5000)
_WATCHDOG_MS = const(
    60_000
)  # longer than the longest handshake, garbage collection and look-up of a name together
_HEALTHY_MS = const(180_000)
_TRIAL_MS = const(1_200_000)  # an application on trial that is not well for so long goes


class Health:
    """Watches the tasks of `supervisor` on a board.

    Args:
        root: the folder that plays the device's file system.

    Attributes:
        confirmed: whether this start was found good.
    """

    def __init__(
        self,
        board: "Board",
        root: str,
        supervisor: "Supervisor",
        uptime: "Uptime",
        log: "Log",
    ) -> None:
        self.confirmed = False
        self._board = board
        self._root = root
        self._supervisor = supervisor
        self._uptime = uptime
        self._log = log
        self._well_since: int | None = None
        self._ends = 0
        self._told = ""

    async def run(self) -> None:
        """Watches until it is cancelled."""
        watchdog = self._board.watchdog(_WATCHDOG_MS)
        began_ms = self._uptime.ms()
        while True:
            trouble = self._supervisor.stuck()
            if not trouble and watchdog is not None:
                watchdog.feed()
            self._tell(trouble)
            if not self.confirmed:
                self._judge(trouble, began_ms)
            await asyncio.sleep_ms(_BEAT_MS)

    def _tell(self, trouble: str) -> None:
        """Notes what the watchdog is going to end, once: afterwards nobody can."""
        if trouble and trouble != self._told:
            from device import care  # rarely needed, as below

            care.note(self._root, trouble, self._log)
            transient.release(transient.UPDATE)
        self._told = trouble

    def _judge(self, trouble: str, began_ms: int) -> None:
        now_ms = self._uptime.ms()
        ends = self._supervisor.ends
        if trouble or ends != self._ends or self._well_since is None:
            self._well_since, self._ends = now_ms, ends
        well = now_ms - self._well_since >= _HEALTHY_MS
        if not well and now_ms - began_ms < _TRIAL_MS:
            return
        from device import care

        if not well:
            care.give_up(self._board, self._root, self._log)
        elif care.confirm(self._board, self._root, self._log):
            self.confirmed = True
        else:
            self._well_since = None  # tried again later
        transient.release(transient.UPDATE)
