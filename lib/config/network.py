"""The settings of networks: which ones the device joins, and the one it makes itself."""

from micropython import const

from config import static_address
from config.fields import Choice, Flag, Integer, Text
from config.rules import MAX_NETWORKS
from config.sections import ListOf, Section

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Verdict

_SSID = const(32)  # bytes: IEEE 802.11-2020 9.4.2.2
_PRINTED = "".join([chr(code) for code in range(32, 127)])


def _ssid(text: str) -> "Verdict":
    if len(text.encode()) > _SSID:
        return "too_long", "Must have at most 32 bytes; letters beyond ASCII take two or more."
    return None


def _password(help: str) -> Text:
    """A passphrase of WPA (IEEE 802.11-2020 J.4.1)."""
    return Text("password", help, least=8, most=63, characters=_PRINTED, secret=True)


WIFI = ListOf(
    "wifi",
    "Networks to join: of those in reach the one with the highest priority.",
    Section(
        "network",
        "One Wi-Fi network.",
        (
            Integer("id", "Its number for good; 0 takes a free one.", 0, 1, MAX_NETWORKS, (0,)),
            Text("ssid", "Its name.", least=1, most=_SSID, rule=_ssid),
            _password("Its password; none for an open network."),
            Integer("priority", "The higher, the sooner it is chosen.", 0, 0, 9),
            Flag("enabled", "Off keeps the entry without using it.", True),
        )
        + static_address.FIELDS,
        switch=True,
    ),
    MAX_NETWORKS,
)

NETWORK = Section(
    "network",
    "The networks the device is in, and what it may take of them.",
    (
        WIFI,
        Section(
            "access_point",
            "The network that the device makes itself, to be set up in.",
            (
                Choice(
                    "mode",
                    "auto: while no known network is in reach; always; never.",
                    ("auto", "always", "never"),
                ),
                _password("Its password; none for the one made for this device."),
            ),
        ),
        Integer(
            "max_connections",
            "How many connections to destinations stay open at once.",
            6,
            1,
            6,
        ),
    ),
)
