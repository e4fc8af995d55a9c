"""What an answer means that is no delivery: what the server said, in words, and what to do about it."""

from micropython import const
from net import dates

from delivery import verdict
from delivery.verdict import Verdict

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from net.http import RequestError, Response

_LONGEST_LOCATION = const(120)
_LONGEST_PAUSE_MS = const(3_600_000)

_REDIRECT = "Enter the address it points to as the address of this destination, if you trust it."
_CLIENT = "Compare the address, the query parameters and the body with what the server expects."
_SERVER = "The trouble is on the server's side; its log says more. Sending goes on."

# status: (what the server said, what to do)
_ANSWERS = {
    400: ("did not understand the request", _CLIENT),
    401: (
        "does not know who is sending",
        "Check the token: missing, mistyped or expired? Sending goes on when the settings change.",
    ),
    402: ("wants to be paid, or did not find this host", "Check the host name of the address."),
    403: ("refuses access", "Check that the token gives the right to write to this address."),
    404: ("knows nothing at this path", "Check the path; a slash at its end can matter."),
    405: ("does not take a POST at this path", "Check the path of the address."),
    407: ("is a proxy that does not know us", "Check the address: no proxy should be there."),
    408: ("waited too long for the request", "Check the strength of the device's connection."),
    410: (
        "says that this address is gone for good",
        "Nothing more is sent. Enter a new address or remove this destination.",
    ),
    413: ("finds the document too large", "Read fewer parameters or raise the server's limit."),
    415: ("does not take JSON at this path", "Check the path of the address."),
    421: ("does not serve this host name", "Check the host name of the address."),
    422: ("understood the document but rejects its content", _CLIENT),
    425: ("does not want to answer so early", _SERVER),
    429: ("gets too many documents", "Choose a longer cycle."),
    500: ("failed inside", _SERVER),
    502: ("is a gateway and got a bad answer from the server behind it", _SERVER),
    503: ("is overloaded or down for maintenance", _SERVER),
    504: ("is a gateway and got no answer from the server behind it", _SERVER),
}


# What these often mean where the field Host held an IP address, as with a connector in the network.
_OF_HOST = (402, 403, 404, 421)
_NAME_HOST = (
    "The server was asked for an IP address: enter its name as transport.host_header, or in the address, with the IP "
    "address as transport.connect_to."
)


def suspect_host(found: Verdict) -> None:
    """Adds to the advice for requests whose field Host held an IP address: that may be what the server minds."""
    if found.status in _OF_HOST:
        found.advice = "%s %s" % (found.advice, _NAME_HOST)


def of_response(response: "Response") -> Verdict:
    """The verdict on any status but 2xx."""
    return _of_head(response.status, response.get)


def of_cut_reply(status: int, error: "RequestError") -> Verdict:
    """The same where the rest of the reply was lost; how, is said at the end of the cause."""
    answer = _of_head(status, error.get)
    answer.cause = "%s %s" % (answer.cause, error)
    return answer


def _of_head(status: int, get: "Callable[[str], str | None]") -> Verdict:
    if 300 <= status < 400:
        cause = _redirect(status, get("Location"))
        return Verdict(verdict.REDIRECT, "status", cause, _REDIRECT, status)
    said, advice = _ANSWERS.get(status) or _other(status)
    cause = "The server %s (%d)." % (said, status)
    answer = Verdict(_kind(status), "status", cause, advice, status)
    answer.pause_ms = _pause_ms(get("Retry-After"), get("Date"))
    return answer


def _kind(status: int) -> str:
    if status in (429, 503):
        return verdict.THROTTLED
    if status in (401, 403, 407):
        return verdict.AUTH
    if status == 410:
        return verdict.GONE
    if status < 200 or status in (408, 425) or status >= 500:
        return verdict.RETRY
    return verdict.REJECTED


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


def _pause_ms(retry_after: str | None, date: str | None) -> int:
    """Retry-After (RFC 9110 10.2.3) in milliseconds, at most an hour; 0 if there is none.

    It counts seconds or is a date, which is compared with the server's own Date: our clock may be wrong.
    """
    text = (retry_after or "").strip()
    if text and len(text) < 10 and text.encode().isdigit():
        return min(int(text) * 1000, _LONGEST_PAUSE_MS)
    until, now = dates.unix_seconds(text), dates.unix_seconds(date or "")
    if until is None or now is None:
        return 0
    return min(max(0, until - now) * 1000, _LONGEST_PAUSE_MS)
