"""What an answer, or the lack of one, means: delivered or not, why, what to do about it and what happens next."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from net.http import RequestError, Response

DELIVERED = "delivered"
RETRY = "retry"  # the network or the server is in trouble: again, later and later
THROTTLED = "throttled"  # the server asks for patience
AUTH = "auth"  # it refuses us: no use to go on asking
GONE = "gone"  # it will never take anything at this address
REJECTED = "rejected"  # it will never take this document
REDIRECT = "redirect"
SETTINGS = "settings"  # nothing left the device


class Verdict:
    """The outcome of one attempt.

    Attributes:
        kind: one of the constants of this module; it decides what happens next.
        stage, status, cause, advice: as in `delivery.journal.Attempt`.
        pause_ms: how long the server asked to be left alone; 0 if it did not.
        certificate: the one the cause is about, for people who look for it; "" for none.
        reply: what came with the answer, if commands may; b"" otherwise.
    """

    pause_ms = 0
    certificate = ""
    reply = b""

    def __init__(
        self,
        kind: str,
        stage: str,
        cause: str,
        advice: str | None = None,
        status: int | None = None,
    ) -> None:
        self.kind = kind
        self.stage = stage
        self.status = status
        self.cause = cause
        self.advice = advice or ""

    @property
    def ok(self) -> bool:
        """Whether the document counts as delivered."""
        return self.kind == DELIVERED


def of_settings(cause: str, advice: str | None = None) -> Verdict:
    """Nothing was sent because the settings of the destination do not allow it."""
    return Verdict(SETTINGS, "settings", cause, advice)


def of_error(error: "RequestError") -> Verdict:
    """The request got no usable answer, or only its head: then that decides, as a whole reply would."""
    status = error.status
    if status is not None and 200 <= status < 300:
        cause = "The server accepted the document (%d), but its reply was cut short. %s"
        return Verdict(DELIVERED, "body", cause % (status, error), "", status)
    if status is not None and status >= 300:
        try:
            from delivery import refusals

            return refusals.of_cut_reply(status, error)
        except MemoryError:  # which may be what the error is about
            pass
    failed = Verdict(RETRY, error.stage, str(error), error.advice, status)
    failed.certificate = error.certificate
    return failed


def of_response(response: "Response") -> Verdict:
    """Any 2xx is a delivery; everything else is not, redirects included."""
    status = response.status
    if 200 <= status < 300:
        cause = "The server accepted the document (%d)." % status
        return Verdict(DELIVERED, "body", cause, "", status)
    from delivery import refusals  # most devices never need it

    return refusals.of_response(response)
