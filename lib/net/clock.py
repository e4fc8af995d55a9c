"""The clock: where its time comes from, how far it can be believed, and the task that keeps it right.

    clock = Clock(memory, System(), lambda: ("pool.ntp.org",), log.logger("clock"), uptime, released)
    clock.state     # "no_time", "estimated" or "set"
    await clock.run()

Certificates are only as good as the clock they are judged by, so no source may move it to before this firmware was
made, and none moves it that ranks below the one it was set by.

What sets it is needed once an hour at most, and only loaded then: `net.clock_setting`.
"""

import asyncio
import os
import time

import transient
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol, TypeVar

    from log import Logger
    from uptime import Uptime

    from net.clock_setting import Setting

    Result = TypeVar("Result")

    class Chip(Protocol):
        """A clock with a battery of its own. Both raise OSError."""

        def read(self) -> int | None: ...  # Unix seconds, None if it lost them
        def write(self, unix_s: int) -> None: ...

    class Store(Protocol):
        """Where the last good time is kept: `device.memory.Memory`."""

        def get(self, key: str) -> str | None: ...
        def put(self, key: str, text: str) -> None: ...


_RANKS = {"": 0, "file": 1, "system": 2, "rtc": 3, "answer": 4, "ntp": 5, "user": 5}
_RANK_ANSWER = const(4)
_SECONDS_1970_TO_2000 = 946_684_800

_FIRST_PAUSE_MS = const(2000)
_LONGEST_PAUSE_MS = const(300_000)
_REFRESH_MS = const(21_600_000)
_SLICE_MS = const(60_000)
_HOUR_MS = const(3_600_000)
_DAY_MS = const(86_400_000)


class System:
    """The system's clock, by which TLS judges certificates, and the board's clock chip if it has one."""

    def __init__(self, chip: "Chip | None" = None) -> None:
        self._chip = chip
        try:
            from machine import RTC  # not on a PC
        except ImportError:
            self._set: Callable[[tuple[int, ...]], object] | None = None
        else:
            self._set = RTC().datetime

    @property
    def can_be_set(self) -> bool:
        """Not on a PC, which keeps its own time."""
        return self._set is not None

    def now(self) -> int:
        """Unix seconds, whatever the clock says."""
        return int(time.time()) + _epoch()

    def set(self, unix_s: int, micros: int) -> bool:
        """Sets the clock; False where it cannot be set."""
        if self._set is None:
            return False
        year, month, day, hour, minute, second, weekday = time.gmtime(unix_s - _epoch())[:7]
        self._set((year, month, day, weekday, hour, minute, second, micros))
        return True

    def rtc(self) -> "int | None":
        """Unix seconds of the clock chip, None if there is none or it lost them. Raises OSError."""
        return self._chip.read() if self._chip else None

    def set_rtc(self, unix_s: int) -> None:
        """Sets the clock chip, if there is one. Raises OSError."""
        if self._chip:
            self._chip.write(unix_s)


class Clock:
    """Keeps the system's clock right and knows how right it is.

    Args:
        memory: keeps the last good time over restarts.
        system: see `System`.
        servers: () -> names of NTP servers; none of them is asked where the clock cannot be set.
        released: Unix seconds; no time before it is believed, nor one later than 20 years after it.
        port: UDP port of the servers.

    Attributes:
        source: what the clock was set by: "ntp", "user", "answer" (the date in a verified server's answer), "rtc" (the
            clock chip), "system" (it went on over a restart), "file" (the last good time), "" if it is not set.
        synced_ms: uptime in ms of the latest time from outside (the first three sources), None before.
        memory, system, servers, log, uptime, released, port: the arguments, for `net.clock_setting`.
        told, left_out, turn, saved_ms, chip_failed: what it keeps here between its appearances.
    """

    def __init__(
        self,
        memory: "Store",
        system: System,
        servers: "Callable[[], Sequence[str]]",
        log: "Logger",
        uptime: "Uptime",
        released: int,
        port: int = 123,
    ) -> None:
        self.memory = memory
        self.system = system
        self.servers = servers
        self.log = log
        self.uptime = uptime
        self.released = released
        self.port = port
        self.told: list[tuple[str, str]] = []  # troubles of the latest round
        self.left_out: dict[str, int] = {}  # server -> uptime until which it is not asked
        self.turn = 0  # which of the servers is asked first
        self.saved_ms = uptime.ms()
        self.chip_failed = False
        self.source = ""
        self.synced_ms: int | None = None
        self._set(lambda setting: setting.begin())
        if not self.source:
            log.warning("the time is not known: no server can be verified until it is")

    @property
    def state(self) -> str:
        """ "no_time", "estimated" (at least the last good time before a restart) or "set"."""
        if self.source == "file":
            return "estimated"
        return "set" if self.source else "no_time"

    @property
    def is_set(self) -> bool:
        """Whether there is a time at all, estimated or better."""
        return bool(self.source)

    @property
    def wants_answer(self) -> bool:
        """Whether the date in a verified server's answer is needed.

        It is if nothing better is known, or not within the last day. Without any time, no server can be verified.
        """
        if not self.source or not self.system.can_be_set:
            return False
        is_old = self.synced_ms is None or self.uptime.ms() - self.synced_ms > _DAY_MS
        return self.rank < _RANK_ANSWER or is_old

    @property
    def rank(self) -> int:
        """How good its source is: 0 for none, 5 for the best."""
        return _RANKS[self.source]

    def unix_s(self) -> int:
        """Unix seconds to date things by: 0 while they are not known, or only estimated."""
        return self.system.now() if self.state == "set" else 0

    def best_s(self) -> int:
        """Unix seconds to judge certificates by, be they estimated; 0 while there are none."""
        return self.system.now() if self.source else 0

    def offer(self, source: str, unix_s: int) -> str:
        """Sets the clock by hand ("user") or by the date in a verified server's answer ("answer"), in Unix seconds.

        An answer is passed over if it is not needed, or if it would change a good clock by more than 1000 s. Returns a
        sentence if the time cannot be taken, else "".
        """
        if source == "answer" and not self.wants_answer:
            return ""
        return self._set(lambda setting: setting.offer(source, unix_s))

    async def run(self) -> None:
        """Asks the servers until they have set the clock, then every six hours; keeps the last good time."""
        pause = _FIRST_PAUSE_MS
        while True:
            if not self.system.can_be_set or not self.servers():
                await self._wait(_HOUR_MS)
            elif await self._ask():
                pause = _FIRST_PAUSE_MS
                await self._wait(_REFRESH_MS)
            else:
                await self._wait(pause * (192 + os.urandom(1)[0] % 128) // 256)
                pause = min(pause * 2, _LONGEST_PAUSE_MS)

    async def _ask(self) -> bool:
        """Asks the servers; whether the time was told."""
        from net import clock_setting  # given back below

        try:
            return await clock_setting.Setting(self).ask()
        finally:
            transient.release(transient.TIME)

    async def _wait(self, ms: int) -> None:
        end = self.uptime.ms() + ms
        while self.uptime.ms() < end:
            await asyncio.sleep_ms(min(end - self.uptime.ms(), _SLICE_MS))
            self._keep()

    def _keep(self) -> None:
        """Once a minute: notices that a PC's clock was set, and keeps the time once an hour, which spares the flash."""
        if not self.source:
            self._set(lambda setting: setting.begin())
        elif self.state == "set" and self.uptime.ms() - self.saved_ms >= _HOUR_MS:
            self._set(lambda setting: setting.save())

    def _set(self, work: "Callable[[Setting], Result]") -> "Result":
        from net import clock_setting  # given back below

        try:
            return work(clock_setting.Setting(self))
        finally:
            transient.release(transient.TIME)


def text(unix_s: int) -> str:
    """A time as people read it, in UTC."""
    return "%04d-%02d-%02d %02d:%02d:%02d UTC" % time.gmtime(unix_s - _epoch())[:6]


def _epoch() -> int:
    """Unix seconds at which the system's own count starts: in 1970, or in 2000 on the chip."""
    return 0 if time.gmtime(0)[0] == 1970 else _SECONDS_1970_TO_2000
