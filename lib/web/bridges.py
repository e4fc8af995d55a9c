"""What the REST API tells of bridges, below /api/v1/bridges: what each does, and what went wrong."""

import jsontext

from web.api import JSON, array

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from microdot import Microdot, Request

    from web import Model

    Answer = tuple[str | Iterator[str], int, dict[str, str]]

_BASE = "/api/v1/bridges"
_FILE = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Disposition": 'attachment; filename="bridges.txt"',
}


def mount(site: "Microdot", model: "Model") -> None:
    """Adds the routes of bridges to a site."""

    async def list_all(_: "Request") -> "Answer":
        running = () if model.bridges is None else model.bridges.running
        return array(running, lambda bridged: jsontext.plain(bridged.pairs())), 200, JSON

    async def show_log(_: "Request") -> "Answer":
        return "[]" if model.bridges is None else model.bridges.log.pieces(), 200, JSON

    async def load_log(_: "Request") -> "Answer":
        return _lines(model), 200, _FILE

    site.get(_BASE)(list_all)
    site.get(_BASE + "/log")(show_log)
    site.get(_BASE + "/log.txt")(load_log)


def _lines(model: "Model") -> "Iterator[str]":
    yield ""  # microdot cannot send a generator without pieces
    if model.bridges is not None:
        yield from model.bridges.log.lines()
