"""What a person or a program can do with a destination: the REST API below /api/v1/destinations.

Whoever asks for something that is not there, or not possible now, is told so like those who enter wrong settings: in a
list of {"field", "code", "message"}. Everything that changes a destination answers with its new state.
"""

import asyncio

import jsontext
import transient
from microdot.microdot import Response
from micropython import const

from web.api import JSON, array, summary
from web.problem import Problem

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from delivery.dead_letters import DeadLetters, Row
    from delivery.destination import Destination
    from delivery.journal import Attempt
    from microdot import Microdot, Request

    from web import Model

    Text = str | Iterator[str]
    Action = Callable[..., Awaitable[Text]]
    Answer = Response | tuple[Text, int, dict[str, str]]

_BASE = "/api/v1/destinations"
_SEND_MS = const(45_000)  # an attempt takes up to 30 s; there may be one to wait for
_SLICE = const(256)
_PRESETS = "delivery.presets web.tree"
_SECRETS = "delivery.secret_rules"


def mount(site: "Microdot", model: "Model", send_ms: int = _SEND_MS) -> None:
    """Adds the routes of destinations and presets to a site. A client waits at most `send_ms` for an attempt."""
    actions = Actions(model, send_ms)
    for method, path, action in (
        ("GET", _BASE, actions.list_all),
        ("GET", _BASE + "/<id>", actions.show),
        ("POST", _BASE + "/<id>/send", actions.send),
        ("POST", _BASE + "/<id>/reset", actions.reset),
        ("POST", _BASE + "/<id>/key", actions.make_key),
        ("GET", _BASE + "/<id>/dead", actions.list_dead),
        ("DELETE", _BASE + "/<id>/dead", actions.clear_dead),
        ("DELETE", _BASE + "/<id>/dead/<message>", actions.delete_dead),
        ("POST", _BASE + "/<id>/dead/<message>/replay", actions.replay),
        ("GET", "/api/v1/presets", actions.list_presets),
    ):
        site.route(path, [method])(_handler(action))


def _handler(action: "Action") -> "Callable[..., Awaitable[Answer]]":
    async def handle(_: "Request", **place: str) -> "Answer":
        try:
            return await action(**place), 200, JSON
        except Problem as problem:
            return problem.response()

    return handle


class Actions:
    """What can be asked for: each returns JSON text, whole or in pieces, or raises Problem.

    `id` is a destination's and `message` a dead letter's, as they stand in the address.
    """

    def __init__(self, model: "Model", send_ms: int) -> None:
        self._model = model
        self._send_ms = send_ms
        self._sending = False

    async def list_all(self) -> "Text":
        """Every destination: state, counters, last attempt."""
        return array(self._model.destinations(), summary)

    async def show(self, id: str) -> "Text":
        """One destination with the attempts that are remembered, oldest first."""
        destination = self._find(id)
        destination.dead_letters()  # from here on they are counted
        return _details(destination)

    async def send(self, id: str) -> "Text":
        """Sends the newest values now; the attempt and the request as it was sent, once it is over.

        One client at a time may wait for that: the server's other places stay for everybody else.
        """
        destination = self._find(id)
        if self._sending:
            text = "Another document is being sent on demand: try again when it is through."
            raise Problem(503, "Service Unavailable", "", "busy", text)
        self._sending = True
        try:
            attempt: Attempt | None = await asyncio.wait_for_ms(
                destination.send_now(), self._send_ms
            )
        except asyncio.TimeoutError:
            text = "This takes long: look among the attempts later."
            raise Problem(504, "Gateway Timeout", "", "timeout", text)
        finally:
            self._sending = False
        if attempt is None:
            text = "Nothing was sent: the destination ended meanwhile."
            raise Problem(409, "Conflict", "id", "ended", text)
        return _with_request(attempt)

    async def reset(self, id: str) -> "Text":
        """Ends pauses and closes the fuse."""
        destination = self._find(id)
        destination.reset()
        return summary(destination)

    async def make_key(self, id: str) -> "Text":
        """Has a secret to sign with made here, which goes before the one there is; told now and never again."""
        from delivery import secret_rules  # given back at once

        settings = self._settings(id)
        secret = secret_rules.new_for(settings["sign"]["scheme"], settings["preset"])
        transient.release(_SECRETS)
        if secret is None:
            text = "Keys are made for ThingPark and KPN Things only: choose one of these schemes."
            raise Problem(409, "Conflict", "sign.scheme", "conflict", text)
        self._keep(settings, secret)
        return jsontext.plain((("secret", secret),))

    def _keep(self, settings: dict, secret: str) -> None:
        """ThingPark's old key is good for downlinks until the other side has the new one."""
        store, prefix = self._model.store, "destinations.%d.sign." % settings["id"]
        changes: dict[str, str | None] = {prefix + "secret": secret}
        before = store.secret(prefix + "secret")
        if settings["sign"]["scheme"] == "thingpark" and before is not None:
            changes[prefix + "previous"] = before
        for problem in store.save_secrets(changes):
            code, text = problem["code"], problem["message"]
            raise Problem(500, "Internal Server Error", "", code, text)

    async def list_dead(self, id: str) -> "Text":
        """The messages that were given up and kept."""
        return array(list(self._dead(id).rows()), _letter)

    async def clear_dead(self, id: str) -> "Text":
        """Deletes all of them."""
        self._dead(id).clear()
        return summary(self._find(id))

    async def delete_dead(self, id: str, message: str) -> "Text":
        """Deletes one of them."""
        if not self._dead(id).delete(message):
            raise _no_letter(message)
        return summary(self._find(id))

    async def replay(self, id: str, message: str) -> "Text":
        """Puts one of them back among what waits to be sent."""
        destination = self._find(id)
        if not destination.replay(message):
            raise _no_letter(message)
        return summary(destination)

    async def list_presets(self) -> "Text":
        """The presets one can choose from, by name, with what each fills in."""
        from delivery.presets import PRESETS  # given back at once, like what writes it

        text = "".join(array(sorted(PRESETS.items()), _preset))
        transient.release(_PRESETS)
        return text

    def _find(self, id: str) -> "Destination":
        for destination in self._model.destinations():
            if str(destination.id) == id:
                return destination
        raise _no_destination(id)

    def _settings(self, id: str) -> dict:
        for settings in self._model.store.settings["destinations"]:
            if str(settings["id"]) == id:
                found: dict = settings
                return found
        raise _no_destination(id)

    def _dead(self, id: str) -> "DeadLetters":
        return self._find(id).dead_letters()


def _no_destination(id: str) -> Problem:
    text = "There is no destination %s." % id
    return Problem(404, "Not Found", "id", "unknown", text)


def _no_letter(message: str) -> Problem:
    text = "There is no dead letter %s." % message
    return Problem(404, "Not Found", "message", "unknown", text)


def _preset(item: "tuple[str, dict]") -> str:
    from web import tree

    name, preset = item
    about = jsontext.plain((("name", name), ("title", preset["title"]), ("hint", preset["hint"])))
    return '%s,"settings":%s}' % (about[:-1], tree.text(preset["settings"]))


def _letter(row: "Row") -> str:
    return jsontext.plain(zip(("id", "made_s", "bytes", "status", "reason"), row))


def _details(destination: "Destination") -> "Iterator[str]":
    yield summary(destination)[:-1] + ',"attempts":'
    yield from array(list(destination.journal), lambda attempt: jsontext.plain(attempt.pairs()))
    yield "}"


def _with_request(attempt: "Attempt") -> "Iterator[str]":
    yield jsontext.plain(attempt.pairs())[:-1] + ',"request":"'
    trace = attempt.trace
    for start in range(0, len(trace), _SLICE):  # escaping takes many times the memory of the text
        yield jsontext.quote(trace[start : start + _SLICE])[1:-1]
    yield '"}'
