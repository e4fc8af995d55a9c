"""The wire behind the adapter: frames and messages, the time they take, and who hears them."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from .faults import Faults


class Frame(NamedTuple):
    """A CAN data frame.

    `wide` is a 29-bit identifier, `at` the loop time at which its last bit was on the bus.
    """

    id: int
    data: bytes
    wide: bool
    at: float = 0.0

    def duration(self, bitrate: int) -> float:
        """Seconds on the bus: 47 bits around an 11-bit frame, 67 around a 29-bit one, stuffing."""
        return (8 * len(self.data) + (67 if self.wide else 47) + 8) / bitrate


class Message(NamedTuple):
    """A K-line message: header, data and checksum; ten bits a byte at 10,400 baud."""

    data: bytes
    at: float = 0.0

    def duration(self, bitrate: int) -> float:
        """Seconds on the line."""
        return len(self.data) * 10 / bitrate


Traffic = Frame | Message


class Node(Protocol):
    """Anything that hears the bus."""

    def hear(self, traffic: Traffic) -> None: ...


def parse_frame(text: str) -> Frame:
    """`7E8 03 41 0C 1A` or `18 DA F1 10 03 …` or `17FE007B 03 …` as a frame."""
    head, *rest = text.upper().split()
    if len(head) == 2:
        head, rest = "".join([head, *rest[:3]]), rest[3:]
    return Frame(int(head, 16), bytes.fromhex("".join(rest)), len(head) == 8)


class Bus:
    """Delivers what one party sends to all others, one thing at a time, in the time it takes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, faults: Faults, bitrate: int) -> None:
        self.loop = loop
        self.faults = faults
        self.bitrate = bitrate
        self.nodes: list[Node] = []
        self.listener: Callable[[Traffic], None] | None = None
        self._free = 0.0

    def request(self, traffic: Traffic) -> float:
        """The adapter sends, not before `traffic.at`; returns when the last bit was out."""
        sent = self._occupy(traffic)
        if not self.faults.asleep:
            for node in self.nodes:
                node.hear(sent)
        return sent.at

    def answer(self, traffic: Traffic) -> float:
        """An ECU sends, not before `traffic.at`; a sleeping car says nothing."""
        if self.faults.asleep:
            return traffic.at
        sent = self._occupy(traffic)
        if self.listener:
            self.listener(sent)
        return sent.at

    def later(self, at: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        """Runs `call` at loop time `at`."""
        return self.loop.call_at(at, call)

    def _occupy(self, traffic: Traffic) -> Traffic:
        start = max(traffic.at, self._free)
        self._free = start + traffic.duration(self.bitrate)
        return traffic._replace(at=self._free)


class Broadcasts:
    """Frames a car sends unasked; they cost nothing while nobody listens."""

    def __init__(self, bus: Bus, specs: list[dict]) -> None:
        self._bus = bus
        self._frames = [
            (parse_frame(spec["frame"]), spec.get("period_ms", 100) / 1000) for spec in specs
        ]
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Begins at each frame's own phase."""
        now = self._bus.loop.time()
        for index, (_, period) in enumerate(self._frames):
            self._schedule(index, (now // period + 1) * period)

    def stop(self) -> None:
        """Ends the sending."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _schedule(self, index: int, at: float) -> None:
        self._timers[index] = self._bus.later(at, lambda: self._send(index, at))

    def _send(self, index: int, at: float) -> None:
        frame, period = self._frames[index]
        self._schedule(index, at + period)
        self._bus.answer(frame._replace(at=at))
