"""What a person or a program can do with certificates and the clock they are judged by: the REST API below
/api/v1/certificates and /api/v1/clock.

Keys go in and never come out. What does the work is in memory only while there is some: see `web.cert_listing`,
`web.cert_upload`, `web.cert_actions`.
"""

import jsontext
import transient
from microdot.microdot import Response
from micropython import const

from web.api import JSON, released
from web.problem import Problem, Problems, bad, members, refuse_unknown

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from web import Model
    from web.request import Incoming
    from web.site import Site

    Text = str | Iterator[str]
    Action = Callable[..., Awaitable[Text]]
    Answer = Response | tuple[Text, int, dict[str, str]]

_BASE = "/api/v1/certificates"
_CLOCK = "/api/v1/clock"
_SET_LIMIT = const(65536)  # bytes
_BUNDLE_LIMIT = const(524288)


def mount(site: "Site", model: "Model") -> None:
    """Adds the routes of certificates and clock to a site."""
    actions = Actions(model)
    site.accept_body("PUT", _BASE + "/default", _BUNDLE_LIMIT, in_pieces=True)
    site.accept_body("PUT", _BASE + "/", _SET_LIMIT)
    site.accept_body("POST", _BASE + "/", _SET_LIMIT)
    for method, path, action in (
        ("GET", _BASE, actions.list_all),
        ("PUT", _BASE + "/default", actions.replace_bundle),
        ("GET", _BASE + "/<name>", actions.show),
        ("PUT", _BASE + "/<name>", actions.store),
        ("POST", _BASE + "/<name>", actions.store),  # what forms and `curl -F` send
        ("DELETE", _BASE + "/<name>", actions.delete),
        ("POST", _BASE + "/<name>/key", actions.make_key),
        ("GET", _CLOCK, actions.show_clock),
        ("POST", _CLOCK, actions.set_clock),
    ):
        site.route(path, [method])(_handler(action))


def _handler(action: "Action") -> "Callable[..., Awaitable[Answer]]":
    async def handle(request: "Incoming", **place: str) -> "Answer":
        try:
            text = await action(request, **place)
            if not isinstance(text, str):
                text = released(text, transient.CERT_EDITING)
            return text, 200, JSON
        except (Problem, Problems) as problem:
            return problem.response()
        finally:
            transient.release(transient.CERT_EDITING)

    return handle


class Actions:
    """What can be asked for: each returns JSON text, whole or in pieces, or raises Problem or Problems.

    `name` is a cert set's, as it stands in the address.
    """

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._works = False

    async def list_all(self, _: "Incoming") -> "Text":
        """The default bundle and every set."""
        from web.cert_listing import Listing

        return Listing(self._model).all()

    async def show(self, _: "Incoming", name: str) -> "Text":
        """One set, or the default bundle."""
        from web.cert_listing import Listing

        return Listing(self._model).known(name)

    async def store(self, request: "Incoming", name: str) -> "Text":
        """Makes or changes a set, if what results would work; answers with it."""
        from web import cert_upload
        from web.cert_listing import Listing

        cert_upload.store(self._model, name, request.content_type or "", request.body or b"")
        return Listing(self._model).known(name)

    async def delete(self, _: "Incoming", name: str) -> "Text":
        """Deletes a set that no destination uses; answers with those that are left."""
        from web import cert_actions
        from web.cert_listing import Listing

        cert_actions.delete(self._model, name)
        return Listing(self._model).all()

    async def make_key(self, request: "Incoming", name: str) -> "Text":
        """Makes a key that waits for its certificate; answers with the request for that."""
        from web import cert_actions

        data = members(request.body or b"")
        return await self._alone(cert_actions.make_key, self._model, name, data)

    async def replace_bundle(self, request: "Incoming") -> "Text":
        """Puts another default bundle in place; answers with its date and count."""
        from web import cert_actions

        return await self._alone(cert_actions.replace_bundle, self._model, request)

    async def show_clock(self, _: "Incoming") -> "Text":
        """State and source of the clock, and what it shows."""
        clock = self._model.clock
        return jsontext.plain(
            (("state", clock.state), ("source", clock.source), ("unix_s", clock.best_s()))
        )

    async def set_clock(self, request: "Incoming") -> "Text":
        """Sets the clock by hand."""
        data = members(request.body or b"")
        unix_s = data.pop("unix_s", None)
        refuse_unknown(data)
        if not isinstance(unix_s, int) or isinstance(unix_s, bool):
            raise bad("unix_s", "type", "Must be a whole number: seconds since 1970, UTC.")
        trouble = self._model.clock.offer("user", unix_s)
        if trouble:
            raise bad("unix_s", "refused", trouble)
        return await self.show_clock(request)

    async def _alone(self, work: "Callable[..., Awaitable[str]]", *arguments: object) -> str:
        """What takes seconds is done for one client at a time: the server's other places stay for everybody else."""
        if self._works:
            text = "A key is being made or a bundle received: try again when that is through."
            raise Problem(503, "Service Unavailable", "", "busy", text)
        self._works = True
        try:
            return await work(*arguments)
        finally:
            self._works = False
