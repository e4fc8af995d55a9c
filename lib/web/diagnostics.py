"""What is wrong with the car: the REST API below /api/v1/car/vin and /api/v1/car/codes.

The car is asked when somebody wants to know, never by itself; polling goes on meanwhile. What does the work is in
memory only while there is some: see `web.car_faults`.
"""

from web import car

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web import Model
    from web.site import Site


def mount(site: "Site", model: "Model", ask_ms: int = car.ASK_MS) -> None:
    """Adds the routes to a site. The car is asked for `ask_ms` at most."""
    actions = Actions(model, ask_ms)
    site.get("/api/v1/car/vin")(car.handler(actions.vin))
    site.get("/api/v1/car/codes")(car.handler(actions.codes))
    site.post("/api/v1/car/codes/clear")(car.handler(actions.clear))


class Actions(car.Actions):
    """What can be asked for: each returns the pieces of a JSON document, or raises Problem or Problems.

    `data`: the object that was sent.
    """

    async def vin(self, data: dict) -> "Iterator[str]":
        """Asks for the vehicle identification number."""
        from web import car_faults

        return car_faults.vins(await self._alone(car_faults.ask_vins, self._model, self._ask_ms))

    async def codes(self, data: dict) -> "Iterator[str]":
        """Asks for trouble codes, self-tests and freeze frames."""
        from web import car_faults

        found = await self._alone(car_faults.ask_codes, self._model, self._ask_ms)
        return car_faults.findings(found)

    async def clear(self, data: dict) -> "Iterator[str]":
        """Has the car forget them, if `data` says {"confirm": "clear"}."""
        from web import car_faults

        car_faults.check_confirmed(data)
        told = await self._alone(car_faults.ask_to_clear, self._model, self._ask_ms)
        return car_faults.cleared(*told)
