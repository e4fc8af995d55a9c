"""The self-test of formulas and formats: GET /api/v1/selftest runs it while the answer is written.

{"vectors":[{"name":"kpn_1","ok":true,"detail":""},…],"passed":40,"failed":0}
"""

import asyncio
import sys

import jsontext
import transient

from web.api import JSON
from web.problem import Problem

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from delivery.selftest import Row
    from microdot import Microdot, Request
    from microdot.microdot import Response

    from web import Model

_USED = (
    transient.ADDRESSES + "delivery.selftest delivery.vectors delivery.azure delivery.dynamic "
    "delivery.credentials delivery.headers delivery.identity delivery.lrn delivery.moment "
    "delivery.occasion delivery.signing delivery.formats.senml delivery.formats.digital_matter "
    "delivery.formats.influx delivery.formats.thingpark"
)
_NAMES = ("name", "ok", "detail")


def mount(site: "Microdot", _: "Model") -> None:
    """Adds the route to a site. One client at a time has it run."""
    running: list[Report] = []

    async def get_selftest(_: "Request") -> "Response | tuple[Report, int, dict[str, str]]":
        if running and not running[0].ended:
            text = "The self-test is running: try again when it is through."
            return Problem(503, "Service Unavailable", "", "busy", text).response()
        running[:] = [Report()]
        return running[0], 200, JSON

    site.get("/api/v1/selftest")(get_selftest)


class Report:
    """The pieces of the answer, a vector each; others run in between. What it loaded is given back by `close`.

    `ended`: all were told, or nobody takes them any more.
    """

    def __init__(self) -> None:
        # What others use stays where it is.
        self._loaded = [name for name in _USED.split() if name not in sys.modules]
        self._rows: Iterator[Row] | None = None
        self._passed = self._failed = 0
        self._mark = '{"vectors":['
        self.ended = False

    def __aiter__(self) -> "Report":
        return self

    async def __anext__(self) -> str:
        if self.ended:
            raise StopAsyncIteration
        await asyncio.sleep_ms(0)
        if self._rows is None:
            from delivery import selftest

            self._rows = selftest.rows()
        for row in self._rows:
            return self._piece(row)
        self.ended = True
        return '],"passed":%d,"failed":%d}' % (self._passed, self._failed)

    def close(self) -> None:
        """The answer is through, or nobody takes it."""
        self._rows = None
        self.ended = True
        transient.release(" ".join(self._loaded))

    def _piece(self, row: "Row") -> str:
        mark, self._mark = self._mark, ","
        if row[1]:
            self._passed += 1
        else:
            self._failed += 1
        return mark + jsontext.plain(zip(_NAMES, row))
