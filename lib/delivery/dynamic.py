"""Dynamic fields: [SERIAL], [IMEI], [ICCID], [CUSTOM1] to [CUSTOM3] in the address, the query and header values.

in_url("https://h.example/in/[SERIAL]?a=[CUSTOM1]", {"SERIAL": "123456", "CUSTOM1": "bus 7/ä"})
# "https://h.example/in/123456?a=bus%207%2F%C3%A4"

Names are case-sensitive. What stands in brackets and could not be meant for a field, such as an IPv6 address, stays.
"""

from net import url

from delivery.errors import RouteError
from delivery.identity import FIELDS

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_IN_NAMES = _CAPITALS + "0123456789_"
_IN_HOSTS = _CAPITALS + _CAPITALS.lower() + "0123456789.-"
_NEVER_FIRST = "-:./_"
_IN_BASE_NAMES = _IN_HOSTS + _NEVER_FIRST
_UNKNOWN = "unknown_field"
_ENTER = "Enter it under the device's identity, or take the field out."


def problem(text: str) -> "tuple[str, str] | None":
    """What is wrong with the fields in a setting, as code (unknown_field) and sentence; None if nothing is."""
    for name in _names(text):
        if name not in FIELDS:
            fields = ", ".join(["[%s]" % each for each in FIELDS])
            return _UNKNOWN, "There is no field [%s]; those there are: %s." % (name, fields)
    return None


def stand_in(text: str) -> str:
    """An address with a letter in the place of every field: what can be checked before the fields are known."""
    return _replaced(text, lambda name: "x")


def in_url(text: str, ids: "Mapping[str, str]") -> str:
    """The address with its fields filled in: percent-encoded, in the host as they are. Raises RouteError."""
    start = text.find("://") + 3
    ends = [text.find(mark, start) for mark in "/?#"]
    end = min([end for end in ends if end >= 0] + [len(text)])
    host = _replaced(text[:end], lambda name: _for_host(name, ids))
    filled = host + _replaced(text[end:], lambda name: url.percent_encode(_value(name, ids)))
    if filled != text:
        _check_address(filled)
    return filled


def in_header(text: str, ids: "Mapping[str, str]") -> str:
    """A header's value with its fields filled in as they are; UTF-8 is allowed (RFC 9110 5.5). Raises RouteError."""
    return _replaced(text, lambda name: _for_header(name, ids))


def in_text(text: str, ids: "Mapping[str, str]") -> str:
    """A text with its fields filled in, to be encoded by whoever uses it: a query's value. Raises RouteError."""
    return _replaced(text, lambda name: _value(name, ids))


def in_base_name(text: str, ids: "Mapping[str, str]") -> str:
    """A base name of SenML (RFC 8428 4.5.1) with its fields filled in as they are. Raises RouteError."""
    filled = in_text(text, ids)
    if filled.strip(_IN_BASE_NAMES) or filled[:1] in _NEVER_FIRST:
        cause = "The base name begins with a letter or digit and holds only those and - : . / _."
        raise RouteError(cause, "Correct the base name or the fields within.")
    return filled


def _names(text: str) -> "list[str]":
    found: list[str] = []

    def note(name: str) -> str:
        found.append(name)
        return ""

    _replaced(text, note)
    return found


def _replaced(text: str, replacement: "Callable[[str], str]") -> str:
    first, *rest = text.split("[")
    pieces = [first]
    for piece in rest:
        name, bracket, after = piece.partition("]")
        if bracket and _is_field(name):
            pieces += [replacement(name), after]
        else:
            pieces += ["[", piece]
    return "".join(pieces)


def _is_field(name: str) -> bool:
    """Whether it is written as fields are, or is the name of one but for its case."""
    if name.upper() in FIELDS:
        return True
    return name[:1] in _CAPITALS and not name.strip(_IN_NAMES) if name else False


def _value(name: str, ids: "Mapping[str, str]") -> str:
    wrong = problem("[%s]" % name)
    if wrong is not None:
        raise RouteError(wrong[1], "Correct its name, or take it out.")
    text = ids.get(name, "")
    if not text:
        raise RouteError("The field [%s] is used, but it is empty." % name, _ENTER)
    return text


def _for_host(name: str, ids: "Mapping[str, str]") -> str:
    text = _value(name, ids)
    if text.strip(_IN_HOSTS):
        cause = "The field [%s] is used in the host, but it is no part of a host name." % name
        raise RouteError(cause, "It may hold letters, digits, dots and hyphens there.")
    return text


def _for_header(name: str, ids: "Mapping[str, str]") -> str:
    text = _value(name, ids)
    if [character for character in text if character < " " or character == "\x7f"]:
        cause = "The field [%s] is used in a header, but it holds a control character." % name
        raise RouteError(cause, "Enter it as one line.")
    return text


def _check_address(text: str) -> None:
    try:
        url.parse(text, True)
    except url.UrlError as error:
        cause = "The address cannot be used with its fields filled in. %s" % error
        raise RouteError(cause, "Correct the address or the fields.")
