"""KPN Things: SHA-256 of the body and, behind it, the shared secret.

Source: KPN Things, "HTTPS destination", message token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from collector.checks import HEX, Recipe, Wrong, hmac_sha256, one_header, sha256
from collector.received import Received

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RECIPE = Recipe(
    "The token",
    HEX,
    lambda secret, body: sha256(body + secret),
    (
        (
            lambda secret, body: sha256(secret + body),
            "has the secret in front of the body; it belongs behind it.",
        ),
        (
            lambda secret, body: hmac_sha256(secret, body),
            "is an HMAC; KPN wants the plain hash of body and secret.",
        ),
        (
            lambda secret, body: hmac_sha256(body, secret),
            "is an HMAC; KPN wants the plain hash of body and secret.",
        ),
        (
            lambda secret, body: sha256(body + b"\n" + secret),
            "has a line feed between body and secret; there belongs nothing.",
        ),
        (
            lambda secret, body: sha256(body + b"." + secret),
            "has a dot between body and secret; there belongs nothing.",
        ),
        (
            lambda secret, body: sha256(sha256(body + secret)),
            "was hashed twice.",
        ),
        (
            lambda secret, body: sha256(secret),
            "is the hash of the secret alone; the body belongs in front of it.",
        ),
    ),
)


@dataclass(frozen=True)
class Kpn:
    """Checks Things-Message-Token and Things-Plug-UUID; `plug`, if given, is the one whose secret this is."""

    secret: str
    plug: str | None = None
    scheme = "kpn"

    def check(self, received: Received) -> None:
        self._check_plug(received)
        token = one_header(received, "Things-Message-Token")
        _RECIPE.check([token], self.secret.encode(), received)

    def _check_plug(self, received: Received) -> None:
        if self.plug is None and received.header("Things-Plug-UUID") is None:
            return  # what devices with an IP connection of their own send has none
        found = one_header(received, "Things-Plug-UUID")
        if not self.is_uuid(found):
            raise Wrong(f"The Things-Plug-UUID is no UUID in lower case: {found[:40]!r}.")
        if self.plug not in (None, found):
            raise Wrong(f"The Things-Plug-UUID is {found}, not {self.plug}.")

    @staticmethod
    def is_uuid(text: str) -> bool:
        """Whether it is a UUID as KPN writes them."""
        return _UUID.fullmatch(text) is not None
