"""Secrets that others set rules for, or that are made here: KPN Things' shared secret, ThingPark's tunnel key."""

import binascii
import os

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    Problem = tuple[str, str]  # code and sentence

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_SPECIAL = "#?!@$%^&(){}:.,/+*;"  # those that KPN lists
_CLASSES = (
    (_UPPER, "Must hold a capital letter."),
    (_UPPER.lower(), "Must hold a small letter."),
    (_DIGITS, "Must hold a digit."),
    (
        _SPECIAL,
        "Must hold a sign: one of # ? ! @ $ % ^ & ( ) { } : . , / + * ; and no other counts.",
    ),
)
_ALL = _UPPER + _UPPER.lower() + _DIGITS + _SPECIAL
_LEAST = const(30)
_ADVISED = const(32)
_MOST = const(100)
_MADE = const(40)
_KEY_DIGITS = const(32)
_HEX = "0123456789abcdefABCDEF"


def kpn_problem(text: str) -> "Problem | None":
    """Why KPN Things does not take a shared secret; None if it does. KPN's page asks for four kinds of characters.

    Codes: secret_too_short, secret_too_long, secret_charset, secret_class.
    """
    found = _length_problem(text)
    if found is None:
        found = _characters_problem(text)
    if found is not None:
        return found
    for characters, sentence in _CLASSES:
        if not [char for char in text if char in characters]:
            return "secret_class", sentence
    return None


def kpn_warning(text: str) -> "Problem | None":
    """What is doubtful about a secret that is taken; None if nothing is. Code: secret_below_32."""
    if _LEAST <= len(text) < _ADVISED:
        message = "KPN asks for %d characters in one place and %d in another: better have %d."
        return "secret_below_32", message % (_ADVISED, _LEAST, _ADVISED)
    return None


def kpn_device_problem(text: str) -> "Problem | None":
    """Why KPN's interface for devices on the internet does not take a secret: it wants letters and digits alone."""
    found = _length_problem(text)
    if found is None and [char for char in text if char not in _ALL[: -len(_SPECIAL)]]:
        found = "secret_charset", "Must hold nothing but letters and digits of ASCII."
    return found


def thingpark_problem(text: str) -> "Problem | None":
    """Why a text is no tunnel interface authentication key; None if it is one. Code: as_key_format."""
    if len(text) != _KEY_DIGITS or [char for char in text if char not in _HEX]:
        return "as_key_format", "Must be %d hexadecimal digits." % _KEY_DIGITS
    return None


def tidy_thingpark(text: str) -> str:
    """The key as it is stored and hashed: in small letters, as ThingPark documents it."""
    return text.strip().lower()


def new_for(scheme: str, preset: str) -> "str | None":
    """A secret for a destination of that scheme and preset; None if others make it."""
    if scheme == "thingpark":
        return new_thingpark()
    if scheme == "kpn":
        return new_kpn_device() if preset == "kpn_things_ip" else new_kpn()
    return None


def new_kpn() -> str:
    """A secret of 40 characters that KPN takes; all such secrets are equally likely (some 250 bits)."""
    while True:
        text = "".join([_ALL[_below(len(_ALL))] for _ in range(_MADE)])
        if kpn_problem(text) is None:
            return text


def new_kpn_device() -> str:
    """A secret of 40 letters and digits."""
    count = len(_ALL) - len(_SPECIAL)
    return "".join([_ALL[_below(count)] for _ in range(_MADE)])


def new_thingpark() -> str:
    """A key of 128 bits as 32 hexadecimal digits."""
    return binascii.hexlify(os.urandom(_KEY_DIGITS // 2)).decode()


def _length_problem(text: str) -> "Problem | None":
    if len(text) < _LEAST:
        return "secret_too_short", "Must have at least %d characters, better %d." % (
            _LEAST,
            _ADVISED,
        )
    if len(text) > _MOST:
        return "secret_too_long", "Must have at most %d characters." % _MOST
    return None


def _characters_problem(text: str) -> "Problem | None":
    if text != text.strip():
        return "secret_charset", "Must not begin or end with a blank."
    if [char for char in text if not " " <= char <= "~"]:
        return (
            "secret_charset",
            "Must hold nothing but characters of ASCII: receivers differ on others.",
        )
    return None


def _below(limit: int) -> int:
    """A random number below a limit of at most 256: bytes that would favour some are thrown away."""
    end = 256 - 256 % limit
    while True:
        byte = os.urandom(1)[0]
        if byte < end:
            return byte % limit
