"""The one gate in front of every route: who asks, and whether that is enough.

    caller = await gate.caller(request)     # a Caller, None for somebody unknown; raises Refusal

A browser shows the cookie that it got for the password; scripts show an API token (RFC 6750), or the password itself
(HTTP Basic, RFC 7617, any user name).
"""

import asyncio
from binascii import a2b_base64
from hashlib import sha256
from os import urandom

from micropython import const

from web import auth
from web.problem import Problem
from web.sessions import Sessions

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.store import Store
    from microdot import Request
    from microdot.microdot import Response
    from uptime import Uptime

    from web.sessions import Session

COOKIE = "session"
_SALT = const(16)
_GUESSES = const(2)  # at once, if some were wrong: less than the places of the server
_CHALLENGE = 'Basic realm="device", charset="UTF-8"'


class Caller:
    """Who asks: known `by` "session", "basic" or "token"; `session` is None for the latter two.

    `record` is the password's at that time.
    """

    def __init__(
        self, by: str, session: "Session | None" = None, record: "str | None" = None
    ) -> None:
        self.by = by
        self.session = session
        self.record = record


class Refusal(Exception):
    """Why somebody may not pass. `wait_ms` is how long he has to wait until his next try."""

    def __init__(self, code: str, text: str, field: str = "", wait_ms: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.field = field
        self.wait_ms = wait_ms

    def response(self) -> "Response":
        """The answer: a list of one problem."""
        if not self.wait_ms:
            return Problem(401, "Unauthorized", self.field, self.code, self.text).response()
        problem = Problem(429, "Too Many Requests", self.field, self.code, self.text)
        response = problem.response()
        response.headers["Retry-After"] = str(_seconds(self.wait_ms))
        return response


class Gate:
    """Knows callers by the password's record in `store`, by their sessions and by API tokens.

    The slow check is made once: a password that passed is remembered as a salted digest, in RAM.

    Attributes:
        sessions: the browsers that are logged in.
    """

    def __init__(self, store: "Store", uptime: "Uptime") -> None:
        self.sessions = Sessions(uptime)
        self._store = store
        self._uptime = uptime
        self._lockout = auth.Lockout()
        self._guesses = 0
        self._one_at_a_time = asyncio.Lock()
        self._salt = urandom(_SALT)
        self._record = store.secret(auth.PASSWORD)
        self._remembered = b""

    async def caller(self, request: "Request") -> Caller | None:
        """Who asks; None if he does not say, or with a session that is over. Raises Refusal if it is not true."""
        self._follow()
        session = self.sessions.find(request.cookies.get(COOKIE))
        if session is not None:
            return Caller("session", session)
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_token(shown.strip())
        if scheme.lower() == "basic":
            await self.check(_password(shown), request.client_addr[0])
            return Caller("basic", None, self._record)
        return None

    def still_knows(self, caller: Caller | None) -> bool:
        """Whether somebody who got in may stay: his session is not over, nor the password another one."""
        self._follow()
        if caller is None or caller.session is None:
            return caller is not None and caller.record == self._record
        return self.sessions.has(caller.session)

    async def check(self, password: str, address: str, field: str = "") -> None:
        """Returns if that is the password. Raises Refusal if not, or after too many guesses from that address."""
        self._follow()
        self._refuse_early(address, field)
        if self._remembers(password):
            self._lockout.forget(address)
            return
        if self._guesses >= _GUESSES and self._lockout.guessed(self._uptime.ms()):
            text = "Others are logging in: try again in a second."
            raise Refusal("too_many", text, field, 1000)
        self._guesses += 1
        try:
            # One after the other, or guesses made at the same time would all be free.
            async with self._one_at_a_time:
                await self._guess(password, address, field)
        finally:
            self._guesses -= 1

    async def change(self, password: str, session: "Session | None") -> None:
        """From now on only that password counts; all sessions but that one end. Raises OSError."""
        self._record = await auth.keep(self._store, password)
        self._remembered = b""
        self.sessions.end_all(session)

    def _follow(self) -> None:
        """A password that was changed elsewhere counts at once."""
        record = self._store.secret(auth.PASSWORD)
        if record != self._record:
            self._record = record
            self._remembered = b""
            self.sessions.end_all()

    def _refuse_early(self, address: str, field: str) -> None:
        """Raises Refusal if that address has to wait."""
        wait_ms = self._lockout.wait_ms(address, self._uptime.ms())
        if wait_ms:
            text = "Too many wrong passwords: try again in %d s." % _seconds(wait_ms)
            raise Refusal("too_many", text, field, wait_ms)

    async def _guess(self, password: str, address: str, field: str) -> None:
        self._refuse_early(address, field)
        if not self._remembers(password) and not await self._fits(password):
            self._lockout.failed(address, self._uptime.ms())
            raise Refusal("wrong_password", "That is not the password of this device.", field)
        self._lockout.forget(address)

    def _by_token(self, token: str) -> Caller:
        from web import tokens  # few devices have any

        if not tokens.fits(self._store, token):
            raise Refusal("wrong_token", "That is no API token of this device.")
        return Caller("token", None, self._record)

    def _remembers(self, password: str) -> bool:
        return auth.same(self._quick(password), self._remembered)

    def _quick(self, password: str) -> bytes:
        return sha256(self._salt + password.encode()).digest()

    async def _fits(self, password: str) -> bool:
        record = await auth.settle(self._store)
        self._follow()
        fits = await auth.check_slowly(record, password)
        self._follow()
        if not fits or record != self._record:  # it was changed meanwhile
            return False
        self._remembered = self._quick(password)
        return True


def challenge(request: "Request", response: "Response") -> None:
    """Asks a browser that a person let open an address of the API for the password; never one that shows the page.

    For that the page's script names itself, and a script element or an event stream cannot.
    """
    from_page = (
        "X-Requested-With" in request.headers
        or "text/event-stream" in request.headers.get("Accept", "")
        or not request.path.startswith("/api/")
    )
    if response.status_code == 401 and not from_page:
        response.headers["WWW-Authenticate"] = _CHALLENGE


def _password(shown: str) -> str:
    """The password of a Basic header; empty, which never fits, if garbled."""
    try:
        return a2b_base64(shown).decode().partition(":")[2]
    except ValueError:
        return ""


def _seconds(wait_ms: int) -> int:
    return (wait_ms + 999) // 1000
