"""Finds the speed of the WiCAN Pro's OBD chip (MIC3624) and raises it.

The chip talks at 115,200 or, once told to, at 2,000,000 baud. Its vendor commands: `VTVERS` answers its
version, `STSBR` switches the speed after an OK at the old one, `STWBR` keeps it over a power cycle.
"""

import asyncio

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

FAST = const(2_000_000)
SAFE = const(115_200)

_ANSWER_MS = const(1200)


async def negotiate(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, set_baud: "Callable[[int], None]"
) -> int | None:
    """Leaves the line at the fastest speed both sides manage.

    Args:
        reader, writer: stream pair on the UART.
        set_baud: changes the UART's speed on our side.

    Returns:
        FAST or SAFE, whichever the chip answers at; None if it answers at neither (SAFE is set then).
    """
    set_baud(FAST)
    if await _answers(reader, writer):
        return FAST
    set_baud(SAFE)
    if not await _answers(reader, writer):
        return None
    if b"OK" not in await _ask(reader, writer, b"STSBR %d\r" % FAST):
        return SAFE
    set_baud(FAST)
    if await _answers(reader, writer):
        await _ask(reader, writer, b"STWBR\r")
        return FAST
    set_baud(SAFE)  # the chip returns to the old speed when nothing valid arrives at the new one
    return SAFE if await _answers(reader, writer) else None


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """True if the chip tells its version; asked twice, for the first may complete a half-sent command."""
    for _ in range(2):
        if b"MIC3624" in await _ask(reader, writer, b"VTVERS\r"):
            return True
    return False


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: bytes
) -> bytes:
    answer = bytearray()

    async def converse() -> None:
        writer.write(command)
        await writer.drain()
        while len(answer) < 256:
            chunk = await reader.read(64)
            if not chunk:
                return
            answer.extend(chunk)
            if b">" in chunk or b"OK\r" in answer:
                return

    try:
        await asyncio.wait_for_ms(converse(), _ANSWER_MS)
    except asyncio.TimeoutError:
        return b""
    return bytes(answer)
