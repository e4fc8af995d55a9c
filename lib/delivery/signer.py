"""Signs the requests of one destination: which fields its scheme writes, and what it adds to the address."""

from delivery import signing
from delivery.errors import RouteError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from delivery.lrn import Lrn

_HEADERS = {
    "github": "X-Hub-Signature-256",
    "stripe": "Stripe-Signature",
    "standard_webhooks": "webhook-signature",
    "kpn": "Things-Message-Token",
}
_FIXED = ("kpn", "thingpark")  # where the user has no choice


class Signer:
    """Makes signature fields.

    Attributes:
        chosen: names of fields that the user chose, at most one.
        names: of all its fields, in lower case.
    """

    def __init__(
        self,
        sign: dict,
        secret: "Callable[[str], str | None]",
        unix_s: "Callable[[], int]",
        number: int,
    ) -> None:
        """`secret` takes "sign.secret" and "sign.previous"; `number` is the destination's. Raises RouteError without a
        secret."""
        self._scheme = sign["scheme"]
        self._digest = sign["digest"]
        chosen = "" if self._scheme in _FIXED else sign["header"]
        self._header = chosen or _HEADERS.get(self._scheme, "")
        self._plug_uuid = sign["plug_uuid"]
        self._unix_s = unix_s
        self._secret = secret("sign.secret") or ""
        self._previous = secret("sign.previous") or ""
        self.chosen = [chosen] if chosen and self._scheme != "none" else []
        self.names = ["content-digest"]
        if self._scheme != "none":
            if not self._secret:
                raise RouteError("A signature is chosen, but there is no secret.", "Enter it.")
            self.names.append(self._header.lower())
        if self._scheme == "standard_webhooks":
            self.names += ["webhook-id", "webhook-timestamp"]
        elif self._scheme == "kpn":
            self.names.append("things-plug-uuid")
        self._lrn = _lrn(sign, self._secret, number) if self._scheme == "thingpark" else None

    def fields(self, message_id: str, body: bytes) -> "list[tuple[str, str]]":
        """The fields for one attempt; `body` is exactly what is sent.

        Raises RouteError if the scheme needs the time and the clock is not set, ValueError for an unusable secret.
        """
        found = []
        if self._digest:
            found.append(("Content-Digest", signing.content_digest(body)))
        if self._scheme == "github":
            found.append((self._header, signing.github(self._secret, body)))
        elif self._scheme == "stripe":
            value = signing.stripe(self._secret, self._now(), body, self._previous)
            found.append((self._header, value))
        elif self._scheme == "standard_webhooks":
            found += self._webhook(message_id, self._now(), body)
        elif self._scheme == "kpn":
            found.append((self._header, signing.kpn_token(body, self._secret)))
            if self._plug_uuid:
                found.append(("Things-Plug-UUID", self._plug_uuid))
        return found

    def query(self, body: bytes) -> str:
        """What one attempt adds to the address, percent-encoded; "" if the scheme does not. Errors as of `fields`."""
        return "" if self._lrn is None else self._lrn.query(body, self._now())

    def _webhook(self, message_id: str, now: int, body: bytes) -> "list[tuple[str, str]]":
        secrets = [text for text in (self._secret, self._previous) if text]
        return [
            ("webhook-id", message_id),
            ("webhook-timestamp", str(now)),
            (self._header, signing.standard_webhooks(secrets, message_id, now, body)),
        ]

    def _now(self) -> int:
        now = self._unix_s()
        if not now:
            cause = "This signature holds the time, but the device's clock is not set."
            raise RouteError(cause, "Wait until it is set from the network, or set it by hand.")
        return now


def _lrn(sign: dict, key: str, number: int) -> "Lrn":
    from delivery.lrn import Lrn

    return Lrn(sign["infos"] or "WICAN-%d" % number, sign["as_id"], key)
