"""The page as one application: microdot with the gate in front, the API and the pages behind it.

Only loaded when somebody visits: a device that nobody looks at keeps these 40 KB for its work.
"""

from microdot.microdot import Microdot, Response
from micropython import const

from web import (
    api,
    backup,
    bridges,
    car,
    certificates,
    compat,
    destinations,
    diagnostics,
    downlinks,
    live,
    login,
    logs,
    pages,
    profile_api,
    selftest,
    settings_api,
    system,
    update,
)
from web.gate import Gate, Refusal, challenge
from web.hosts import Hosts
from web.problem import Problem
from web.request import BadRequest, drain, read_request

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader
    from collections.abc import Callable

    from config.store import Store
    from log import Logger
    from microdot import Request

    from web import Model
    from web.clients import Connection, Outlet
    from web.request import Incoming

_BODY_LIMIT = const(4096)

_HEADERS = (
    ("Content-Security-Policy", pages.CSP % "'self'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),  # with "no-referrer" forms would not tell their Origin
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
SHELL = "/"  # the page without its data: the login's form is in it
_READING = ("GET", "HEAD")
_STREAM = "text/event-stream"
_PARTS = (
    login,
    api,
    settings_api,
    profile_api,
    backup,
    certificates,
    destinations,
    bridges,
    downlinks,
    car,
    diagnostics,
    logs,
    live,
    selftest,
    system,
    update,
    compat,
    pages,
)


class Site(Microdot):
    """Microdot with the gate in front of everything, unknown addresses included, but for routes that are open.

    Every response carries the security headers. Without `hosts` any name will do for the device.

    Attributes:
        gate: who is let in, and the sessions.
    """

    def __init__(self, gate: Gate, log: "Logger", hosts: Hosts | None = None) -> None:
        super().__init__()
        self.gate = gate
        self._log = log
        self._hosts = hosts
        self._bodies: list[tuple[str, str, int, bool]] = []
        self._open: list[tuple[str, str, Callable[[], bool], bool]] = []
        self.errorhandler(404)(_not_found)
        self.errorhandler(405)(_not_allowed)
        self.errorhandler(Exception)(self._failed)

    def accept_body(self, method: str, path: str, limit: int, in_pieces: bool = False) -> None:
        """Lets a route have bodies of up to `limit` bytes rather than 4 KB.

        A `path` that ends with "/" stands for what is right below it; what is said first counts. With `in_pieces` the
        route reads `request.upload` itself.
        """
        self._bodies.append((method, path, limit, in_pieces))

    def open_route(
        self, method: str, path: str, is_open: "Callable[[], bool]", greets: bool = False
    ) -> None:
        """Lets everybody use a route while `is_open()`, without login: it has to know itself whom it obeys.

        One that `greets` is told who asks if he shows it.
        """
        self._open.append((method, path, is_open, greets))

    def body_limit(self, method: str, path: str) -> tuple[int, bool]:
        """How many bytes the body of a request may have, and whether its route reads it in pieces."""
        for wanted, place, limit, in_pieces in self._bodies:
            below = place[-1] == "/" and path.rpartition("/")[0] + "/" == place
            if method == wanted and (path == place or below):
                return limit, in_pieces
        return _BODY_LIMIT, False

    async def serve(
        self, reader: "StreamReader", outlet: "Outlet", address: str, client: "Connection"
    ) -> None:
        """Reads one request of the client at `address` and answers it; `client` is told how far that is."""
        left = 0
        try:
            request = await read_request(self, reader, address, client, outlet)
            if request is None:
                return
            client.asked()
            response = await self.dispatch_request(request)
            client.answering()
            left = request.upload.coming
            streams = response.headers.get("Content-Type", "").startswith(_STREAM)
            if streams and not response.is_head:
                client.streaming()
        except BadRequest as error:
            response = secured(trouble(error.status, error.reason))
            left = error.left
        try:
            await _send(response, outlet)
        finally:
            if hasattr(response.body, "close"):
                response.body.close()
        if left:
            await drain(reader, left)

    async def dispatch_request(self, request: "Incoming") -> Response:  # type: ignore[override]  # no other gets in
        """The answer to a request; every request comes through here. Its body is read once the gate let it in."""
        response = await self._stopped(request)
        if response is None:
            await request.receive()
            response = await super().dispatch_request(request)
            if request.path == SHELL and request.caller is None and response.status_code == 200:
                response.status_code, response.reason = 401, "Unauthorized"
        response.is_head = request.method == "HEAD"  # refusals as well
        return secured(response)

    async def _stopped(self, request: "Incoming") -> Response | None:
        """The answer to whoever does not get in; None for the others."""
        response = self._misled(request)
        if response is not None:
            return response
        if is_foreign(request.method, request.headers):
            return trouble(403, "Forbidden", "A page of another site sends this.")
        try:
            return await self._stranger(request)
        except Refusal as refusal:
            response = refusal.response()
            challenge(request, response)
            return response

    def _misled(self, request: "Incoming") -> Response | None:
        """The answer to whoever wants somebody else."""
        if self._hosts is None:
            return None
        host = request.headers.get("Host", "")
        address = self._hosts.leads_to(host, request.path)
        if address:
            return Response("", 302, {"Location": address}, "Found")
        if self._hosts.accepts(host):
            return None
        return trouble(421, "Misdirected Request", "The device does not go by that name.")

    async def _stranger(self, request: "Incoming") -> Response | None:
        """The answer to whoever cannot be sure to be wanted. Raises Refusal."""
        is_open, greets = self._openness(request.method, request.path)
        if is_open and not greets:
            return None
        request.caller = await self.gate.caller(request)
        request.upload.known = request.caller is not None
        if is_open:
            return None
        if request.caller is None:
            raise Refusal("login", "This device asks for its password.")
        session = request.caller.session
        if session is None or request.method in _READING:
            return None
        if session.shown_by(request.headers.get("X-CSRF-Token", "")):
            return None
        text = "The X-CSRF-Token of the session is missing: load the page again."
        return trouble(403, "Forbidden", text, "csrf")

    def _openness(self, method: str, path: str) -> tuple[bool, bool]:
        """Whether anybody may come in there, and whether he is asked who he is."""
        method = "GET" if method == "HEAD" else method
        for wanted, place, is_open, greets in self._open:
            if (method, path) == (wanted, place):
                return is_open(), greets
        return False, False

    async def _failed(self, request: "Request", error: Exception) -> Response:
        self._log.error("%s %s: %r", request.method, request.path, error)
        text = "Something went wrong here: see the log."
        return trouble(500, "Internal Server Error", text)


def is_foreign(method: str, headers: "dict[str, str]") -> bool:
    """Whether a page of another site makes the browser send a request that may change something.

    Browsers send the password along with those as well. They tell who asks in `Origin` (RFC 6454) and, on a trusted
    connection, `Sec-Fetch-Site` (W3C Fetch Metadata); other programs send neither. `headers` finds names in any case.
    """
    if method in _READING:
        return False
    if headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return True
    origin = headers.get("Origin")
    scheme, _, host = (origin or "").lower().partition("://")
    ours = scheme in ("http", "https") and host == headers.get("Host", "").lower()
    return origin is not None and not ours


def trouble(status: int, reason: str, text: str = "", code: str = "") -> Response:
    """A response that tells one problem; `reason` is the HTTP status's."""
    code = code or reason.lower().replace(" ", "_")
    return Problem(status, reason, "", code, text or reason + ".").response()


async def _not_found(_: "Request") -> Response:
    return trouble(404, "Not Found", "There is nothing at this address.")


async def _not_allowed(_: "Request") -> Response:
    return trouble(405, "Method Not Allowed", "This address does not know that method.")


def secured(response: Response) -> Response:
    """Adds the headers that every response carries, unless it brings its own."""
    for name, value in _HEADERS:
        if name not in response.headers:
            response.headers[name] = value
    return response


async def _send(response: Response, outlet: "Outlet") -> None:
    await response.write(outlet)  # type: ignore[arg-type]  # it only uses `awrite`
    await outlet.flush()


def build(model: "Model", store: "Store") -> Site:
    """The page of `model`, behind the password of `store`."""
    site = Site(Gate(store, model.uptime), model.log.logger("page"), hosts(model))
    mount_all(site, model)
    return site


def mount_all(site: Site, model: "Model") -> None:
    """Adds every route to a site."""
    site.open_route("GET", SHELL, lambda: True, greets=True)
    for part in _PARTS:
        part.mount(site, model)


def hosts(model: "Model") -> Hosts:
    """The names of the device of `model`, and its portal."""
    web = model.store.settings["web"]
    always = ("wican", "wican_" + model.board.device_id(model.root))
    port = "" if web["port"] == 80 else ":%d" % web["port"]

    def portal() -> str:
        board = model.board
        return "http://%s%s/" % (board.lan_address(), port) if board.captive() else ""

    return Hosts(
        lambda: (model.name,) + always, lambda: model.store.settings["web"]["hosts"], portal
    )
