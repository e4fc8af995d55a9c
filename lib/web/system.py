"""The device as a whole: POST /api/v1/reboot and /api/v1/factory-reset, GET /api/v1/wifi/scan.

What starts the device again is answered before it happens, with 202.
"""

import asyncio

import jsontext
from microdot.microdot import Response
from micropython import const

from web.api import JSON, array
from web.problem import Problem, Problems, bad, members, refuse_unknown

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from microdot import Request

    from web import Model
    from web.site import Site

    Answer = Response | tuple[str | Iterator[str], int, dict[str, str]]
    Action = Callable[[dict], Awaitable[Answer]]

_REST_MS = const(500)  # for the answer to arrive
_NETWORK = ("ssid", "rssi_dbm", "security", "channel")


def mount(site: "Site", model: "Model") -> None:
    """Adds the routes to a site."""
    actions = Actions(model)
    site.post("/api/v1/reboot")(_handler(actions.reboot))
    site.post("/api/v1/factory-reset")(_handler(actions.forget))
    site.get("/api/v1/wifi/scan")(_handler(actions.scan))


def _handler(action: "Action") -> "Callable[[Request], Awaitable[Answer]]":
    async def handle(request: "Request") -> "Answer":
        try:
            return await action(members(request.body or b""))
        except (Problem, Problems) as problem:
            return problem.response()

    return handle


class Actions:
    """What can be asked for: each returns an answer, or raises Problem or Problems.

    `data`: the object that was sent.
    """

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._ending: asyncio.Task[None] | None = None
        self._erases = False
        self._scanning = False

    async def reboot(self, data: dict) -> "Answer":
        """Starts the device again."""
        refuse_unknown(data)
        return self._end()

    async def forget(self, data: dict) -> "Answer":
        """Deletes what `device.factory.erase` says, then starts the device again.

        So that nobody does this by mistake, "confirm" must be the device's name.
        """
        name = data.pop("confirm", None)
        refuse_unknown(data)
        if name != self._model.name:
            raise bad("confirm", "confirm", "Must be the device's name: %s." % self._model.name)
        self._erases = True
        return self._end()

    def _erase(self) -> None:
        from device import factory

        factory.erase(self._model.root, self._model.log.logger("factory"))

    def _end(self) -> "Answer":
        if self._ending is None:
            self._ending = asyncio.create_task(self._reset())
        return Response("{}", 202, JSON, "Accepted")

    async def _reset(self) -> None:
        """Nothing else runs between the last deletion and the restart that could write its file once more."""
        await asyncio.sleep_ms(_REST_MS)
        self._model.log.logger("app").info("somebody has the device start again")
        from device import boot

        try:
            if self._erases:
                self._erase()
        finally:
            boot.forgive(self._model.board)  # a start that was asked for is no failed one
            self._model.board.reset()

    async def scan(self, _: dict) -> "Answer":
        """The Wi-Fi networks in reach, strongest first; one of several access points with the same name."""
        if self._scanning:
            text = "Somebody else is looking for networks: try again when that is through."
            raise Problem(503, "Service Unavailable", "", "busy", text)
        self._scanning = True
        try:
            found = await self._model.wifi_scan()
        except OSError as error:
            text = "The networks cannot be looked for now (%s)." % error
            raise Problem(503, "Service Unavailable", "", "wifi", text)
        finally:
            self._scanning = False
        if found is None:
            text = "This device has no Wi-Fi."
            raise Problem(409, "Conflict", "", "no_wifi", text)
        return array(strongest(found), _network), 200, JSON


def strongest(found: "list[tuple[str, int, str, int]]") -> "list[tuple[str, int, str, int]]":
    """Each name once, with its strongest signal, strongest first; hidden networks have none."""
    best: dict[str, tuple[str, int, str, int]] = {}
    for network in found:
        name, rssi_dbm = network[:2]
        if name and (name not in best or best[name][1] < rssi_dbm):
            best[name] = network
    return sorted(best.values(), key=lambda network: -network[1])


def _network(network: "tuple[str, int, str, int]") -> str:
    return jsontext.plain(zip(_NETWORK, network))
