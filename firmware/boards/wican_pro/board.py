"""WiCAN Pro: an ESP32-S3 with an OBD chip (MIC3624), LED, clock and button. See `boards/unix` for what each name means,
and docs/hardware.md for the pins."""

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
from machine import I2C, Pin, reset  # noqa: F401
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

    from net.clock import Chip

NAME = "wican_pro"
HARDWARE = "WiCAN-OBD-PRO"

_ATTENUATION_6DB = const(2)
_SLEEPS_MS = const(3000)
_TRIES = const(3)

_built = Built(
    {
        "button": 8,
        "supply": 4,
        "uart_tx": 16,
        "uart_rx": 15,
        "adapter_reset": 41,
        "adapter_ready": 7,
        "adapter_sleep": 9,
        "can_tx": 2,
        "can_rx": 1,
        "can_standby": 38,
    },
    "11",
    "0.1",
)
_SAFE_BAUD = const(115_200)

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

    _lines.let_adapter_run(True)
    transmit, receive = _built.pin("uart_tx"), _built.pin("uart_rx")
    if transmit is None or receive is None:
        return None
    return open_uart(transmit, receive, _SAFE_BAUD)


async def adapter_sleep() -> bool:
    if adapter_awake() is False:  # asking it would wake it
        _lines.let_adapter_run(False)
        return True
    for _ in range(_TRIES):
        port = await open_adapter()
        if port is not None:
            await _say(port[0], port[1], port[2], b"STSLEEP0\r")
        _lines.let_adapter_run(False)
        if await _falls_asleep():
            return True
    return False


async def _say(
    reader: "StreamReader",
    writer: "StreamWriter",
    set_baud: "Callable[[int], None] | None",
    command: bytes,
) -> None:
    """Sends a command at whichever speed the chip has; what it answers does not matter."""
    from obd import baud

    if set_baud is not None and await baud.negotiate(reader, writer, set_baud) is not None:
        writer.write(command)
        await writer.drain()


async def _falls_asleep() -> bool:
    for _ in range(_SLEEPS_MS // 100):
        await asyncio.sleep_ms(100)
        if adapter_awake() is False:
            return True
    return adapter_awake() is None


# What else is on the board


def clock_chip() -> "Chip | None":
    import rx8130

    kind = _built.setting("clock_chip", "rx8130")
    if kind == "none":
        return None
    return rx8130.Rx8111(_i2c()) if kind == "rx8111" else rx8130.Rx8130(_i2c())


def _i2c() -> I2C:
    return I2C(0, sda=Pin(5), scl=Pin(6), freq=200_000)


def supply_mv() -> "int | None":
    pin = _built.pin("supply")
    if pin is None:
        return None
    return _built.supply_mv(esp32s3.average_uv(pin, _ATTENUATION_6DB))


def led(state: str) -> None:
    import aw2023
    import lights

    try:
        aw2023.Aw2023(_i2c()).show(*lights.look(state))
    except OSError:
        pass  # a lamp that does not answer is no reason to stop
