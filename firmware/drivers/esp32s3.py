"""What every board with an ESP32-S3 has: identity, Wi-Fi, boot memory, watchdog, converter, the reason of its start."""

from binascii import hexlify

import machine

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType

_CAUSES = {
    machine.PWRON_RESET: "power_on",
    machine.HARD_RESET: "hard",
    machine.WDT_RESET: "watchdog",
    machine.DEEPSLEEP_RESET: "deep_sleep",
    machine.SOFT_RESET: "soft",
}
_SECURITY = ("open", "wep", "wpa", "wpa2", "wpa2", "enterprise", "wpa3", "wpa3")  # of scan()


def device_id(root: str) -> str:
    """The base MAC address, in twelve hexadecimal digits."""
    return hexlify(machine.unique_id()).decode()


# What outlives a restart and a power cut


def boot_get(key: str) -> int:
    """A number of the boot memory, in NVS; 0 if there is none. Keys have at most 15 characters."""
    import esp32

    try:
        return esp32.NVS("wican").get_i32(key)
    except OSError:
        return 0


def boot_put(key: str, value: int) -> None:
    """Keeps a number (31 bits and sign) in the boot memory; what is there already is not written again."""
    import esp32

    if boot_get(key) == value:
        return
    memory = esp32.NVS("wican")
    memory.set_i32(key, value)
    memory.commit()


def reset_cause() -> str:
    """Why the chip started: power_on (brownouts too), hard, watchdog, deep_sleep, soft or unknown."""
    return _CAUSES.get(machine.reset_cause(), "unknown")


def watchdog(timeout_ms: int) -> machine.WDT:
    """Resets the chip unless it is fed in time; it cannot be stopped any more."""
    return machine.WDT(timeout=timeout_ms)


def average_uv(pin: int, attenuation: int) -> int:
    """Microvolts at a pin of the first analogue converter, the mean of eight calibrated samples."""
    converter = machine.ADC(machine.Pin(pin), atten=attenuation)
    total = 0
    for _ in range(8):
        total += converter.read_uv()
    return total // 8


# Wi-Fi


def wifi() -> "ModuleType":
    """MicroPython's `network`."""
    import network as radio

    return radio


def network() -> "list[tuple[str, str]]":
    """What the status says of the network, in the words of the WiCAN firmware."""
    import network as radio

    station = radio.WLAN(radio.STA_IF)
    joined = station.active() and station.isconnected()
    mode = "APStation" if captive() else "Station"
    if not station.active():
        mode = "AP" if captive() else "Off"
    return [
        ("wifi_mode", mode),
        ("sta_status", "Connected" if joined else "Not connected"),
        ("sta_ip", station.ifconfig()[0] if joined else "0.0.0.0"),
    ]


def lan_address() -> str:
    """The address in the network that was joined, else that of the own access point; "0.0.0.0" without either."""
    import network as radio

    for interface in (radio.STA_IF, radio.AP_IF):
        wlan = radio.WLAN(interface)
        if wlan.active() and (interface == radio.AP_IF or wlan.isconnected()):
            return wlan.ifconfig()[0]
    return "0.0.0.0"


def captive() -> bool:
    """Whether the own access point is on."""
    import network as radio

    return radio.WLAN(radio.AP_IF).active()


async def wifi_scan() -> "list[tuple[str, int, str, int]] | None":
    """The networks in reach as (name, dBm, security, channel); everything stands still for two or three seconds.

    None if the radio cannot look for them now.
    """
    import network as radio

    station = radio.WLAN(radio.STA_IF)
    was_active = station.active()
    try:
        station.active(True)
        return [_seen(row) for row in station.scan()]
    except OSError:
        return None
    finally:
        if not was_active:
            station.active(False)


def _seen(row: "tuple[bytes, bytes, int, int, int, int]") -> "tuple[str, int, str, int]":
    name, _, channel, signal, security, _ = row
    try:
        text = name.decode()
    except UnicodeError:  # a name may be any 32 bytes
        text = "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in name])
    known = _SECURITY[security] if 0 <= security < len(_SECURITY) else "other"
    return text, signal, known, channel
