"""How a destination proves who it is: what authentication adds to a request's header fields and query."""

import binascii

from delivery import headers
from delivery.errors import RouteError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from delivery.azure import Tokens


class Credentials:
    """What the settings of an authentication come to.

    Attributes:
        fields: (name, value) pairs for the head.
        pairs: (key, value) pairs for the query.
        form: what stands before the rest of a form, "token=…&"; "" if nothing does.
        tokens: makes the Authorization of each attempt, for Azure IoT Hub; None if the fields hold everything.
        secrets: every text in them that nobody should read, as it stands there and as it was entered.
    """

    def __init__(self, auth: dict, secret: "Callable[[str], str | None]") -> None:
        """`secret` takes "auth.token" and "auth.login". Raises RouteError if something is missing.

        A login that stood in the address goes before every other Authorization (RFC 7617).
        """
        self.fields: list[tuple[str, str]] = []
        self.pairs: list[tuple[str, str]] = []
        self.form = ""
        self.tokens: Tokens | None = None
        self.secrets: list[str] = []
        login = secret("auth.login")
        kind = auth["type"]
        if kind == "api_key" and not (login and _is_authorization(auth)):
            self._api_key(auth, secret("auth.token"))
        if login:
            self._basic(login)
        elif kind == "bearer":
            self._bearer(secret("auth.token"))
        elif kind == "basic":
            self._basic(_login(auth["user"], secret("auth.token")))
        elif kind == "azure_sas":
            self._azure(auth, secret("auth.token"))

    def _bearer(self, token: str | None) -> None:
        """Without the scheme word, which many paste with the token."""
        text = (token or "").strip()
        if (text + " ")[:7].lower() == "bearer ":
            text = text[7:].strip()
        if not text:
            cause = "Bearer authentication is chosen, but there is no token."
            raise RouteError(cause, "Enter it.")
        self._authorize("Bearer " + text, text)

    def _basic(self, login: str) -> None:
        encoded = binascii.b2a_base64(login.encode())[:-1].decode()
        self._authorize("Basic " + encoded, encoded)
        self.secrets += [login, login.partition(":")[2]]

    def _authorize(self, value: str, secret: str) -> None:
        self.fields.append(("Authorization", value))
        self.secrets.append(secret)

    def _azure(self, auth: dict, key: str | None) -> None:
        from delivery import azure

        if not key:
            cause = "Tokens for Azure IoT Hub are chosen, but there is no key."
            raise RouteError(cause, "Paste the device's connection string, or enter its key.")
        resource = azure.resource(auth["hub"], auth["device_id"])
        self.tokens = azure.Tokens(resource, key, auth["life_s"])
        self.secrets.append(key)

    def _api_key(self, auth: dict, token: str | None) -> None:
        from net import url  # here already: it took the address apart

        key = (token or "").strip()
        if not key:
            raise RouteError("An API key is chosen, but there is none.", "Enter it.")
        name, value = auth["header"], auth["prefix"] + key
        self.secrets += [key, url.percent_encode(key)]
        if auth["place"] == "query":
            self.pairs.append((name, value))
            return
        if auth["place"] == "body":
            self.form = "%s=%s&" % (url.percent_encode(name), url.percent_encode(value))
            return
        problem = headers.header_problem(name, "")
        if problem is not None:
            raise RouteError("The API key cannot be sent. " + problem[1], "Name another header.")
        self.fields.append((name, value))


def _is_authorization(auth: dict) -> bool:
    return auth["place"] == "header" and auth["header"].lower() == "authorization"


def _login(user: str, password: str | None) -> str:
    if not user and not password:
        cause = "Basic authentication is chosen, but there is neither user nor password."
        raise RouteError(cause, "Enter them.")
    if ":" in user:
        raise RouteError("A user name cannot hold a colon (RFC 7617).", "Correct it.")
    return user + ":" + (password or "")
