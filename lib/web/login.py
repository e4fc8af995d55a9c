"""Logging in and out, the password, and tokens for scripts: /login, /api/v1/session, /api/v1/password, /api/v1/tokens.

POST /api/v1/session {"password":"…"}     {"csrf":"…"} and a cookie; the token goes with whatever changes something
POST /login                               the same as a form sends it, for a page whose script is not loaded yet
"""

import jsontext
import transient
from microdot.microdot import Response
from micropython import const

from web.api import JSON, array
from web.gate import COOKIE, Refusal
from web.problem import Problem, Problems, bad, members, refuse_unknown, row

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from web import Model
    from web.gate import Gate
    from web.request import Incoming
    from web.sessions import Session
    from web.site import Site

    Action = Callable[..., Awaitable[Response]]

_FORM = "/login"
_SESSION = "/api/v1/session"
_PASSWORD = "/api/v1/password"
_TOKENS = "/api/v1/tokens"
_BODY_LIMIT = const(1024)
_SHORTEST = const(8)  # as the setting web.password
_LONGEST = const(64)
_RULES = "; HttpOnly; SameSite=Strict; Path=/"


def mount(site: "Site", model: "Model") -> None:
    """Adds the routes to a site, and opens those by which one gets in."""
    actions = Actions(site.gate, model)
    for method, path in (("POST", _FORM), ("POST", _SESSION)):
        site.accept_body(method, path, _BODY_LIMIT)
        site.open_route(method, path, _always)
    site.open_route("GET", _SESSION, _always, greets=True)
    for method, path, action in (
        ("POST", _FORM, actions.take_form),
        ("GET", _SESSION, actions.show),
        ("POST", _SESSION, actions.begin),
        ("DELETE", _SESSION, actions.end),
        ("PUT", _PASSWORD, actions.change_password),
        ("GET", _TOKENS, actions.list_tokens),
        ("POST", _TOKENS, actions.make_token),
        ("DELETE", _TOKENS + "/<id>", actions.delete_token),
    ):
        site.route(path, [method])(_handler(action))


def _always() -> bool:
    return True


def _handler(action: "Action") -> "Action":
    async def handle(request: "Incoming", **place: str) -> Response:
        try:
            return await action(request, **place)
        except (Problem, Problems, Refusal) as problem:
            return problem.response()
        finally:
            transient.release("web.tokens")

    return handle


class Actions:
    """What can be asked for: each answers, or raises Problem, Problems or Refusal."""

    def __init__(self, gate: "Gate", model: "Model") -> None:
        self._gate = gate
        self._model = model

    async def show(self, request: "Incoming") -> Response:
        """Whose page this is, and whether its visitor is logged in."""
        caller = request.caller
        session = caller.session if caller else None
        pairs = (
            ("name", self._model.name),
            ("authenticated", caller is not None),
            ("by", caller.by if caller else None),
            ("csrf", session.csrf if session else None),
            ("setup", not self._model.store.settings["device"]["set_up"]),
        )
        return _json(jsontext.plain(pairs))

    async def begin(self, request: "Incoming") -> Response:
        """Logs in for the password in a JSON object."""
        data = members(request.body or b"")
        password = data.pop("password", None)
        refuse_unknown(data)
        if not isinstance(password, str):
            raise bad("password", "type", "Must be a text.")
        id, session = await self._log_in(request, password)
        return _with_cookie(_json(jsontext.plain((("csrf", session.csrf),))), id)

    async def take_form(self, request: "Incoming") -> Response:
        """Logs in for the password in a form, and leads back to the page, which tells how that went."""
        try:
            id, _ = await self._log_in(request, _field(request))
        except Refusal as refusal:
            return _see("/#wait" if refusal.wait_ms else "/#wrong")
        return _with_cookie(_see("/"), id)

    async def end(self, request: "Incoming") -> Response:
        """Logs out; who came without a cookie has nothing to end."""
        if request.caller and request.caller.session:
            self._gate.sessions.end(request.caller.session)
        response = Response("", 204, reason="No Content")
        response.headers["Set-Cookie"] = COOKIE + "=; Max-Age=0" + _RULES
        return response

    async def change_password(self, request: "Incoming") -> Response:
        """Puts another password in the place of the old one. Every other session ends."""
        data = members(request.body or b"")
        old, new = data.pop("old", None), data.pop("new", None)
        refuse_unknown(data)
        _judge(old, new)
        try:
            await self._gate.check(old, request.client_addr[0], "old")
        except Refusal as refusal:
            if refusal.wait_ms:
                raise
            raise bad("old", refusal.code, refusal.text)  # who asks is logged in all the same
        try:
            await self._gate.change(new, request.caller.session if request.caller else None)
        except OSError as error:
            raise Problem(500, "Internal Server Error", "", "storage", str(error))
        return Response("", 204, reason="No Content")

    async def list_tokens(self, _: "Incoming") -> Response:
        """The names of all tokens."""
        from web import tokens

        rows = tokens.rows(self._model.store)
        names = ("id", "name")
        texts = array(rows, lambda row: jsontext.plain([(name, row[name]) for name in names]))
        return _json("".join(texts))

    async def make_token(self, request: "Incoming") -> Response:
        """Makes a token, which is told now and never again."""
        from web import tokens

        data = members(request.body or b"")
        name = data.pop("name", None)
        refuse_unknown(data)
        return _json(tokens.make(self._model.store, name))

    async def delete_token(self, _: "Incoming", id: str) -> Response:
        """Deletes a token."""
        from web import tokens

        tokens.delete(self._model.store, id)
        return Response("", 204, reason="No Content")

    async def _log_in(self, request: "Incoming", password: str) -> "tuple[str, Session]":
        """A new session; the one that the browser had before ends."""
        await self._gate.check(password, request.client_addr[0], "password")
        before = self._gate.sessions.find(request.cookies.get(COOKIE))
        if before is not None:
            self._gate.sessions.end(before)
        return self._gate.sessions.begin()


def _judge(old: object, new: object) -> None:
    """Raises Problems if one of the two cannot be a password."""
    found = []
    for field, password in (("old", old), ("new", new)):
        if not isinstance(password, str):
            found.append(row(field, "type", "Must be a text."))
    if isinstance(new, str) and len(new) < _SHORTEST:
        found.append(row("new", "too_short", "Must have at least %d characters." % _SHORTEST))
    if isinstance(new, str) and len(new) > _LONGEST:
        found.append(row("new", "too_long", "Must have at most %d characters." % _LONGEST))
    if found:
        raise Problems(found)


def _field(request: "Incoming") -> str:
    """The password of a form; empty, which never fits, without one."""
    try:
        return (request.form or {}).get("password", "")
    except ValueError:  # what is no URL encoding
        return ""


def _json(text: str) -> Response:
    return Response(text, 200, JSON)


def _see(address: str) -> Response:
    return Response("", 303, {"Location": address}, "See Other")


def _with_cookie(response: Response, id: str) -> Response:
    response.headers["Set-Cookie"] = COOKIE + "=" + id + _RULES
    return response
