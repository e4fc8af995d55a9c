"""What an answer, or the lack of one, means: delivered or not, why, and what to do about it."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from net.http import RequestError, Response


class Verdict:
    """The outcome of one attempt.

    Attributes:
        ok: whether the document counts as delivered.
        stage, status, cause, advice: as in `delivery.journal.Attempt`.
        pause_ms: how long the server asked to be left alone; 0 if it did not.
    """

    def __init__(self, stage: str, cause: str, advice: str | None, status: int | None) -> None:
        self.ok = False
        self.stage = stage
        self.status = status
        self.cause = cause
        self.advice = advice or ""
        self.pause_ms = 0


def of_settings(cause: str, advice: str | None = None) -> Verdict:
    """Nothing was sent because the settings of the destination do not allow it."""
    return Verdict("settings", cause, advice, None)


def of_error(error: "RequestError") -> Verdict:
    """The request got no usable answer, or only its status: then that decides."""
    status = error.status
    if status is not None and 200 <= status < 300:
        cause = "The server accepted the document (%d), but its reply was cut short. %s"
        verdict = Verdict("body", cause % (status, error), "", status)
        verdict.ok = True
        return verdict
    return Verdict(error.stage, str(error), error.advice, error.status)


def of_response(response: "Response") -> Verdict:
    """Any 2xx is a delivery; everything else is not, redirects included."""
    status = response.status
    if 200 <= status < 300:
        verdict = Verdict("body", "The server accepted the document (%d)." % status, "", status)
        verdict.ok = True
        return verdict
    from delivery import refusals  # most devices never need it

    return refusals.of_response(response)
