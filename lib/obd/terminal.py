"""The conversation with an adapter: a command goes out, lines come back, then the prompt ">"."""

import asyncio

from micropython import const

from obd.errors import AdapterLost, Garbled
from obd.lines import BANNERS

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND_MS = const(1500)  # an AT command is answered at once; the slowest is a warm start

RESTARTED = "the adapter restarted by itself; check its supply"

_PROMPT_MS = const(300)
_QUIET_MS = const(80)
_CHUNK = const(256)
_MOST_BYTES = const(16384)  # 4095 bytes of payload are some 13,000 characters

_IDENTIFIES = ("ATI", "ATZ", "ATWS", "STI")


class NoPrompt(AdapterLost):
    """No prompt in time."""


class Terminal:
    """One adapter's prompt, on a stream pair. One exchange at a time.

    Args:
        reader, writer: an asyncio stream pair to the adapter.
        note: takes a format and its arguments: what is worth a line in a debug log.

    Attributes:
        commands: how many AT commands have been sent.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        note: "Callable[..., None]",
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._note = note
        self._buffer = bytearray()
        self.commands = 0

    async def drop_input(self) -> None:
        """Reads and forgets until nothing comes any more; bounded against a line that never is quiet."""
        budget = _MOST_BYTES
        while budget > 0:
            try:
                chunk: bytes = await asyncio.wait_for_ms(self._reader.read(_CHUNK), _QUIET_MS)
            except asyncio.TimeoutError:
                return
            except OSError as error:
                raise AdapterLost("the connection to the adapter failed: %s" % error)
            if not chunk:
                raise AdapterLost("the connection to the adapter is closed")
            budget -= len(chunk)

    async def command(self, text: str, timeout_ms: int = COMMAND_MS) -> str:
        """Sends an AT or ST command; returns its answer, lines joined by blanks, without the echo."""
        self.commands += 1
        raw = await self.exchange(text, timeout_ms)
        parts = [
            part.strip() for part in raw.replace(b"\n", b"\r").replace(b"\x00", b"").split(b"\r")
        ]
        wanted = text.replace(" ", "").encode()
        words = [
            part.decode()
            for part in parts
            if part and part.replace(b" ", b"") != wanted and _printable(part)
        ]
        answer = " ".join(words)
        if answer.startswith(BANNERS) and text not in _IDENTIFIES:
            raise AdapterLost(RESTARTED)
        return answer

    async def exchange(self, text: str, timeout_ms: int) -> bytes:
        """Writes a command and returns what comes before the prompt; the one place that waits for the adapter.

        Raises AdapterLost if there is no prompt or no connection, Garbled if it had to be interrupted.
        """
        try:
            return await asyncio.wait_for_ms(self._converse(text.encode() + b"\r"), timeout_ms)
        except asyncio.TimeoutError:
            pass
        except OSError as error:
            raise AdapterLost("the connection to the adapter failed: %s" % error)
        try:  # a blank interrupts a request that never ends
            await asyncio.wait_for_ms(self._converse(b" "), _PROMPT_MS)
        except asyncio.TimeoutError:
            raise NoPrompt("the adapter gave no prompt after %s" % text)
        raise Garbled("the adapter took too long over %s" % text)

    def send(self, text: bytes) -> None:
        """Writes and waits for nothing; AdapterLost if the connection fails."""
        try:
            self._writer.write(text)  # MicroPython tries at once, and fails at once
        except OSError as error:
            raise AdapterLost("the connection to the adapter failed: %s" % error)

    async def _converse(self, text: bytes) -> bytes:
        buffer = self._buffer
        buffer[:] = b""
        self.send(text)
        await self._writer.drain()
        while True:
            chunk = await self.receive()
            end = chunk.find(b">")
            if end >= 0:  # what follows a prompt was not asked for
                buffer.extend(chunk[:end])
                return bytes(buffer)
            buffer.extend(chunk)
            if len(buffer) > _MOST_BYTES:
                buffer[:] = b""  # garbage; go on until the prompt or the deadline

    async def receive(self) -> bytes:
        """What comes next, whatever it is. Raises AdapterLost at the end, OSError."""
        chunk: bytes = await self._reader.read(_CHUNK)
        if not chunk:
            raise AdapterLost("the connection to the adapter is closed")
        return chunk

    async def close(self) -> None:
        """Closes the connection."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError as error:
            self._note("closing: %s", error)


def _printable(part: bytes) -> bool:
    return all([32 <= byte < 127 for byte in part])
