"""A CAN controller in the shape of `machine.CAN` (MicroPython 1.28), for tests. It insists on being used as documented.

Frames are written as in candump: "7E0#02010C", with eight digits for 29-bit identifiers.
"""

import asyncio

FLAG_RTR, FLAG_EXT_ID, FLAG_UNORDERED = 1, 2, 4


def frame(text):
    """(identifier, data, extended) of a frame's text."""
    identifier, _, data = text.partition("#")
    return int(identifier, 16), bytes.fromhex(data), len(identifier) == 8


def text(identifier, data, extended):
    """The text of a frame."""
    name = "%08X" % identifier if extended else "%03X" % identifier
    return name + "#" + "".join(["%02X" % byte for byte in data])


class Irq:
    def __init__(self, controller):
        self._controller = controller

    def flags(self):
        pending, self._controller.pending = self._controller.pending, 0
        return pending


class FakeCan:
    """One controller. `transmit(identifier, data, extended)` is told of each frame that leaves it.

    Attributes:
        rate: bit rate of the bus it is connected to.
        acknowledged: whether anybody else is on the bus.
        room: how many more frames `send` takes; None: as many as come.
        fifo: how many received frames it holds before it loses some.
        disturbed: how often a frame of the bus, or its own, was destroyed for its wrong bit rate.
        modes: (bit rate, mode) of each start. filters: as last set. most_pending: the fullest its receive queue was.
    """

    FLAG_RTR, FLAG_EXT_ID, FLAG_UNORDERED = FLAG_RTR, FLAG_EXT_ID, FLAG_UNORDERED
    MODE_NORMAL, MODE_SILENT = 0, 3
    STATE_STOPPED, STATE_ACTIVE, STATE_BUS_OFF = 0, 1, 4
    IRQ_RX, IRQ_TX, IRQ_STATE = 1, 2, 4
    RECV_ERR_FULL, RECV_ERR_OVERRUN = 1, 2
    TX_QUEUE_LEN = 3
    FILTERS_MAX = 1

    def __init__(self, transmit=None, rate=500_000):
        self.transmit = transmit or (lambda identifier, data, extended: None)
        self.rate = rate
        self.acknowledged = True
        self.room = None
        self.fifo = 64
        self.disturbed = 0
        self.modes = []
        self.filters = "not set"
        self.failure = None
        self.off = False
        self.restarts = 0
        self.pending = 0
        self.waiting = {}
        self.most_pending = 0
        self.bitrate = 0
        self.mode = None
        self._queue = []
        self._lost = False
        self._handler = None
        self._backing = bytearray(8)

    # As the driver has them

    def init(self, bitrate, mode=0, sample_point=75, sjw=1, tseg1=None, tseg2=None):
        assert not self.bitrate, "changing the mode of a running controller needs deinit()"
        assert mode in (self.MODE_NORMAL, self.MODE_SILENT)
        self.bitrate, self.mode = bitrate, mode
        self.modes.append((bitrate, mode))
        self.filters = "not set"

    def deinit(self):
        self.bitrate, self.mode = 0, None
        self._queue = []
        self.waiting = {}

    def set_filters(self, filters):
        assert self.bitrate
        if filters is not None and len(filters) > self.FILTERS_MAX:
            raise ValueError("too many filters")
        for identifier, mask, flags in filters or ():
            most = 0x1FFFFFFF if flags & FLAG_EXT_ID else 0x7FF
            if not (0 <= identifier <= most and 0 <= mask <= most):
                raise ValueError("invalid id")
        self.filters = filters

    def send(self, id, data, flags=0):
        assert self.mode == self.MODE_NORMAL and len(data) <= 8
        assert 0 <= id <= (0x1FFFFFFF if flags & FLAG_EXT_ID else 0x7FF)
        if self.off:
            raise OSError(5)
        if self.room is not None:
            if not self.room:
                return None
            self.room -= 1
        free = [index for index in range(self.TX_QUEUE_LEN) if index not in self.waiting]
        if not free:
            return None
        if self.rate != self.bitrate:
            self.disturbed += 1
        if not self.acknowledged or self.rate != self.bitrate:
            self.waiting[free[0]] = id
        else:
            self.transmit(id, bytes(data), bool(flags & FLAG_EXT_ID))
        return free[0]

    def cancel_send(self, index):
        return self.waiting.pop(index, None) is not None

    def recv(self, arg=None):
        assert len(arg) == 4 and isinstance(arg[1], memoryview), "a list for frames is expected"
        if self.failure:
            raise OSError(self.failure)
        if not self._queue:
            return None
        identifier, data, flags = self._queue.pop(0)
        self._backing[: len(data)] = data
        arg[0], arg[1], arg[2] = identifier, memoryview(self._backing)[: len(data)], flags
        arg[3] = self.RECV_ERR_OVERRUN if self._lost else 0
        self._lost = False
        return arg

    def irq(self, handler=None, trigger=0, hard=False):
        if handler is not None:
            assert trigger & self.IRQ_RX
            self._handler = handler
        return Irq(self)

    def restart(self):
        self.off = False
        self.restarts += 1

    # As the bus has it

    def receive(self, identifier, data, extended, remote=False):
        """A frame of another node comes by."""
        if not self.bitrate:
            return
        if self.rate != self.bitrate:
            self.disturbed += self.mode == self.MODE_NORMAL
            return
        flags = (FLAG_EXT_ID if extended else 0) | (FLAG_RTR if remote else 0)
        if not self._passes(identifier, flags & FLAG_EXT_ID):
            return
        if len(self._queue) >= self.fifo:
            self._lost = True
            return
        self._queue.append((identifier, bytes(data), flags))
        self.most_pending = max(self.most_pending, len(self._queue))
        self.interrupt()

    def interrupt(self):
        """Tells the handler to look."""
        self.pending |= self.IRQ_RX
        if self._handler:
            self._handler(self)

    def _passes(self, identifier, extended):
        if self.filters is None:
            return True
        assert self.filters != "not set", "nothing is received before set_filters"
        for value, mask, flags in self.filters:
            if identifier & mask == value & mask and flags & FLAG_EXT_ID == extended:
                return True
        return False


class ScriptedCar:
    """A bus with ECUs that answer by a script: frame sent, without its padding -> frames that come back, in one text.

    An answer may be a list of those, used up in turn. Attributes: `can` the controller, `sent` what left it.
    """

    def __init__(self, script=None, rate=500_000):
        self.script = script or {}
        self.sent = []
        self.can = FakeCan(self._sent, rate)

    def _sent(self, identifier, data, extended):
        line = text(identifier, data, extended)
        self.sent.append(line)
        answer = self.script.get(unpadded(line), "")
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else ""
        self.comes(answer)

    def comes(self, frames):
        """These frames come, one after the other."""
        for each in frames.split():
            self.can.receive(*frame(each))


def unpadded(line):
    """A frame's text without the padding our side puts there."""
    while line.endswith("AA"):
        line = line[:-2]
    return line


async def until(condition):
    """Lets others work until the condition holds."""
    for _ in range(5000):
        if condition():
            return
        await asyncio.sleep_ms(1)
    raise AssertionError("it never came to that")
