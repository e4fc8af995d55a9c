"""The board of the Unix port: a PC that plays the device. Every board offers these names."""

import os
import sys
from binascii import hexlify

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

    from net.clock import Chip

NAME = "unix"
HARDWARE = "WiCAN-UNIX"


def device_id(root: str) -> str:
    """Twelve hexadecimal digits that stay the same; hardware boards take them from their MAC address."""
    path = root + "/config/device_id"
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        identifier = hexlify(os.urandom(6)).decode()
    try:
        os.mkdir(root + "/config")
    except OSError:
        pass  # it is there; if it cannot be made, opening the file says why
    with open(path, "w") as file:
        file.write(identifier)
    return identifier


async def open_adapter() -> "tuple[StreamReader, StreamWriter, Callable[[int], None]] | None":
    """Stream pair to the OBD chip on this board and a function that sets its speed; None where there is no chip."""
    return None


def network() -> "list[tuple[str, str]]":
    """What the status says of the network: (key, value) pairs."""
    return [("wifi_mode", "Station"), ("sta_status", "Connected"), ("sta_ip", "127.0.0.1")]


async def wifi_scan() -> "list[tuple[str, int, str, int]] | None":
    """The networks in reach: (name, signal in dBm, security, channel); None where there is no Wi-Fi.

    The security is "open", "wep", "wpa", "wpa2", "wpa3", "enterprise" or "other". It takes some seconds, and what runs
    on the device may stand still meanwhile.
    """
    return None


def captive() -> bool:
    """Whether the device's own access point is on, for somebody who is to set it up."""
    return False


def lan_address() -> str:
    """The device's address in the network that it is trusted in: bridges listen there, not towards the internet."""
    return "127.0.0.1"


def clock_chip() -> "Chip | None":
    """A clock with a battery, with `read() -> Unix seconds or None` and `write(unix_s)`; None where there is none."""
    return None


def supply_mv() -> "int | None":
    """Supply voltage in millivolts; None where it cannot be measured."""
    return None


def reset() -> None:
    """Starts the device again after a fatal error."""
    sys.exit(1)
