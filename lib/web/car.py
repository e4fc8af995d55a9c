"""What can be asked of the car: the REST API below /api/v1/standard and /api/v1/car.

Polling goes on meanwhile. What does the work is in memory only while there is some: see `web.car_asking`,
`web.car_listing`.
"""

import transient
from microdot.microdot import Response
from micropython import const

from web.api import JSON, released
from web.problem import Problem, Problems, members

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import TypeVar

    from microdot import Request

    from web import Model
    from web.site import Site

    T = TypeVar("T")
    Action = Callable[[dict], Awaitable[Iterator[str]]]
    Answer = Response | tuple[Iterator[str], int, dict[str, str]]

ASK_MS: int = const(45_000)  # a search for the car's protocol takes up to 30 s


def mount(site: "Site", model: "Model", ask_ms: int = ASK_MS) -> None:
    """Adds the routes to a site. The car is asked for `ask_ms` at most."""
    actions = Actions(model, ask_ms)
    site.get("/api/v1/standard")(handler(actions.list_standard))
    site.post("/api/v1/car/scan")(handler(actions.scan))
    site.post("/api/v1/car/try")(handler(actions.attempt))


def handler(action: "Action") -> "Callable[[Request], Awaitable[Answer]]":
    """The route of an action; what it needs is given back once its answer is written."""

    async def handle(request: "Request") -> "Answer":
        try:
            pieces = await action(members(request.body or b""))
            return released(pieces, transient.CAR), 200, JSON
        except (Problem, Problems) as problem:
            return problem.response()
        finally:
            transient.release(transient.CAR)

    return handle


class Actions:
    """What can be asked for: each returns the pieces of a JSON document, or raises Problem or Problems.

    `data`: the object that was sent.
    """

    def __init__(self, model: "Model", ask_ms: int) -> None:
        self._model = model
        self._ask_ms = ask_ms
        self._asking = False

    async def list_standard(self, _: dict) -> "Iterator[str]":
        """Every standard parameter that is known here."""
        from web import car_listing

        return car_listing.standard()

    async def scan(self, data: dict) -> "Iterator[str]":
        """Asks the car which standard PIDs it has."""
        from web import car_asking, car_listing

        found = await self._alone(car_asking.scan, self._model, data, self._ask_ms)
        return car_listing.supported(found)

    async def attempt(self, data: dict) -> "Iterator[str]":
        """Asks the car, or reads an answer that was pasted, and decodes one value from it."""
        from web import car_asking

        trial = car_asking.Trial(self._model, data)
        if not trial.is_pasted:
            await self._alone(trial.ask, self._ask_ms)
        return trial.told()

    async def _alone(self, work: "Callable[..., Awaitable[T]]", *arguments: object) -> "T":
        """One client at a time asks the car: the server's other places stay for everybody else."""
        if self._asking:
            text = "Somebody else is asking the car: try again when that is through."
            raise Problem(503, "Service Unavailable", "", "busy", text)
        self._asking = True
        try:
            return await work(*arguments)
        finally:
            self._asking = False
