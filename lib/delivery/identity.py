"""Who the device is to systems that know other names than its twelve hexadecimal digits."""

import binascii
import os

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = ("SERIAL", "IMEI", "ICCID", "CUSTOM1", "CUSTOM2", "CUSTOM3")
_DIGITS = "0123456789"
_SERIAL_LIMIT = const(0x80000000)


def eui64(device_id: str) -> str:
    """The MAC address as EUI-64 in lower case: FFFE in its middle, no bit flipped (IEEE Guidelines for EUI, "Mapping
    an EUI-48 to an EUI-64"; RFC 9039 4.1 writes a MAC the same way)."""
    return (device_id[:6] + "fffe" + device_id[6:]).lower()


def serial_number(ids: "Mapping[str, str]", device_id: str) -> int:
    """The serial as a number below 2^31: the one that was entered if it is such a number, else from the MAC's end."""
    text = ids.get("SERIAL", "")
    if text and len(text) <= 10 and not text.strip(_DIGITS) and int(text) < _SERIAL_LIMIT:
        return int(text)
    return int(device_id[-6:], 16)


def new_uuid() -> str:
    """A random UUID, version 4 (RFC 9562 5.4), in small letters with hyphens: KPN's Things-Plug-UUID."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = binascii.hexlify(bytes(raw)).decode()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
