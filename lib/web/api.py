"""The REST API below /api/v1/: what the page shows, for the page itself and for any other program.

Answers are written piece by piece; no document is ever held whole. A value is a number with exactly the digits that were read.
"""

import jsontext
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from autopid.group import Entry
    from delivery.destination import Destination
    from microdot import Microdot, Request

LOG_LINES = const(30)
_JSON = "application/json"


def mount(site: "Microdot", model) -> None:
    """Adds the routes of the API to a site; the package says what the model offers."""

    async def get_status(_: "Request"):
        return status(model), 200, {"Content-Type": _JSON}

    site.get("/api/v1/status")(get_status)


def status(model) -> "Iterator[str]":
    """The pieces of the status document: the device, the values and their age, the destinations, the latest log lines.

    Times are milliseconds: `uptime_ms` is now, `at_ms` of a destination's last attempt counts on the same scale.
    """
    now_ms = model.uptime.ms()
    yield '{"uptime_ms":%d,"device":%s' % (now_ms, jsontext.plain(model.status_pairs()))
    yield ',"ecu":%s,"grouping":%s' % (jsontext.quote(model.ecu), jsontext.value(model.grouping))
    yield ',"values":'
    yield from _array(model.group, lambda entry: _value(entry, now_ms))
    yield ',"destinations":'
    yield from _array(model.destinations(), _destination)
    yield ',"log":'
    yield from _array(model.log.lines(LOG_LINES), jsontext.quote)
    yield "}"


def _array(items: "Iterable", text: "Callable") -> "Iterator[str]":
    mark = "["
    for item in items:
        yield mark + text(item)
        mark = ","
    yield "[]" if mark == "[" else "]"


def _value(entry: "Entry", now_ms: int) -> str:
    parameter = entry.parameter
    return '{"name":%s,"value":%s,"unit":%s,"class":%s,"age_ms":%s,"error":%s}' % (
        jsontext.quote(entry.name),
        "null" if entry.text is None else entry.json(),
        jsontext.quote(parameter.unit or ""),
        jsontext.quote(parameter.device_class or ""),
        jsontext.value(entry.age_ms(now_ms)),
        jsontext.value(entry.error),
    )


def _destination(destination: "Destination") -> str:
    last = destination.journal.last
    return jsontext.members(
        (
            ("id", jsontext.value(destination.id)),
            ("name", jsontext.quote(destination.name)),
            ("enabled", jsontext.value(destination.enabled)),
            ("state", jsontext.quote(destination.state)),
            ("reason", jsontext.value(destination.reason)),
            ("delivered", jsontext.value(destination.journal.delivered)),
            ("failed", jsontext.value(destination.journal.failed)),
            ("last", "null" if last is None else jsontext.plain(last.pairs())),
        )
    )
