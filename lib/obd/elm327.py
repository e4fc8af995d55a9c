"""The ELM327 (or STN, MIC3624, clone) between the firmware and the car, on any pair of asyncio streams.

    adapter = Elm327(reader, writer)
    reply = await adapter.request(Request("220101", "ATSH7E4;ATST96;"))
    reply.image()      # raw frame image of the lowest ECU that answered

Only settings that differ from the adapter's present state are sent, answers are matched to what was asked, and
the number of lines an answer has is learned, so that the adapter need not wait for more that never come.
Commands and answers: ELM327 data sheet v2.x. Timing of pending responses: ISO 14229-2, P2* = 5 s.
"""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

import transient
from micropython import const

from obd import at
from obd.errors import AdapterLost, Garbled, NoAnswer
from obd.lines import Lines, messages
from obd.outcome import RESPONSE_PENDING, Outcome
from obd.request import Reply, Request
from obd.terminal import COMMAND_MS, RESTARTED, Terminal

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from log import Logger

_P2_STAR_MS = const(5000)
_SEARCH_MS = const(15000)  # nine protocols, K-line initialisation at 5 baud among them
_BUSY_PAUSE_MS = const(100)
_TRIES = const(2)
_MOST_BUSY = const(5)
_MOST_SPOILED = const(3)  # requests in a row that were damaged even when made again
_BUS_INIT_MS = const(8000)  # K-line initialisation at 5 baud, ISO 14230-2
_USELESS = const(3)  # line counts not understood in a row: this adapter has none

_SEARCH_EVERY = const(8)  # silences in a remembered protocol for one search of all


class Elm327:
    """One adapter. Requests are carried out one at a time, in the order they are made.

    Args:
        reader, writer: an asyncio stream pair to the adapter.
        protocol: ELM327 protocol number to use where a request's link sets none; "0" searches.
        known: the protocol the search found the last time (tried first), or None.
        log: where to report, or None.
        on_found: told the protocol number when a search has found one that was not known.

    Attributes:
        identity: what the adapter calls itself, e.g. "ELM327 v2.3"; "" before the first contact.
        found: the protocol number in use after a search, None before.
        requests, commands: how many requests and AT commands have been sent.
        terminal, state, applied, ready, verified, spoiled, on_found: for `obd.setup`. `state` holds by slot the command
            that was sent last, "" if it is in doubt; `applied` is the link these add up to.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        protocol: str = "0",
        known: str | None = None,
        log: "Logger | None" = None,
        on_found: "Callable[[str], None] | None" = None,
    ) -> None:
        self.terminal = Terminal(reader, writer, self.note)
        self._log = log
        self.on_found = on_found
        self._lock = asyncio.Lock()
        self.ready = False
        self.state: dict[str, str] = {}
        self.applied: at.Link | None = None
        self._unknown: list[str] = []
        self._hints = True
        self._useless_hints = 0
        self.default_protocol = protocol
        self.found = known
        self.verified = False
        self._fruitless = 0
        self.spoiled = 0
        self.identity = ""
        self.requests = 0

    @property
    def commands(self) -> int:
        """How many AT commands have been sent."""
        return self.terminal.commands

    async def start(self) -> None:
        """Brings the adapter into a known state, whatever it was doing; AdapterLost if it does not react."""
        async with self._lock:
            await self._start()

    async def command(self, text: str) -> str:
        """Sends an AT or ST command and returns what it answered, lines joined by blanks, without its echo."""
        async with self._lock:
            if not self.ready:
                await self._start()
            self._forget(text)
            self.applied = None
            return await self.terminal.command(text)

    def _forget(self, text: str) -> None:
        """Whatever a command sets: puts back what the next link needs."""
        from obd import commands  # given back below

        for command in commands.split(text):
            self.state[commands.slot_of(command) or ""] = ""
        transient.release(transient.ADAPTER)

    async def request(self, request: Request) -> Reply:
        """Asks the car and returns the matched positive responses.

        Raises:
            NoAnswer: no ECU answered. NegativeResponse: every ECU that answered refused.
            Garbled: no complete answer even when asked again. BusFault: trouble on the bus.
            AdapterLost: no prompt from the adapter, or the connection is closed.
        """
        async with self._lock:
            if not self.ready:
                await self._start()
            try:
                return await self._try(request)
            except (AdapterLost, asyncio.CancelledError):
                self.ready = False  # gone, or left in the middle of an answer
                raise

    async def borrow(self, use: "Callable[[Terminal], Coroutine[object, object, None]]") -> None:
        """Lets `use(terminal)` have the adapter for itself; then it is set up anew before the next request."""
        async with self._lock:
            self.ready = False
            await use(self.terminal)

    async def close(self) -> None:
        """Closes the connection to the adapter."""
        self.ready = False
        await self.terminal.close()

    # One request

    async def _try(self, request: Request) -> Reply:
        """Asks again once if the answer was damaged, and after a search if the protocol may be wrong."""
        tries = _TRIES
        while True:
            tries -= 1
            try:
                reply = await self._attempt(request, tries == 0)
            except Garbled as error:
                request.forget_lines()
                self.note("asking again: %s", error)
                if not tries:
                    self.spoiled += 1
                    if self.spoiled >= _MOST_SPOILED:
                        self.ready = (
                            False  # set the adapter up anew: it may have lost its settings
                        )
                    raise
                await self._resynchronise()
            except NoAnswer:
                if not self._may_search(request):
                    raise
                await self._search(request)
            else:
                self.spoiled = 0
                return reply

    async def _attempt(self, request: Request, final: bool) -> Reply:
        """Asks until the ECU has answered for good: it may ask for more time, or be busy.

        A damaged line beside a good answer may be that of the ECU whose value counts, so it is asked for again; if the
        final attempt has one, too, the good answer is taken.
        """
        give_up = ticks_add(ticks_ms(), _P2_STAR_MS)
        busy = 0
        pending = uncounted = False
        while True:
            await self._apply(request)
            counted = request.count() if self._hints and not uncounted else None
            outcome = await self._ask(request, counted)
            in_time = ticks_diff(give_up, ticks_ms()) > 0
            if outcome.waiting and in_time and not (outcome.answers and request.slow):
                if RESPONSE_PENDING in [code for _, code in outcome.waiting]:
                    pending = True
                    request.be_patient()  # the adapter stopped listening before the answer came
                    continue
                busy += 1
                if busy <= _MOST_BUSY:
                    await asyncio.sleep_ms(_BUSY_PAUSE_MS)
                    continue
            if outcome.silent and pending and in_time:
                continue  # the ECU is still at work
            if outcome.silent and counted is not None:
                request.forget_lines()  # perhaps the adapter takes the count for data
                uncounted = True
                continue
            if outcome.damage and not final:
                raise Garbled(outcome.damage)
            if not outcome.answers:
                self._refuse_count(request, outcome, counted)
                outcome.complain()
            self._learn(request, outcome, counted, uncounted)
            return outcome.reply()

    async def _ask(self, request: Request, counted: int | None) -> Outcome:
        text = request.text if counted is None else request.text + "%X" % counted
        protocol = self.protocol(request)
        self.requests += 1
        timeout = COMMAND_MS + 4 * request.link.timeout_ms
        if request.slow:
            timeout += _P2_STAR_MS
        if at.is_legacy(protocol):
            timeout += _BUS_INIT_MS
        raw = await self.terminal.exchange(text, timeout if protocol != "0" else _SEARCH_MS)
        lines = Lines().read(raw, text, protocol)
        if lines.restarted:
            raise AdapterLost(RESTARTED)
        found, trouble = messages(lines, protocol, request.link.extended_address is not None)
        outcome = Outcome(request, found, trouble, lines)
        self.verified = self.verified or outcome.heard
        return outcome

    def _learn(
        self, request: Request, outcome: Outcome, counted: int | None, uncounted: bool
    ) -> None:
        """Takes the number of lines from an answer the adapter waited out."""
        if uncounted:  # answered, but not with a count
            self._useless_hints += 1
            self._hints = self._useless_hints < _USELESS
        if outcome.interim:
            request.countable = False
        if counted is None:
            request.learn(outcome.printed if outcome.clean else 0)
            return
        self._useless_hints = 0
        if outcome.printed < counted:  # it was waited for lines that do not come any more
            request.forget_lines()

    def _refuse_count(self, request: Request, outcome: Outcome, counted: int | None) -> None:
        """Notes that an adapter does not understand a request with a number of lines."""
        if counted is not None and outcome.unknown:
            request.refuse_lines()
            self._useless_hints += 1
            self._hints = self._useless_hints < _USELESS

    # Link settings

    def protocol(self, request: Request) -> str:
        """The protocol a request's answer comes in; "0" while it is not known."""
        wanted = request.link.protocol or self.default_protocol
        if wanted[-1:] == "0" or wanted == "":
            return self.found or "0"
        return wanted[-1]

    async def _apply(self, request: Request) -> None:
        """Sends the commands that turn the adapter's present state into what the request's link needs."""
        link = request.link
        if link is self.applied or link == self.applied:
            return
        self.applied = None
        protocol = self.protocol(request)
        if protocol == "0":
            protocol = await self._search(request)
        await self.set(at.PROTOCOL, at.PROTOCOL + protocol)
        await self._put_back(link, protocol)
        await self.configure(link)
        self.applied = link

    def _doubt(self) -> None:
        """What was set may not have arrived: sends it all again, and puts back the rest."""
        for slot in self.state:
            self.state[slot] = ""
        self.applied = None

    async def configure(self, link: at.Link) -> None:
        """Sends what a link sets, but for the protocol, and the adapter does not have yet."""
        for slot, command in link.commands:
            if slot is None:
                await self.terminal.command(command)
            elif slot != at.PROTOCOL:
                await self.set(slot, command)

    async def _put_back(self, link: at.Link, protocol: str) -> None:
        """Undoes what earlier links set and this one does not mention."""
        if not link.sets("ATSH"):
            for slot, command in at.default_header(protocol):
                if slot in self.state and not link.sets(slot):
                    await self.set(slot, command)
        for slot in list(self.state):
            reset = at.reset_command(slot)
            if reset is not None and not link.sets(slot) and self.state[slot] != reset:
                await self.set(slot, reset)

    async def set(self, slot: str, command: str) -> None:
        """Sends a command if its slot is not known to be set by it."""
        if self.state.get(slot) == command:
            return
        if await self.terminal.command(command) == "?":
            older = at.older_forms(slot, command)
            self._note_unknown(command, older)
            for form in older:
                await self.terminal.command(form)
        self.state[slot] = command

    def _may_search(self, request: Request) -> bool:
        """Whether to take a silence for the wrong protocol: a remembered one may be that of another car."""
        automatic = (request.link.protocol or self.default_protocol)[-1:] == "0"
        if not automatic or self.verified:
            return False
        self._fruitless += 1
        return self._fruitless % _SEARCH_EVERY == 1

    async def _search(self, request: Request) -> str:
        """Finds the car's protocol; NoAnswer if no ECU answers in any."""
        from obd import setup  # given back below

        try:
            return await setup.search(self, request, _SEARCH_MS)
        finally:
            transient.release(transient.ADAPTER)

    # The adapter itself

    async def _start(self) -> None:
        from obd import setup  # given back below

        try:
            await setup.start(self)
        finally:
            transient.release(transient.ADAPTER)

    async def _resynchronise(self) -> None:
        """After an answer that fits nothing: lets everything still under way arrive, and sends all settings again."""
        self.ready = False
        await self.terminal.drop_input()
        self.ready = True
        self._doubt()

    def _note_unknown(self, command: str, older: "tuple[str, ...]") -> None:
        """Tells once what the adapter lacks: values may stay away for want of it."""
        if self._log is not None and command not in self._unknown:
            self._unknown.append(command)
            instead = "; %s is sent instead" % " ".join(older) if older else ""
            self._log.warning("the adapter does not know %s%s", command, instead)

    def note(self, text: str, *arguments: object) -> None:
        """A line for the debug log."""
        if self._log is not None:
            self._log.debug(text, *arguments)
