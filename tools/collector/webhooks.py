"""Signatures and digests of the body in headers: Standard Webhooks 1.0, GitHub, Stripe, RFC 9530.

Sources: Standard Webhooks specification, "Signature scheme"; GitHub, "Validating webhook deliveries"; Stripe, "Resolve
webhook signature verification errors"; RFC 9530 2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from collector.checks import (
    BASE64,
    HEX,
    TOLERANCE_S,
    Formula,
    Recipe,
    Wrong,
    check_time,
    hmac_sha256,
    one_header,
    raw,
    sha256,
    strict_base64,
)
from collector.received import Received

_PREFIX = "whsec_"

Message = Callable[[bytes], bytes]  # what is signed, of a body


def _keyed_wrongly(message: Message) -> list[tuple[Formula, str]]:
    """Formulas that are no HMAC of that message under the secret."""
    no_hmac = "is a plain hash with the secret {} the message instead of an HMAC."
    return [
        (lambda secret, body: sha256(secret + message(body)), no_hmac.format("in front of")),
        (lambda secret, body: sha256(message(body) + secret), no_hmac.format("behind")),
        (lambda secret, body: hmac_sha256(message(body), secret), "has key and message swapped."),
        (lambda secret, body: sha256(message(body)), "is a plain hash without any secret."),
    ]


def _recipe(form: str, message: Message, others: list[tuple[Message, str]]) -> Recipe:
    """An HMAC of the message; `others` are messages that are signed by mistake."""

    def over(other: Message) -> Formula:
        return lambda secret, body: hmac_sha256(secret, other(body))

    mistakes = [(over(other), sentence) for other, sentence in others]
    return Recipe("The signature", form, over(message), mistakes + _keyed_wrongly(message))


@dataclass(frozen=True)
class Github:
    """Checks the HMAC of the body in X-Hub-Signature-256."""

    secret: str
    header: str = "X-Hub-Signature-256"
    scheme = "github"

    def check(self, received: Received) -> None:
        text = one_header(received, self.header)
        if not text.startswith("sha256="):
            raise Wrong(f"{self.header} does not begin with sha256= but with {text[:8]!r}.")
        recipe = _recipe(HEX, lambda body: body, [])
        recipe.check([text.removeprefix("sha256=")], self.secret.encode(), received)


@dataclass(frozen=True)
class Stripe:
    """Checks t and v1 of Stripe-Signature; `tolerance_s` is how far t may be from now."""

    secret: str
    header: str = "Stripe-Signature"
    tolerance_s: int = TOLERANCE_S
    scheme = "stripe"

    def check(self, received: Received) -> None:
        text = one_header(received, self.header)
        parts = [part.partition("=") for part in text.split(",")]
        times = [value for name, _, value in parts if name == "t"]
        signatures = [value for name, _, value in parts if name == "v1"]
        if len(times) != 1 or not signatures:
            missing = "v1" if len(times) == 1 else "one t"
            raise Wrong(f"{self.header} has not {missing}; it has to read t=…,v1=….")
        time = raw(times[0])
        recipe = _recipe(
            HEX,
            lambda body: time + b"." + body,
            [
                (lambda body: body, "covers the body without t and the dot in front of it."),
                (lambda body: time + body, "has no dot between t and the body."),
            ],
        )
        recipe.check(signatures, self.secret.encode(), received)
        check_time("t", times[0], received, self.tolerance_s)


@dataclass(frozen=True)
class StandardWebhooks:
    """Checks webhook-id, webhook-timestamp and webhook-signature.

    `secret` is Base64, "whsec_" in front of it or not. Raises ValueError if it is not. For a request that two secrets
    sign, make two of these.
    """

    secret: str
    header: str = "webhook-signature"
    tolerance_s: int = TOLERANCE_S
    key: bytes = field(init=False, repr=False)
    scheme = "standard_webhooks"

    def __post_init__(self) -> None:
        try:
            key = strict_base64(self.secret.removeprefix(_PREFIX))
        except ValueError:
            raise ValueError("the secret of Standard Webhooks is no Base64") from None
        object.__setattr__(self, "key", key)

    def check(self, received: Received) -> None:
        id = raw(one_header(received, "webhook-id"))
        time = one_header(received, "webhook-timestamp")
        text = one_header(received, self.header)
        found = [each[3:] for each in text.split(" ") if each.startswith("v1,")]
        if not found:
            raise Wrong(f"{self.header} has no signature that begins with v1, but {text[:8]!r}.")
        self._recipe(id, raw(time)).check(found, self.key, received)
        check_time("webhook-timestamp", time, received, self.tolerance_s)

    def _recipe(self, id: bytes, time: bytes) -> Recipe:
        def message(body: bytes) -> bytes:
            return b".".join((id, time, body))

        recipe = _recipe(
            BASE64,
            message,
            [
                (lambda body: time + b"." + body, "does not cover webhook-id."),
                (lambda body: id + b"." + body, "does not cover webhook-timestamp."),
                (lambda body: body, "covers the body without webhook-id and webhook-timestamp."),
                (lambda body: id + time + body, "has no dots between id, timestamp and body."),
            ],
        )
        undecoded = "was made with the secret as it is written; what follows whsec_ is Base64."
        bare = self.secret.removeprefix(_PREFIX)
        texts = [text.encode() for text in (self.secret, bare, _PREFIX + bare)]
        mistakes = [
            (lambda _, body, text=text: hmac_sha256(text, message(body)), undecoded)
            for text in texts
        ]
        return Recipe(recipe.name, recipe.form, recipe.formula, [*recipe.mistakes, *mistakes])


@dataclass(frozen=True)
class ContentDigest:
    """Checks sha-256 or sha-512 of the content in Content-Digest, which proves nothing about who sent it."""

    scheme = "digest"

    def check(self, received: Received) -> None:
        text = one_header(received, "Content-Digest")
        parts = [part.strip().partition("=") for part in text.split(",")]
        found = {name: value for name, _, value in parts}
        for name, function in (("sha-256", hashlib.sha256), ("sha-512", hashlib.sha512)):
            if name in found:
                self._compare(name, found[name], received, function)
                return
        raise Wrong(f"Content-Digest has neither sha-256 nor sha-512: {text[:40]!r}.")

    def _compare(self, name: str, text: str, received: Received, function: Callable) -> None:
        if not (len(text) > 2 and text[0] == text[-1] == ":"):
            raise Wrong(f"The digest has no colons around it; it has to read {name}=:…:.")
        recipe = Recipe("The digest", BASE64, lambda _, body: function(body).digest(), ())
        recipe.check([text[1:-1]], b"", received)
