"""A CAN controller in the shape of `machine.CAN` (MicroPython 1.28), and who wants which of its frames.

    bus = Bus(controller)
    bus.open(500_000)
    bus.want(0x7E8, EXTENDED | 0x7F8)
    bus.send(0x7E0, b"\\x02\\x01\\x0c")

A frame is known by its key: the identifier, with bit 29 set if it has 29 bits. One task takes the frames out of the
controller, without allocating, and hands each to whom it concerns.
"""

import asyncio

from micropython import const

from obd.errors import BusFault

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    class Controller(Protocol):
        """What is used of `machine.CAN`."""

        FILTERS_MAX: int
        FLAG_EXT_ID: int
        FLAG_RTR: int
        IRQ_RX: int
        MODE_NORMAL: int

        def init(self, bitrate: int, mode: int = ...) -> None: ...
        def deinit(self) -> None: ...
        def set_filters(self, filters: "list[tuple[int, int, int]] | None") -> None: ...
        def send(self, id: int, data: bytes, flags: int = 0) -> int | None: ...
        def recv(self, arg: "list[Any]") -> "list[Any] | None": ...
        def irq(self, *arguments: Any) -> Any: ...
        def cancel_send(self, index: int) -> bool: ...
        def restart(self) -> None: ...

    class Listener(Protocol):
        """Wants the data of frames nobody asked for."""

        def heard(self, data: memoryview) -> None: ...

    class Taker(Protocol):
        """Wants the frames whose key & mask is value."""

        value: int
        mask: int

        def take(self, key: int, data: memoryview) -> None: ...
        def wake(self) -> None: ...


EXTENDED = const(0x2000_0000)  # with the 29 bits below it still a small integer on the chip
ALL_BITS = const(0x3FFF_FFFF)

_IDENTIFIER = const(0x1FFF_FFFF)
_BURST = const(32)  # frames taken before other tasks get a turn
_MOST_WANTED = const(16)


class Bus:
    """One controller.

    Args:
        controller: an object like `machine.CAN`, in any state.

    Attributes:
        bitrate: bits per second; 0 while it is closed.
        silent: whether it only listens: nothing it does can be seen on the bus.
        alive: whether a frame came since it was opened, so that the bit rate is right.
        overruns: how many times the controller told that frames were lost.
        lost: why no frames come any more, one sentence; else None.
        taker: who waits for answers, or None.
    """

    def __init__(self, controller: "Controller") -> None:
        self._can = controller
        self._frame: list[Any] = [0, memoryview(bytearray(8)), 0, 0]
        self._flag = asyncio.ThreadSafeFlag()
        self._listeners: Mapping[int, Listener] = {}
        self._wanted: list[tuple[int, int]] = []
        self.taker: Taker | None = None
        self.bitrate = 0
        self.silent = False
        self.alive = False
        self.overruns = 0
        self.lost: str | None = None

    # Open and closed

    @property
    def can_listen(self) -> bool:
        """Whether the controller can take part without being noticed."""
        return hasattr(self._can, "MODE_SILENT")

    def open(self, bitrate: int, silent: bool = False) -> None:
        """Opens it, or changes it if it is open otherwise. BusFault if the controller cannot do that."""
        if bitrate == self.bitrate and silent == self.silent:
            return
        can = self._can
        self.close()
        try:
            can.init(bitrate, mode=can.MODE_SILENT if silent else can.MODE_NORMAL)  # type: ignore[attr-defined]
        except (ValueError, OSError) as error:
            raise BusFault("the CAN controller refuses %d bit/s: %s" % (bitrate, error))
        self.bitrate, self.silent = bitrate, silent
        self._set_filters()  # nothing is received before
        can.irq(self._interrupted, can.IRQ_RX, False)

    def close(self) -> None:
        """Leaves the bus."""
        self.bitrate = 0
        self.alive = False
        self._can.deinit()

    # Who wants what

    def listen(self, listeners: "Mapping[int, Listener]") -> None:
        """Gives frames to these, by key, from now on; whoever was told of them before is told no more."""
        self._listeners = listeners
        self._wanted = [(key, ALL_BITS) for key in listeners]
        self._set_filters()

    def want(self, value: int, mask: int) -> None:
        """Lets frames through whose key & mask is value. Bit 29 belongs to the mask."""
        for has, within in self._wanted:
            if mask & within == within and value & within == has:
                return
        self._wanted.append((value, mask))
        if len(self._wanted) > _MOST_WANTED:
            self._wanted = [_common(self._wanted)]
        self._set_filters()

    def _set_filters(self) -> None:
        if not self.bitrate:
            return
        filters = None if self.silent else self._filters()
        try:
            self._can.set_filters(filters)
        except ValueError:  # "more complex hardware restrictions": take all, and choose here
            self._can.set_filters(None)

    def _filters(self) -> "list[tuple[int, int, int]] | None":
        """The controller's filters; None for all frames. A chip may have a single one."""
        wanted = self._wanted
        if len(wanted) > self._can.FILTERS_MAX:
            wanted = [_common(wanted)]
        if any([not mask & EXTENDED for _, mask in wanted]):
            return None
        return [
            (
                value & _IDENTIFIER,
                mask & (_IDENTIFIER if value & EXTENDED else 0x7FF),
                self._can.FLAG_EXT_ID if value & EXTENDED else 0,
            )
            for value, mask in wanted
        ]

    # Sending

    def send(self, key: int, data: bytes) -> int | None:
        """Queues a frame; returns its index, or None if there is no room just now.

        Raises BusFault if the controller is off the bus.
        """
        try:
            flags = self._can.FLAG_EXT_ID if key & EXTENDED else 0
            return self._can.send(key & _IDENTIFIER, data, flags)
        except OSError:
            self._can.restart()
            raise BusFault("the CAN controller went off the bus: wrong bit rate, or wiring")

    def withdraw(self, index: int) -> bool:
        """Takes a frame back that nobody has acknowledged; False if it was sent."""
        return self._can.cancel_send(index)

    # Receiving

    async def run(self) -> None:
        """Hands frames out until it is cancelled or the controller fails."""
        try:
            while True:
                await self._flag.wait()
                while self.drain(_BURST):
                    await asyncio.sleep_ms(0)
        except Exception as error:
            self.lost = "the CAN controller failed: %s" % (error or type(error).__name__)
            if self.taker is not None:
                self.taker.wake()

    def drain(self, most: int = _BURST) -> bool:
        """Hands out what has come, at most that many frames; True if there may be more."""
        while most and self.bitrate:
            if self._can.recv(self._frame) is None:  # (a name for the method would be an object)
                return False
            self._hand_out()
            most -= 1
        return not most

    def _hand_out(self) -> None:
        key, data, flags, errors = self._frame
        self.alive = True
        if errors:
            self.overruns += 1
        if flags & self._can.FLAG_RTR:
            return
        if flags & self._can.FLAG_EXT_ID:
            key |= EXTENDED
        listener = self._listeners.get(key)
        if listener is not None:
            listener.heard(data)
        taker = self.taker
        if taker is not None and key & taker.mask == taker.value:
            taker.take(key, data)

    def _interrupted(self, can: "Any") -> None:
        flags: Callable[[], int] = can.irq().flags
        while flags():
            pass
        self._flag.set()


def _common(wanted: "list[tuple[int, int]]") -> "tuple[int, int]":
    """One (value, mask) that lets all of these through, and as little else as one can."""
    value, mask = wanted[0]
    for other, within in wanted[1:]:
        mask &= within & ~(value ^ other)
    return value & mask, mask
