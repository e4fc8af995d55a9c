"""The button while the device runs: held for five seconds, it lets somebody in who has lost the password."""

import asyncio

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from uptime import Uptime

_LOOK_MS = const(250)
_HELD_MS = const(5000)


class Button:
    """Calls `held()` once for each time that `pressed()` is true for five seconds."""

    def __init__(
        self, pressed: "Callable[[], bool]", held: "Callable[[], None]", uptime: "Uptime"
    ) -> None:
        self._pressed = pressed
        self._held = held
        self._uptime = uptime

    async def run(self) -> None:
        """Watches until it is cancelled."""
        since: int | None = None
        done = False
        while True:
            now_ms = self._uptime.ms()
            if not self._pressed():
                since, done = None, False
            elif since is None:
                since = now_ms
            elif not done and now_ms - since >= _HELD_MS:
                done = True
                self._held()
            await asyncio.sleep_ms(_LOOK_MS)
