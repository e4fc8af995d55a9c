"""By which names browsers may call the device, and where those are led that joined its access point.

A page somewhere in the internet can have its own name answered with this device's address (DNS rebinding): then the
browser takes the device for a part of that site. Only the Host header tells.
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# What computers ask for to find out whether they are in the internet (Android, Apple, Windows, Firefox, Linux).
_PROBES = (
    "/generate_204",
    "/gen_204",
    "/hotspot-detect.html",
    "/library/test/success.html",
    "/connecttest.txt",
    "/ncsi.txt",
    "/redirect",
    "/canonical.html",
    "/success.txt",
)


class Hosts:
    """What the Host header may say.

    `names` gives the device's names, in the network and without ".local"; `further` others, complete. `portal` gives
    the address of the page while the access point is on: there every name leads to the device; "" otherwise.
    """

    def __init__(
        self,
        names: "Callable[[], Iterable[str]]",
        further: "Callable[[], Iterable[str]]",
        portal: "Callable[[], str]",
    ) -> None:
        self._names = names
        self._further = further
        self._portal = portal

    def accepts(self, header: str) -> bool:
        """Whether the device goes by that Host, port or not. No Host at all is no browser's.

        Addresses in figures are always right: nobody can have those answered.
        """
        host = bare(header)
        if not host or host == "localhost" or is_address(host):
            return True
        ours = [name.lower() for name in self._names()]
        if (host[:-6] if host[-6:] == ".local" else host) in ours:
            return True
        return host in [name.lower() for name in self._further()]

    def leads_to(self, header: str, path: str) -> str:
        """Where a request is led to: the portal, for a strange Host and for what looks for the internet; or ""."""
        if path in _PROBES or not self.accepts(header):
            return self._portal()
        return ""


def bare(header: str) -> str:
    """The host of a Host header: lower case, without port, brackets and final dot."""
    text = header.strip().lower()
    if text[:1] == "[":
        return text[1:].partition("]")[0]
    host = text.partition(":")[0]
    return host[:-1] if host[-1:] == "." else host


def is_address(host: str) -> bool:
    """Whether it is an address in figures: IPv4 with four numbers, or IPv6."""
    if ":" in host:
        return not host.strip("0123456789abcdef:.%")
    parts = host.split(".")
    return len(parts) == 4 and all([_is_byte(part) for part in parts])


def _is_byte(text: str) -> bool:
    return len(text) < 4 and text.encode().isdigit() and int(text) < 256
