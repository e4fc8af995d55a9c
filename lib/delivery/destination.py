"""One destination: its own task, schedule, connection and journal; none waits for another.

shared = Shared(group, Uptime(), certsets, secret, status, logger, asyncio.Lock())
destination = Destination(settings["destinations"][0], settings["autopid"]["grouping"], shared)
task = asyncio.create_task(destination.run())
destination.apply(changed, grouping)      # at any time
"""

import asyncio

from micropython import const
from net.http import RequestError

from delivery import schedule, verdict
from delivery.formats import wican
from delivery.journal import Attempt, Journal
from delivery.route import Route, RouteError
from delivery.schedule import Cycle

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from autopid.group import Group
    from log import Logger
    from trust import Sets
    from uptime import Uptime

    from delivery.verdict import Verdict

DISABLED = "disabled"
GROUPING_OFF = "grouping_off"
EVENT_ONLY = "event_only"
NO_VALUES = "no_values"
WAITING = "waiting"
SENDING = "sending"
OK = "ok"
FAILING = "failing"

_REASONS = {
    DISABLED: "This destination is switched off.",
    GROUPING_OFF: "Grouping is switched off, so no document is made: nothing is sent.",
    EVENT_ONLY: "A cycle of 0 sends on events only, and there are no events yet: nothing is sent.",
    NO_VALUES: "No value has been read from the car yet.",
}
_LOOK_MS = const(250)
_LONGEST_PAUSE_MS = const(60_000)


class Shared:
    """What all destinations use and none owns.

    Attributes:
        group: the values.
        uptime: the clock of every time here.
        certsets: the named certificate sets (`trust.Sets`).
        secret: name -> the secret of that name, or None.
        status: () -> redacted (key, plain value) pairs for the first document.
        log: where outcomes are told; never a secret or a body.
        handshake_lock: lets one TLS handshake run at a time.
    """

    def __init__(
        self,
        group: "Group",
        uptime: "Uptime",
        certsets: "Sets",
        secret: "Callable[[str], str | None]",
        status: "Callable[[], Iterable[tuple[str, str | int | bool | None]]]",
        log: "Logger",
        handshake_lock: "asyncio.Lock",
    ) -> None:
        self.group = group
        self.uptime = uptime
        self.certsets = certsets
        self.secret = secret
        self.status = status
        self.log = log
        self.handshake_lock = handshake_lock

    def route(self, settings: dict, token: str | None) -> Route:
        """A new, unopened way to the destination of these settings. Raises RouteError."""
        return Route(settings, token, self.certsets, self.handshake_lock)

    async def pause(self, wake: "asyncio.Event", ms: int) -> None:
        """Waits that long, but not over a minute, and no longer than until the event is set."""
        try:
            await asyncio.wait_for_ms(wake.wait(), min(ms, _LONGEST_PAUSE_MS))
        except asyncio.TimeoutError:
            return


class Destination:
    """Sends the group's values to one address, cycle after cycle.

    Attributes:
        state: one of the constants of this module.
        reason: why nothing is delivered, in plain words; empty when all is well.
        journal: the last attempts and the counters.
        coalesced: cycles that fell due while the one before was still being sent.
    """

    def __init__(self, settings: dict, grouping: bool, shared: Shared) -> None:
        self._shared = shared
        self._settings = settings
        self._grouping = grouping
        self._token = self._stored_token(settings)
        self._cycle: Cycle | None = None
        self._route: Route | None = None
        self._wake = asyncio.Event()
        self._introduced = False  # config and status were delivered in this boot
        self._failures = 0  # in a row, since the settings changed
        self.state = WAITING
        self.reason = ""
        self.journal = Journal()
        self.coalesced = 0

    @property
    def id(self) -> int:
        """The number that stays with the destination while others come and go."""
        return self._settings["id"]

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self._settings["name"]

    @property
    def next_ms(self) -> int | None:
        """Milliseconds until the next document is due; None while nothing is planned."""
        return None if self._cycle is None else self._cycle.wait_ms(self._shared.uptime.ms())

    def apply(self, settings: dict, grouping: bool) -> None:
        """Goes on with these settings at once; a request under way by other ones is given up.

        Nothing happens if neither they nor the stored secret differ. What was delivered in this
        boot is remembered.
        """
        token = self._stored_token(settings)
        if (settings, grouping, token) == (self._settings, self._grouping, self._token):
            return
        self._settings, self._grouping, self._token = settings, grouping, token
        self._failures = 0
        self.restart()

    def restart(self) -> None:
        """Starts over with a new connection: for changes elsewhere, such as other certificates."""
        self._cycle = None
        self._wake.set()

    async def run(self) -> None:
        """Sends until cancelled. May be run again after it ended, whatever ended it."""
        try:
            while True:
                self._wake.clear()
                await self._turn()
        finally:
            self._disconnect()
            self._cycle = None

    def pairs(self) -> "list[tuple[str, str | int | bool | None]]":
        """State and counters as (key, plain value) pairs in a fixed order; times in ms."""
        return [
            ("id", self.id),
            ("name", self.name),
            ("state", self.state),
            ("reason", self.reason),
            ("delivered", self.journal.delivered),
            ("failed", self.journal.failed),
            ("coalesced", self.coalesced),
            ("next_ms", self.next_ms),
        ]

    async def _turn(self) -> None:
        """One step: look what stands in the way, else wait for the next due time, else send."""
        obstacle = self._obstacle()
        now = self._shared.uptime.ms()
        if obstacle is not None:
            self._rest(obstacle)
            await self._shared.pause(self._wake, _LOOK_MS)
        elif self._cycle is None:
            self._disconnect()
            first = now + schedule.stagger_ms(self.id)
            self._cycle = Cycle(self._settings["cycle_ms"], first)
            self._tell(WAITING, "")
        elif self._cycle.wait_ms(now):
            await self._shared.pause(self._wake, self._cycle.wait_ms(now))
        else:
            await self._send(self._cycle)

    def _obstacle(self) -> str | None:
        if not self._settings["enabled"]:
            return DISABLED
        if not self._grouping:
            return GROUPING_OFF
        if not self._settings["cycle_ms"]:
            return EVENT_ONLY
        return None if self._shared.group.ready() else NO_VALUES

    def _rest(self, state: str) -> None:
        if self.state != state:
            self._disconnect()
            self._cycle = None
            self._tell(state, _REASONS[state])

    def _tell(self, state: str, reason: str) -> None:
        self.state = state
        self.reason = reason

    async def _send(self, cycle: Cycle) -> None:
        """Runs one attempt beside this task: a change of settings need not wait for a slow server.

        Ways out: the attempt is over; `apply` or `restart` wakes us; we are cancelled. The last
        two end the attempt, which then closes its connection itself.
        """
        self.coalesced += cycle.begin(self._shared.uptime.ms())
        if self.state != FAILING:  # a dead server is being tried most of the time: still failing
            self.state = SENDING
        attempt = asyncio.create_task(self._attempt(cycle))
        try:
            while self._cycle is cycle and not attempt.done():
                await self._wake.wait()
                self._wake.clear()
            if attempt.done():
                await attempt
        finally:
            if not attempt.done():
                self._route = None
                attempt.cancel()

    async def _attempt(self, cycle: Cycle) -> None:
        """Makes the document, posts it, enters the outcome; takes no longer than the deadline."""
        try:
            began = self._shared.uptime.ms()
            status = None if self._introduced else self._shared.status()
            body = wican.document(self._shared.group, status)
            outcome = await self._post(body, schedule.deadline_ms(cycle.cycle_ms))
            took = self._shared.uptime.ms() - began
            self._conclude(cycle, Attempt(began, took, len(body), outcome), outcome.pause_ms)
        finally:
            self._wake.set()

    async def _post(self, body: bytes, deadline_ms: int) -> "Verdict":
        try:
            if self._route is None:
                self._route = self._shared.route(self._settings, self._token)
            return verdict.of_response(await self._route.post(body, deadline_ms))
        except RouteError as error:
            return verdict.of_settings(str(error), error.advice)
        except RequestError as error:
            return verdict.of_error(error)

    def _conclude(self, cycle: Cycle, attempt: Attempt, pause_ms: int) -> None:
        self.journal.add(attempt)
        if attempt.ok:
            hold = 0
            self._succeed()
        else:
            self._fail(" ".join((attempt.cause, attempt.advice)).strip())
            hold = max(pause_ms, schedule.hold_ms(self._failures, cycle.cycle_ms))
        self.coalesced += cycle.end(self._shared.uptime.ms(), hold)

    def _succeed(self) -> None:
        if self._failures:
            self._shared.log.info("destination %d: delivered again", self.id)
        self._introduced = True
        self._failures = 0
        self._tell(OK, "")

    def _fail(self, reason: str) -> None:
        if reason != self.reason:  # the same trouble every cycle is told once
            self._shared.log.warning("destination %d: %s", self.id, reason)
        self._failures += 1
        self._tell(FAILING, reason)

    def _disconnect(self) -> None:
        route, self._route = self._route, None
        if route is not None:
            route.close()

    def _stored_token(self, settings: dict) -> str | None:
        if settings["auth"]["type"] != "bearer":
            return None
        return self._shared.secret("destinations.%d.auth.token" % settings["id"])
