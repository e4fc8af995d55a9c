"""The page as one application: microdot with the gate in front, the API and the pages behind it.

Only loaded when somebody visits: a device that nobody looks at keeps these 40 KB for its work.
"""

import os
from binascii import hexlify

from microdot.microdot import Microdot, Response
from micropython import const

from web import (
    api,
    auth,
    bridges,
    certificates,
    destinations,
    downlinks,
    pages,
    selftest,
    update,
)
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
_SALT = const(16)
_PASSWORD = const(5)  # random bytes: ten hexadecimal digits
_KEY = "web.password"

_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


class Site(Microdot):
    """Microdot with the gate in front of everything, unknown addresses included, but for routes that are open.

    Every response carries the security headers. `accepts_host(host)` tells whether the device goes
    by what the Host header says; without it any name will do.
    """

    def __init__(
        self, gate: auth.Gate, log: "Logger", accepts_host: "Callable[[str], bool] | None" = None
    ) -> None:
        super().__init__()
        self._gate = gate
        self._log = log
        self._accepts_host = accepts_host
        self._bodies: list[tuple[str, str, int, bool]] = []
        self._open: list[tuple[str, str, Callable[[], bool]]] = []
        self.errorhandler(404)(_not_found)
        self.errorhandler(405)(_not_allowed)
        self.errorhandler(Exception)(self._failed)

    def accept_body(self, method: str, path: str, limit: int, in_pieces: bool = False) -> None:
        """Lets a route have bodies of up to `limit` bytes rather than 4 KB.

        A `path` that ends with "/" stands for what is right below it; what is said first counts. With `in_pieces` the
        route reads `request.upload` itself.
        """
        self._bodies.append((method, path, limit, in_pieces))

    def open_route(self, method: str, path: str, is_open: "Callable[[], bool]") -> None:
        """Lets everybody use a route while `is_open()`, without the password: it has to know itself whom it obeys."""
        self._open.append((method, path, is_open))

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
        except BadRequest as error:
            response = secured(plain(error.status, error.reason))
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
        response = await self._refusal(request)
        if response is None:
            await request.receive()
            response = await super().dispatch_request(request)
        return secured(response)

    async def _refusal(self, request: "Request") -> Response | None:
        host = request.headers.get("Host", "")
        if self._accepts_host is not None and not self._accepts_host(host):
            return plain(421, "Misdirected Request")
        if is_foreign(request.method, request.headers):
            return plain(403, "Forbidden")
        if self._is_open(request.method, request.path):
            return None
        refusal = await self._gate.refusal(request.headers, request.client_addr[0])
        if refusal is None:
            return None
        return Response(refusal.text, refusal.status, dict(refusal.headers), refusal.reason)

    def _is_open(self, method: str, path: str) -> bool:
        for wanted, place, is_open in self._open:
            if (method, path) == (wanted, place):
                return is_open()
        return False

    async def _failed(self, request: "Request", error: Exception) -> Response:
        self._log.error("%s %s: %r", request.method, request.path, error)
        return plain(500, "Internal Server Error")


def is_foreign(method: str, headers: "dict[str, str]") -> bool:
    """Whether a page of another site makes the browser send a request that may change something.

    Browsers send the password along with those as well. They tell who asks in `Origin` (RFC 6454) and, on a trusted
    connection, `Sec-Fetch-Site` (W3C Fetch Metadata); other programs send neither. `headers` finds names in any case.
    """
    if method in ("GET", "HEAD"):
        return False
    if headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return True
    origin = headers.get("Origin")
    scheme, _, host = (origin or "").lower().partition("://")
    ours = scheme in ("http", "https") and host == headers.get("Host", "").lower()
    return origin is not None and not ours


def plain(status: int, reason: str) -> Response:
    """A response of one line of text."""
    return Response(reason + "\n", status, reason=reason)


async def _not_found(_: "Request") -> Response:
    return plain(404, "Not Found")


async def _not_allowed(_: "Request") -> Response:
    return plain(405, "Method Not Allowed")


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
    """The page of `model`, behind the password of `store`. Raises OSError if that cannot be stored."""
    site = Site(auth.Gate(password_record(store), model.uptime), model.log.logger("page"))
    api.mount(site, model)
    certificates.mount(site, model)
    destinations.mount(site, model)
    bridges.mount(site, model)
    downlinks.mount(site, model)
    selftest.mount(site)
    update.mount(site, model)
    pages.mount(site, model)
    return site


def password_record(store: "Store") -> str:
    """The stored password record.

    A password that was written in plain is replaced by its record. A device that has none makes one and shows it once,
    on its console: there is no password that all devices share. Raises OSError if the record cannot be stored.
    """
    stored = store.secret(_KEY)
    if stored is not None and auth.is_record(stored):
        return stored
    password = stored or hexlify(os.urandom(_PASSWORD)).decode()
    record = auth.make_record(password, os.urandom(_SALT))
    for problem in store.save_secrets({_KEY: record}):
        raise OSError("the password cannot be stored: %s" % problem["message"])
    if stored is None:
        print("The password of the page is %s (shown this once)" % password)
    return record
