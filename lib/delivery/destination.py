"""One destination: its own task, schedule, outbox, connection, fuse and journal; none waits for another.

shared = Shared(…)
destination = Destination(settings["destinations"][0], settings["autopid"]["grouping"], shared)
task = asyncio.create_task(destination.run())
destination.apply(changed, grouping)      # at any time
attempt = await destination.send_now()
"""

import asyncio

from micropython import const

from delivery import states
from delivery.dispatcher import Dispatcher
from delivery.errors import RouteError
from delivery.introduction import Introduction
from delivery.journal import Journal
from delivery.producer import Producer
from delivery.slot import Slot

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

    from delivery.dead_letters import DeadLetters
    from delivery.journal import Attempt
    from delivery.message import Message
    from delivery.shared import Outbox, Shared

    Stored = tuple[list[str | None], Mapping[str, str]]

_LOOK_MS = const(250)
_EMPTY = "There is nothing to send: no value was read yet, or the clock is not set."
_WAIT = "Wait until the car answers and the clock is set."
_SECRETS = ("auth.token", "auth.login", "sign.secret", "sign.previous")


class Destination:
    """Sends the group's values to one server: cycle after cycle, on events and on demand.

    Attributes:
        state: one of the constants of `delivery.states`.
        reason: why nothing is delivered, in plain words; empty when all is well.
        journal: the last attempts and the counters.
        coalesced: due times without a document of their own: the one before was still being sent.
        outbox, dispatcher: the parts at work; None while there are none.
    """

    def __init__(self, settings: dict, grouping: bool, shared: "Shared") -> None:
        self._shared = shared
        self._settings = settings
        self._grouping = grouping
        self._stored = self._looked_up(settings)
        self._wake = asyncio.Event()
        self._producer: Producer | None = None
        self.dispatcher: Dispatcher | None = None
        self.outbox: Outbox | None = None
        self._dead: DeadLetters | None = None
        self._demand: _Demand | None = None
        self._introduction = Introduction()
        self._ended = False
        self.state, self.reason = states.at_rest(None)
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
        if self._producer is None or self._producer.cycle is None:
            return None
        return self._producer.cycle.wait_ms(self._shared.uptime.ms())

    def wants_values(self, within_ms: int) -> bool:
        """Whether it needs values of the car now, or will within that time."""
        gone = self.dispatcher is not None and self.dispatcher.gone
        if gone or self._obstacle() is not None:
            return False
        producer = self._producer
        if self._demand is not None or producer is None or producer.watches:
            return True
        wait = self.next_ms
        return self._settings["cycle_ms"] > 0 if wait is None else wait <= within_ms

    def is_quiet(self) -> bool:
        """Whether nothing is being sent, and nothing waits that could be."""
        dispatcher = self.dispatcher
        if dispatcher is None or self.outbox is None:
            return True
        if dispatcher.busy:
            return False
        return len(self.outbox) == 0 or dispatcher.untimed or self.held_ms() > 0

    def apply(self, settings: dict, grouping: bool) -> None:
        """Goes on with these settings at once; a request under way by other ones is given up.

        Nothing happens if neither they nor the stored secrets nor what dynamic fields stand for differ. What was
        delivered in this boot is remembered, and what waits in the outbox stays there.
        """
        stored = self._looked_up(settings)
        if (settings, grouping, stored) == (self._settings, self._grouping, self._stored):
            return
        before = self._settings["queue"]
        self._disconnect()
        if settings["queue"]["mode"] != before["mode"]:
            self._move(settings)
        self._settings, self._grouping, self._stored = settings, grouping, stored
        if self.outbox is not None and settings["queue"] != before:
            self.outbox.limit(settings["queue"])
        self.restart()

    def restart(self) -> None:
        """Starts over with a new connection and no memory of failures: for changes elsewhere, such as certificates."""
        self._disconnect()
        self._tell(states.at_rest(self._obstacle()))
        self._wake.set()

    def reset(self) -> None:
        """Forgets failures, pauses and the fuse: what waits is sent at once."""
        if self.dispatcher is not None:
            self.dispatcher.reset()
        self._tell(states.at_rest(self._obstacle()))
        self._wake.set()

    def introduce(self) -> None:
        """Has the next document carry config and status, whatever the settings say, until such a one was delivered."""
        self._introduction.ask(self.dispatcher)

    async def send_now(self) -> "Attempt | None":
        """Sends the newest values beside the schedule and returns what became of it, with the request as it was sent.

        It leaves pauses and counters of failures alone. None if the destination ended meanwhile.
        """
        if self._ended:
            return None
        demand = self._demand
        if demand is None:
            demand = self._demand = _Demand()
        self._wake.set()
        await demand.answered.wait()
        return demand.attempt

    async def run(self) -> None:
        """Sends until cancelled. May be run again after it ended, whatever ended it."""
        try:
            while True:
                self._wake.clear()
                if self.dispatcher is not None:
                    await self.dispatcher.collect()
                wait = self._step(self._shared.uptime.ms())
                await self._shared.pause(self._wake, wait)
        finally:
            self._disconnect()
            if self.outbox is not None:
                self.outbox.flush()
            self._answer(None)

    # What is kept

    @property
    def queue(self) -> str:
        """Where documents wait: "none", "ram" or "flash"."""
        return self._settings["queue"]["mode"]

    @property
    def has_dead_letters(self) -> bool:
        """Whether some were looked for or kept since the start."""
        return self._dead is not None

    def oldest_age_s(self) -> int | None:
        """How long the oldest message has waited; None if none does, or nobody knows."""
        if self.outbox is None:
            return None
        return self.outbox.oldest_age_s(self._shared.uptime.ms(), self._shared.unix_s())

    def held_ms(self) -> int:
        """Milliseconds for which nothing is sent because of failures."""
        return 0 if self.dispatcher is None else self.dispatcher.held_ms(self._shared.uptime.ms())

    def dead_letters(self) -> "DeadLetters":
        """The messages that were given up and kept."""
        if self._dead is None:
            self._dead = self._shared.dead_letters(self._settings)
        return self._dead

    def replay(self, id: str) -> bool:
        """Puts a dead letter back into the outbox; False if there is none of that id. Raises OSError."""
        letters = self.dead_letters()
        message = letters.get(id)
        if message is None:
            return False
        outbox = self._opened_outbox()
        outbox.put(message)
        if outbox.flush():  # else a power cut might leave it nowhere
            letters.delete(id)
        self.reset()
        return True

    def purge(self) -> None:
        """Deletes everything that is kept for this destination, for good; it is not run any more."""
        self._ended = True
        self._disconnect()
        self.outbox = self._dead = None
        self._shared.forget(self.id)
        self._answer(None)

    def pairs(self) -> "list[tuple[str, str | int | bool | None]]":
        """State and counters as (key, plain value) pairs in a fixed order; times in ms, ages in s."""
        from delivery import report  # only those who look need it

        return report.pairs(self)

    # One step of the task

    def _step(self, now_ms: int) -> int:
        """Does what is due and returns the milliseconds until something else may be."""
        obstacle = self._obstacle()
        if obstacle is not None and self._demand is None:
            self._rest(obstacle)
            if self.outbox is not None:
                self.outbox.tick(now_ms)
            return _LOOK_MS
        dispatcher = self.dispatcher or self._connect()
        outbox = self._opened_outbox()
        outbox.expire(now_ms, self._shared.unix_s())
        self._obey(dispatcher)
        held = None
        if obstacle is None:
            self._produce(now_ms, dispatcher, outbox)
            held = dispatcher.step(now_ms)
        outbox.tick(now_ms)
        self._describe(obstacle, dispatcher, outbox)
        due = None if self._producer is None else self._producer.wait_ms(now_ms)
        look = None if self._shared.group.ready() else _LOOK_MS  # values that come do not wake us
        waits = [wait for wait in (held, due, outbox.wait_ms(now_ms), look) if wait is not None]
        return min(waits) if waits else _LOOK_MS

    def _obstacle(self) -> str | None:
        return states.obstacle(self._settings["enabled"], self._grouping)

    def _rest(self, state: str) -> None:
        if self.state != state or self.dispatcher is not None:
            self._disconnect()
            self._tell(states.at_rest(state))

    def _produce(self, now_ms: int, dispatcher: Dispatcher, outbox: "Outbox") -> None:
        """Makes a document if one is due. Without a queue only if it can leave before the next one."""
        producer = self._producer
        if producer is None:
            producer = self._producer = Producer(self._settings, self._shared)
        producer.look(now_ms)  # also while nothing can be made of it yet
        if dispatcher.gone or not self._shared.group.ready():
            producer.cycle = None
            return
        producer.start()
        if not producer.is_due(now_ms):
            return
        live = self.queue == "none"
        if live and dispatcher.busy:
            self.coalesced += producer.skip(now_ms)
            return
        event = producer.event
        self.coalesced += producer.begin(now_ms)
        if live and producer.cycle is not None:
            until_next = producer.cycle.wait_ms(now_ms)
            throttled = dispatcher.held_ms(now_ms) >= until_next
        else:
            throttled = False
        if throttled:
            self.journal.throttled += 1
        else:
            self._put(producer, dispatcher, outbox, event)

    def _put(
        self, producer: Producer, dispatcher: Dispatcher, outbox: "Outbox", event: str
    ) -> None:
        first = self._introduction.is_due(self._settings, dispatcher, outbox)
        try:
            message = producer.make(first, event)
        except RouteError as error:
            dispatcher.blame(dispatcher.unmade(error))
            return
        if not message.body:
            return
        outbox.put(message)
        if first:
            self._introduction.waits(dispatcher, outbox)

    def _describe(self, obstacle: str | None, dispatcher: Dispatcher, outbox: "Outbox") -> None:
        """State and reason as they are now."""
        if obstacle is not None:
            self._tell(states.at_rest(obstacle))
            return
        has_plan = self._producer is None or self._producer.wait_ms(0) is not None
        self._tell(states.at_work(dispatcher, outbox, self._shared.group.ready(), has_plan))

    def _tell(self, told: "tuple[str, str]") -> None:
        self.state, self.reason = told

    # On demand

    def _obey(self, dispatcher: Dispatcher) -> None:
        """Begins what was demanded as soon as no other attempt is under way."""
        if self._demand is None or dispatcher.busy:
            return
        producer = self._producer or Producer(self._settings, self._shared)
        outbox = self._opened_outbox()
        try:
            first = self._introduction.is_due(self._settings, dispatcher, outbox)
            message = producer.make(first)
            if not message.body:
                raise RouteError(_EMPTY, _WAIT)
        except RouteError as error:
            self._answer(dispatcher.unmade(error))
            return
        parcel = self._shared.parcel(self._settings, [message], True)
        dispatcher.begin(parcel, self._answer)

    def _answer(self, attempt: "Attempt | None") -> None:
        demand, self._demand = self._demand, None
        if demand is not None:
            demand.attempt = attempt
            demand.answered.set()

    # Parts that come and go

    def _connect(self) -> Dispatcher:
        self.dispatcher = Dispatcher(
            self._settings,
            self._shared,
            self._opened_outbox(),
            self.journal,
            self._wake.set,
            self._bury,
        )
        return self.dispatcher

    def _disconnect(self) -> None:
        dispatcher, self.dispatcher = self.dispatcher, None
        self._producer = None
        if dispatcher is not None:
            self._introduction.leave(dispatcher)
            dispatcher.stop()

    def _opened_outbox(self) -> "Outbox":
        if self.outbox is None:
            none = self.queue == "none"
            self.outbox = Slot() if none else self._shared.outbox(self._settings)
        return self.outbox

    def _move(self, settings: dict) -> None:
        """Takes what waits, and what was given up, to another kind of queue."""
        from delivery import moving  # rarely happens

        old, dead = self._opened_outbox(), self._dead
        if self.queue == "flash":
            dead = self.dead_letters()
        self.outbox = self._dead = None
        self._settings = settings
        self.journal.dropped += moving.messages(old, self._opened_outbox())
        self._introduction.forget_places()
        if dead is not None and len(dead):
            moving.letters(dead, self.dead_letters())

    def _bury(self, message: "Message", cause: str, status: "int | None") -> None:
        letters = self.dead_letters()
        before = letters.dropped
        letters.add(message, cause, status)
        self.journal.dropped += letters.dropped - before

    def _looked_up(self, settings: dict) -> "Stored":
        """What requests depend on besides the settings: secrets, and what dynamic fields stand for."""
        prefix = "destinations.%d." % settings["id"]
        return [self._shared.secret(prefix + name) for name in _SECRETS], self._shared.ids()


class _Demand:
    """Somebody waits for a document to be sent at once."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()
        self.attempt: Attempt | None = None
