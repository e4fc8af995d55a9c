"""What a person or a program can do with settings: the REST API at /api/v1/settings and /api/v1/schema.

Secrets go in and never come out. Who says which revision the changes were made to is told if somebody else changed
the settings meanwhile.
"""

import transient
from microdot.microdot import Response
from micropython import const

from web.api import JSON
from web.problem import Problem, Problems, bad, json_object, refuse_unknown, row, unfit

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from config.store import Store

    from web import Model
    from web.request import Incoming
    from web.site import Site

    Found = list[dict[str, str]]

_BASE = "/api/v1/settings"
_SCHEMA = "/api/v1/schema"
_LIMIT = const(196_608)  # bytes
_PIECE = const(1024)
_USED = transient.SETTINGS + "web.settings_view web.tree "


def mount(site: "Site", model: "Model") -> None:
    """Adds the routes of settings to a site."""
    actions = Actions(model)
    for method in ("PUT", "PATCH"):
        site.accept_body(method, _BASE, _LIMIT, in_pieces=True)
    for method, path, action in (
        ("GET", _BASE, actions.show),
        ("PUT", _BASE, actions.replace),
        ("PATCH", _BASE, actions.change),
        ("GET", _SCHEMA, actions.describe),
    ):
        site.route(path, [method])(handler(action))


def handler(
    action: "Callable[[Incoming], Awaitable[Response]]",
) -> "Callable[[Incoming], Awaitable[Response]]":
    """A route's handler, which answers with problems as well."""

    async def handle(request: "Incoming") -> Response:
        try:
            return await action(request)
        except (Problem, Problems) as problem:
            return problem.response()

    return handle


def in_pieces(pieces: "Iterator[str]", headers: "dict[str, str]") -> Response:
    """An answer that is written while it is sent."""
    return Response(pieces, 200, headers)  # type: ignore[arg-type]  # microdot takes iterators as well


async def received_object(request: "Incoming") -> dict:
    """The JSON object in a body, which is in memory once. Raises Problem."""
    body = bytearray(request.upload.left)
    at = 0
    while at < len(body):
        try:
            piece = await request.upload.read(_PIECE)
        except EOFError:
            raise bad("", "truncated", "It did not arrive whole.")
        body[at : at + len(piece)] = piece
        at += len(piece)
    return json_object(body)


class Actions:
    """What can be asked for: each returns the answer, or raises Problem or Problems."""

    def __init__(self, model: "Model") -> None:
        self._model = model

    async def show(self, _: "Incoming") -> Response:
        """All settings, complete."""
        store = self._model.store
        return in_pieces(_document(store), dict(JSON, ETag=_tag(store)))

    async def replace(self, request: "Incoming") -> Response:
        """Puts a whole document into force; what it leaves out gets its default."""
        return await self._put(request, lambda settings: settings)

    async def change(self, request: "Incoming") -> Response:
        """Puts what a merge patch makes of the settings into force."""
        return await self._put(
            request, lambda settings: merged(self._model.store.draft(), settings)
        )

    async def describe(self, request: "Incoming") -> Response:
        """Everything declared of settings, which stays the same until there is other firmware."""
        headers = {"ETag": '"%s"' % dict(self._model.status_pairs())["fw_version"]}
        headers["Cache-Control"] = "no-cache"
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Response("", 304, headers, "Not Modified")
        headers.update(JSON)
        return in_pieces(_declared(), headers)

    async def _put(self, request: "Incoming", whole: "Callable[[dict], dict]") -> Response:
        data = await received_object(request)
        settings, revision = data.pop("settings", None), data.pop("revision", None)
        refuse_unknown(data)
        if not isinstance(settings, dict):
            raise bad("settings", "type", "Must be an object.")
        store = self._model.store
        refuse_stale(store, revision, request.headers.get("If-Match"))
        elsewhere = kept_elsewhere(settings)
        only_check = "check=1" in (request.query_string or "").split("&")
        if only_check or elsewhere:
            fulfil(elsewhere + store.check(whole(settings))[1])
            return Response("[]", 200, JSON)
        fulfil(store.save(whole(settings)))
        return Response('{"revision":%d}' % store.revision, 200, dict(JSON, ETag=_tag(store)))


def _document(store: "Store") -> "Iterator[str]":
    from web import settings_view  # given back below

    try:
        yield from settings_view.document(store)
    finally:
        transient.release(_USED)


def _declared() -> "Iterator[str]":
    from web import settings_view  # given back below

    try:
        yield from settings_view.declared()
    finally:
        transient.release(_USED)


def refuse_stale(store: "Store", revision: object, tag: "str | None" = None) -> None:
    """Raises Problem unless this is the revision of the settings, or nothing is said; `tag` is that of If-Match."""
    if revision is None and tag not in (None, "*"):
        revision = _number(tag or "")
    if revision is None:
        return
    if not isinstance(revision, int) or isinstance(revision, bool):
        raise bad("revision", "type", "Must be a whole number.")
    if revision != store.revision:
        text = "The settings were changed meanwhile: this is about revision %d, they are at %d."
        text %= (revision, store.revision)
        raise Problem(409, "Conflict", "revision", "stale", text)


def fulfil(problems: "Found") -> None:
    """Raises what is to be told of these problems, if there are any."""
    for problem in problems:
        if problem["code"] == "storage":
            text = problem["message"]
            raise Problem(500, "Internal Server Error", "", "storage", text)
    if problems:
        raise unfit(problems)


def merged(target: dict, patch: dict) -> dict:
    """The target with a merge patch (RFC 7396) applied. null stays: it stands for the default, or clears a secret."""
    for name, item in patch.items():
        there = target.get(name)
        if isinstance(there, dict) and isinstance(item, dict):
            item = merged(there, item)
        target[name] = item
    return target


def kept_elsewhere(settings: dict) -> "Found":
    """Password and tokens of the page are changed by who knows the password."""
    web, found = settings.get("web"), []
    if not isinstance(web, dict):
        return []
    for name in ("password", "tokens"):
        if not isinstance(web.pop(name, {}), dict):
            text = "It is changed at /api/v1/%s." % name
            found.append(row("web." + name, "elsewhere", text))
    return found


def _tag(store: "Store") -> str:
    return '"%d"' % store.revision


def _number(tag: str) -> int:
    """The revision in an entity tag; -1, which none is, for anything else."""
    text = tag.strip('"')
    return int(text) if text and not text.strip("0123456789") and len(text) < 10 else -1
