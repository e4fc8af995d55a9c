"""The settings of bridges, by which the device is a TLS connector for others, and of what passes by them."""

from micropython import const

from config import hosts, rules
from config.fields import LETTERS, Choice, Flag, Integer, Text
from config.sections import ListOf, Section

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Reading, Verdict

_MAX_BRIDGES = const(3)  # each listens, on one of the chip's ten sockets


def _block(text: str) -> "Verdict":
    from net import passthrough  # rarely needed, released with the settings

    if passthrough.is_block(text):
        return None
    return "address", "Must be an IPv4 address, or a block of them such as 192.168.4.0/24."


BRIDGES = ListOf(
    "bridges",
    "Ports that carry plain connections of others to a server over verified TLS.",
    Section(
        "bridge",
        "One port and the server behind it.",
        (
            Text("name", "What you call it.", least=3, most=31, characters=LETTERS),
            Flag("enabled", "Off keeps the entry without using it.", True),
            Choice(
                "kind",
                "tls: a verified server over TLS; tcp, udp: in the clear, which needs a passthrough rule that covers "
                "the server.",
                ("tls", "tcp", "udp"),
            ),
            Integer("listen_port", "The port that others connect to.", 0, 1, 65535),
            Text(
                "host",
                "The server's name or address; for tcp and udp its IPv4 address.",
                least=1,
                most=253,
                rule=hosts.host,
            ),
            Integer("port", "The server's port.", 443, 1, 65535),
            Text(
                "server_name",
                "The name the certificate must be for; empty for the host.",
                most=253,
                rule=hosts.host,
            ),
            Text(
                "cert_set",
                "Whom the server's certificate must come from: default for the public authorities, or the name of a "
                "set of your own.",
                "default",
                1,
                24,
                LETTERS,
                check="cert_set",
            ),
            ListOf(
                "clients",
                "Addresses or blocks that may connect; none for every private address.",
                Text(
                    "client", "One of them, such as 192.168.4.0/24.", least=1, most=18, rule=_block
                ),
                8,
            ),
            Integer("idle_s", "Seconds of silence after which a session ends.", 60, 10, 3600),
            Flag(
                "uplink",
                "Listen in every network the device is in, not only in its own.",
                False,
            ),
        ),
        switch=True,
    ),
    _MAX_BRIDGES,
)

PASSTHROUGH = ListOf(
    "passthrough",
    "What may pass by the bridges in the clear; without a rule, nothing.",
    Section(
        "rule",
        "One way that is open.",
        (
            Flag("enabled", "Off keeps the entry without using it.", True),
            Choice(
                "protocol",
                "tcp, udp: bridges of that kind may go there; icmp: answered by the network stack itself, without one.",
                ("icmp", "tcp", "udp"),
            ),
            Text("ip", "IPv4 address or block, such as 198.51.100.0/24; empty for any.", most=18),
            Integer("port", "The server's port; 0 for any.", 0, 0, 65535),
        ),
        switch=True,
    ),
    16,
)


def judge(reading: "Reading", settings: dict) -> None:
    """Refuses bridges and passthrough rules that break a rule."""
    for index, rule in enumerate(settings["passthrough"]):
        _judge_rule(reading, rule, "passthrough[%d]." % index)
    rules.unique(reading, settings["bridges"], "bridges", "name", "name_duplicate", [])
    taken = [("tcp", settings["web"]["port"])]
    for index, bridge in enumerate(settings["bridges"]):
        path = "bridges[%d]." % index
        _judge_port(reading, bridge, path, taken)
        if bridge["kind"] in ("tcp", "udp"):
            _judge_plain(reading, bridge, path, settings["passthrough"])


def _judge_rule(reading: "Reading", rule: dict, path: str) -> None:
    from net import passthrough  # rarely needed, released with the settings

    for name, code, message in passthrough.problems(rule):
        _refuse(reading, rule, path + name, code, message)


def _judge_port(
    reading: "Reading", bridge: dict, path: str, taken: "list[tuple[str, int]]"
) -> None:
    place = ("udp" if bridge["kind"] == "udp" else "tcp", bridge["listen_port"])
    if place in taken:
        message = "Must be free: the page or another bridge listens on port %d." % place[1]
        _refuse(reading, bridge, path + "listen_port", "port_taken", message)
    taken.append(place)


def _judge_plain(reading: "Reading", bridge: dict, path: str, open_ways: "list[dict]") -> None:
    from net import passthrough  # rarely needed, released with the settings

    kind, host, port = bridge["kind"], bridge["host"], bridge["port"]
    if not passthrough.is_block(host) or "/" in host:
        message = "Must be an IPv4 address for the kinds tcp and udp."
        _refuse(reading, bridge, path + "host", "address", message)
    elif passthrough.route(open_ways, kind, host, port) != passthrough.PASSTHROUGH:
        message = f"No passthrough rule lets {kind} to port {port} of {host} through: add one, or choose tls."
        _refuse(reading, bridge, path + "kind", "plaintext_not_allowed", message)


def _refuse(reading: "Reading", item: dict, path: str, code: str, message: str) -> None:
    """Notes a problem and switches the entry off, unless there is one with this setting already."""
    if path not in [problem["field"] for problem in reading.problems]:
        rules.refuse(reading, item, path, code, message)
