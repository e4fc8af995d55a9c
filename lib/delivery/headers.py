"""Which header fields a user may add to a request: names, values, lengths (RFC 9110 5.1, 5.5, 5.6.2).

header_problem("X-Fleet", "north")     # None
header_problem("X Fleet", "north")     # ("header_name_space", "A header name holds no blanks; …")
"""

from micropython import const
from net.request import stray_character

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

    Problem = tuple[str, str]

_MAX_LENGTH = const(510)  # name and value together, as ThingPark has it

# In lower case: what the device writes itself, and what belongs to the connection rather than the document.
_OWN = (
    "accept",
    "connection",
    "content-digest",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-message-id",
)


def header_problem(name: str, value: str) -> "Problem | None":
    """Why a field cannot be sent, as code and sentence; None if it can.

    Codes: header_name, header_name_space, header_forbidden, header_value, header_too_long.
    """
    found = name_problem(name)
    if found is None and name.lower() in _OWN:
        found = "header_forbidden", "The device writes the header %s itself." % name
    if found is None and [
        char for char in value if (char < " " and char != "\t") or char == "\x7f"
    ]:
        found = "header_value", "A header's value is one line without control characters."
    if found is None and len(name) + len(value) > _MAX_LENGTH:
        message = "Name and value of a header have at most %d characters together; these have %d."
        found = "header_too_long", message % (_MAX_LENGTH, len(name) + len(value))
    return found


def name_problem(name: str) -> "Problem | None":
    """Why a text is no header name (a token, RFC 9110 5.6.2); None if it is one."""
    if not name:
        return "header_name", "The header's name is missing."
    stray = stray_character(name)
    if stray and stray in " \t":
        return "header_name_space", "A header name holds no blanks; perhaps use a hyphen."
    if stray:
        return "header_name", f"A header name cannot hold {stray!r}."
    return None


def list_problems(
    fields: "Iterable[tuple[str, str]]", taken: "Iterable[str]" = ()
) -> "list[tuple[int, str, str]]":
    """The problems of several (name, value) pairs as (index, code, sentence).

    A name that another pair has is header_duplicate, one of `taken` (in lower case: those that authentication and
    signature use) is header_forbidden.
    """
    problems = []
    known: list[str] = []
    for index, (name, value) in enumerate(fields):
        found = header_problem(name, value)
        if found is None and name.lower() in taken:
            found = "header_forbidden", "Authentication or signature write %s already." % name
        if found is None and name.lower() in known:
            found = "header_duplicate", "There is another header named %s." % name
        if found is not None:
            problems.append((index, found[0], found[1]))
        known.append(name.lower())
    return problems
