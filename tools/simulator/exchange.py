"""One OBD request: from the hexadecimal digits to the last line before the prompt."""

from collections import deque
from typing import TYPE_CHECKING

from . import connect
from .bus import Frame, Message, Traffic, parse_frame
from .ecu import checksummed
from .errors import Failed, Interrupted, Unknown
from .lines import is_first
from .protocols import PROTOCOLS, reachable

if TYPE_CHECKING:
    from .adapter import Adapter

# Adaptive timing (ATAT1, ATAT2): after an answer, the wait for another one is this many times the
# slowest recent answer plus so many seconds. The data sheet gives no formula; these give about the
# observed speed.
_ADAPTIVE = {1: (1.5, 0.024), 2: (1.1, 0.008)}
_FADING = 0.9


class Exchange:
    """Sends a request and prints the answers.

    An odd last digit is the number of lines to wait for. Raises Unknown for what cannot be sent,
    Failed for NO DATA and the like, Interrupted and BufferFull.
    """

    def __init__(self, adapter: "Adapter", digits: str) -> None:
        if len(digits) % 2 and "no_count_digit" in adapter.options.quirks:
            raise Unknown
        self._adapter = adapter
        self._expected = int(digits[-1], 16) if len(digits) % 2 else 0
        self._data = bytes.fromhex(digits[: len(digits) & ~1])
        self._frames: deque[Traffic] = deque()
        self._shown = 0

    async def run(self) -> None:
        """The whole exchange; leaves the adapter's cursor at the time of the prompt."""
        adapter = self._adapter
        with adapter.listening(self._frames.append):
            await connect.establish(adapter)
            self._frames.clear()
            sent = self._send()
            adapter.cursor = sent
            if adapter.settings.responses:
                await self._collect(sent)
        if adapter.settings.responses and not self._shown:
            adapter.counters["no_data"] += 1
            raise Failed("NO DATA")

    def _send(self) -> float:
        adapter = self._adapter
        chosen = adapter.selection.number
        request = self._traffic(adapter.cursor)
        if not reachable(chosen, adapter.car.protocol) or adapter.bus_fault:
            raise Failed("CAN ERROR" if PROTOCOLS[chosen].kind == "can" else "NO DATA")
        sent = adapter.bus.request(request)
        self._intrude(adapter.stale_frame, sent)
        return sent

    def _intrude(self, text: str | None, at: float) -> None:
        if text:
            self._adapter.bus.answer(parse_frame(text)._replace(at=at))

    def _traffic(self, at: float) -> Traffic:
        settings, number = self._adapter.settings, self._adapter.selection.number
        protocol = PROTOCOLS[number]
        if protocol.kind != "can":
            header = settings.kline_header(len(self._data), number == "3")
            return Message(checksummed(header + self._data), at)
        prefix = b"" if settings.extended is None else bytes([settings.extended])
        length = bytes([len(self._data)]) if settings.formatting else b""
        data = prefix + length + self._data
        if len(data) > 8:
            raise Unknown
        return Frame(settings.can_id(protocol.wide), data.ljust(8, b"\0"), protocol.wide, at)

    async def _collect(self, sent: float) -> None:
        adapter = self._adapter
        deadline = sent + adapter.settings.timeout_ms / 1000
        while await adapter.wait(deadline, lambda: self._frames):
            traffic = self._frames.popleft()
            adapter.cursor = traffic.at
            if not self._take(traffic, sent):
                continue
            if self._shown == self._expected:
                return
            deadline = traffic.at + self._patience()
        adapter.cursor = deadline

    def _take(self, traffic: Traffic, sent: float) -> bool:
        """Prints what passes the filters and controls its flow; False for everything else."""
        adapter = self._adapter
        wide = PROTOCOLS[adapter.selection.number].wide
        if isinstance(traffic, Frame) and not adapter.settings.accepts(traffic, wide):
            return False
        if not adapter.show(traffic):
            return False
        self._shown += 1
        if self._shown == 1:
            self._learn(traffic.at - sent)
            self._intrude(adapter.foreign_frame, traffic.at)
        if isinstance(traffic, Frame) and is_first(traffic, adapter.settings):
            answer = adapter.settings.flow_control(
                traffic, adapter.chip.scantool and not adapter.chip.vendor
            )
            if answer:
                adapter.bus.request(answer)
        return True

    def _learn(self, latency: float) -> None:
        slowest = self._adapter.slowest or 0.0
        self._adapter.slowest = max(latency, slowest * _FADING)

    def _patience(self) -> float:
        """Seconds to wait for another line."""
        settings, slowest = self._adapter.settings, self._adapter.slowest
        full = settings.timeout_ms / 1000
        if settings.adaptive not in _ADAPTIVE or slowest is None:
            return full
        factor, extra = _ADAPTIVE[settings.adaptive]
        return min(full, slowest * factor + extra)


async def monitor(adapter: "Adapter") -> None:
    """ATMA, STM: prints what the filters let through until a character comes."""
    frames: deque[Traffic] = deque()
    with adapter.listening(frames.append):
        protocol = await connect.monitored(adapter)
        while True:
            try:
                await adapter.wait(adapter.loop.time() + 3600, lambda: frames)
            except Interrupted:
                frames.clear()
                raise
            while frames:
                traffic = frames.popleft()
                adapter.cursor = traffic.at
                if isinstance(traffic, Message) or adapter.settings.accepts(
                    traffic, protocol.wide, True
                ):
                    adapter.show(traffic, monitoring=True)
