"""Who may keep a connection open: a TLS session costs tens of KiB, and the chip has ten sockets.

    sessions = Sessions(4)
    await sessions.enter(connection)   # before it opens: waits until there is room; now it is in use
    sessions.rest(connection)          # it stays open, unused: may be closed in favour of another one
    sessions.use(connection)           # it is used again
    sessions.leave(connection)         # it is closed

Whatever has a `close` that calls `leave` can take part: HTTP and MQTT share one such room.
"""

import asyncio
import gc

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Holder(Protocol):
        """A connection that takes part."""

        def close(self) -> None: ...


# ENOMEM, ENFILE, EMFILE, ENOBUFS; Mbed TLS 3.6: SSL, X.509, PK and bignum allocation failed, the latter inside RSA
_LACK = (12, 23, 24, 105, -0x7F00, -0x2880, -0x3F80, -0x4D00, -0x4290, 16, 141)


class Sessions:
    """At most `limit` open connections, which may be changed at any time and holds from the next opening on.

    Where there is no room, the least recently used one that rests is closed. One in use never is: until it rests or
    closes, those that want to open wait in line.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._resting: list[Holder] = []  # the least recently used one first
        self._used: list[Holder] = []
        self._line: list[tuple[Holder, asyncio.Event]] = []

    async def enter(self, holder: "Holder") -> None:
        """Waits until it may open. Whatever happens, cancellation included, `leave` has to follow."""
        turn = asyncio.Event()
        self._line.append((holder, turn))
        self._admit()
        await turn.wait()

    def use(self, holder: "Holder") -> None:
        """An open one is used again."""
        if holder in self._resting:
            self._resting.remove(holder)
            self._used.append(holder)

    def rest(self, holder: "Holder") -> None:
        """One in use has nothing more to do; closes it at once if others wait."""
        if holder in self._used:
            self._used.remove(holder)
            self._resting.append(holder)
            self._admit()

    def leave(self, holder: "Holder") -> None:
        """It is closed, or no longer wants to open. Any number of times."""
        for members in (self._used, self._resting):
            if holder in members:
                members.remove(holder)
        self._line = [each for each in self._line if each[0] is not holder]
        self._admit()

    def relieve(self, code: "int | None") -> bool:
        """Closes all that rest if the error number says that memory or sockets are short; did that make any room?"""
        if code not in _LACK or not self._resting:
            return False
        resting, self._resting = self._resting, []
        for holder in resting:
            holder.close()
        gc.collect()
        return True

    def _admit(self) -> None:
        while self._line:
            if len(self._used) + len(self._resting) < self.limit:
                holder, turn = self._line.pop(0)
                self._used.append(holder)
                turn.set()
            elif self._resting:
                self._resting.pop(0).close()  # calls `leave`, which comes here again
            else:
                return
