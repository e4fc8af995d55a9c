"""Signs the requests of one destination: which fields its scheme writes."""

from delivery import signing
from delivery.route import RouteError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADERS = {
    "github": "X-Hub-Signature-256",
    "stripe": "Stripe-Signature",
    "standard_webhooks": "webhook-signature",
}


class Signer:
    """Makes signature fields.

    Attributes:
        chosen: names of fields that the user chose, at most one.
        names: of all its fields, in lower case.
    """

    def __init__(
        self, sign: dict, secret: "Callable[[str], str | None]", unix_s: "Callable[[], int]"
    ) -> None:
        """`secret` takes "sign.secret" and "sign.previous". Raises RouteError without a secret."""
        self._scheme = sign["scheme"]
        self._digest = sign["digest"]
        self._header = sign["header"] or _HEADERS.get(self._scheme, "")
        self._unix_s = unix_s
        self._secret = secret("sign.secret") or ""
        self._previous = secret("sign.previous") or ""
        self.chosen = [sign["header"]] if sign["header"] and self._scheme != "none" else []
        self.names = ["content-digest"]
        if self._scheme != "none":
            if not self._secret:
                raise RouteError("A signature is chosen, but there is no secret.", "Enter it.")
            self.names.append(self._header.lower())
        if self._scheme == "standard_webhooks":
            self.names += ["webhook-id", "webhook-timestamp"]

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
        return found

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
