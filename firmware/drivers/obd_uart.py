"""The UART to an OBD chip, as asyncio wants it."""

import asyncio

from machine import UART, Pin
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

_PORT = const(1)
_RECEIVED = const(8192)  # bytes; Python is deaf during a TLS handshake
_SENT = const(256)
_GAP_MS = const(2)  # with 0 every byte would be an interrupt of its own


class _Stream(asyncio.StreamReader):
    """A UART has no `close`, which asyncio calls in the end."""

    async def wait_closed(self) -> None:
        pass


def open_uart(
    transmit: int, receive: int, bauds: int
) -> "tuple[StreamReader, StreamWriter, Callable[[int], None]]":
    """Stream pair on these GPIOs, and a function that changes the speed."""
    uart = UART(
        _PORT,
        bauds,
        tx=Pin(transmit),
        rx=Pin(receive),
        rxbuf=_RECEIVED,
        txbuf=_SENT,
        timeout=0,
        timeout_char=_GAP_MS,
    )
    # asyncio looks at streams every 10 ms; any interrupt makes it look at once, what it does does not matter.
    uart.irq(_nothing, UART.IRQ_RXIDLE)
    stream = _Stream(uart)

    def set_baud(speed: int) -> None:
        # What is left out would be as it was never set.
        uart.init(baudrate=speed, timeout=0, timeout_char=_GAP_MS)

    return stream, stream, set_baud  # type: ignore[return-value]


def _nothing(uart: UART) -> None:
    pass
