"""Logins: HTTP Basic (RFC 7617) and bearer tokens (RFC 6750)."""

from __future__ import annotations

import base64
import binascii
import string
from dataclasses import dataclass

from collector.checks import Wrong, one_header, same, strict_base64
from collector.received import Received


def _credentials(received: Received, scheme: str) -> str:
    """What follows the scheme in Authorization."""
    text = one_header(received, "Authorization")
    found, mark, rest = text.partition(" ")
    if not mark or found.lower() != scheme.lower():
        shown = found if mark and found.isalnum() else "no scheme"
        raise Wrong(f"Authorization has {shown} in front, not {scheme}.")
    return rest


@dataclass(frozen=True)
class Basic:
    """Checks user and password."""

    user: str
    password: str
    scheme = "basic"

    def check(self, received: Received) -> None:
        text = _credentials(received, "Basic")
        login = f"{self.user}:{self.password}"
        if same(text, base64.b64encode(login.encode()).decode()):
            return
        if same(text, base64.b64encode(login.encode("latin-1", "replace")).decode()):
            raise Wrong("User and password are encoded as Latin-1 instead of UTF-8.")
        if same(text, login):
            raise Wrong("User and password are not encoded as Base64.")
        user, mark, _ = self._decoded(text).partition(b":")
        if not mark:
            raise Wrong("The login has no colon between user and password.")
        wrong = "password" if user == self.user.encode() else "user"
        raise Wrong(f"The {wrong} is another one.")

    def _decoded(self, text: str) -> bytes:
        try:
            return strict_base64(text)
        except (ValueError, binascii.Error):
            raise Wrong("The login is no Base64.") from None


@dataclass(frozen=True)
class Bearer:
    """Checks a token."""

    token: str
    scheme = "bearer"

    def check(self, received: Received) -> None:
        text = _credentials(received, "Bearer")
        if same(text, self.token):
            return
        if same(text.strip(string.whitespace + "\"'"), self.token):
            raise Wrong("The token has quotes or blanks around it.")
        if text.lower().startswith("bearer "):
            raise Wrong("The token begins with Bearer once more.")
        raise Wrong(f"The token is another one: {len(text)} characters, not {len(self.token)}.")
