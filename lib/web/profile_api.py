"""What a person or a program can do with the vehicle profile: the REST API at /api/v1/profile."""

import jsontext
import transient
from microdot.microdot import Response
from micropython import const

from web.api import JSON, array
from web.problem import listed, row, unfit
from web.settings_api import fulfil, handler, in_pieces, received_object

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autopid.profile import Problem, Profile
    from config.store import Store

    from web import Model
    from web.request import Incoming
    from web.site import Site

    Found = list[dict[str, str]]

_BASE = "/api/v1/profile"
_LIMIT = const(262_144)  # bytes
_TOLD = const(50)  # problems


def mount(site: "Site", model: "Model") -> None:
    """Adds the routes of the vehicle profile to a site."""
    actions = Actions(model.store)
    site.accept_body("PUT", _BASE, _LIMIT, in_pieces=True)
    site.get(_BASE)(handler(actions.show))
    site.put(_BASE)(handler(actions.replace))
    site.delete(_BASE)(handler(actions.delete))


class Actions:
    """What can be asked for: each returns the answer, or raises Problem or Problems."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    async def show(self, _: "Incoming") -> Response:
        """The profile as it was sent."""
        return in_pieces(_document(self._store), JSON)

    async def replace(self, request: "Incoming") -> Response:
        """Stores a profile of which at least something can be used; answers with what that is."""
        data = await received_object(request)
        try:
            profile = checked(data, self._store)
            fulfil(self._store.save_profile(data))
            return Response(_summary(profile), 200, JSON)
        finally:
            transient.release(transient.PLANNING)

    async def delete(self, _: "Incoming") -> Response:
        """From now on there is none."""
        fulfil(self._store.save_profile(None))
        return Response("", 204, reason="No Content")


def checked(data: object, store: "Store") -> "Profile":
    """The profile in `data`. Raises Problems if nothing of it can be used."""
    from autopid import profile  # the caller gives it back

    try:
        return profile.load(data, store.base_profile)
    except profile.ProfileError as error:
        raise unfit(_told(error.problems))


def _document(store: "Store") -> "Iterator[str]":
    from web import tree  # given back below

    yield '{"profile":'
    try:
        yield from tree.pieces(store.profile())
    finally:
        transient.release("web.tree ")
    yield "}"


def _summary(profile: "Profile") -> str:
    names = sorted([each.name for pid in profile.pids for each in pid.parameters])
    return '{"car":%s,"pids":%d,"parameters":%s,"left_out":%d,"problems":%s}' % (
        jsontext.quote(profile.car_model),
        len(profile.pids),
        "".join(array(names, jsontext.quote)),
        len(profile.problems),
        listed(_told(profile.problems)),
    )


def _told(problems: "list[Problem]") -> "Found":
    """The first of them, as sentences."""
    found = []
    for field, text in problems[:_TOLD]:
        message = text[:1].upper() + text[1:] + ("" if text[-1:] == "." else ".")
        found.append(row(field, "profile", message))
    return found
