"""Why a request is not fulfilled: what programs and people are told, in a list of {"field", "code", "message"}."""

import json

import jsontext
from microdot.microdot import Response
from micropython import const

from web.api import JSON

_NAMES = ("field", "code", "message")
_DEPTH = const(12)  # of lists and objects: what is stored is read again, on a small stack


class Problem(Exception):
    """Why a request is not fulfilled: HTTP status and reason phrase, and what a program and a person are told."""

    def __init__(self, status: int, reason: str, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self._status = status
        self._reason = reason
        self._found = row(field, code, message)

    def response(self) -> Response:
        """The answer: a list of one problem."""
        response = Response(listed([self._found]), self._status, JSON, self._reason)
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
        return Response(listed(self.found), self._status, JSON, self._reason)


def row(field: str, code: str, message: str) -> "dict[str, str]":
    """One problem among several."""
    return {"field": field, "code": code, "message": message}


def listed(found: "list[dict[str, str]]") -> str:
    """The JSON list of problems."""
    texts = [jsontext.plain([(name, one[name]) for name in _NAMES]) for one in found]
    return "[%s]" % ",".join(texts)


def bad(field: str, code: str, message: str) -> Problem:
    """A problem with what was sent."""
    return Problem(400, "Bad Request", field, code, message)


def unfit(found: "list[dict[str, str]]") -> Problems:
    """Problems with the content of what was sent: settings, a profile, a backup."""
    return Problems(found, 422, "Unprocessable Content")


def members(body: bytes) -> dict:
    """The JSON object in a body; nothing at all counts as an empty one. Raises Problem."""
    return json_object(body) if body else {}


def json_object(body: "bytes | bytearray") -> dict:
    """The JSON object in a body; all names in it are texts, all numbers finite. Raises Problem."""
    try:
        data = json.loads(body)  # type: ignore[type-var]  # MicroPython takes any buffer
    except ValueError:
        data = None
    if not isinstance(data, dict) or not _ends(body):
        raise bad("", "type", "Must be a JSON object.")
    if not _is_plain(data, _DEPTH):
        text = "It holds names that are no texts, numbers that are too large, or more lists in lists than there can be."
        raise bad("", "json", text)
    return data


def _ends(body: "bytes | bytearray") -> bool:
    """MicroPython's parser takes objects that lack their end."""
    at = len(body) - 1
    while at > 0 and body[at] in b" \t\r\n":
        at -= 1
    return body[at] == ord("}")


def _is_plain(data: object, depth: int) -> bool:
    """MicroPython's parser also takes anything for a name, and any depth."""
    if isinstance(data, dict):
        if not all([isinstance(name, str) for name in data]):
            return False
        data = list(data.values())
    if isinstance(data, list):
        return depth > 0 and all([_is_plain(item, depth - 1) for item in data])
    return not isinstance(data, float) or data - data == 0


def refuse_unknown(data: dict) -> None:
    """Raises Problems if members are left over."""
    if data:
        names = sorted([name[:40] for name in data])
        raise Problems(
            [row(name, "unknown_setting", "There is no such member.") for name in names]
        )
