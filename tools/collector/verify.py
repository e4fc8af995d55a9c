"""Verifies what arrives: whether it is signed as its receiver expects, and if not, what is wrong.

verdict(received, [Kpn("secret")])           # "ok", or "kpn: The token has the secret in front of the body …"
parse("thingpark:00112233445566778899aabbccddeeff")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from collector.azure import AzureSas
from collector.checks import Wrong
from collector.kpn import Kpn
from collector.login import Basic, Bearer
from collector.received import Received
from collector.thingpark import ThingPark
from collector.webhooks import ContentDigest, Github, StandardWebhooks, Stripe

OK = "ok"


class Verifier(Protocol):
    """One check of a request."""

    @property
    def scheme(self) -> str:
        """Its name, in front of what it says."""

    def check(self, received: Received) -> None:
        """Raises Wrong, with a sentence that names the first thing that is wrong."""


def verdict(received: Received, verifiers: Sequence[Verifier]) -> str:
    """OK, or which check fails first and why; "" without verifiers."""
    for verifier in verifiers:
        try:
            verifier.check(received)
        except Wrong as wrong:
            return f"{verifier.scheme}: {wrong}"
    return OK if verifiers else ""


def parse(text: str) -> Verifier:
    """A verifier from SCHEME:SECRET as in `USAGE`. Raises ValueError."""
    scheme, _, rest = text.partition(":")
    if scheme not in _MAKERS:
        raise ValueError(f"unknown scheme {scheme!r}; there are {', '.join(_MAKERS)}")
    if bool(rest) == (scheme == "digest"):
        raise ValueError(f"{scheme} needs {'nothing' if rest else 'a secret'} after it")
    return _MAKERS[scheme](rest)


def _kpn(rest: str) -> Verifier:
    plug, mark, secret = rest.partition(":")
    return Kpn(secret, plug) if mark and Kpn.is_uuid(plug) else Kpn(rest)


def _azure(rest: str) -> Verifier:
    hub, mark, key = rest.partition(":")
    return AzureSas(key, hub) if mark else AzureSas(rest)


def _basic(rest: str) -> Verifier:
    user, _, password = rest.partition(":")
    return Basic(user, password)


_MAKERS: dict[str, Callable[[str], Verifier]] = {
    "kpn": _kpn,
    "thingpark": ThingPark,
    "standard_webhooks": StandardWebhooks,
    "github": Github,
    "stripe": Stripe,
    "azure_sas": _azure,
    "digest": lambda _: ContentDigest(),
    "basic": _basic,
    "bearer": Bearer,
}
USAGE = (
    "kpn:[UUID:]SECRET, thingpark:KEY, standard_webhooks:whsec_…, github:SECRET, stripe:SECRET, "
    "azure_sas:[HUB:]KEY, digest, basic:USER:PASSWORD or bearer:TOKEN"
)
