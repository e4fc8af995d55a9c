"""What sets the clock. Imported while that is done, then given back: see `transient`."""

from micropython import const

from net.clock import text

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from net.clock import Clock

_KEY = "clock"
_GUESS = "~"  # before the last good time while the system's clock shows only a guess made from it
_RANK_GOOD = const(5)
_NAMES = {"answer": "a verified server", "user": "hand"}
_STARTS = {
    "rtc": "so says the clock chip",
    "system": "it went on running",
    "file": "the last time known before the restart",
}
_LIFE_S = const(631_139_040)  # 20 years
_LARGE_STEP_S = const(1000)
_DAY_MS = const(86_400_000)

_NOT_OURS = "The clock of this computer cannot be set from here."
_OUT_OF_BOUNDS = "The time must lie after %s, when this firmware was made, and within 20 years."


class Setting:
    """One piece of work on a clock, which keeps whatever outlives it."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock

    def begin(self) -> None:
        """Takes the best of what is known without the network."""
        clock = self._clock
        for source, unix_s in (
            ("rtc", self._chip_time()),
            ("system", clock.system.now()),
            ("file", self._last_good()),
        ):
            if unix_s is None or not self._in_bounds(unix_s):
                continue
            if source == "system" and (clock.memory.get(_KEY) or "").startswith(_GUESS):
                source = "file"  # it went on, but from a guess
            if source != "system" and not clock.system.set(unix_s, 0):
                continue
            clock.log.info("the clock starts at %s: %s", text(unix_s), _STARTS[source])
            self._changed(source)
            return

    def offer(self, source: str, unix_s: int) -> str:
        """`Clock.offer` of a time that is wanted."""
        if source == "answer" and self._is_far(unix_s):
            return ""
        if not self._clock.system.can_be_set:
            return _NOT_OURS
        if not self._in_bounds(unix_s):
            return _OUT_OF_BOUNDS % text(self._clock.released)[:10]
        self._take(source, _NAMES[source], unix_s, 0)
        return ""

    def save(self) -> None:
        """Keeps the time for the next start."""
        clock = self._clock
        clock.saved_ms = clock.uptime.ms()
        if clock.system.can_be_set:
            clock.memory.put(_KEY, str(clock.system.now()))

    def _take(self, source: str, name: str, unix_s: int, micros: int) -> None:
        """Sets the clock by a time that came from outside."""
        clock = self._clock
        slow_s = unix_s - clock.system.now()
        if not clock.system.set(unix_s, micros):
            return
        if clock.synced_ms is None:
            clock.log.info("the clock is set to %s by %s", text(unix_s), name)
        elif abs(slow_s) > 1:
            what = "%d s %s" % (abs(slow_s), "slow" if slow_s > 0 else "fast")
            clock.log.info("the clock was %s, it is set to %s by %s", what, text(unix_s), name)
        clock.synced_ms = clock.uptime.ms()
        self.save()
        self._set_chip(unix_s)
        if (
            source != "answer" or clock.rank < _RANK_GOOD
        ):  # a good clock stays good if another source agrees
            self._changed(source)

    def _changed(self, source: str) -> None:
        clock = self._clock
        clock.source = source
        if source == "file":
            clock.memory.put(_KEY, _GUESS + str(clock.system.now()))

    def _in_bounds(self, unix_s: int) -> bool:
        return 0 <= unix_s - self._clock.released <= _LIFE_S

    def _is_far(self, unix_s: int) -> bool:
        """One server that is wrong must not move a good clock far."""
        clock = self._clock
        return clock.rank == _RANK_GOOD and abs(unix_s - clock.system.now()) > _LARGE_STEP_S

    # The servers

    async def ask(self) -> bool:
        """Asks for the time; whether it was told."""
        from net import sntp  # given back with this module

        clock = self._clock
        good = clock.system.now if clock.state == "set" else None
        poll = sntp.Poll(clock.released, good, clock.port)
        found = await poll.ask(self._willing())
        clock.turn += poll.is_cut
        for server in poll.unwilling:
            clock.left_out[server] = clock.uptime.ms() + _DAY_MS
        self._tell(poll.troubles)
        if found is not None:
            unix_ms = found.now_ms()
            self._take("ntp", found.server, unix_ms // 1000, unix_ms % 1000 * 1000)
        return found is not None

    def _willing(self) -> "list[str]":
        """The servers that may be asked, each once the first; one that the settings could not use is empty."""
        clock = self._clock
        servers = [server for server in clock.servers() if server]
        now = clock.uptime.ms()
        clock.left_out = {
            server: until
            for server, until in clock.left_out.items()
            if server in servers and until > now
        }
        willing = [server for server in servers if server not in clock.left_out]
        first = clock.turn % max(1, len(willing))
        return willing[first:] + willing[:first]

    def _tell(self, troubles: "list[tuple[str, str, str]]") -> None:
        """Logs what was not the same in the round before."""
        for server, trouble, detail in troubles:
            if (server, trouble) not in self._clock.told:
                self._clock.log.warning("NTP server %s %s%s", server, trouble, detail)
        self._clock.told = [each[:2] for each in troubles]

    # What outlives a restart

    def _last_good(self) -> "int | None":
        try:
            return int((self._clock.memory.get(_KEY) or "").lstrip(_GUESS))
        except ValueError:
            return None

    def _chip_time(self) -> "int | None":
        try:
            return self._clock.system.rtc()
        except OSError as error:
            self._chip_trouble(error)
            return None

    def _set_chip(self, unix_s: int) -> None:
        try:
            self._clock.system.set_rtc(unix_s)
        except OSError as error:
            self._chip_trouble(error)

    def _chip_trouble(self, error: OSError) -> None:
        if not self._clock.chip_failed:
            self._clock.chip_failed = True
            self._clock.log.warning("the clock chip does not work: %s", error)
