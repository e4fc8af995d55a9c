"""The car over a CAN controller: the other road for the requests of `obd.elm327`.

    car = Can(board.can())
    await car.start()
    reply = await car.request(Request("220101", "ATSH7E4;ATST96;"))

Requests carry the settings of an ELM327's link; `obd.can_link` says what they mean here. Protocols 6 to 9 only. The bus
is first only listened to: a controller at the wrong bit rate destroys the frames of others.
"""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

import transient
from micropython import const

from obd.can_bus import Bus
from obd.can_link import PROTOCOLS, Route, bitrate
from obd.can_transfer import Exchange
from obd.errors import AdapterLost, BusFault, Garbled, NoAnswer
from obd.lines import Lines
from obd.outcome import BUSY_REPEAT, Outcome
from obd.request import Request

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from log import Logger

    from obd.at import Link
    from obd.can_bus import Controller, Listener
    from obd.request import Reply

_TRIES = const(2)
_BUSY_PAUSE_MS = const(100)
_MOST_BUSY = const(5)
_SEARCH_EVERY = const(8)  # silences in a remembered protocol for one search of all
_QUIET_MS = const(50)
_LONGEST_QUIET_MS = const(1000)
_LISTEN_MS = const(1000)
_MOST_ROUTES = const(32)
_TRANSIENT = "obd.can_search "


class Can:
    """One CAN controller. Requests are carried out one at a time, in the order they are made.

    Args:
        controller: an object like `machine.CAN` in any state, or None if the board has none (AdapterLost).
        protocol: ELM327 protocol number to use where a request's link sets none; "0" searches.
        known: the protocol the search found the last time, or None.
        log: where to report, or None.
        on_found: told the protocol number when a search has found one that was not known.

    Attributes:
        identity: what it is.
        found: the protocol number in use after a search, None before.
        requests: how many requests have been sent.
        bus, verified, on_found: for `obd.can_search`.
    """

    identity = "CAN controller"

    def __init__(
        self,
        controller: "Controller | None",
        protocol: str = "0",
        known: str | None = None,
        log: "Logger | None" = None,
        on_found: "Callable[[str], None] | None" = None,
    ) -> None:
        if controller is None:
            raise AdapterLost("this board has no CAN controller; choose another adapter")
        self.bus = Bus(controller)
        self._log = log
        self._lock = asyncio.Lock()
        self._routes: dict[tuple[Link, str], Route] = {}
        self._listeners: Mapping[int, Listener] | None = None
        self._task: asyncio.Task | None = None
        self._turn_ms = ticks_ms()
        self._fruitless = 0
        self.default_protocol = protocol
        self.found = known if known and bitrate(known) else None
        self.on_found = on_found
        self.verified = False
        self.requests = 0

    async def start(self) -> None:
        """Begins to listen, at the bit rate of the protocol if that is known.

        Raises AdapterLost if the controller refuses it.
        """
        self._task = asyncio.create_task(self.bus.run())
        bits = self._bitrate()
        if not self.tune(bits or PROTOCOLS[0][1]) and bits:
            try:
                self.bus.open(bits)
            except BusFault as error:
                raise AdapterLost(str(error))

    async def close(self) -> None:
        """Leaves the bus."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.bus.close()

    def protocol(self, request: "Request") -> str:
        """The protocol a request's answer comes in; "0" while it is not known."""
        wanted = request.link.protocol or self.default_protocol
        if wanted[-1:] in ("0", ""):
            return self.found or "0"
        return wanted[-1]

    def _bitrate(self) -> int:
        """That of the protocol that is set or was found; 0 if there is none."""
        return bitrate(self.default_protocol) or (bitrate(self.found) if self.found else 0)

    # Broadcasts

    def listen(self, listeners: "Mapping[int, Listener]") -> None:
        """Gives frames nobody asked for to these, by key. To be called about once a second.

        While the bit rate is not known, that turns to the next one.
        """
        if listeners is not self._listeners:
            self._listeners = listeners
            self.bus.listen(listeners)
        bus = self.bus
        if self._lock.locked() or bus.alive or not bus.silent or self._bitrate():
            return
        if ticks_diff(ticks_ms(), self._turn_ms) >= _LISTEN_MS:
            rates = [bits for _, bits in PROTOCOLS if bits != bus.bitrate]
            self.tune(rates[0])

    def tune(self, bits: int) -> bool:
        """Listens at a bit rate without being noticed; False if the controller cannot."""
        self._turn_ms = ticks_ms()
        if not self.bus.can_listen:
            return False
        try:
            self.bus.open(bits, silent=True)
        except BusFault as error:
            self.note("%s", error)
            return False
        return True

    # One request

    async def request(self, request: "Request") -> "Reply":
        """Asks the car and returns the matched positive responses; raises what `Elm327.request` raises."""
        async with self._lock:
            if self.bus.lost is not None:
                raise AdapterLost(self.bus.lost)
            tries = _TRIES
            while True:
                tries -= 1
                try:
                    return await self._attempt(request, tries == 0)
                except Garbled as error:
                    request.forget_lines()
                    self.note("%s (frames lost so far: %d times)", error, self.bus.overruns)
                    if not tries:
                        raise
                    await self._settle(self._route(request, self.protocol(request)))
                except NoAnswer:
                    if not self._may_search(request):
                        raise
                    await self._search(request)

    async def _attempt(self, request: "Request", final: bool) -> "Reply":
        """Asks until the ECU has answered for good: it may be busy.

        A damaged message beside a good one may be that of the ECU whose value counts, so it is asked for again; if the
        final attempt has one, too, the good answer is taken.
        """
        protocol = self.protocol(request)
        if protocol == "0":
            protocol = await self._search(request)
        route = self._route(request, protocol)
        counted = request.count()
        outcome = await self.ask(request, route, counted)
        for _ in range(_MOST_BUSY):
            if outcome.answers or BUSY_REPEAT not in [code for _, code in outcome.waiting]:
                break
            await asyncio.sleep_ms(_BUSY_PAUSE_MS)
            outcome = await self.ask(request, route, counted)
        if outcome.damage and not final:
            raise Garbled(outcome.damage)
        if not outcome.answers:
            outcome.complain()
        _learn(request, outcome, counted)
        return outcome.reply()

    async def ask(self, request: "Request", route: Route, counted: int | None) -> Outcome:
        """One exchange. NoAnswer if not even a controller acknowledged it; else as `Exchange.run`."""
        bus = self.bus
        bus.open(route.bitrate)
        bus.want(route.value, route.mask)
        self.requests += 1
        exchange = Exchange(bus, route, request, counted)
        await exchange.run()
        if exchange.unsent:
            raise NoAnswer("nobody on the CAN bus acknowledges frames; is the ignition on?")
        lines = Lines()
        lines.silent = True
        outcome = Outcome(request, exchange.messages, exchange.damage, lines)
        self.verified = self.verified or outcome.heard
        return outcome

    def _route(self, request: "Request", protocol: str) -> Route:
        """How the request travels. BusFault if it cannot on CAN."""
        key = request.link, protocol
        route = self._routes.get(key)
        if route is None:
            if len(self._routes) >= _MOST_ROUTES:
                self._routes.clear()
            try:
                route = self._routes[key] = Route(request.link, protocol)
            except ValueError as error:
                raise BusFault("not over CAN: %s" % error)
        return route

    async def _settle(self, route: Route) -> None:
        """Lets the rest of an answer pass that was given up."""
        rest = self.bus.taker = _Rest(route)
        give_up = ticks_add(ticks_ms(), _LONGEST_QUIET_MS)
        seen = -1
        try:
            while rest.frames != seen and ticks_diff(give_up, ticks_ms()) > 0:
                seen = rest.frames
                await asyncio.sleep_ms(_QUIET_MS)
        finally:
            self.bus.taker = None

    # The protocol

    def _may_search(self, request: "Request") -> bool:
        """Whether to take a silence for the wrong protocol: a remembered one may be that of another car."""
        automatic = (request.link.protocol or self.default_protocol)[-1:] in ("0", "")
        if not automatic or self.verified:
            return False
        self._fruitless += 1
        return self._fruitless % _SEARCH_EVERY == 1

    async def _search(self, request: "Request") -> str:
        """Finds the car's protocol; NoAnswer if no ECU answers in any."""
        from obd import can_search  # given back below

        try:
            return await can_search.search(self, request)
        finally:
            transient.release(_TRANSIENT)

    def note(self, text: str, *arguments: object) -> None:
        """A line for the debug log."""
        if self._log is not None:
            self._log.debug(text, *arguments)


class LongRequest(Request):
    """A request of up to 4095 bytes: an ELM327 has no room for more than seven, a CAN controller sends it in frames."""

    _digits = 2 * 4095 + 1


class _Rest:
    """Counts what still comes of an answer that was given up."""

    def __init__(self, route: Route) -> None:
        self.value, self.mask = route.value, route.mask
        self.frames = 0

    def take(self, key: int, data: memoryview) -> None:
        self.frames += 1

    def wake(self) -> None:
        pass


def _learn(request: "Request", outcome: Outcome, counted: int | None) -> None:
    """Takes the number of frames from an answer that was waited out, so that the next need not be."""
    if outcome.interim:
        request.countable = False
    if counted is None:
        request.learn(0 if outcome.damage else outcome.printed)
    elif outcome.printed < counted:
        request.forget_lines()
