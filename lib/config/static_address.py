"""The settings of a fixed address in somebody's network: fields of each entry of `network.wifi`."""

from config.fields import Text

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Verdict

_BLOCK = "Must be an IPv4 address and the length of its network, such as 192.168.1.50/24."
_ADDRESS = "Must be an IPv4 address, such as 192.168.1.1."


def _block(text: str) -> "Verdict":
    from net import passthrough  # rarely needed, released with the settings

    _, slash, length = text.partition("/")
    if slash and passthrough.is_block(text) and 8 <= int(length) <= 30:
        return None
    return "address", _BLOCK


def _address(text: str) -> "Verdict":
    from net import passthrough  # as above

    if passthrough.is_block(text) and "/" not in text:
        return None
    return "address", _ADDRESS


FIELDS = (
    Text(
        "address",
        "A fixed address and the length of its network, such as 192.168.1.50/24; empty: the network gives one.",
        most=18,
        rule=_block,
    ),
    Text(
        "gateway",
        "Beside a fixed address, the router's; empty: the first one of the network.",
        most=15,
        rule=_address,
    ),
    Text(
        "dns",
        "Beside a fixed address, who is asked for names; empty: the router.",
        most=15,
        rule=_address,
    ),
)
