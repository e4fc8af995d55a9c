"""The time from the network: one SNTP exchange (RFC 4330, RFC 5905), and whom of several servers to believe.

    poll = Poll(released)
    answer = await poll.ask(("pool.ntp.org", "time.cloudflare.com"))    # None if nobody can be believed
    answer.now_ms()     # Unix time in ms, now
    poll.troubles       # [("time.cloudflare.com", "did not answer", "")]

Imported while the clock is being asked for, then given back: see `transient`.
"""

import asyncio
import errno
import os
import socket
import time

from micropython import const

from net import dial

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PORT = const(123)
_PATIENCE_MS = const(1500)  # half of it is the most that a time can be wrong by
_POLL_MS = const(10)
_LENGTH = const(48)
_AGREE_MS = const(10_000)
_LARGE_STEP_MS = const(1_000_000)
_1900_TO_1970_S = 2_208_988_800
_ERA_S = 1 << 32  # the first one ends on 2036-02-07
_DAY_MS = const(86_400_000)
_MS_PER_YEAR = 31_556_952_000
_YEARS = const(20)  # how long a firmware may be in use
_KISSES = (b"RATE", b"DENY", b"RSTR")


class NtpError(Exception):
    """Why a server's answer is of no use, to be read behind the server's name."""


class NoAddress(NtpError):
    """The server's name could not be looked up."""


class Kiss(NtpError):
    """The server does not want to be asked (kiss-o'-death, RFC 5905 7.4)."""


class Answer:
    """What a server, `server` by name, says; `unix_ms` is the Unix time in ms as it is made."""

    def __init__(self, server: str, unix_ms: int) -> None:
        self.server = server
        self._unix_ms = unix_ms
        self._ticks = time.ticks_ms()

    def now_ms(self) -> int:
        """Unix time in ms by this answer."""
        return self._unix_ms + time.ticks_diff(time.ticks_ms(), self._ticks)


class Poll:
    """Asks servers one after the other until what they say can be believed.

    A good clock and the server, or two servers, agree if they are no more than 10 s apart. Without such an agreement a
    lone answer is taken, but it may not change a good clock by more than 1000 s.

    Args:
        released: Unix seconds; no time before it is believed, nor one later than 20 years after it.
        clock: () -> Unix seconds of a clock that is known to be good; None if there is none.
        port: UDP port of all servers.

    Attributes:
        troubles: (server, what is wrong with it, more about it), to be read in a row.
        unwilling: servers that asked to be left alone.
        is_cut: the round ended at a name that could not be looked up.
    """

    def __init__(
        self, released: int, clock: "Callable[[], int] | None" = None, port: int = PORT
    ) -> None:
        self.troubles: list[tuple[str, str, str]] = []
        self.unwilling: list[str] = []
        self.is_cut = False
        self._found = False  # was a name looked up?
        self._released = released
        self._clock = clock
        self._port = port
        self._answers: list[Answer] = []

    async def ask(self, servers: "Iterable[str]") -> "Answer | None":
        """The answer to believe, or None."""
        found = None
        for server in servers:
            await self._hear(server)
            found = self._confirmed()
            if found is not None or self.is_cut:
                break
        if found is None:
            found = self._alone()
        self._judge(found)
        return found

    async def _hear(self, server: str) -> None:
        """Asks one server. If not even the first name can be looked up, there may be no network: look-ups block
        everything else, so the round ends there."""
        try:
            self._answers.append(await exchange(server, self._released, self._port))
        except NtpError as error:
            if isinstance(error, Kiss):
                self.unwilling.append(server)
            self.is_cut = isinstance(error, NoAddress) and not self._found
            self.troubles.append((server, str(error), ""))
        except OSError as error:
            self.troubles.append((server, "cannot be reached", " (error %s)" % error.args[0]))
        self._found = self._found or not self.is_cut

    def _confirmed(self) -> "Answer | None":
        """The answer that the clock or another server agrees with."""
        for index in range(len(self._answers)):
            answer = self._answers[index]
            if abs(self._step_ms(answer)) <= _AGREE_MS and self._clock is not None:
                return answer
            for other in self._answers[:index]:
                if abs(other.now_ms() - answer.now_ms()) <= _AGREE_MS:
                    return other
        return None

    def _alone(self) -> "Answer | None":
        """The only answer there is, if nothing speaks against it."""
        if len(self._answers) == 1 and abs(self._step_ms(self._answers[0])) <= _LARGE_STEP_MS:
            return self._answers[0]
        return None

    def _step_ms(self, answer: Answer) -> int:
        """How far a good clock is behind; 0 without one."""
        return 0 if self._clock is None else answer.now_ms() - self._clock() * 1000

    def _judge(self, found: "Answer | None") -> None:
        """Names those who told something else than what is believed."""
        for answer in self._answers:
            if found is None:
                self._doubt(answer)
            elif abs(answer.now_ms() - found.now_ms()) > _AGREE_MS:
                off = (answer.now_ms() - found.now_ms()) // 1000
                self._note(answer, "tells another time than %s" % found.server, off)

    def _doubt(self, answer: Answer) -> None:
        if len(self._answers) > 1:
            own = self._answers[0].now_ms()
            off = (answer.now_ms() - own) // 1000
            self._note(answer, "is not believed: no two servers agree", off)
        else:
            off = self._step_ms(answer) // 1000
            self._note(answer, "is not believed: no other server confirms such a step", off)

    def _note(self, answer: Answer, trouble: str, off_s: int) -> None:
        self.troubles.append((answer.server, trouble, " (%+d s)" % off_s))


async def exchange(host: str, released: int, port: int = PORT) -> Answer:
    """Asks one server once. Raises NtpError, or OSError if nothing can be sent there."""
    try:
        found = dial.Address(host, port).look_up()
    except OSError:
        raise NoAddress("could not be looked up")
    sock = socket.socket(found[0], socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(found[-1])  # nobody else's packets are received then
        return Answer(host, await _ask(sock, released))
    finally:
        sock.close()


async def _ask(sock: "socket.socket", released: int) -> int:
    """The Unix time in ms: half of the round trip is added to what the server says.

    Waits for the answer to the question, whatever else arrives; a late one is worth nothing.
    """
    trouble = "did not answer"
    cookie = os.urandom(8)
    began = time.ticks_ms()
    sock.send(request(cookie))
    while True:
        data = _received(sock)
        took = time.ticks_diff(time.ticks_ms(), began)
        if took > _PATIENCE_MS:
            raise NtpError(trouble)
        if data and is_answer(data, cookie):
            return unix_ms_of(data, released) + (took + 1) // 2
        if data:
            trouble = "sent something else than an answer"
        await asyncio.sleep_ms(_POLL_MS)


def _received(sock: "socket.socket") -> bytes:
    """A packet, or nothing if none has come."""
    try:
        return sock.recv(_LENGTH)  # what follows are extensions and signatures
    except OSError as error:
        if error.args[0] != errno.EAGAIN:
            raise
        return b""


def request(cookie: bytes) -> bytes:
    """The question: version 4, mode 3 (client). In place of our time it holds 8 random bytes, which come back."""
    return b"\x23" + bytes(39) + cookie


def is_answer(data: bytes, cookie: bytes) -> bool:
    """Whether a packet is a server's answer (mode 4) to the question with this cookie."""
    return len(data) >= _LENGTH and data[0] & 7 == 4 and data[24:32] == cookie


def unix_ms_of(data: bytes, released: int) -> int:
    """The Unix time in ms that an answer holds; which era it means is judged by `released` (RFC 4330 3).

    Raises NtpError.
    """
    leap, stratum = data[0] >> 6, data[1]
    if stratum == 0:
        _refused(data[12:16])
    if leap == 3 or stratum > 15 or not any(data[40:48]):
        raise NtpError("has no time itself")
    unix_s = int.from_bytes(data[40:44], "big") - _1900_TO_1970_S
    while unix_s < released - _ERA_S // 2:
        unix_s += _ERA_S
    unix_ms = unix_s * 1000 + (int.from_bytes(data[44:48], "big") * 1000 >> 32)
    if not 0 <= unix_ms - released * 1000 <= _YEARS * _MS_PER_YEAR:
        year = (
            1970 + (unix_ms + _DAY_MS) // _MS_PER_YEAR
        )  # right on New Year's days, which clocks begin with
        raise NtpError("says it is the year %d, which cannot be" % year)
    return unix_ms


def _refused(code: bytes) -> None:
    if code in _KISSES:
        raise Kiss("does not want to be asked (%s): it is left out for a day" % code.decode())
    raise NtpError("has no time itself")
