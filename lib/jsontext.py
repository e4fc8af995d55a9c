"""Writes JSON text that JavaScript's `JSON.stringify(JSON.parse(text))` gives back unchanged.

Receivers that hash the re-serialised body instead of the bytes they got then still agree with
the sender. The rules are those of ECMAScript's JSON.stringify: no blanks, characters as they are
(UTF-8) and not as `\\uXXXX`, `/` not escaped, control characters escaped, keys that look like
array indexes first and ascending. `json.dumps` cannot be made to keep them. No float is accepted:
a value with decimals comes as text.
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def quote(text: str) -> str:
    """A JSON string.

    Surrogate pairs, which MicroPython's `json.loads` leaves as they are, are joined; a lone
    surrogate is escaped.
    """
    if _plain(text):
        return '"%s"' % text
    parts = ['"']
    high = 0
    for character in text:
        code = ord(character)
        if high and 0xDC00 <= code < 0xE000:
            parts[-1] = chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00)
            high = 0
            continue
        high = code if 0xD800 <= code < 0xDC00 else 0
        parts.append(_escaped(character, code))
    parts.append('"')
    return "".join(parts)


def value(item: str | int | bool | None) -> str:
    """The JSON text of one plain value. Raises TypeError for any other type, floats above all."""
    if isinstance(item, str):
        return quote(item)
    if item is True or item is False:
        return "true" if item else "false"
    if isinstance(item, int):
        return str(item)
    if item is None:
        return "null"
    raise TypeError("no JSON text for %s" % type(item).__name__)


def members(pairs: "Iterable[tuple[str, str]]") -> str:
    """An object of (key, JSON text of the value) pairs, in their order if JavaScript keeps it."""
    indexes = []
    others = []
    for key, text in pairs:
        if is_index(key):
            indexes.append((int(key), text))
        else:
            others.append(quote(key) + ":" + text)
    if indexes:
        indexes.sort(key=lambda pair: pair[0])
        others = ['"%d":%s' % pair for pair in indexes] + others
    return "{" + ",".join(others) + "}"


def plain(pairs: "Iterable[tuple[str, str | int | bool | None]]") -> str:
    """A flat JSON object of (key, plain value) pairs; see `value` and `members`."""
    return members([(key, value(item)) for key, item in pairs])


def is_index(key: str) -> bool:
    """Whether JavaScript sorts the key as an array index: canonical decimal, at most 2^32 - 2."""
    if not "0" <= key[:1] <= "9" or len(key) > 10 or not key.encode().isdigit():
        return False
    return (key[0] != "0" or key == "0") and int(key) < 4294967295


def _plain(text: str) -> bool:
    """True if nothing in it needs an escape; scans in C, as all keys of all documents come by."""
    if not text or '"' in text or "\\" in text:
        return not text
    return min(text) >= " " and max(text) <= "\ud7ff"


def _escaped(character: str, code: int) -> str:
    if code < 0x20 or character in '"\\':
        return _SHORT.get(character) or "\\u%04x" % code
    return "\\u%04x" % code if 0xD800 <= code < 0xE000 else character
