"""The REST API below /api/v1/: what the page shows, for the page itself and for any other program.

Answers are written piece by piece; no document is ever held whole. A value is a number with
exactly the digits that were read.
"""

import gc

import jsontext
import transient
from log import line
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from autopid.parameter import Parameter
    from delivery.destination import Destination
    from log import Log
    from microdot import Microdot, Request

    from web import Model

    T = TypeVar("T")

JSON = {"Content-Type": "application/json"}
_LOG_LINES = const(30)
_ERRORS = const(5)
_FAILURES = ("failing", "paused", "gone")


def mount(site: "Microdot", model: "Model") -> None:
    """Adds the routes of the API to a site."""

    async def get_status(_: "Request") -> "tuple[Iterator[str], int, dict[str, str]]":
        return status(model), 200, JSON

    site.get("/api/v1/status")(get_status)


def status(model: "Model", with_log: bool = True) -> "Iterator[str]":
    """The pieces of the status document: device, values and their age, destinations, log lines if wanted.

    Times are milliseconds: `uptime_ms` is now, and `at_ms` of a destination's last attempt counts
    on the same scale. `memory` is in bytes, `supply_mv` null where it cannot be measured.
    """
    now_ms = model.uptime.ms()
    yield '{"uptime_ms":%d,"device":%s' % (now_ms, jsontext.plain(model.status_pairs()))
    yield ',"revision":%d,"supply_mv":%s,"memory":%s,"wifi":%s' % (
        model.store.revision,
        jsontext.value(model.board.supply_mv()),
        jsontext.plain((("free", gc.mem_free()), ("used", gc.mem_alloc()))),
        jsontext.plain(model.board.network()),
    )
    yield ',"ecu":%s,"grouping":%s' % (jsontext.quote(model.ecu), jsontext.value(model.grouping))
    yield ',"delivery":%s,"values":' % jsontext.quote(delivery(model.destinations()))
    yield from array(model.group, lambda parameter: _value(parameter, now_ms))
    yield ',"destinations":'
    yield from array(model.destinations(), summary)
    yield ',"problems":'
    yield from array(model.problems(), jsontext.quote)
    yield ',"last_errors":'
    yield from array(_errors(model.log), jsontext.quote)
    if with_log:
        yield ',"log":'
        yield from array(log_lines(model.log), jsontext.quote)
    yield "}"


def array(items: "Iterable[T]", text: "Callable[[T], str]") -> "Iterator[str]":
    """The pieces of a JSON list; `text` makes the JSON text of an item."""
    mark = "["
    for item in items:
        yield mark + text(item)
        mark = ","
    yield "[]" if mark == "[" else "]"


def released(pieces: "Iterator[str]", names: str) -> "Iterator[str]":
    """The pieces of an answer; when the last one is on its way, gives back what making them has loaded.

    `names` as `transient.release` takes them.
    """
    try:
        yield from pieces
    finally:
        transient.release(names)


def unit(parameter: "Parameter") -> str:
    """The unit to show: "" where there is none."""
    return "" if parameter.unit == "none" else parameter.unit


def _value(parameter: "Parameter", now_ms: int) -> str:
    return '{"name":%s,"value":%s,"unit":%s,"class":%s,"age_ms":%s,"error":%s}' % (
        jsontext.quote(parameter.name),
        "null" if parameter.text is None else parameter.json(),
        jsontext.quote(unit(parameter)),
        jsontext.quote(parameter.device_class or ""),
        jsontext.value(parameter.age_ms(now_ms)),
        jsontext.value(parameter.error),
    )


def summary(destination: "Destination") -> str:
    """A destination as a JSON object: state, counters and the last attempt."""
    last = destination.journal.last
    members = [(key, jsontext.value(item)) for key, item in destination.pairs()]
    members.append(("enabled", jsontext.value(destination.state != "disabled")))
    members.append(("last", "null" if last is None else jsontext.plain(last.pairs())))
    return jsontext.members(members)


def delivery(destinations: "Iterable[Destination]") -> str:
    """All destinations in one word: "failing" if one is or has been given up, else "ok", "waiting" or "off"."""
    states = [destination.state for destination in destinations if destination.state != "disabled"]
    if any([state in _FAILURES for state in states]):
        return "failing"
    if "ok" in states or "sending" in states:
        return "ok"
    return "waiting" if states else "off"


def _errors(log: "Log") -> "list[str]":
    """The latest records of what went wrong, as text, oldest first."""
    wrong = [record for record in log.records() if record[2] in "WE"]
    return [line(record) for record in wrong[-_ERRORS:]]


def log_lines(log: "Log") -> "Iterator[str]":
    """The latest records as text, oldest first."""
    for record in log.records(max(0, log.last - _LOG_LINES)):
        yield line(record)
