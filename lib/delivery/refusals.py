"""What an answer means that is no delivery: what the server said, in words, and what to do about it."""

from micropython import const

from delivery.verdict import Verdict

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from net.http import Response

_LONGEST_LOCATION = const(120)
_LONGEST_PAUSE_MS = const(3_600_000)

_REDIRECT = "Enter the address it points to as the address of this destination, if you trust it."
_CLIENT = "Compare the address, the query parameters and the body with what the server expects."
_SERVER = "The trouble is on the server's side; its log says more. Sending goes on."

# status: (what the server said, what to do)
_ANSWERS = {
    400: ("did not understand the request", _CLIENT),
    401: ("does not know who is sending", "Check the token: missing, mistyped or expired?"),
    403: ("refuses access", "Check that the token gives the right to write to this address."),
    404: ("knows nothing at this path", "Check the path; a slash at its end can matter."),
    405: ("does not take a POST at this path", "Check the path of the address."),
    408: ("waited too long for the request", "Check the strength of the device's connection."),
    410: ("says that this address is gone for good", "Enter a new address or remove it."),
    413: ("finds the document too large", "Read fewer parameters or raise the server's limit."),
    415: ("does not take JSON at this path", "Check the path of the address."),
    421: ("does not serve this host name", "Check the host name of the address."),
    422: ("understood the document but rejects its content", _CLIENT),
    429: ("gets too many documents", "Choose a longer cycle."),
    500: ("failed inside", _SERVER),
    502: ("is a gateway and got a bad answer from the server behind it", _SERVER),
    503: ("is overloaded or down for maintenance", _SERVER),
    504: ("is a gateway and got no answer from the server behind it", _SERVER),
}


def of_response(response: "Response") -> Verdict:
    """The verdict on any status but 2xx."""
    status = response.status
    if 300 <= status < 400:
        return Verdict("status", _redirect(status, response.get("Location")), _REDIRECT, status)
    said, advice = _ANSWERS.get(status) or _other(status)
    verdict = Verdict("status", "The server %s (%d)." % (said, status), advice, status)
    verdict.pause_ms = _pause_ms(response.get("Retry-After"))
    return verdict


def _other(status: int) -> "tuple[str, str]":
    if status < 500:
        return "rejects the request", _CLIENT
    return "failed", _SERVER


def _redirect(status: int, location: str | None) -> str:
    if not location:
        return "The server redirects without saying where to (%d)." % status
    return "The server redirects to %s (%d); that is not followed." % (_public(location), status)


def _public(location: str) -> str:
    """A redirect's target fit for display: scheme and host only (paths are often secrets), no user, bounded."""
    for mark in "?#":
        location = location.partition(mark)[0]
    scheme, mark, rest = location.partition("//")
    if not mark:
        return "another path of the same server"
    location = scheme + mark + rest.partition("/")[0].rpartition("@")[2]
    printable = [character if character >= " " else "?" for character in location]
    return "".join(printable[:_LONGEST_LOCATION])


def _pause_ms(retry_after: str | None) -> int:
    """Retry-After in seconds (RFC 9110 10.2.3), at most an hour.

    Its other form, a date, is left aside: it needs clocks that agree.
    """
    if not retry_after or len(retry_after) > 9 or not retry_after.encode().isdigit():
        return 0
    return min(int(retry_after) * 1000, _LONGEST_PAUSE_MS)
