"""An MQTT broker at the wire, for tests: a stream pair whose far end answers by a script."""

import asyncio

ACCEPTED = b"\x20\x02\x00\x00"
PING = b"\xc0\x00"
PONG = b"\xd0\x00"
GOODBYE = b"\xe0\x00"


class Broker:
    """A stream pair. `script` are the answers to what we write, one a write: bytes, a list of pieces that arrive one by
    one, an exception that reading raises, None for silence; at its end the broker is silent. b"" closes.
    While it is `stuck` it takes nothing."""

    def __init__(self, *script):
        self.script = list(script)
        self.arrived = []
        self.writes = []
        self.closed = False
        self.stuck = False
        self.ended = asyncio.Event()
        self.something = asyncio.Event()

    def write(self, data):
        self.writes.append(bytes(data))
        answer = self.script.pop(0) if self.script else None
        if answer is not None:
            self.say(*(answer if isinstance(answer, list) else [answer]))

    def say(self, *pieces):
        self.arrived += pieces
        self.something.set()

    async def read(self, count):
        while not self.arrived:
            self.something.clear()
            await self.something.wait()
        piece = self.arrived[0]
        if isinstance(piece, Exception):
            raise piece
        if piece:
            self.arrived[0] = piece[count:]
            if len(piece) <= count:
                self.arrived.pop(0)
        return piece[:count]

    async def drain(self):
        if self.stuck:
            await self.ended.wait()
            raise OSError(9)
        await asyncio.sleep(0)

    def close(self):
        self.closed = True
        self.ended.set()

    @property
    def sent(self):
        return b"".join(self.writes)


def confirm(number=1):
    """The PUBACK for that packet."""
    return bytes((0x40, 2, number >> 8, number & 255))


async def until(condition):
    """Fails if the condition does not come true for a long time."""
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep_ms(5)
    raise AssertionError("it never came true")
