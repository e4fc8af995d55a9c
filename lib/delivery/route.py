"""The way to one destination: address, head and connection, made once per change of settings."""

import transient
from net import dial, tls
from net.http import Connection, RequestError

from delivery.formats import wican

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    import asyncio

    from net.http import Response
    from net.url import Url
    from trust import Sets

_USER_AGENT = "ESP32 WiCAN/1.0"


class RouteError(Exception):
    """Why nothing can be sent with these settings.

    `str()` is one plain sentence; `advice` is another one that says what to do, or None.
    """

    def __init__(self, cause: str, advice: str | None = None) -> None:
        super().__init__(cause)
        self.advice = advice


class Route:
    """Where a destination's documents go and what stands above them."""

    def __init__(
        self,
        settings: dict,
        token: str | None,
        certsets: "Sets",
        handshake_lock: "asyncio.Lock",
    ) -> None:
        """Takes a destination's settings and its token. Opens nothing yet. Raises RouteError."""
        self._url = address = _address(settings["url"])
        self._target = target(address, settings["query"])
        transient.release(transient.ADDRESSES)
        self._headers = headers(settings["auth"]["type"], token)
        self._certsets = certsets
        self._cert_set = settings["cert_set"]
        self._handshake_lock = handshake_lock
        self._address = dial.Address(address.host, address.port)
        self._connection: Connection | None = self._connect()

    async def post(self, body: bytes, deadline_ms: int) -> "Response":
        """Posts the body as it is.

        Raises RouteError if the settings make no request, `net.http.RequestError` if it failed. After a failed
        handshake the certificates are loaded again: they may have been replaced meanwhile.
        """
        if self._connection is None:
            self._connection = self._connect()
        try:
            return await self._connection.request(
                "POST", self._target, self._headers, body, deadline_ms
            )
        except ValueError as error:
            raise RouteError("No request can be made of these settings: %s." % error)
        except RequestError as error:
            if error.stage == "tls":
                self._connection = None  # already closed; the address stays known
            raise error

    def close(self) -> None:
        """Closes the connection if it is open."""
        if self._connection is not None:
            self._connection.close()

    def _connect(self) -> Connection:
        return Connection(
            self._url.host,
            self._url.port,
            _context(self._certsets, self._cert_set),
            handshake_lock=self._handshake_lock,
            host_header=self._url.host_header,
            address=self._address,
        )


def target(address: "Url", query: "list[dict[str, str]]") -> str:
    """Path and query of the address, then the query parameters, percent-encoded."""
    from net import url

    pairs = [(pair["key"], pair["value"]) for pair in query]
    return url.target_with_query(address.target, pairs)


def headers(auth_type: str, token: str | None) -> "list[tuple[str, str]]":
    """The fields that stay from one document to the next. Raises RouteError without a token."""
    fields = [("User-Agent", _USER_AGENT), ("Content-Type", wican.CONTENT_TYPE)]
    if auth_type == "bearer":
        fields.append(("Authorization", "Bearer " + _bare(token)))
    return fields


def _bare(token: str | None) -> str:
    """The token without blanks around it and without the scheme word, which many paste with it."""
    text = (token or "").strip()
    if (text + " ")[:7].lower() == "bearer ":
        text = text[7:].strip()
    if not text:
        raise RouteError("Bearer authentication is chosen, but there is no token.", "Enter it.")
    return text


def _address(text: str) -> "Url":
    from net import url  # given back once the route is made

    try:
        address = url.parse(text)
    except url.UrlError as error:
        raise RouteError("The address cannot be used. %s" % error, "Correct the address.")
    if address.user is not None:
        cause = "The address holds a user name, which is not sent."
        raise RouteError(cause, "Take it out of the address and choose an authentication.")
    return address


def _context(certsets: "Sets", name: str) -> tls.Context:
    from trust.certsets import CertSetError  # before it is loaded: the class that is raised

    try:
        return tls.Context(certsets.load(name))
    except (CertSetError, ValueError) as error:
        raise RouteError(
            str(error), "Choose another cert set, or put its files there: certs/<name>/ca.pem."
        )
