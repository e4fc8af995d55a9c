"""Any ESP32-S3 with PSRAM and an ELM327 on a UART, or with one in the network. See `boards/unix` for what each name
means, and docs/hardware.md for the pins; all of them are settings."""

import asyncio

import esp32s3
from built import Built
from esp32s3 import (  # noqa: F401  the rest of the interface
    boot_get,
    boot_put,
    captive,
    device_id,
    lan_address,
    network,
    reset_cause,
    watchdog,
    wifi,
    wifi_scan,
)
from lines import Lines
from machine import Pin, reset  # noqa: F401
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

    from net.clock import Chip

NAME = "esp32s3_elm"
HARDWARE = "ESP32-S3-ELM"

_ATTENUATION_11DB = const(3)
_SETTLES_MS = const(1500)
_BAUD = const(38_400)  # ELM327 data sheet: the default
_DIM = const(4)  # a WS2812 at full power dazzles

_built = Built({"button": 0, "led": 48, "uart_tx": 17, "uart_rx": 18}, "11", "0")

_lines = Lines(_built)

configure = _built.configure
adapter_awake = _lines.adapter_awake
adapter_reset = _lines.adapter_reset
can = _lines.can
transceiver = _lines.transceiver
button = _lines.button
sleep = _lines.sleep


# The car


async def open_adapter() -> (
    "tuple[StreamReader, StreamWriter, Callable[[int], None] | None] | None"
):
    from obd_uart import open_uart

    transmit, receive = _built.pin("uart_tx"), _built.pin("uart_rx")
    if transmit is None or receive is None:
        return None
    speed = _built.setting("uart_baud", _BAUD)
    assert isinstance(speed, int)
    reader, writer, _ = open_uart(transmit, receive, speed)
    return reader, writer, None


async def adapter_sleep() -> bool:
    port = await open_adapter()
    if port is None:
        return False
    port[1].write(b"ATLP\r")  # low power mode: ELM327 data sheet; any character wakes it
    await port[1].drain()
    await asyncio.sleep_ms(_SETTLES_MS)
    return adapter_awake() is not True


# What else is on the board


def clock_chip() -> "Chip | None":
    return None


def supply_mv() -> "int | None":
    pin = _built.pin("supply")
    if pin is None:
        return None
    return _built.supply_mv(esp32s3.average_uv(pin, _ATTENUATION_11DB))


def led(state: str) -> None:
    """A WS2812 shows the colours, without breathing or blinking; a plain LED is on for every state but sleeping."""
    import lights

    colour, _ = lights.look(state)
    kind = _built.setting("led", "rgb")
    if kind == "none":
        return
    line = _built.line("led", Pin.OUT)
    if line is None:
        return
    if kind == "rgb":
        from neopixel import NeoPixel

        lamp = NeoPixel(line, 1)
        lamp[0] = tuple([level // _DIM for level in colour])
        lamp.write()
    else:
        line(any(colour) == (kind == "high"))
