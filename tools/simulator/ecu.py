"""Control units on the bus: addressing, thinking time, flow control."""

import asyncio
from collections.abc import Callable

from . import isotp
from .bus import Bus, Frame, Message, Traffic
from .services import Reply, Services

FUNCTIONAL_11, FUNCTIONAL_29 = 0x7DF, 0x18DB33F1
_KLINE_FUNCTIONAL = 0x33
_N_BS = 1.0


class Transmission:
    """One answer on its way: the first frame, then, after flow control, the rest (ISO 15765-2)."""

    def __init__(
        self, bus: Bus, frames: list[bytes], send: Callable[[bytes, float], float]
    ) -> None:
        self._bus = bus
        self._left = list(frames)
        self._send = send
        self._timer: asyncio.TimerHandle | None = None
        self._block = 0
        self._gap = 0.0

    def start(self, at: float, waits: bool) -> None:
        """Sends the first frame; `waits` is False for frames that need no flow control."""
        sent = self._send(self._left.pop(0), at)
        if self._left and waits:
            self._expect(sent)
        elif self._left:
            self._next(sent)

    def flow_control(self, data: bytes, at: float) -> None:
        """Continue, wait or give up, as the tester says: status, block size, STmin."""
        if not self._left:
            return
        self.cancel()
        status = data[0] & 0xF
        if status == 0:
            self._block = data[1] if len(data) > 1 else 0
            self._gap = isotp.separation(data[2]) if len(data) > 2 else 0.0
            self._next(at)
        elif status == 1:
            self._expect(at)
        else:
            self._left.clear()

    def cancel(self) -> None:
        """Stops whatever is waiting."""
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _expect(self, at: float) -> None:
        self._timer = self._bus.later(at + _N_BS, self._left.clear)

    def _next(self, at: float) -> None:
        due = at + self._gap
        self._timer = self._bus.later(due, lambda: self._consecutive(due))

    def _consecutive(self, at: float) -> None:
        sent = self._send(self._left.pop(0), at)
        if not self._left:
            return
        if self._block == 1:
            self._expect(sent)
        else:
            self._block = max(0, self._block - 1)
            self._next(sent)


class CanEcu:
    """An ECU on CAN: hears `tx`, answers on `rx`.

    If functional, it also hears the broadcast identifier of its width.
    """

    def __init__(self, spec: dict, services: Services, bus: Bus) -> None:
        self._bus = bus
        self.services = services
        self._tx, self._rx = int(spec["tx"], 16), int(spec["rx"], 16)
        self._wide = len(spec["tx"]) > 4
        broadcast = FUNCTIONAL_29 if self._wide else FUNCTIONAL_11
        self._functional = int(spec.get("functional_id", f"{broadcast:X}"), 16)
        self._answers_functional = spec.get("functional", False)
        self._latency = spec.get("latency_ms")
        self._padding = int(spec.get("padding", "AA"), 16)
        self._address = _hex(spec.get("extended"))
        self._tester = _hex(spec.get("tester", "F1"))
        self._transmission: Transmission | None = None

    def hear(self, traffic: Traffic) -> None:
        """A frame is on the bus; it may be a request or flow control for this ECU."""
        if not isinstance(traffic, Frame) or traffic.wide != self._wide:
            return
        functional = traffic.id == self._functional and self._answers_functional
        if traffic.id != self._tx and not functional:
            return
        data = traffic.data
        if self._address is not None:
            if data[:1] != bytes([self._address]):
                return
            data = data[1:]
        self._understand(data, traffic.at, functional and traffic.id != self._tx)

    def _understand(self, data: bytes, at: float, functional: bool) -> None:
        if data and data[0] >> 4 == isotp.FLOW_CONTROL:
            if self._transmission and not functional:
                self._transmission.flow_control(data, at)
            return
        request = isotp.single(data)
        if request:
            for reply in self.services.answer(request, functional):
                self._schedule(reply, at)

    def _schedule(self, reply: Reply, at: float) -> None:
        thinking = self._bus.faults.latency_ms if self._latency is None else self._latency
        due = at + thinking / 1000 + reply.delay
        self._bus.later(due, lambda: self._begin(reply, due))

    def _begin(self, reply: Reply, at: float) -> None:
        if self._transmission:
            self._transmission.cancel()
        prefix = None if self._address is None else self._tester
        frames = list(reply.frames) or isotp.segment(reply.payload, prefix, self._padding)
        self._transmission = Transmission(self._bus, frames, self._send)
        pci = frames[0][0 if prefix is None else 1] >> 4
        self._transmission.start(at, pci == isotp.FIRST)

    def _send(self, data: bytes, at: float) -> float:
        return self._bus.answer(Frame(self._rx, data, self._wide, at))


class KlineEcu:
    """An ECU on ISO 14230 or ISO 9141.

    `tx` is its address; messages have checksums and are not segmented.
    """

    def __init__(self, spec: dict, services: Services, bus: Bus) -> None:
        self._bus = bus
        self.services = services
        self._address = int(spec["tx"], 16)
        self._answers_functional = spec.get("functional", True)
        self._latency = spec.get("latency_ms")
        self._iso9141 = spec.get("iso9141", False)

    def hear(self, traffic: Traffic) -> None:
        """A message is on the line."""
        if not isinstance(traffic, Message):
            return
        target = 0x6A if self._iso9141 else _KLINE_FUNCTIONAL
        functional = traffic.data[1] == target and self._answers_functional
        if functional or traffic.data[1] == self._address:
            for reply in self.services.answer(traffic.data[3:-1], functional):
                self._schedule(reply, traffic.at)

    def _schedule(self, reply: Reply, at: float) -> None:
        thinking = self._bus.faults.latency_ms if self._latency is None else self._latency
        due = at + thinking / 1000 + reply.delay
        self._bus.later(due, lambda: self._begin(reply, due))

    def _begin(self, reply: Reply, at: float) -> None:
        for payload in reply.frames or (reply.payload,):
            at = self._bus.answer(Message(self._message(payload), at))

    def _message(self, payload: bytes) -> bytes:
        first = b"\x48\x6b" if self._iso9141 else bytes([0x80 | len(payload), 0xF1])
        return checksummed(first + bytes([self._address]) + payload)


def checksummed(message: bytes) -> bytes:
    """With the sum of all bytes, modulo 256, at the end."""
    return message + bytes([sum(message) & 0xFF])


def _hex(text: str | None) -> int | None:
    return None if text is None else int(text, 16)
