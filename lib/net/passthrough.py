"""What goes past a TLS connector, in the clear: rules by protocol, address and port.

    rules = [{"protocol": "udp", "port": 53}, {"protocol": "tcp", "ip": "198.51.100.0/24"}]
    route(rules, "udp", "1.1.1.1", 53)       # "passthrough"
    route(rules, "tcp", "192.0.2.1", 21)     # "connector"

A member that is left out, empty or 0 stands for any. Addresses are those of IPv4. A rule whose member "enabled" is
false lets nothing through.
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Rule = Mapping[str, object]
    Problem = tuple[str, str, str]  # member, code, message

PASSTHROUGH = "passthrough"
CONNECTOR = "connector"
PROTOCOLS = ("icmp", "udp", "tcp")
LAN = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")


def route(rules: "Sequence[Rule]", protocol: str, ip: str, port: int = 0) -> str:
    """Which way a packet to that address takes: PASSTHROUGH if a rule covers it, else CONNECTOR."""
    for rule in rules:
        if _matches(rule, protocol, ip, port):
            return PASSTHROUGH
    return CONNECTOR


def is_block(text: object) -> bool:
    """Whether a text is an IPv4 address, or a block of them in CIDR notation (RFC 4632 3.1)."""
    return _block(text) is not None


def covers(block: str, ip: str) -> bool:
    """Whether an address is the given one, or in the given block; never if one of them is malformed."""
    found, number = _block(block), _number(ip)
    if found is None or number is None:
        return False
    shift = 32 - found[1]
    return number >> shift == found[0] >> shift


def problems(rule: "Rule") -> "list[Problem]":
    """All that is wrong with a rule: which member, code, sentence."""
    found = []
    protocol, ip, port = rule.get("protocol"), rule.get("ip"), rule.get("port")
    if protocol not in PROTOCOLS:
        found.append(("protocol", "choice", "Must be one of: icmp, udp, tcp."))
    if ip and _block(ip) is None:
        sentence = "Must be an IPv4 address, or a block of them such as 198.51.100.0/24."
        found.append(("ip", "address", sentence))
    if port:
        found += _port_faults(protocol, port)
    elif protocol == "tcp" and not found and _is_everything(ip):
        sentence = "This rule would let all of TCP past the connector: name an address or a port."
        found.append(("protocol", "disables_connector", sentence))
    return found


def _matches(rule: "Rule", protocol: str, ip: str, port: int) -> bool:
    if rule.get("protocol") != protocol or rule.get("enabled") is False:
        return False
    block, wanted = rule.get("ip"), rule.get("port")
    if block and not (isinstance(block, str) and covers(block, ip)):
        return False
    return not wanted or wanted == port


def _port_faults(protocol: object, port: object) -> "list[Problem]":
    if protocol == "icmp":
        return [("port", "port_on_icmp", "ICMP has no ports: leave the port out.")]
    if not isinstance(port, int) or port is True or not 0 < port < 65536:
        return [("port", "range", "Must be from 1 to 65535.")]
    return []


def _is_everything(ip: object) -> bool:
    block = _block(ip) if ip else (0, 0)
    return block is not None and block[1] == 0


def _block(text: object) -> "tuple[int, int] | None":
    """Number of the first address and length of the prefix."""
    if not isinstance(text, str):
        return None
    address, slash, length = text.partition("/")
    number = _number(address)
    prefix = _digits(length, 32) if slash else 32
    return None if number is None or prefix is None else (number, prefix)


def _number(ip: str) -> "int | None":
    octets = [_digits(part, 255) for part in ip.split(".")]
    if len(octets) != 4:
        return None
    number = 0
    for octet in octets:
        if octet is None:
            return None
        number = number << 8 | octet
    return number


def _digits(text: str, most: int) -> "int | None":
    """Leading zeros are refused: some take them for octal."""
    if not text or len(text) > 3 or text.strip("0123456789") or text[0] == "0" and text != "0":
        return None
    number = int(text)
    return number if number <= most else None
