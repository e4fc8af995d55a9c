"""What belongs to one device only: the passwords of its access point and its page, and a card that tells them.

The device keeps them in two files: own.json, which no reset deletes (see lib/device/own.py), and config/secrets.json,
where the page's password may be changed. Of the page's password they hold a salted record only.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

import on_cpython
import segno
from segno import helpers

ADDRESS = "192.168.4.1"  # of the device in its own network
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none looks like another
_GROUPS = 3  # of four letters: 59 bits
_SALT = 16


@dataclass(frozen=True)
class Credentials:
    """Of a device with this id (twelve hexadecimal digits): both passwords in plain."""

    device_id: str
    wifi: str
    page: str

    @property
    def ssid(self) -> str:
        """The name of its own network, as lib/device/safe_mode.py makes it."""
        return "WiCAN_" + self.device_id

    @property
    def qr(self) -> segno.QRCode:
        """What a phone's camera reads in order to join that network."""
        return helpers.make_wifi(ssid=self.ssid, password=self.wifi, security="WPA")

    def files(self, others: dict[str, str] | None = None) -> dict[str, bytes]:
        """The files that the device keeps them in; `others` are further secrets of its settings by key."""
        record = page_record(self.page)
        own = {"password": record, "access_point": self.wifi}
        kept = {**(others or {}), "web.password": record}
        return {
            "own.json": json.dumps(own).encode(),
            "config/secrets.json": json.dumps(kept).encode(),
        }


def make(device_id: str) -> Credentials:
    """New ones."""
    return Credentials(device_id, password(), password())


def password() -> str:
    """Twelve random letters and digits in groups of four."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS))
    return "-".join(groups)


def page_record(text: str) -> str:
    """The salted hash of a password, as the device stores it."""
    on_cpython.install()
    from web import auth

    return auth.make_record(text, secrets.token_bytes(_SALT))


def card(found: Credentials) -> list[str]:
    """What the owner has to know, line by line."""
    return [
        f"Device    {found.device_id}",
        f"Wi-Fi     {found.ssid}",
        f"          password {found.wifi}",
        f"Page      http://{ADDRESS}/",
        f"          password {found.page}",
    ]
