"""The way to one destination over HTTP: address, head, signature and connection, made once per change of settings."""

import time

import transient
from micropython import const
from net import dial
from net.http import Connection, RequestError

from delivery import verdict
from delivery.errors import RouteError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from net.http import Response
    from net.sessions import Sessions

    from delivery.contexts import Contexts
    from delivery.message import Parcel
    from delivery.signer import Signer
    from delivery.verdict import Verdict

    Fields = list[tuple[str, str]]

_UNAUTHORIZED = const(401)
_USER_AGENT = "ESP32 WiCAN/1.0"
_MAKERS = (
    transient.ADDRESSES
    + "delivery.heads delivery.credentials delivery.headers delivery.dynamic delivery.identity"
)


class Route:
    """Where a destination's parcels go and what stands above them."""

    def __init__(
        self,
        settings: dict,
        secret: "Callable[[str], str | None]",
        contexts: "Contexts",
        handshake_lock: "asyncio.Lock | None",
        unix_s: "Callable[[], int]",
        sessions: "Sessions | None" = None,
        ids: "Mapping[str, str] | None" = None,
    ) -> None:
        """Takes a destination's settings. Opens nothing yet. Raises RouteError.

        `secret` takes names as in "destinations.1.auth.token"; `unix_s` is the Unix time in seconds, 0 while the clock
        is not set; `sessions` decides which connections of the device stay open; `ids` is what dynamic fields stand
        for.
        """
        self._settings = settings
        self._contexts = contexts
        self._handshake_lock = handshake_lock
        self._sessions = sessions
        self._unix_s = unix_s
        self._fixed: Fields = []
        self._fixed_for: tuple[str | None, bool] | None = None
        self._packed = b""
        self._packed_for: Parcel | None = None
        self._rules: dict | None = _rules(settings["success"])
        try:
            self._prepare(settings, secret, unix_s, ids or {})
        finally:
            transient.release(_MAKERS)
        self._connection: Connection | None = self._connect()

    async def deliver(self, parcel: "Parcel", deadline_ms: int) -> "Verdict":
        """Sends the parcel and judges the answer.

        Raises RouteError if the settings make no request, `net.http.RequestError` if there was no usable answer. After
        a failed handshake the certificates are loaded again: they may have been replaced meanwhile.
        """
        if self._connection is None:
            self._connection = self._connect()
        try:
            response = await self._exchange(self._connection, parcel, deadline_ms)
        except ValueError as error:
            raise RouteError("No request can be made of these settings: %s." % error)
        except RequestError as error:
            if error.stage == "tls":
                self._connection = None  # already closed; the address stays known
            return self._of_cut_reply(error)
        context = self._connection.context
        if context is not None:
            self._contexts.hear(response.get("Date"), context.valid)
        return self._judge(response)

    def close(self) -> None:
        """Closes the connection if it is open."""
        if self._connection is not None:
            self._connection.close()

    def _prepare(
        self,
        settings: dict,
        secret: "Callable[[str], str | None]",
        unix_s: "Callable[[], int]",
        ids: "Mapping[str, str]",
    ) -> None:
        """Everything that stays the same from one parcel to the next.

        Only plain values are kept of what is made here: an object keeps the module of its class in memory.
        """
        from delivery.heads import Head

        def own(name: str) -> str | None:
            return secret("destinations.%d.%s" % (settings["id"], name))

        self._signer = _signer(settings["sign"], own, unix_s, settings["id"])
        head = Head(settings, own, self._signer, ids)
        self._target, self._fields, self._secrets = head.target, head.fields, head.secrets
        self._form, self._tokens = head.form, head.tokens
        self._is_secure = head.address.scheme == "https"
        self._host, self._port = head.dial
        self._server_name = settings["tls"]["server_name"] or head.address.host
        self._host_header, self._names_host = head.host, head.names_host
        self._address = dial.Address(self._host, self._port)

    async def _exchange(
        self, connection: Connection, parcel: "Parcel", deadline_ms: int
    ) -> "Response":
        """One request; a second one at once if its token was refused, as another one may be taken."""
        began = time.ticks_ms()
        response = await self._send(connection, parcel, deadline_ms)
        if self._tokens is None:
            return response
        if response.status == _UNAUTHORIZED and self._tokens.refused():
            left_ms = deadline_ms - time.ticks_diff(time.ticks_ms(), began)
            response = await self._send(connection, parcel, max(1, left_ms))
        if 200 <= response.status < 300:
            self._tokens.accepted()
        return response

    async def _send(
        self, connection: Connection, parcel: "Parcel", deadline_ms: int
    ) -> "Response":
        method, goal, body = self._settings["method"], self._target, b""
        if parcel.in_query:
            goal = _extended(goal, parcel.body.decode())
        else:
            body = self._body(parcel)
        fixed = self._heading(parcel)
        changing = [("X-Message-Id", parcel.id)]
        secrets = self._secrets
        if self._tokens is not None:
            token = self._tokens.header(self._unix_s())
            changing.append(("Authorization", token))
            secrets = secrets + [token]
        if self._signer is not None:
            changing += self._signer.fields(parcel.id, body)
            goal = _extended(goal, self._signer.query(body))
        if parcel.wants_trace:
            from delivery import trace

            message = connection.writer.message(method, goal, fixed, body, changing)
            parcel.trace = trace.of(message, secrets)
            transient.release("delivery.trace")
        return await connection.request(method, goal, fixed, body, deadline_ms, changing)

    def _heading(self, parcel: "Parcel") -> "Fields":
        """The fields that stay the same as long as parcels are of one kind."""
        kind = (parcel.content_type, parcel.in_query)
        if kind != self._fixed_for:
            body = self._settings["body"]
            fields = [("User-Agent", _USER_AGENT)]
            if not parcel.in_query:
                content_type = body["content_type"] or parcel.content_type
                if content_type:
                    fields.append(("Content-Type", content_type))
                if body["gzip"]:
                    fields.append(("Content-Encoding", "gzip"))
            self._fixed, self._fixed_for = fields + self._fields, kind
        return self._fixed

    def _body(self, parcel: "Parcel") -> bytes:
        """What is sent; the same bytes however often the parcel is."""
        body = self._form + parcel.body if self._form else parcel.body
        if not self._settings["body"]["gzip"]:
            return body
        if self._packed_for is not parcel:
            from delivery import gzip

            self._packed, self._packed_for = gzip.compress(body), parcel
        return self._packed

    def _judge(self, response: "Response") -> "Verdict":
        found = verdict.of_response(response)
        if self._rules is not None and found.ok:
            from delivery import success

            found = success.objection(self._rules, response) or found
        if found.ok:
            self._packed, self._packed_for = b"", None
            if self._settings["downlink"]["mode"] in ("response", "both"):
                found.reply = response.body
        elif not self._names_host:
            from delivery import refusals  # here already

            refusals.suspect_host(found)
        return found

    def _of_cut_reply(self, error: RequestError) -> "Verdict":
        """Raises the error, unless it is about a reply that was to be read for the verdict."""
        if self._rules is not None:
            from delivery import success

            found = success.of_cut_reply(self._rules, error)
            if found is not None:
                return found
        raise error

    def _connect(self) -> Connection:
        context = None
        if self._is_secure:
            context = self._contexts.of_destination(self._settings)
        return Connection(
            self._host,
            self._port,
            context,
            self._server_name,
            handshake_lock=self._handshake_lock,
            host_header=self._host_header,
            keep=self._settings["transport"]["keep"],
            address=self._address,
            sessions=self._sessions,
            repeats=not self._settings["retry"]["attempts"],  # else that would be one more
        )


def _extended(target: str, query: str) -> str:
    """The target with another piece of query, which is percent-encoded already."""
    if not query:
        return target
    mark = "?" if "?" not in target else "" if target[-1] in "?&" else "&"
    return target + mark + query


def _signer(
    sign: dict,
    secret: "Callable[[str], str | None]",
    unix_s: "Callable[[], int]",
    number: int,
) -> "Signer | None":
    if sign["scheme"] == "none" and not sign["digest"]:
        return None
    from delivery.signer import Signer

    return Signer(sign, secret, unix_s, number)


def _rules(success: dict) -> dict | None:
    wanted = success["status"] or success["json_path"] or success["accept"]
    return success if wanted else None
