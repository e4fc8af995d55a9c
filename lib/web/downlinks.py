"""Where ThingPark's servers hand in commands: POST /api/v1/downlink. They cannot know the page's password.

So this one route is open without it, but only while the settings of a destination want that; and nothing is obeyed
that is not signed with that destination's key. GET, behind the password, tells what came in.
"""

import jsontext
from microdot.microdot import Response
from micropython import const

from web.api import JSON, array
from web.auth import Lockout

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from delivery.commands import Answer, Downlinks
    from microdot import Request
    from uptime import Uptime

    from web import Model
    from web.site import Site

PATH = "/api/v1/downlink"
_A_SECOND = const(4)  # so many are judged; it is one at most that a server has to say
_SECOND_MS = const(1000)
_HTML = {"Content-Type": "text/html; charset=UTF-8"}
_QUEUED = "<html><body>Request queued by LRC</body></html>"  # word for word: clients compare it
_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


def mount(site: "Site", model: "Model") -> None:
    """Adds the route to a site."""
    desk = _Desk(model)
    site.accept_body("POST", PATH, 0)
    site.open_route("POST", PATH, desk.is_open)
    site.post(PATH)(desk.take)
    site.get(PATH)(desk.tell)


class _Desk:
    """Takes the requests, as many as the device can spare the time for."""

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._pace = _Pace(model.uptime)
        self._lockout = Lockout()

    def is_open(self) -> bool:
        """Whether anybody may hand in something."""
        from delivery.commands import is_open  # most devices never need it

        return is_open(self._model.store.settings)

    async def take(self, request: "Request") -> Response:
        """Obeys, or says why not."""
        if not self.is_open():
            return _refusal(
                404, "No destination takes downlinks here: see its setting downlink.mode."
            )
        address = request.client_addr[0]
        wait_ms = self._lockout.wait_ms(address, self._model.uptime.ms())
        if wait_ms:
            return _later(wait_ms, "Too many downlinks that nobody signed: try again in %d s.")
        if not self._pace.allows():
            return _later(_SECOND_MS, "Too many downlinks at a time: try again in %d s.")
        return self._answer(address, self._model.downlinks.receive(request.query_string or ""))

    def _answer(self, address: str, answer: "Answer") -> Response:
        status, sentence, is_strange = answer
        if is_strange:
            self._lockout.failed(address, self._model.uptime.ms())
        else:
            self._lockout.forget(address)
        return Response(_QUEUED, 200, _HTML) if status == 200 else _refusal(status, sentence)

    async def tell(self, _: "Request") -> "tuple[Iterator[str], int, dict[str, str]]":
        """What came in since the start."""
        return _counts(self._model.downlinks, self.is_open()), 200, JSON


class _Pace:
    """Lets a few through each second."""

    def __init__(self, uptime: "Uptime") -> None:
        self._uptime = uptime
        self._began_ms = -_SECOND_MS
        self._count = 0

    def allows(self) -> bool:
        """Whether there may be one more now; if so, it counts."""
        now_ms = self._uptime.ms()
        if now_ms - self._began_ms >= _SECOND_MS:
            self._began_ms, self._count = now_ms, 0
        self._count += 1
        return self._count <= _A_SECOND


def _counts(downlinks: "Downlinks", is_open: bool) -> "Iterator[str]":
    pairs = (
        ("open", is_open),
        ("refused", downlinks.refused),
        ("last_refusal", downlinks.last_refusal),
    )
    yield jsontext.plain(pairs)[:-1] + ',"obeyed":'
    yield from array(downlinks.counts(), _count)
    yield "}"


def _count(row: "tuple[int, str, int]") -> str:
    return jsontext.plain(zip(("destination", "command", "count"), row))


def _later(wait_ms: int, sentence: str) -> Response:
    seconds = (wait_ms + 999) // 1000
    response = _refusal(429, sentence % seconds)
    response.headers["Retry-After"] = str(seconds)
    return response


def _refusal(status: int, sentence: str) -> Response:
    return Response(sentence + "\n", status, reason=_REASONS[status])
