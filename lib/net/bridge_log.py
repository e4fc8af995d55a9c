"""What went wrong with bridges, and on which side: the latest 64 entries, to be looked at or downloaded."""

import time

from jsontext import value
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from uptime import Uptime

_SIZE = const(64)
_TEXT_MAX = const(240)  # characters of a sentence; bounds the ring's memory
_EPOCH = 0 if time.gmtime(0)[0] == 1970 else const(946_684_800)  # s; the chip counts from 2000

LOCAL = "local"  # between the client and this device
REMOTE = "remote"  # between this device and the server
STAGES = ("config", "dns", "tcp", "tls", "write", "read", "idle", "limit")


class Traffic:
    """What a session moved until now.

    Attributes:
        received: bytes from the server.
        sent: bytes of the client's that the server's connection took.
        began_ms: uptime.
    """

    def __init__(self, began_ms: int) -> None:
        self.received = 0
        self.sent = 0
        self.began_ms = began_ms

    def add(self, other: "Traffic") -> None:
        """Adds what another one moved."""
        self.received += other.received
        self.sent += other.sent


class Entry:
    """One failure, or several in a row that are the same.

    Attributes:
        uptime_ms, unix_s: when it happened last; `unix_s` is 0 if the clock was not set.
        times: how often in a row.
        bridge: its name.
        stage: one of STAGES.
        direction: LOCAL or REMOTE.
        code: number of the system or of Mbed TLS, or None.
        received, sent: bytes from and to the server in that session.
        duration_ms: how long the session had lasted.
        text: cause and advice.
    """

    def __init__(self, bridge: str, stage: str, direction: str, text: str) -> None:
        self.bridge = bridge
        self.stage = stage
        self.direction = direction
        self.text = text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"
        self.uptime_ms = self.unix_s = self.times = 0
        self.received = self.sent = self.duration_ms = 0
        self.code: int | None = None

    def is_like(self, other: "Entry") -> bool:
        """Whether both tell the same."""
        return (self.text, self.bridge) == (other.text, other.bridge) and (
            (self.stage, self.direction, self.code) == (other.stage, other.direction, other.code)
        )

    def pairs(self) -> "list[tuple[str, str | int | None]]":
        """Everything by name, in the order of the document."""
        return [
            ("time", _stamp(self.unix_s)),
            ("uptime_ms", self.uptime_ms),
            ("times", self.times),
            ("bridge", self.bridge),
            ("stage", self.stage),
            ("direction", self.direction),
            ("errno", self.code),
            ("bytes_in", self.received),
            ("bytes_out", self.sent),
            ("duration_ms", self.duration_ms),
            ("message", self.text),
        ]

    def line(self) -> str:
        """One line of text, without its end."""
        when = _stamp(self.unix_s) or "%d.%03d s" % (self.uptime_ms // 1000, self.uptime_ms % 1000)
        known = "" if self.code is None else ", error %d" % self.code
        often = "" if self.times == 1 else ", %d times" % self.times
        numbers = "%d in, %d out, %d ms" % (self.received, self.sent, self.duration_ms)
        where = f"{self.bridge} {self.stage} {self.direction}"
        return f"{when} {where} ({numbers}{known}{often}): {self.text}"


class BridgeLog:
    """The ring. `clock` gives Unix time in seconds, 0 while it is not set.

    What happens again and again takes one entry, so that a client that knocks all day does not push out the others.
    """

    def __init__(self, uptime: "Uptime", clock: "Callable[[], int] | None" = None) -> None:
        self._uptime = uptime
        self._clock = clock
        self._entries: list[Entry] = []

    def add(
        self,
        bridge: str,
        stage: str,
        direction: str,
        text: str,
        code: "int | None" = None,
        traffic: "Traffic | None" = None,
    ) -> None:
        """Notes a failure; `text` is cause and advice, `traffic` that of the session it ended."""
        entry = Entry(bridge, stage, direction, text)
        entry.code = code
        if self._entries and self._entries[-1].is_like(entry):
            entry.times = self._entries.pop().times
        entry.times += 1
        entry.uptime_ms = self._uptime.ms()
        entry.unix_s = 0 if self._clock is None else self._clock()
        if traffic is not None:
            entry.received, entry.sent = traffic.received, traffic.sent
            entry.duration_ms = entry.uptime_ms - traffic.began_ms
        self._entries.append(entry)
        del self._entries[:-_SIZE]

    def __iter__(self) -> "Iterator[Entry]":
        """The oldest first."""
        return iter(self._entries)

    def lines(self) -> "Iterator[str]":
        """The log as text, a line at a time."""
        for entry in list(self._entries):
            yield entry.line() + "\n"

    def pieces(self) -> "Iterator[str]":
        """The log as a JSON list of objects, in pieces."""
        separator = "["
        for entry in list(self._entries):
            members = ['"%s":%s' % (name, value(item)) for name, item in entry.pairs()]
            yield separator + "{" + ",".join(members) + "}"
            separator = ","
        yield "[]" if separator == "[" else "]"


def _stamp(unix_s: int) -> "str | None":
    """Time as of RFC 3339; None if it is not known."""
    if not unix_s:
        return None
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % tuple(time.gmtime(unix_s - _EPOCH)[:6])
