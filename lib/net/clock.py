"""The clock: where its time comes from, how far it can be believed, and the task that keeps it right.

    clock = Clock(memory, System(), lambda: ("pool.ntp.org",), log.logger("clock"), uptime, released)
    clock.state     # "no_time", "estimated" or "set"
    await clock.run()

Certificates are only as good as the clock they are judged by, so no source may move it to before this firmware was
made, and none moves it that ranks below the one it was set by.
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
    from typing import Protocol

    from log import Logger
    from uptime import Uptime

    class Chip(Protocol):
        """A clock with a battery of its own. Both raise OSError."""

        def read(self) -> int | None: ...  # Unix seconds, None if it lost them
        def write(self, unix_s: int) -> None: ...

    class Store(Protocol):
        """Where the last good time is kept: `device.memory.Memory`."""

        def get(self, key: str) -> str | None: ...
        def put(self, key: str, text: str) -> None: ...


_KEY = "clock"
_RANKS = {"": 0, "file": 1, "system": 2, "rtc": 3, "answer": 4, "ntp": 5, "user": 5}
_RANK_ANSWER = const(4)
_RANK_GOOD = const(5)
_NAMES = {"answer": "a verified server", "user": "hand"}
_STARTS = {
    "rtc": "so says the clock chip",
    "system": "it went on running",
    "file": "the last time known before the restart",
}
_LIFE_S = const(631_139_040)  # 20 years
_LARGE_STEP_S = const(1000)
_SECONDS_1970_TO_2000 = 946_684_800

_FIRST_PAUSE_MS = const(2000)
_LONGEST_PAUSE_MS = const(300_000)
_REFRESH_MS = const(21_600_000)
_SLICE_MS = const(60_000)
_HOUR_MS = const(3_600_000)
_DAY_MS = const(86_400_000)

_NOT_OURS = "The clock of this computer cannot be set from here."
_OUT_OF_BOUNDS = "The time must lie after %s, when this firmware was made, and within 20 years."


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
        watchers: functions that are called when the clock was set.
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
        self._memory = memory
        self._system = system
        self._servers = servers
        self._log = log
        self._uptime = uptime
        self._released = released
        self._port = port
        self._told: list[tuple[str, str]] = []  # troubles of the latest round
        self._left_out: dict[str, int] = {}  # server -> uptime until which it is not asked
        self._saved_ms = uptime.ms()
        self._chip_failed = False
        self.source = ""
        self.synced_ms: int | None = None
        self.watchers: list[Callable[[], None]] = []
        self._begin()
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
        rank = _RANKS[self.source]
        if not rank or not self._system.can_be_set:
            return False
        is_old = self.synced_ms is None or self._uptime.ms() - self.synced_ms > _DAY_MS
        return rank < _RANK_ANSWER or is_old

    def unix_s(self) -> int:
        """Unix seconds, 0 while there is no time."""
        return self._system.now() if self.source else 0

    def offer(self, source: str, unix_s: int) -> str:
        """Sets the clock by hand ("user") or by the date in a verified server's answer ("answer"), in Unix seconds.

        An answer is passed over if it is not needed, or if it would change a good clock by more than 1000 s. Returns a
        sentence if the time cannot be taken, else "".
        """
        if source == "answer" and (not self.wants_answer or self._is_far(unix_s)):
            return ""
        if not self._system.can_be_set:
            return _NOT_OURS
        if not self._in_bounds(unix_s):
            return _OUT_OF_BOUNDS % text(self._released)[:10]
        self._take(source, _NAMES[source], unix_s, 0)
        return ""

    async def run(self) -> None:
        """Asks the servers until they have set the clock, then every six hours; keeps the last good time."""
        pause = _FIRST_PAUSE_MS
        while True:
            if not self._system.can_be_set or not self._servers():
                await self._wait(_HOUR_MS)
            elif await self._ask():
                pause = _FIRST_PAUSE_MS
                await self._wait(_REFRESH_MS)
            else:
                await self._wait(pause * (192 + os.urandom(1)[0] % 128) // 256)
                pause = min(pause * 2, _LONGEST_PAUSE_MS)

    def _begin(self) -> None:
        """Takes the best of what is known without the network."""
        for source, unix_s in (
            ("rtc", self._chip_time()),
            ("system", self._system.now()),
            ("file", self._last_good()),
        ):
            if unix_s is None or not self._in_bounds(unix_s):
                continue
            if source == "system" or self._system.set(unix_s, 0):
                self._log.info("the clock starts at %s: %s", text(unix_s), _STARTS[source])
                self._changed(source)
                return

    def _take(self, source: str, name: str, unix_s: int, micros: int) -> None:
        """Sets the clock by a time that came from outside."""
        slow_s = unix_s - self._system.now()
        if not self._system.set(unix_s, micros):
            return
        if self.synced_ms is None:
            self._log.info("the clock is set to %s by %s", text(unix_s), name)
        elif abs(slow_s) > 1:
            what = "%d s %s" % (abs(slow_s), "slow" if slow_s > 0 else "fast")
            self._log.info("the clock was %s, it is set to %s by %s", what, text(unix_s), name)
        self.synced_ms = self._uptime.ms()
        self._save()
        self._set_chip(unix_s)
        self._changed(source)

    def _changed(self, source: str) -> None:
        self.source = source
        for watcher in list(self.watchers):
            watcher()

    def _in_bounds(self, unix_s: int) -> bool:
        return 0 <= unix_s - self._released <= _LIFE_S

    def _is_far(self, unix_s: int) -> bool:
        """One server that is wrong must not move a good clock far."""
        is_good = _RANKS[self.source] == _RANK_GOOD
        return is_good and abs(unix_s - self._system.now()) > _LARGE_STEP_S

    # The servers

    async def _ask(self) -> bool:
        """Asks for the time; whether it was told."""
        from net import sntp  # given back below

        good = self._system.now if _RANKS[self.source] == _RANK_GOOD else None
        poll = sntp.Poll(self._released, good, self._port)
        try:
            found = await poll.ask(self._willing())
        finally:
            transient.release(transient.TIME)
        for server in poll.unwilling:
            self._left_out[server] = self._uptime.ms() + _DAY_MS
        self._tell(poll.troubles)
        if found is not None:
            unix_ms = found.now_ms()
            self._take("ntp", found.server, unix_ms // 1000, unix_ms % 1000 * 1000)
        return found is not None

    def _willing(self) -> "list[str]":
        """The servers that may be asked; one that the settings could not use is empty."""
        servers = [server for server in self._servers() if server]
        now = self._uptime.ms()
        self._left_out = {
            server: until
            for server, until in self._left_out.items()
            if server in servers and until > now
        }
        return [server for server in servers if server not in self._left_out]

    def _tell(self, troubles: "list[tuple[str, str, str]]") -> None:
        """Logs what was not the same in the round before."""
        for server, trouble, detail in troubles:
            if (server, trouble) not in self._told:
                self._log.warning("NTP server %s %s%s", server, trouble, detail)
        self._told = [each[:2] for each in troubles]

    async def _wait(self, ms: int) -> None:
        end = self._uptime.ms() + ms
        while self._uptime.ms() < end:
            await asyncio.sleep_ms(min(end - self._uptime.ms(), _SLICE_MS))
            self._keep()

    # What outlives a restart

    def _keep(self) -> None:
        """Once a minute: notices that a PC's clock was set, and keeps the time once an hour, which spares the flash."""
        if not self.source:
            self._begin()
        elif self.state == "set" and self._uptime.ms() - self._saved_ms >= _HOUR_MS:
            self._save()

    def _save(self) -> None:
        self._saved_ms = self._uptime.ms()
        if self._system.can_be_set:
            self._memory.put(_KEY, str(self._system.now()))

    def _last_good(self) -> "int | None":
        try:
            return int(self._memory.get(_KEY) or "")
        except ValueError:
            return None

    def _chip_time(self) -> "int | None":
        try:
            return self._system.rtc()
        except OSError as error:
            self._chip_trouble(error)
            return None

    def _set_chip(self, unix_s: int) -> None:
        try:
            self._system.set_rtc(unix_s)
        except OSError as error:
            self._chip_trouble(error)

    def _chip_trouble(self, error: OSError) -> None:
        if not self._chip_failed:
            self._chip_failed = True
            self._log.warning("the clock chip does not work: %s", error)


def text(unix_s: int) -> str:
    """A time as people read it, in UTC."""
    return "%04d-%02d-%02d %02d:%02d:%02d UTC" % time.gmtime(unix_s - _epoch())[:6]


def _epoch() -> int:
    """Unix seconds at which the system's own count starts: in 1970, or in 2000 on the chip."""
    return 0 if time.gmtime(0)[0] == 1970 else _SECONDS_1970_TO_2000
