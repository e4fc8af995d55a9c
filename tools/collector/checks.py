"""What the checks of signatures have in common: how a digest is compared, and how it is told why it is another one.

The likely mistakes are made on purpose: a digest that equals one of theirs names the mistake. Nothing in here is shared
with the firmware, whose peer it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from collector.received import Received

TOLERANCE_S = 300
EPOCH_2000_S = 946_684_800  # in Unix time; the chip's own clock counts from there
HEX = "lower-case hexadecimal digits"
BASE64 = "Base64"

Formula = Callable[[bytes, bytes], bytes]  # of a secret and a body

_FORMS: dict[str, Callable[[bytes], str]] = {
    HEX: bytes.hex,
    BASE64: lambda digest: base64.b64encode(digest).decode(),
    "upper-case hexadecimal digits": lambda digest: digest.hex().upper(),
    "URL-safe Base64": lambda digest: base64.urlsafe_b64encode(digest).decode(),
    "Base64 without padding": lambda digest: base64.b64encode(digest).decode().rstrip("="),
    "Base64 of hexadecimal digits": lambda digest: base64.b64encode(
        digest.hex().encode()
    ).decode(),
}
_OTHER_HASHES = {32: "MD5", 40: "SHA-1", 96: "SHA-384", 128: "SHA-512"}


class Wrong(Exception):
    """What is wrong with a request, as one sentence."""


def one_header(received: Received, name: str) -> str:
    """The value of a header that has to be there once. Raises Wrong."""
    values = received.all_headers(name)
    if not values:
        raise Wrong(f"The header {name} is missing.")
    if len(values) > 1:
        raise Wrong(f"The header {name} comes {len(values)} times.")
    return values[0]


def same(text: str, expected: str) -> bool:
    """Whether two texts are equal, in constant time."""
    return hmac.compare_digest(raw(text), raw(expected))


def raw(text: str) -> bytes:
    """The bytes of a header's value, whatever they are."""
    return text.encode("utf-8", "surrogateescape")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def strict_base64(text: str) -> bytes:
    """What the text stands for. Raises ValueError for anything but Base64 as RFC 4648 4 has it."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the shortest form")
    return data


def check_digest(
    name: str, texts: Sequence[str], form: str, right: bytes, wrongs: Iterator[tuple[bytes, str]]
) -> None:
    """Raises Wrong unless one of the texts is the right digest in that form; tells why the first is not.

    `name` begins the sentence; `wrongs` are digests that mistakes lead to, with the sentences about them.
    """
    expected = _FORMS[form](right)
    if any(same(text, expected) for text in texts):
        return
    text = texts[0]
    for other, written in _FORMS.items():
        if text == written(right):
            raise Wrong(f"{name} is right, but written as {other} instead of {form}.")
    for digest, sentence in wrongs:
        if any(text == written(digest) for written in _FORMS.values()):
            raise Wrong(sentence)
    if len(text) == len(expected):
        raise Wrong(
            f"{name} is no digest of this request: "
            "another secret was used, or something was changed on the way."
        )
    kind = _OTHER_HASHES.get(len(text), "")
    about = f", like a {kind} in hexadecimal digits" if kind else ""
    raise Wrong(f"{name} has {len(text)} characters instead of {len(expected)}{about}.")


@dataclass(frozen=True)
class Recipe:
    """How a digest is made of a secret and the body, and how it is made wrongly.

    `name` begins sentences ("The token"); `mistakes` are formulas with what is to be said about them, after the name.
    """

    name: str
    form: str
    formula: Formula
    mistakes: Sequence[tuple[Formula, str]]

    def check(self, texts: Sequence[str], secret: bytes, received: Received) -> None:
        """Raises Wrong unless one of the texts is the digest of that request."""
        right = self.formula(secret, received.body)
        check_digest(self.name, texts, self.form, right, self._wrongs(secret, received))

    def _wrongs(self, secret: bytes, received: Received) -> Iterator[tuple[bytes, str]]:
        body = received.body
        for formula, sentence in self.mistakes:
            yield formula(secret, body), f"{self.name} {sentence}"
        for other, what in _other_bodies(received):
            yield (
                self.formula(secret, other),
                f"{self.name} covers {what} instead of the body as it was sent.",
            )
        for other, what in _other_secrets(secret):
            yield self.formula(other, body), f"{self.name} was made with {what}."


def _other_bodies(received: Received) -> Iterator[tuple[bytes, str]]:
    """What is taken for the body by mistake."""
    yield received.unpacked(), "the body before its compression"
    yield b"", "nothing"
    yield received.body + b"\n", "the body and a line feed"
    yield received.body.strip(), "the body without the white space around it"
    if received.json is not None:
        separators = ((",", ":"), (", ", ": "))
        for pair in separators:
            for ascii_only in (False, True):
                text = json.dumps(received.json, separators=pair, ensure_ascii=ascii_only)
                yield text.encode("utf-8", "surrogatepass"), "JSON that was made anew"


def _other_secrets(secret: bytes) -> Iterator[tuple[bytes, str]]:
    """What is taken for the secret by mistake."""
    yield b"", "no secret"
    yield secret + b"\n", "the secret and a line feed"
    yield secret.strip(), "the secret without the white space around it"
    yield secret.lower(), "the secret in lower case"
    yield secret.upper(), "the secret in upper case"
    for decode, what in ((base64.b64decode, "Base64"), (bytes.fromhex, "hexadecimal digits")):
        try:
            yield decode(secret.decode()), f"what the secret stands for as {what}"
        except (ValueError, binascii.Error):
            continue


def check_time(name: str, text: str, received: Received, tolerance_s: int) -> None:
    """Raises Wrong unless the text is Unix time in seconds, at most so far from when the request came."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        raise Wrong(f"{name} is no whole number of seconds: {text[:40]!r}.")
    stated = int(text)
    if abs(received.at - stated) <= tolerance_s:
        return
    if abs(received.at - stated / 1000) <= tolerance_s:
        raise Wrong(f"{name} counts milliseconds instead of seconds.")
    if abs(received.at - stated - EPOCH_2000_S) <= tolerance_s:
        raise Wrong(f"{name} counts from the year 2000 instead of 1970.")
    check_age(name, stated, received, tolerance_s)


def check_age(name: str, stated: float, received: Received, tolerance_s: int) -> None:
    """Raises Wrong unless that Unix time is at most so far from when the request came."""
    age = round(received.at - stated)
    if abs(age) > tolerance_s:
        where = f"{age} s old" if age > 0 else f"{-age} s ahead of this clock"
        raise Wrong(f"{name} is {where}; {tolerance_s} s are allowed.")
