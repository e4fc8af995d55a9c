"""What may be entered for a host, and for a host with its port."""

from config.fields import LETTERS

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Verdict


def host(text: str) -> "Verdict":
    """A DNS name or an address, as in a certificate: without brackets, port or final dot."""
    if text.strip(LETTERS + ".:") or text[:1] in ".-" or text[-1] in ".-" or ".." in text:
        return "host", "Must be a host name or an IP address, without https:// and port."
    return None


def host_and_port(text: str) -> "Verdict":
    """An IPv6 address stands in brackets."""
    name, _, port = text.rpartition(":")
    if port and not port.strip("0123456789") and 0 < int(port[:6]) < 65536:
        if name[:1] == "[" and name[-1] == "]":
            name = name[1:-1]
        elif ":" in name:
            name = ""
        if name:
            return host(name)
    return "address", "Must be a host and a port, such as 192.168.0.10:35000."
