"""Live updates: GET /api/v1/events, a stream of server-sent events (WHATWG HTML Living Standard, section 9.2).

event: status
data: the document of GET /api/v1/status without its log; at once, and when something changed

event: log
data: new records, in the document of GET /api/v1/log
id: the number of the last record, so that a browser that comes back misses none

There is at most one round of them a second. A stream ends by itself after ten minutes: browsers come back. It also
ends with the session that began it, and when the password is changed.
"""

import asyncio

from micropython import const

from web import api, logs

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from web import Model
    from web.request import Incoming
    from web.site import Site

_HEADERS = {"Content-Type": "text/event-stream"}
_PAUSE_MS = const(1000)
_SHARE = const(8)  # a round that takes long is followed by a pause of so many times that
_REFRESH_MS = const(5000)  # ages and uptime go on though nothing changed
_LONGEST_MS = const(600_000)
_RUNNING = ("next_ms", "held_ms", "oldest_age_s")  # of a destination: time that goes by
_RETRY = "retry: 3000\n\n"
_SEND_NOW = ""  # see `web.clients.Outlet`


def mount(site: "Site", model: "Model") -> None:
    """Adds the route to a site."""

    async def get_events(request: "Incoming") -> "tuple[Events, int, dict[str, str]]":
        seen = request.headers.get("Last-Event-ID", "")
        after = int(seen) if seen.encode().isdigit() and len(seen) < 10 else model.log.last
        caller = request.caller
        return Events(model, after, lambda: site.gate.still_knows(caller)), 200, _HEADERS

    site.get("/api/v1/events")(get_events)


class Events:
    """The pieces of one client's stream; `after` is the number of the last log record it knows.

    It goes on while he `may_listen()`.
    """

    def __init__(self, model: "Model", after: int, may_listen: "Callable[[], bool]") -> None:
        self._model = model
        self._may_listen = may_listen
        self._after = after
        self._state: list[object] = []
        self._began_ms = self._told_ms = self._round_ms = model.uptime.ms()
        self._round = iter((_RETRY,))

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> str:
        while True:
            for piece in self._round:
                return piece
            await self._pause()
            self._round = self._next_round()

    async def _pause(self) -> None:
        """Who takes long, or is told much, is told more rarely: this is the least urgent of all work."""
        now_ms = self._model.uptime.ms()
        if now_ms - self._began_ms > _LONGEST_MS:
            raise StopAsyncIteration
        if self._state:
            await asyncio.sleep_ms(max(_PAUSE_MS, _SHARE * (now_ms - self._round_ms)))
        if not self._may_listen():
            raise StopAsyncIteration
        self._round_ms = self._model.uptime.ms()

    def _next_round(self) -> "Iterator[str]":
        state = self._look()
        if state != self._state or self._round_ms - self._told_ms >= _REFRESH_MS:
            self._state, self._told_ms = state, self._round_ms
            yield "event: status\ndata: "
            yield from api.status(self._model, with_log=False)
            yield "\n\n"
            yield _SEND_NOW
        last = self._model.log.last
        if last != self._after:
            yield "event: log\nid: %d\ndata: " % last
            yield from logs.document(self._model.log, self._after)
            yield "\n\n"
            yield _SEND_NOW
            self._after = last

    def _look(self) -> "list[object]":
        """Whatever shows that the status has changed; that time goes on is no change."""
        model = self._model
        state: list[object] = [model.group.version, model.ecu, model.store.revision]
        for destination in model.destinations():
            state.extend([pair for pair in destination.pairs() if pair[0] not in _RUNNING])
        return state
