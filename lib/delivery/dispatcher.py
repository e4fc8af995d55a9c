"""Delivers what waits in the outbox of one destination: one parcel at a time, held back when that does no good."""

import asyncio

from micropython import const
from net.opening import RequestError

from delivery import schedule, verdict
from delivery.fuse import Fuse
from delivery.journal import Attempt
from delivery.message import Parcel
from delivery.route import RouteError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from delivery.journal import Journal
    from delivery.message import Message
    from delivery.shared import Outbox, Shared, Way
    from delivery.verdict import Verdict

_BATCH_BYTES = const(8192)
_ANY_BYTES = const(1 << 20)
_AUTH_PAUSE_MS = const(
    900_000
)  # asking on and on with a wrong password gets whole networks blocked
_LOOK_MS = const(250)
_FOREVER_MS = const(1 << 40)
_MIN_LONGEST_MS = const(60_000)


class Dispatcher:
    """One parcel at a time from the outbox to the server.

    Attributes:
        gone: the server said that the address will never come back; nothing is sent until `reset`.
        paused: the server refused us; nothing is sent for a quarter of an hour, or until `reset`.
        failures: attempts in a row that failed.
        cause: of the last failure, with advice; "" after a delivery.
        delivered, delivered_first: something, an introduction was delivered.
        untimed: something waits, but no certificate can be judged while the clock is not set.
        settled: messages that left the outbox for good, delivered or given up.
    """

    def __init__(
        self,
        settings: dict,
        shared: "Shared",
        outbox: "Outbox",
        journal: "Journal",
        wake: "Callable[[], None]",
        bury: "Callable[[Message, str, int | None], None]",
    ) -> None:
        """`wake` is called when an attempt is over; `bury` keeps a message that was given up, with cause and status."""
        self._settings = settings
        self._shared = shared
        self._outbox = outbox
        self._journal = journal
        self._wake = wake
        self._bury = bury
        self._way: Way | None = None
        self._task: asyncio.Task[None] | None = None
        self._parcel: Parcel | None = None
        self._single = 0  # so many messages travel alone: together they were rejected
        self._begun = False  # has the attempt under way run at all yet?
        self.fuse = Fuse(settings["fuse"])
        self.delivered = self.delivered_first = self.untimed = False
        self.settled = 0
        self._needs_time = settings["url"].lower().startswith(("https:", "mqtts:"))
        self.reset()

    def reset(self) -> None:
        """Forgets failures, pauses and the fuse: the next attempt may begin at once."""
        self.fuse.reset()
        self.gone = self.paused = False
        self.failures = 0
        self.cause = ""
        self._until_ms = 0

    @property
    def busy(self) -> bool:
        """Whether an attempt is under way."""
        return self._task is not None

    def held_ms(self, now_ms: int) -> int:
        """Milliseconds for which nothing is sent because of failures."""
        if self.gone:
            return _FOREVER_MS
        return max(0, self._until_ms - now_ms, self.fuse.wait_ms(now_ms))

    def step(self, now_ms: int) -> "int | None":
        """Begins an attempt if there is something to send and nothing against it.

        Returns the milliseconds until that should be looked at again; None if nothing waits, or an attempt is under
        way.
        """
        if self._task is not None:
            return None
        waits = len(self._outbox) > 0
        self.untimed = waits and self._needs_time and not self._shared.has_time()
        if self.untimed:
            return _LOOK_MS
        if not waits:
            return None
        held = self.held_ms(now_ms)
        if held:
            return held
        self.paused = False
        parcel = self._next_parcel()
        if parcel is not None:
            self.begin(parcel)
        return None

    def begin(self, parcel: Parcel, alone: "Callable[[Attempt], None] | None" = None) -> None:
        """Sends a parcel now; only while none is under way. With `alone` it did not come from the outbox: the attempt
        is handed over and a failure changes nothing."""
        self._begun = False
        self._task = asyncio.create_task(self._attempt(parcel, alone))

    async def collect(self) -> None:
        """Looks after the attempt under way, if it is over. Raises what an error in the firmware made it raise."""
        task = self._task
        if task is not None and task.done():
            self._task = None
            await task

    def stop(self) -> None:
        """Gives up the attempt under way, if there is one, and closes the connection."""
        task, self._task = self._task, None
        way, self._way = self._way, None
        closes_itself = False
        if task is not None and not task.done():
            closes_itself = (
                self._begun
            )  # cancelled in the middle of a request, which closes its connection
            task.cancel()
        if way is not None and not closes_itself:
            way.close()

    def _next_parcel(self) -> "Parcel | None":
        messages = self._take()
        if not messages:
            return None
        kept = self._parcel
        ids = [message.id for message in messages]
        if kept is None or kept.ids != ids[: len(kept.ids)]:  # else: the same bytes once more
            kept = self._parcel = Parcel(messages, self._shared.format(messages[0].format))
        return kept

    def _is_known(self, message: "Message") -> bool:
        """Whether this firmware has the message's format; if not, it is put aside: another one may have left it."""
        try:
            self._shared.format(message.format)
        except ImportError:
            self._bury(
                message, "This firmware does not know its format, %s." % message.format, None
            )
            self._outbox.done(1)
            self.settled += 1
            self._wake()
            return False
        return True

    def _take(self) -> "Sequence[Message]":
        """The messages of the next parcel: as many as may travel together."""
        most = 1 if self._single else self._settings["queue"]["batch"]
        messages = self._outbox.peek(most, _BATCH_BYTES)
        if messages and not self._is_known(messages[0]):
            return []
        if len(messages) < 2:
            return messages
        kind = messages[0].format
        if self._shared.format(kind).SEPARATOR is None:
            return messages[:1]
        same = 1
        while same < len(messages) and messages[same].format == kind:
            same += 1
        return messages[:same]

    async def _attempt(self, parcel: Parcel, alone: "Callable[[Attempt], None] | None") -> None:
        """Makes one attempt and draws the conclusions; takes no longer than the deadline."""
        began = self._shared.uptime.ms()
        self._begun = True
        try:
            outcome = await self._deliver(parcel)
            now = self._shared.uptime.ms()
            attempt = Attempt(began, now - began, parcel, outcome)
            self._journal.add(attempt)
            if outcome.ok:
                self._succeed(parcel, now, now - began)
            if alone is not None:
                alone(attempt)
            elif outcome.ok:
                self._settle(parcel)
            else:
                self._fail(parcel, attempt, outcome, now)
        finally:
            self._wake()

    async def _deliver(self, parcel: Parcel) -> "Verdict":
        try:
            if self._way is None:
                self._way = self._shared.route(self._settings)
            return await self._way.deliver(parcel, self._deadline_ms())
        except RouteError as error:
            return verdict.of_settings(str(error), error.advice)
        except RequestError as error:
            return verdict.of_error(error)

    def _deadline_ms(self) -> int:
        chosen = self._settings["retry"]["timeout_s"] * 1000
        return chosen or schedule.deadline_ms(self._settings["cycle_ms"])

    def _succeed(self, parcel: Parcel, now_ms: int, took_ms: int) -> None:
        """What a delivery proves: the server is there and takes what we send."""
        if self.failures:
            self._shared.log.info("destination %d: delivered again", self._settings["id"])
        self.gone = self.paused = False
        self.failures = self._until_ms = 0
        self.cause = ""
        self.fuse.succeed(now_ms, took_ms)
        self.delivered = True
        self.delivered_first = self.delivered_first or parcel.first

    def _fail(self, parcel: Parcel, attempt: Attempt, outcome: "Verdict", now_ms: int) -> None:
        self._tell(attempt)
        self.failures += 1
        parcel.attempts += 1
        self.fuse.fail(now_ms)
        self._until_ms = now_ms + self._hold_ms(outcome)
        self.gone = outcome.kind == verdict.GONE
        self.paused = outcome.kind == verdict.AUTH
        if outcome.kind == verdict.REJECTED:
            self._reject(parcel, attempt)
        elif 0 < self._settings["retry"]["attempts"] <= parcel.attempts:
            self._give_up(parcel, attempt)

    def _tell(self, attempt: Attempt) -> None:
        cause = " ".join((attempt.cause, attempt.advice)).strip()
        if cause != self.cause:  # the same trouble at every attempt is told once
            self._shared.log.warning("destination %d: %s", self._settings["id"], cause)
        self.cause = cause

    def _hold_ms(self, outcome: "Verdict") -> int:
        if outcome.kind == verdict.AUTH:
            return max(_AUTH_PAUSE_MS, outcome.pause_ms)
        if outcome.kind == verdict.REJECTED and self._settings["queue"]["mode"] != "none":
            return outcome.pause_ms  # the next document may be fine
        retry = self._settings["retry"]
        first, longest = retry["first_s"] * 1000, retry["longest_s"] * 1000
        cycle = self._settings["cycle_ms"]
        if (
            cycle and self._settings["queue"]["mode"] == "none"
        ):  # live values: stay close to the cycle
            first = min(first, cycle)
            longest = min(longest, max(cycle, _MIN_LONGEST_MS))
        return max(outcome.pause_ms, schedule.backoff_ms(self.failures, first, longest))

    def _waiting(self, parcel: Parcel) -> "list[Message]":
        """The parcel's messages that are still first in the outbox, which may have dropped some of them meanwhile."""
        found = self._outbox.peek(parcel.count, _ANY_BYTES)
        count = 0
        while count < len(found) and found[count].id in parcel.ids:
            count += 1
        return found[:count]

    def _settle(self, parcel: Parcel) -> None:
        """The messages of the parcel are no longer ours."""
        count = len(self._waiting(parcel))
        self._outbox.done(count)
        self.settled += count
        self._single = max(0, self._single - parcel.count)
        self._parcel = None

    def _reject(self, parcel: Parcel, attempt: Attempt) -> None:
        if parcel.count > 1:  # find out which one it is
            self._single = parcel.count
            self._parcel = None
        else:
            self._give_up(parcel, attempt)

    def _give_up(self, parcel: Parcel, attempt: Attempt) -> None:
        """Makes room for the next one; what a queue had kept is kept as a dead letter."""
        if self._settings["queue"]["mode"] == "none":
            self._journal.dropped += parcel.count
        else:
            for message in self._waiting(parcel):
                self._bury(message, attempt.cause, attempt.status)
        self._settle(parcel)
