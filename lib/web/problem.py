"""Why a request is not fulfilled: what programs and people are told, in a list of {"field", "code", "message"}."""

import json

import jsontext
from microdot.microdot import Response

from web.api import JSON


class Problem(Exception):
    """Why a request is not fulfilled: HTTP status and reason phrase, and what a program and a person are told."""

    def __init__(self, status: int, reason: str, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self._status = status
        self._reason = reason
        self._pairs = (("field", field), ("code", code), ("message", message))

    def response(self) -> Response:
        """The answer: a list of one problem."""
        response = Response("[%s]" % jsontext.plain(self._pairs), self._status, JSON, self._reason)
        if self._status == 503:
            response.headers["Retry-After"] = "1"
        return response


class Problems(Exception):
    """Why a request is not fulfilled, if there may be several reasons: a list of {"field", "code", "message"}.

    `found` are these.
    """

    def __init__(
        self, found: "list[dict[str, str]]", status: int = 400, reason: str = "Bad Request"
    ) -> None:
        super().__init__(found[0]["message"])
        self.found = found
        self._status = status
        self._reason = reason

    def response(self) -> Response:
        """The answer: all of them."""
        keys = ("field", "code", "message")
        rows = [jsontext.plain([(key, one[key]) for key in keys]) for one in self.found]
        return Response("[%s]" % ",".join(rows), self._status, JSON, self._reason)


def bad(field: str, code: str, message: str) -> Problem:
    """A problem with what was sent."""
    return Problem(400, "Bad Request", field, code, message)


def unfit(found: "list[dict[str, str]]") -> Problems:
    """Problems with the content of what was sent: settings, a profile, a backup."""
    return Problems(found, 422, "Unprocessable Content")


def members(body: bytes) -> dict:
    """The JSON object in a body; nothing at all counts as an empty one. Raises Problem."""
    try:
        data = json.loads(body) if body else {}
    except ValueError:
        data = None
    # MicroPython's parser takes objects that lack their end.
    if not isinstance(data, dict) or body and body.rstrip()[-1:] != b"}":
        raise bad("", "type", "Must be a JSON object.")
    return data


def refuse_unknown(data: dict) -> None:
    """Raises Problems if members are left over."""
    if data:
        found = [(name[:40], "unknown_setting", "There is no such member.") for name in data]
        keys = ("field", "code", "message")
        raise Problems([dict(zip(keys, one)) for one in sorted(found)])
