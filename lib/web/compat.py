"""What Home Assistant's WiCAN integration reads, at the addresses and in the form of the WiCAN firmware.

Open to everybody in the network, without the password, while the setting web.home_assistant is on; not there while it
is off. Nothing in it is secret: no password, no destination, no address of a server.
"""

import jsontext
from microdot.microdot import Response

from web.api import JSON

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autopid.parameter import Parameter
    from microdot import Request

    from web import Model
    from web.site import Site

    Answer = Response | tuple[str | Iterator[str], int, dict[str, str]]

_NO_DATA = '{"error":"No data available"}'


def mount(site: "Site", model: "Model") -> None:
    """Adds the routes to a site."""

    def is_open() -> bool:
        return model.store.settings["web"]["home_assistant"]

    def add(path: str, document: "Callable[[Model], Iterator[str]]") -> None:
        async def handle(_: "Request") -> "Answer":
            if not is_open():
                return Response("Not Found\n", 404, reason="Not Found")
            return document(model), 200, JSON

        site.get(path)(handle)
        site.open_route("GET", path, is_open)

    add("/check_status", status)
    add("/load_car_config", meanings)
    add("/autopid_data", values)


def status(model: "Model") -> "Iterator[str]":
    """The redacted status; the integration works with a "protocol" of "auto_pid" only."""
    yield jsontext.plain(list(model.status_pairs()) + [("protocol", "auto_pid")])


def meanings(model: "Model") -> "Iterator[str]":
    """{"SPEED":{"class":"speed","unit":"km/h"},…} for every parameter."""
    return _object(model, _meaning)


def values(model: "Model") -> "Iterator[str]":
    """{"SPEED":87,…} for every parameter that was read."""
    if not [parameter for parameter in model.group if parameter.literal is not None]:
        return iter((_NO_DATA,))
    return _object(model, lambda parameter: parameter.literal)


def _object(model: "Model", text: "Callable[[Parameter], str | None]") -> "Iterator[str]":
    mark = "{"
    for parameter in model.group:
        member = text(parameter)
        if member is not None:
            yield mark + parameter.key[1:] + member
            mark = ","
    yield "{}" if mark == "{" else "}"


def _meaning(parameter: "Parameter") -> str:
    device_class = parameter.device_class or "none"
    return jsontext.plain((("class", device_class), ("unit", parameter.unit or "none")))
