"""The log as the REST API tells it: GET /api/v1/log for pages and programs, GET /api/v1/log.txt to keep or send on.

{"last":42,"records":[{"n":41,"at_ms":5012,"level":"info","name":"poller","text":"ECU online: an ECU answers"},…]}

`n` counts all records since the start, `at_ms` is uptime. A gap in `n` means that records were forgotten: the device
remembers the latest only. How much is logged is a setting, log.level.
"""

import jsontext
from log import LEVELS, line

from web.api import JSON, array
from web.problem import Problem, bad

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from log import Log, Record
    from microdot import Microdot, Request
    from microdot.microdot import Response

    from web import Model

    Answer = Response | tuple[Iterator[str], int, dict[str, str]]

_LETTERS = "DIWE"  # of LEVELS, as records carry them
_TEXT = {
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Disposition": 'attachment; filename="wican-log.txt"',
}


def mount(site: "Microdot", model: "Model") -> None:
    """Adds the routes of the log to a site."""

    async def get_log(request: "Request") -> "Answer":
        try:
            after = number(request.args.get("after", "0"))
            letters = _letters(request.args.get("level", LEVELS[0]))
        except Problem as problem:
            return problem.response()
        return document(model.log, after, letters), 200, JSON

    async def get_text(_: "Request") -> "Answer":
        return (line(record) + "\n" for record in model.log.records()), 200, _TEXT

    site.get("/api/v1/log")(get_log)
    site.get("/api/v1/log.txt")(get_text)


def document(log: "Log", after: int, letters: str = _LETTERS) -> "Iterator[str]":
    """The pieces of the document: the records after number `after`, oldest first.

    A number that was never reached is one from before a restart: all records come after that.
    """
    last = log.last
    yield '{"last":%d,"records":' % last
    records = log.records(after if after <= last else 0)
    yield from array([record for record in records if record[2] in letters], entry)
    yield "}"


def number(text: str) -> int:
    """The number of a record in an address. Raises Problem."""
    if not text.encode().isdigit() or len(text) > 9:
        raise bad("after", "type", "Must be the number of a record.")
    return int(text)


def _letters(level: str) -> str:
    if level not in LEVELS:
        raise bad("level", "choice", "Must be one of: %s." % ", ".join(LEVELS))
    return _LETTERS[LEVELS.index(level) :]


def entry(record: "Record") -> str:
    """One record as a JSON object."""
    n, at_ms, letter, name, text = record
    level = LEVELS[_LETTERS.find(letter)]
    return jsontext.plain(
        (("n", n), ("at_ms", at_ms), ("level", level), ("name", name), ("text", text))
    )
