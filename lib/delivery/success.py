"""What a server has to answer beyond any 2xx for a document to count as delivered."""

import json

from micropython import const

from delivery import verdict
from delivery.verdict import Verdict

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from net.http import RequestError, Response

_LONGEST_SHOWN = const(80)

_ELSEWHERE = "Something on the way may have answered instead of the server; else change the rule."
_REFUSED = "The server got the document but did not take it: check keys, tokens and parameters."
_OTHER = "A login page or proxy may have answered; if it was the server, accept this status too."
_UNREADABLE = "Check the address, or leave the rule about the reply out."


def objection(rules: dict, response: "Response") -> Verdict | None:
    """Why a 2xx is no delivery by the destination's own rules, or a delivery with a remark; None if they say nothing.

    `rules` holds `accept`, the only statuses that count (empty: any 2xx), `status` (0: any), `json_path`: names and
    indexes with dots between, as in "result.0.ok" ("": no rule), and `json_value` as text ("": anything but null and
    false).
    """
    status = response.status
    if not _is_accepted(rules, status):
        return _other(status)
    if not rules["json_path"]:
        return _remark(rules, status)
    try:
        found = _at(json.loads(response.body.decode()), rules["json_path"])
    except (ValueError, LookupError, TypeError):
        return _unreadable(rules, status)
    text = _text(found)
    if text == rules["json_value"] or not rules["json_value"] and text not in ("null", "false"):
        return _remark(rules, status)
    cause = "The server answered %d, but its reply says %s = %s." % (
        status,
        rules["json_path"],
        _shown(text),
    )
    return Verdict(verdict.REJECTED, "body", cause, _REFUSED, status)


def _is_accepted(rules: dict, status: int) -> bool:
    return not rules["accept"] or status in rules["accept"]


def _other(status: int) -> Verdict:
    cause = "The server answered %d, which does not count as a delivery here."
    return Verdict(verdict.RETRY, "status", cause % status, _OTHER, status)


def _remark(rules: dict, status: int) -> Verdict | None:
    """Another 2xx than the expected one is a delivery all the same, but worth a look."""
    if rules["status"] in (0, status):
        return None
    cause = "The server accepted the document (%d), though not with %d as expected."
    return Verdict(
        verdict.DELIVERED, "body", cause % (status, rules["status"]), _ELSEWHERE, status
    )


def of_cut_reply(rules: dict, error: "RequestError") -> Verdict | None:
    """The verdict on a 2xx whose reply never came in full, if the rules have a say in it; None if not."""
    status = error.status
    if status is None or not 200 <= status < 300:
        return None
    if not _is_accepted(rules, status):
        return _other(status)
    if not rules["json_path"]:
        return None
    cause = "The server answered %d, but not all of its reply arrived. %s" % (status, error)
    return Verdict(verdict.RETRY, "body", cause, error.advice, status)


def _unreadable(rules: dict, status: int) -> Verdict:
    cause = "The server answered %d, but its reply is no JSON that holds %s."
    return Verdict(
        verdict.RETRY, "body", cause % (status, rules["json_path"]), _UNREADABLE, status
    )


def _at(document: object, path: str) -> object:
    for step in path.split("."):
        if isinstance(document, list):
            document = document[int(step)]
        elif isinstance(document, dict):
            document = document[step]
        else:
            raise LookupError(step)
    return document


def _text(value: object) -> str:
    """A JSON value as a person would enter it."""
    return value if isinstance(value, str) else json.dumps(value)


def _shown(text: str) -> str:
    printable = [character if character >= " " else "?" for character in text]
    return "".join(printable[:_LONGEST_SHOWN])
