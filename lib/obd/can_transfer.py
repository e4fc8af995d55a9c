"""ISO 15765-2 (ISO-TP) on a CAN controller: one request goes out, and all that answers it is put together.

    exchange = Exchange(bus, Route(link, "6"), request)
    await exchange.run()
    exchange.messages       # complete messages, in the order of their ends

Frames are taken as they come, so that flow control goes out at once; only the end is waited for.
"""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

from obd import isotp
from obd.can_bus import EXTENDED
from obd.errors import AdapterLost, BusFault
from obd.lines import Message
from obd.outcome import RESPONSE_PENDING

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.can_bus import Bus
    from obd.can_link import Route
    from obd.request import Request

# ISO 15765-2 table 16: time-outs of the network layer.
_N_AS_MS = const(1000)
_N_BS_MS = const(1000)
_N_CR_MS = const(1000)
_P2_STAR_MS = const(5000)  # ISO 14229-2 table 4
_LONGEST_MS = const(30_000)
_ACKNOWLEDGED_MS = const(50)  # even a crowded bus lets a frame through in this time
_MOST_WAITS = const(10)  # N_WFTmax: flow control frames that say "wait"
_MOST_ECUS = const(8)  # ISO 15765-4 6.3.2.3
_MOST_MESSAGES = const(32)

_SINGLE = const(0)
_CONSECUTIVE = const(2)
_FLOW_CONTROL = const(3)
_CLEAR, _WAIT = const(0), const(1)
_PADDING = b"\xaa" * 8  # few stuff bits
_FRAME = const(8)


class _Reception:
    """A message of several frames that is not complete."""

    def __init__(self, extended: bool, block: int) -> None:
        self.reassembler = isotp.Reassembler(extended)
        self.last = -1  # PCI byte of the latest consecutive frame
        self.block = self.left = block  # frames until the next flow control; 0: none is needed
        self.frames = 1


class Exchange:
    """One request, and what answers it. Belongs to one `run`.

    Args:
        counted: how many frames answer it, if that is known: no more are waited for.

    Attributes:
        value, mask: as those of the route.
        messages: complete messages that belong to the request, in order.
        damage: why part of the answer may be missing, one sentence; else None.
        unsent: whether nobody acknowledged the request: the bus is asleep, or there is none.
    """

    def __init__(
        self,
        bus: "Bus",
        route: "Route",
        request: "Request",
        counted: int | None = None,
    ) -> None:
        self._bus = bus
        self._route = route
        self._request = request
        self._counted = counted
        self._extended = route.address is not None
        self._at = 1 if self._extended else 0  # where the PCI byte stands
        self._event = asyncio.Event()
        self._deadline = self._limit = self._doubt = ticks_ms()
        self._acknowledged = True  # until the request is sent, and its end in doubt
        self._index: int | None = None
        self._long = False  # whether the request takes several frames
        self._receiver: int | None = None  # who takes a request of several frames
        self._flow: bytes | None = None
        self._open: dict[int, _Reception] = {}
        self._pending: list[int] = []  # those that asked for more time
        self._owed: list[int] = []  # those whose flow control found no room in the controller
        self._fault: BusFault | None = None
        self._frames = 0
        self.value, self.mask = route.value, route.mask
        self.messages: list[Message] = []
        self.damage: str | None = None
        self.unsent = False

    async def run(self) -> None:
        """Sends the request and waits for its end.

        Raises:
            BusFault: trouble on the bus. AdapterLost: the controller failed.
        """
        self._limit = ticks_add(ticks_ms(), _LONGEST_MS)
        self._bus.taker = self
        try:
            await self._send()
            await self._collect()
        finally:
            self._bus.taker = None
            if self._bus.bitrate:
                self._look_whether_sent()

    # Sending

    async def _send(self) -> None:
        route, data = self._route, self._request.data
        image = isotp.frame_image(data, route.address)
        self._long = len(image) > _FRAME
        if self._long and (route.functional or route.mask == EXTENDED):
            raise BusFault(
                "a request of several frames needs one ECU's header and answer (ATSH, ATCRA)"
            )
        self._extend(_N_BS_MS if self._long else route.timeout_ms)
        await self._put(image[:_FRAME])
        self._doubt = ticks_add(ticks_ms(), _ACKNOWLEDGED_MS)
        self._acknowledged = False
        sent = _FRAME
        while sent < len(image):
            flow = await self._clearance()
            if flow is None:
                return
            sent = await self._send_block(image, sent, flow)

    async def _send_block(self, image: bytes, sent: int, flow: bytes) -> int:
        """Sends as many frames as the receiver wants at once; returns how far that is."""
        block, gap_ms = flow[1], _gap_ms(flow[2])
        end = min(len(image), sent + _FRAME * block) if block else len(image)
        while sent < end:
            self._extend(_N_BS_MS if end < len(image) else self._route.timeout_ms)
            await self._put(image[sent : sent + _FRAME])
            sent += _FRAME
            if sent < end and gap_ms:
                await asyncio.sleep_ms(gap_ms)
        return sent

    async def _put(self, data: bytes) -> None:
        """Hands a frame to the controller as soon as it has room."""
        if self._route.padded:
            data = (data + _PADDING)[:_FRAME]
        give_up = ticks_add(ticks_ms(), _N_AS_MS)
        while True:
            self._index = self._bus.send(self._route.key, data)
            if self._index is not None:
                return
            if ticks_diff(give_up, ticks_ms()) <= 0:
                raise BusFault("the CAN controller does not get rid of its frames")
            await asyncio.sleep_ms(1)

    async def _clearance(self) -> bytes | None:
        """The flow control frame that lets the next frames be sent; None if an answer or nothing came instead."""
        for _ in range(_MOST_WAITS):
            while self._flow is None:
                if self.messages or not await self._wait():
                    self._missed_flow_control()
                    return None
            flow, self._flow = self._flow, None
            status = flow[0] & 0x0F
            if status == _CLEAR:
                return flow
            if status != _WAIT:
                raise BusFault("the ECU has no room for a request of that length")
            self._extend(_N_BS_MS)
        raise BusFault("the ECU puts the request off again and again")

    def _missed_flow_control(self) -> None:
        if not self.messages and self._receiver is not None:
            self._spoil(self._receiver, "it stopped taking the request")

    # Waiting

    async def _collect(self) -> None:
        while not self._complete():
            if not await self._wait():
                self._expire()
                return

    async def _wait(self) -> bool:
        """Waits until something happened; False if it did not in time."""
        self._pay()
        left = self._left()
        if left > 0:
            try:
                await asyncio.wait_for_ms(self._event.wait(), 1 if self._owed else left)
            except asyncio.TimeoutError:
                pass
        if self._left() <= 0:
            self._bus.drain()  # frames may have come while other tasks were busy
            self._look_whether_sent()
        happened = self._event.is_set()
        self._event.clear()
        self._check()
        return happened or self._left() > 0

    def _look_whether_sent(self) -> None:
        """Takes the request back if nobody has acknowledged it: the controller would repeat it for ever."""
        self._acknowledged = True
        if self._index is not None and not self._heard():
            self.unsent = self._bus.withdraw(self._index)
        self._index = None
        if self.unsent:
            self._deadline = ticks_ms()

    def _heard(self) -> bool:
        return bool(self.messages or self._open or self._flow)

    def _left(self) -> int:
        now = ticks_ms()
        left = min(ticks_diff(self._deadline, now), ticks_diff(self._limit, now))
        return left if self._acknowledged else min(left, ticks_diff(self._doubt, now))

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault
        if self._bus.lost is not None:
            raise AdapterLost(self._bus.lost)

    def wake(self) -> None:
        """Has `run` look what has become of the bus."""
        self._event.set()

    def _complete(self) -> bool:
        if self._open or self._pending or self._owed:
            return False
        if self._counted is not None and self._frames >= self._counted:
            return True
        return self._route.sole and bool(self.messages or self.damage)

    def _expire(self) -> None:
        for key in self._open:
            self._spoil(key, "the answer ends in the middle")

    def _extend(self, milliseconds: int) -> None:
        """Moves the deadline, but never closer for an ECU that asked for more time."""
        deadline = ticks_add(ticks_ms(), milliseconds)
        if not self._pending or ticks_diff(deadline, self._deadline) > 0:
            self._deadline = deadline

    def _spoil(self, key: int, reason: str) -> None:
        self.damage = self.damage or "ECU %X: %s" % (_ecu(key), reason)
        self._extend(self._route.timeout_ms)
        self._event.set()

    # Receiving

    def take(self, key: int, data: memoryview) -> None:
        """Takes a frame whose key fits; whether it belongs to the request is found out here."""
        at = self._at
        if len(data) <= at or (at and data[0] not in self._route.accepted):
            return
        kind = data[at] >> 4
        if kind == _CONSECUTIVE:
            self._continue(key, data)
        elif kind == _FLOW_CONTROL:
            self._take_flow_control(key, data)
        elif kind < _CONSECUTIVE and self._concerns(data[at + 1 + kind :]):
            self._begin(key, data)

    def _take_flow_control(self, key: int, data: memoryview) -> None:
        if not self._long:
            return
        if self._receiver is None:
            self._receiver = key
        if key == self._receiver and len(data) >= self._at + 3:
            self._flow = bytes(data[self._at : self._at + 3])
            self._event.set()

    def _concerns(self, start: memoryview) -> bool:
        """Whether a message that begins so answers the request: other testers may ask the same ECU."""
        begin = bytes(start)
        return self._request.matches(begin) or self._request.refusal(begin) is not None

    def _begin(self, key: int, data: memoryview) -> None:
        """A single or first frame; it ends what the ECU began before (ISO 15765-2 9.8.3)."""
        if len(self._open) >= _MOST_ECUS and key not in self._open:
            return
        grant = self._route.grant
        reception = self._open[key] = _Reception(self._extended, grant[1] if grant else 0)
        if self._feed(key, reception, data):
            return
        self._extend(_N_CR_MS)
        self._grant(key)

    def _continue(self, key: int, data: memoryview) -> None:
        reception = self._open.get(key)
        if reception is None or data[self._at] == reception.last:
            return  # a frame may come twice: ISO 11898-1, error in the last bit of its end
        reception.last = data[self._at]
        reception.frames += 1
        if self._feed(key, reception, data):
            return
        self._extend(_N_CR_MS)
        if reception.block:
            reception.left -= 1
            if not reception.left:
                reception.left = reception.block
                self._grant(key)

    def _feed(self, key: int, reception: _Reception, data: memoryview) -> bool:
        """Adds a frame; True if the message ends with it, well or not."""
        try:
            payload = reception.reassembler.feed(data)
        except isotp.IsoTpError as error:
            del self._open[key]
            self._spoil(key, error.reason)
            return True
        if payload is None:
            return False
        del self._open[key]
        self._finish(key, payload, data[0] if self._extended else None, reception.frames)
        return True

    def _finish(self, key: int, payload: bytes, address: int | None, frames: int) -> None:
        again = key in self._pending
        if again:
            self._pending.remove(key)
        if self._request.refusal(payload) == RESPONSE_PENDING:
            self._pending.append(key)
            self._extend(_P2_STAR_MS)
            if again:
                return
        else:
            self._extend(_N_CR_MS if self._open else self._route.timeout_ms)
        if len(self.messages) < _MOST_MESSAGES:
            self.messages.append(Message(_ecu(key), payload, address, frames))
            self._frames += frames
        self._event.set()

    def _grant(self, key: int) -> None:
        """Sends a flow control frame, or has it sent when there is room."""
        route = self._route
        if route.grant is None or key in self._owed:
            return
        prefix = b"" if route.address is None else bytes((route.address,))
        data = prefix + route.grant
        if route.padded:
            data = (data + _PADDING)[:_FRAME]
        try:
            if self._bus.send(route.flow_control_key(key), data) is not None:
                return
        except BusFault as error:
            self._fault = error
        else:
            self._owed.append(key)
        self._event.set()

    def _pay(self) -> None:
        owed, self._owed = self._owed, []
        for key in owed:
            if key in self._open:
                self._grant(key)


def _gap_ms(stmin: int) -> int:
    """Milliseconds to sleep for an STmin byte, one more than asked for: a tick may be about to end (9.6.5.4)."""
    if not stmin:
        return 0
    if 0xF1 <= stmin <= 0xF9:
        return 2
    return min(stmin, 0x7F) + 1


def _ecu(key: int) -> int:
    return key & 0x1FFF_FFFF
