"""The adapter: characters in, lines out, one command at a time."""

import asyncio
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import at, st
from .bus import Bus, Traffic
from .car import Car
from .errors import BufferFull, Failed, Interrupted, Unknown
from .exchange import Exchange
from .faults import Faults
from .lines import Printer
from .options import Options
from .pacing import BITS, Receiver, Transmitter
from .protocols import PROTOCOLS
from .settings import Settings

_LINE_LIMIT = 254
_PRINTABLE = re.compile(rb"[^\x20-\x7e\r]")
_REQUEST = re.compile(r"[0-9A-F]{2,}$")


@dataclass
class Selection:
    """The OBD protocol by its ELM327 number; "0" while the automatic search has found none."""

    number: str
    automatic: bool = False
    active: bool = False


class Adapter(Faults):
    """A simulated adapter on a car's bus.

    Faults are plain attributes (see `Faults`), `baud` is one more. counters: at, st, vt, requests,
    repeats, unknown, stopped, no_data, lines. log: the latest command lines as received. `unplug`
    and `plug` belong to whatever connects the adapter to its host.
    """

    def __init__(self, car: Car, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(options.latency_ms, car.voltage)
        self.car, self.options, self.loop = car, options, loop
        self.chip = options.chip()
        self.counters: Counter[str] = Counter()
        self.log: deque[str] = deque(maxlen=options.log_size)
        self.bus = Bus(loop, self, PROTOCOLS[car.protocol].bitrate)
        self.broadcasts = car.connect(self.bus)
        self.transmitter = Transmitter(loop, self._output)
        self.receiver = Receiver(loop, self._receive)
        self.stored_protocol, self.stored_baud = options.protocol, options.baud
        self.baud_after_prompt: int | None = None
        self.host: Callable[[bytes], None] | None = None
        self.unplug: Callable[[], None] = lambda: None
        self.plug: Callable[[], None] = lambda: None
        self._random = random.Random(options.seed)
        self.cursor = 0.0
        self._sent = 0
        self._wake, self._arrived = asyncio.Event(), asyncio.Event()
        self._partial = b""
        self._lines: deque[tuple[str, float]] = deque()
        self._last = ""
        self._busy = self._interrupted = self._deaf = self._dozing = self._midline = False
        self._task: asyncio.Task[None] | None = None
        self.restore(options.baud)

    # What a reset does, and what holds the program together.

    def start(self) -> None:
        """Begins to listen to the host."""
        self._task = self.loop.create_task(self._run())

    async def stop(self) -> None:
        """Ends the adapter's task."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def restore(self, baud: int | None = None) -> None:
        """All settings as after ATD; with `baud` (a reset that goes back to it) the speed too."""
        self.settings = Settings(linefeeds=self.options.linefeeds)
        self.printer = Printer(self.chip, self.options)
        self.selection = Selection(self.stored_protocol, self.stored_protocol == "0")
        self.slowest: float | None = None
        if baud is not None:
            self.baud = baud

    def hard_reset(self) -> None:
        """The reset pin, from any thread: ends whatever was going on, the wedge included."""
        self.loop.call_soon_threadsafe(self._hard_reset)

    @property
    def baud(self) -> int:
        """The UART's speed, bits per second."""
        return self._baud

    @baud.setter
    def baud(self, baud: int) -> None:
        self._baud = baud
        self.transmitter.baud = self.receiver.baud = baud if self.options.pace else None

    # From the host.

    def feed(self, data: bytes) -> None:
        """What the host wrote to its UART."""
        self.receiver.feed(data)

    async def next_line(self) -> tuple[str, float]:
        """The next command line and when its last character came in."""
        while not self._lines:
            self._arrived.clear()
            await self._arrived.wait()
        return self._lines.popleft()

    def _receive(self, data: bytes, arrived: float) -> None:
        data = _PRINTABLE.sub(b"", self._garbled(data))
        if self._dozing:
            self._dozing = False
            self._wake.set()
        elif self._busy:
            self._interrupted = True
            self._wake.set()
        elif not self._deaf and data:
            self._accept(data, arrived)

    def _accept(self, data: bytes, arrived: float) -> None:
        if self.settings.echo or "keeps_echo" in self.options.quirks:
            first = arrived - (len(data) - 1) * BITS / self._baud if self.options.pace else arrived
            self._send(data.decode("ascii").replace("\r", self._newline()), first)
        *complete, self._partial = (self._partial + data).split(b"\r")
        for line in complete:
            self._lines.append((line[:_LINE_LIMIT].decode("ascii"), arrived))
        self._arrived.set()

    # To the host.

    def say(self, text: str) -> None:
        """Prints lines (separated by a newline character); ends an unfinished one first."""
        if self._midline:
            self.finish("")
        for line in text.split("\n") if text else ():
            self.finish(line)

    def finish(self, text: str) -> None:
        """Prints the rest of a line."""
        self.cursor = self._send(text + self._newline(), self.cursor)
        self._midline = False

    def begin(self, text: str) -> None:
        """Prints the beginning of a line, as `SEARCHING...` is."""
        self.cursor = self._send(text, self.cursor)
        self._midline = True

    def show(self, traffic: Traffic, monitoring: bool = False) -> bool:
        """Prints what came from the bus; False if nothing is to be shown. Raises BufferFull."""
        lines = self.printer.lines(traffic, self.settings, monitoring)
        if not lines:
            return False
        if self.transmitter.backlog(traffic.at) > self.chip.buffer:
            raise BufferFull
        if self._midline:
            self.finish("")
        for line in lines:
            self._send(line + self._newline(), traffic.at)
        self.counters["lines"] += 1
        return True

    def prompt(self) -> None:
        """Ready for the next command."""
        if self._midline:
            self.finish("")
        self._send(self._newline() + ">", self.cursor)
        if self.baud_after_prompt:
            self.baud, self.baud_after_prompt = self.baud_after_prompt, None

    def _send(self, text: str, at_time: float) -> float:
        return at_time if self.wedged else self.transmitter.send(text.encode("ascii"), at_time)

    def _newline(self) -> str:
        return "\r\n" if self.settings.linefeeds else "\r"

    def _output(self, data: bytes) -> None:
        if self.host:
            self.host(self._garbled(self._mangled(data)))

    def _mangled(self, data: bytes) -> bytes:
        if not self.garbage and not self.drop_every:
            return data
        out = bytearray()
        for byte in data:
            self._sent += 1
            if self.garbage and self._random.random() < self.garbage:
                out.append(self._random.randrange(256))
            if not (self.drop_every and self._sent % self.drop_every == 0):
                out.append(byte)
        return bytes(out)

    def _garbled(self, data: bytes) -> bytes:
        if not self.options.strict_baud or self.host_baud in (None, self._baud):
            return data
        return bytes(self._random.randrange(128, 256) for _ in data)

    # Commands.

    async def _run(self) -> None:
        while True:
            line, arrived = await self.next_line()
            self.cursor = arrived + self.options.pause(self.options.command_ms)
            self.log.append(line)
            command = line.replace(" ", "").upper()
            if self.wedged and not self._ends_wedge(command):
                continue
            await self._serve(command)

    def _ends_wedge(self, command: str) -> bool:
        if self.wedged not in ("CR", command):
            return False
        self.wedged = None
        return True

    async def _serve(self, command: str) -> None:
        if not command:
            self.counters["repeats"] += 1
        self._last = command = command or self._last
        try:
            self.say(await self._execute(command) or "")
        except Unknown:
            self.counters["unknown"] += 1
            self.say("?")
        except Interrupted:
            self._interrupted = False
            self.counters["stopped"] += 1
            self.cursor = self.loop.time()
            self.say("STOPPED")
        except BufferFull:
            self.say("BUFFER FULL")
        except Failed as failure:
            self.say(failure.args[0])
        self.prompt()

    async def _execute(self, command: str) -> str | None:
        if command.startswith("AT"):
            self.counters["at"] += 1
            return await at.execute(self, command[2:])
        if command.startswith("ST") and self.chip.scantool:
            self.counters["st"] += 1
            return await st.execute(self, command[2:])
        if command.startswith("VT") and self.chip.vendor:
            self.counters["vt"] += 1
            return await st.vendor(self, command[2:])
        if command and not _REQUEST.match(command):
            raise Unknown
        if command:
            self.counters["requests"] += 1
            await Exchange(self, command).run()
        return None

    # Waiting.

    @contextmanager
    def listening(self, hear: Callable[[Traffic], None]) -> Iterator[None]:
        """While it lasts, traffic goes to `hear` and a character from the host interrupts.

        Left when the request is answered, by Interrupted, by BufferFull, by Failed or by a hard
        reset.
        """

        def heard(traffic: Traffic) -> None:
            hear(traffic)
            self._wake.set()

        self._busy, self.bus.listener = True, heard
        self._interrupted = bool(self._lines or self._partial)
        self._lines.clear()
        self._partial = b""
        self.broadcasts.start()
        try:
            yield
        finally:
            self._busy, self.bus.listener = False, None
            self.broadcasts.stop()

    async def wait(self, deadline: float, ready: Callable[[], object] = bool) -> bool:
        """Waits until `ready()` (True) or loop time `deadline` (False).

        Raises Interrupted on a character from the host.
        """
        expired = asyncio.Event()

        def expire() -> None:
            expired.set()
            self._wake.set()

        timer = self.loop.call_at(deadline, expire)
        try:
            while not ready() and not expired.is_set() and not self._interrupted:
                self._wake.clear()
                await self._wake.wait()
        finally:
            timer.cancel()
        if self._interrupted:
            raise Interrupted
        return bool(ready())

    async def reset(self, warm: bool) -> str:
        """ATZ or ATWS: deaf for a while, then as after power-on; the text is the banner."""
        self.selection.active = False
        self.restore(None if warm else self.stored_baud)
        self._deaf = True
        milliseconds = self.options.reset_ms
        await asyncio.sleep(self.options.pause(milliseconds / 4 if warm else milliseconds))
        self._deaf = False
        self._lines.clear()
        self._partial = b""
        self.cursor = self.loop.time()
        return "\n\n" + self.chip.banner

    async def doze(self) -> str:
        """Low power until a character comes; that character is lost."""
        self.say("OK")
        self._dozing = True
        while self._dozing:
            self._wake.clear()
            await self._wake.wait()
        return await self.reset(warm=True)

    def _hard_reset(self) -> None:
        if self._task:
            self._task.cancel()
        self.wedged = None
        self._busy = self._interrupted = self._dozing = self._midline = False
        self._lines.clear()
        self.restore(self.stored_baud)
        self._task = self.loop.create_task(self._power_on())

    async def _power_on(self) -> None:
        self.say(await self.reset(warm=False))
        self.prompt()
        await self._run()
