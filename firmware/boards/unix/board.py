"""The board of the Unix port: a PC that plays the device. Every board offers these names, and here they are described.

A board has no state but its pins. Nothing but the settings' pins is given to it: boot code can use it before anything
else is there.
"""

import os
import sys
import time
from binascii import hexlify

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable
    from types import ModuleType
    from typing import Protocol

    from net.clock import Chip
    from obd.can_bus import Controller

    class Watchdog(Protocol):
        """Resets the device unless it is fed in time."""

        def feed(self) -> None: ...


NAME = "unix"
HARDWARE = "WiCAN-UNIX"

_BOOT_MEMORY = "boot_memory"  # below the folder of the environment variable STATE_DIR, or nowhere


def configure(settings: dict) -> None:
    """Takes the section `board` of the settings; before that the board is as it was built."""


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


# The car


async def open_adapter() -> (
    "tuple[StreamReader, StreamWriter, Callable[[int], None] | None] | None"
):
    """Wakes the OBD chip on this board; returns a stream pair to it and a function that sets its speed, None if that is
    fixed. None where there is no chip."""
    return None


def adapter_awake() -> "bool | None":
    """Whether the OBD chip says that it is awake; None if it has no line for that."""
    return None


async def adapter_sleep() -> bool:
    """Puts the OBD chip to sleep, in several attempts of some seconds, while nobody uses it; False if it says it is
    awake still. `open_adapter` and `adapter_reset` wake it."""
    return True


async def adapter_reset() -> None:
    """Resets the OBD chip by its line and lets it start, which takes a second or two."""


def can() -> "Controller | None":
    """The CAN controller at the car's bus: an object like `machine.CAN` in any state, its transceiver awake; None where
    there is none, or MicroPython was built without."""
    return None


def transceiver(on: bool) -> None:
    """Takes the CAN transceiver out of standby, or puts it there."""


# The network


def wifi() -> "ModuleType | None":
    """MicroPython's `network` where there is Wi-Fi, else None."""
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


# What else is on the board


def clock_chip() -> "Chip | None":
    """A clock with a battery, with `read() -> Unix seconds or None` and `write(unix_s)`; None where there is none."""
    return None


def supply_mv() -> "int | None":
    """Supply voltage in millivolts; None where it cannot be measured."""
    return None


def led(state: str) -> None:
    """Shows a state of `device.led`; dark for every other word."""


def button() -> bool:
    """Whether the button is pressed now; False where there is none."""
    return False


def boot_get(key: str) -> int:
    """A number that outlives restarts and power cuts, for boot counters; 0 if it was never put."""
    return _read_boot_memory().get(key, 0)


def boot_put(key: str, value: int) -> None:
    """Keeps a number of at most 31 bits and sign; keys have at most 15 characters."""
    path = _boot_path()
    if path is None:
        return
    values = _read_boot_memory()
    if values.get(key) == value:
        return
    values[key] = value
    with open(path, "w") as file:
        for name in values:
            file.write("%s %d\n" % (name, values[name]))


def _read_boot_memory() -> "dict[str, int]":
    path = _boot_path()
    values: dict[str, int] = {}
    if path is None:
        return values
    try:
        with open(path) as file:
            for line in file:
                name, _, number = line.partition(" ")
                values[name] = int(number)
    except (OSError, ValueError):
        pass  # as good as new
    return values


def _boot_path() -> "str | None":
    folder = os.getenv("STATE_DIR")
    return folder + "/" + _BOOT_MEMORY if folder else None


def watchdog(timeout_ms: int) -> "Watchdog | None":
    """Starts the watchdog, which cannot be stopped any more; None where there is none."""
    return None


def reset_cause() -> str:
    """Why the device started: power_on (a brownout, too), hard, watchdog, deep_sleep, soft or unknown."""
    return "unknown"


def sleep(ms: int, deep: bool) -> None:
    """Stops the processor for up to `ms` milliseconds, less if the OBD chip wakes; Wi-Fi must be off.

    Light sleep returns with everything as it was. Deep sleep ends in a start of the device.
    """
    time.sleep_ms(ms)
    if deep:
        reset()


def reset() -> None:
    """Starts the device again."""
    sys.exit(1)
