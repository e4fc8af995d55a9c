"""A CAN controller and who wants which of its frames."""

import asyncio
import gc
import sys

from can_fake import FakeCan, frame, until
from helper import raises, run
from obd.can_bus import ALL_BITS, EXTENDED, Bus
from obd.errors import BusFault

WINDOW = (0x7E8, EXTENDED | 0x7F8)


class Ear:
    """Keeps what it is given."""

    def __init__(self, value=0, mask=0):
        self.value, self.mask = value, mask
        self.frames = []

    def heard(self, data):
        self.frames.append(bytes(data))

    def take(self, key, data):
        self.frames.append((key, bytes(data)))

    def wake(self):
        self.frames.append("wake")


def opened(**attributes):
    """A controller, and the bus on it, open at 500 kbit/s."""
    can = FakeCan()
    for name in attributes:
        setattr(can, name, attributes[name])
    bus = Bus(can)
    bus.open(500_000)
    return can, bus


def test_frames_go_to_whom_they_concern():
    can, bus = opened()
    ears = {0x3A0: Ear(), EXTENDED | 0x3A0: Ear()}
    bus.listen(ears)
    bus.want(*WINDOW)
    bus.taker = Ear(*WINDOW)
    for text in ("3A0#0102", "000003A0#03", "7E8#0341057B", "7E0#00", "123#", "3A0#"):
        can.receive(*frame(text))
    while bus.drain():
        pass
    assert ears[0x3A0].frames == [b"\x01\x02", b""]
    assert ears[EXTENDED | 0x3A0].frames == [b"\x03"]
    assert bus.taker.frames == [(0x7E8, b"\x03\x41\x05\x7b")]


def test_remote_frames_are_for_nobody():
    can, bus = opened()
    ears = {0x3A0: Ear()}
    bus.listen(ears)
    can.receive(0x3A0, b"\x00\x00", False, True)
    bus.drain()
    assert ears[0x3A0].frames == []


def test_the_controller_filters_what_it_can():
    can, bus = opened(FILTERS_MAX=2)
    assert can.filters == []
    bus.want(*WINDOW)
    bus.want(0x7EC, ALL_BITS)  # within the window
    assert can.filters == [(0x7E8, 0x7F8, 0)]
    bus.want(EXTENDED | 0x18DAF110, ALL_BITS)
    assert can.filters == [(0x7E8, 0x7F8, 0), (0x18DAF110, 0x1FFFFFFF, can.FLAG_EXT_ID)]
    bus.want(0x123, ALL_BITS)
    assert can.filters is None, "no mask lets both widths through"


def test_a_single_filter_lets_all_wanted_frames_through_and_few_others():
    can, bus = opened()
    bus.listen({0x7B9: Ear(), 0x7BB: Ear()})
    ((value, mask, flags),) = can.filters
    assert (value, mask, flags) == (0x7B9, 0x7FD, 0)


def test_a_controller_with_stricter_rules_is_given_no_filter():
    class Picky(FakeCan):
        def set_filters(self, filters):
            if filters:
                raise ValueError("unsupported")
            FakeCan.set_filters(self, filters)

    can = Picky()
    bus = Bus(can)
    bus.open(500_000)
    bus.want(*WINDOW)
    assert can.filters is None


def test_filters_survive_another_bit_rate():
    can, bus = opened()
    bus.want(*WINDOW)
    bus.open(250_000)
    assert can.filters == [(0x7E8, 0x7F8, 0)] and can.bitrate == 250_000


def test_listening_takes_everything_and_sends_nothing():
    can = FakeCan()
    bus = Bus(can)
    bus.want(*WINDOW)
    bus.open(500_000, silent=True)
    assert can.filters is None and can.mode == can.MODE_SILENT
    can.receive(*frame("123#00"))
    bus.drain()
    assert bus.alive


def test_a_bit_rate_that_is_refused_is_a_fault():
    class Slow(FakeCan):
        def init(self, bitrate, mode=0):
            raise ValueError("bitrate")

    assert "250000" in str(raises(BusFault, Bus(Slow()).open, 250_000))


def test_lost_frames_are_counted():
    can, bus = opened(fifo=2)
    bus.listen({0x3A0: Ear()})
    for _ in range(4):
        can.receive(*frame("3A0#00"))
    bus.drain()
    assert bus.overruns == 1


def test_a_flood_leaves_other_tasks_their_turn():
    async def scene():
        can, bus = opened(fifo=10_000)
        ears = {0x3A0: Ear()}
        bus.listen(ears)
        task = asyncio.create_task(bus.run())
        for _ in range(1000):
            can.receive(*frame("3A0#00"))
        seen = []
        while len(ears[0x3A0].frames) < 1000:
            await asyncio.sleep_ms(0)
            seen.append(len(ears[0x3A0].frames))
        task.cancel()
        return seen

    seen = run(scene())
    assert len(seen) > 10, "the frames were taken in one go"


def test_a_controller_that_fails_wakes_who_waits():
    async def scene():
        can, bus = opened()
        bus.taker = Ear(*WINDOW)
        task = asyncio.create_task(bus.run())
        can.failure = 19
        can.interrupt()
        await until(lambda: bus.lost)
        await task
        return bus

    bus = run(scene())
    assert "failed" in bus.lost and bus.taker.frames == ["wake"]


def test_receiving_allocates_nothing():
    if sys.implementation.name != "micropython":
        return  # CPython counts otherwise

    class Lean:
        """A driver that fills the list in place, as the real one does."""

        FLAG_RTR, FLAG_EXT_ID, IRQ_RX, MODE_NORMAL, FILTERS_MAX = 1, 2, 1, 0, 1
        left = 0

        def init(self, bitrate, mode=0):
            pass

        def deinit(self):
            pass

        def set_filters(self, filters):
            pass

        def irq(self, *arguments):
            pass

        def recv(self, arg):
            if not self.left:
                return None
            self.left -= 1
            arg[0], arg[2], arg[3] = 0x18DAF110 if self.left & 1 else 0x3A0, self.left & 1 and 2, 0
            return arg

    class Deaf:
        value, mask, count = 0x7E8, 0x7F8, 0

        def heard(self, data):
            self.count += 1

    can = Lean()
    bus = Bus(can)
    bus.open(500_000)
    listener = Deaf()
    bus.listen({0x3A0: listener})
    bus.taker = listener
    can.left = 10
    bus.drain()  # whatever is made once
    can.left = 30
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    bus.drain()
    taken = gc.mem_alloc() - before
    gc.enable()
    assert listener.count == 20 and taken == 0, taken
