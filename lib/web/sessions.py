"""Who is logged in, by the cookie of its browser. In RAM: after a restart everybody logs in again.

Only digests of the cookies are kept; what reads the device's memory cannot log in with them.
"""

from binascii import hexlify
from hashlib import sha256
from os import urandom

from micropython import const

from web.auth import same

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from uptime import Uptime

_AT_ONCE = const(4)
_IDLE_MS = const(43_200_000)  # 12 hours
_LIFE_MS = const(604_800_000)  # 7 days
_RANDOM = const(16)  # bytes: RFC 6749 section 10.10 wants 128 bits at least


class Session:
    """A browser that is logged in.

    Attributes:
        csrf: what its requests have to show if they may change something; other sites cannot read it.
        digest: of its cookie.
        began_ms, used_ms: when it logged in, and was seen last.
    """

    def __init__(self, id: str, now_ms: int) -> None:
        self.digest = _digest(id)
        self.csrf = _random()
        self.began_ms = self.used_ms = now_ms

    def shown_by(self, csrf: str) -> bool:
        """Whether a request that shows this comes from the session's own page."""
        return same(csrf.encode(), self.csrf.encode())

    def ended(self, now_ms: int) -> bool:
        """Whether it was not used for too long, or is too old."""
        return now_ms - self.used_ms > _IDLE_MS or now_ms - self.began_ms > _LIFE_MS


class Sessions:
    """Those that are logged in: four at most, the idlest gives way."""

    def __init__(self, uptime: "Uptime") -> None:
        self._uptime = uptime
        self._all: list[Session] = []

    def __len__(self) -> int:
        return len(self._all)

    def begin(self) -> tuple[str, Session]:
        """A new session, and the id that its cookie holds; it cannot be had again."""
        self._sweep()
        if len(self._all) == _AT_ONCE:
            self._all.remove(min(self._all, key=lambda session: session.used_ms))
        id = _random()
        session = Session(id, self._uptime.ms())
        self._all.append(session)
        return id, session

    def find(self, id: str | None) -> Session | None:
        """The session of a cookie, which is used now; None if there is none any more."""
        if not id:
            return None
        self._sweep()
        digest = _digest(id)
        for session in self._all:
            if same(session.digest, digest):
                session.used_ms = self._uptime.ms()
                return session
        return None

    def has(self, session: Session) -> bool:
        """Whether it has not ended; that does not use it."""
        self._sweep()
        return any([session is one for one in self._all])

    def end(self, session: Session) -> None:
        """Its cookie is worth nothing from now on."""
        self._all = [other for other in self._all if other is not session]

    def end_all(self, but: Session | None = None) -> None:
        """Ends all, or all others."""
        self._all = [session for session in self._all if session is but]

    def _sweep(self) -> None:
        now_ms = self._uptime.ms()
        self._all = [session for session in self._all if not session.ended(now_ms)]


def _random() -> str:
    return hexlify(urandom(_RANDOM)).decode()


def _digest(id: str) -> bytes:
    return sha256(id.encode()).digest()
