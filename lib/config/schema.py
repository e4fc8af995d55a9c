"""Every setting, declared once: validation, forms, API description, reference table come from it.

    settings, problems = validate({"destinations": [{"name": "c", "url": "https://example.com"}]})
    settings["destinations"][0]["cycle_ms"]     # 5000, the default
    for path, about in describe(): …            # ("destinations[].cycle_ms", {"minimum": 1000, …})

Sections marked `switch` are entries that a problem in them switches off, and nothing else.
"""

from micropython import const

from config import (
    board,
    bridges,
    connector,
    destination_rules,
    hosts,
    network,
    power,
    rules,
    sharing,
)
from config.destination import DESTINATION
from config.fields import HEX, LETTERS, Choice, Decimal, Flag, Integer, Reading, Text
from config.rules import MAX_DESTINATIONS
from config.sections import ListOf, Section, walk

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from config.fields import Checks, Field, Verdict

_MAX_PARAMETERS = const(256)
_MAX_FILTERS = const(32)
_MAX_FILTER_PARAMETERS = const(16)
_DAY_MS = const(86_400_000)


def _header(text: str) -> "Verdict":
    if len(text) in (3, 8):
        return None
    return "header", "Must have 3 (11 bit) or 8 (29 bit) hexadecimal digits, or be empty."


def _identifier(text: str) -> "Verdict":
    if len(text) < 8 or text[0] in "01":
        return None
    return "identifier", "Must be at most 7FF (11 bit) or 1FFFFFFF (29 bit)."


def _without_prefix(text: str) -> str:
    return text[2:] if text[:2] in ("0x", "0X") else text


def _time_server(text: str) -> "Verdict":
    if text.count(":") != 1:
        return None
    return "address", "Must be a host name or an address, without a port."


_ENABLED = Flag("enabled", "Off keeps the entry without using it.", True)
_INIT_HELP = "AT and ST commands that set the link up, each ended by a semicolon."
_PERIOD_HELP = "Time between two readings in milliseconds; 0 reads as often as possible."

_OWN_VALUE = (
    Text("unit", "Unit of the value.", "none", most=31),
    Text("class", "Kind of value, in Home Assistant's words.", "none", most=31),
    Decimal("min", "Values below are discarded; empty for no limit."),
    Decimal("max", "Values above are discarded; empty for no limit."),
    Integer("period_ms", _PERIOD_HELP, 5000, 100, _DAY_MS, (0,)),
    Choice("type", "A number, or on/off (binary: on above 0).", ("number", "binary")),
    _ENABLED,
)

_STANDARD_PARAMETER = Section(
    "parameter",
    "One standard parameter.",
    (
        Text("name", "Its name, such as 0C-EngineRPM.", least=1, most=31, check="standard"),
        Integer(
            "period_ms",
            "Time between two readings in milliseconds; 0 stands for 10000.",
            5000,
            1000,
            _DAY_MS,
            (0,),
        ),
        Text(
            "receive_header",
            "Take the answer of this ECU only, such as 7E8; empty takes the first.",
            characters=HEX,
            most=8,
            rule=_header,
        ),
        _ENABLED,
    ),
    switch=True,
)

_CUSTOM_PARAMETER = Section(
    "parameter",
    "One parameter of your own.",
    (
        Text("name", "Its key in every document.", least=1, most=31),
        Text("init", _INIT_HELP, most=255, check="init"),
        Text(
            "pid",
            "Service and identifier in hexadecimal: 22F190. One digit more: lines to expect.",
            least=1,
            most=9,
            characters=HEX,
        ),
        Text(
            "expression",
            "How the value is made of the answer's bytes, such as [B4:B5]/10.",
            least=1,
            most=255,
            check="expression",
        ),
    )
    + _OWN_VALUE,
    switch=True,
)

_FILTER_PARAMETER = Section(
    "parameter",
    "One value in the frame.",
    (
        Text("name", "Its key in every document.", least=1, most=31),
        Text(
            "expression",
            "How the value is made of the frame's data, of which B0 is the first byte: [B2:B3]/10.",
            least=1,
            most=255,
            check="expression",
        ),
    )
    + _OWN_VALUE,
    switch=True,
)

_FILTER = Section(
    "filter",
    "Frames of one identifier.",
    (
        Text("name", "What it is; for you alone.", most=31),
        Text(
            "frame_id",
            "CAN identifier in hexadecimal, such as 3A0.",
            least=1,
            most=8,
            characters=HEX,
            rule=_identifier,
            tidy=_without_prefix,
        ),
        Flag("extended", "The identifier has 29 bits; one above 7FF always has.", False),
        ListOf("parameters", "What to read.", _FILTER_PARAMETER, _MAX_FILTER_PARAMETERS),
        _ENABLED,
    ),
    switch=True,
)

_AUTOPID = Section(
    "autopid",
    "What is read from the car.",
    (
        Flag("grouping", "Deliver all values as one document.", True),
        Integer("cycle_ms", "Period of the vehicle profile's parameters.", 10000, 100, _DAY_MS),
        Section(
            "standard",
            "Parameters every car with OBD-II knows (SAE J1979).",
            (
                Flag("enabled", "Read them.", True),
                Choice(
                    "protocol",
                    "Number of the link's protocol as in ELM327's ATSP; 0 finds it out.",
                    ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A"),
                ),
                ListOf("parameters", "What to read.", _STANDARD_PARAMETER, _MAX_PARAMETERS),
            ),
        ),
        Section(
            "specific",
            "Parameters of the vehicle profile.",
            (Flag("enabled", "Read them.", True),),
        ),
        Section(
            "custom",
            "Parameters of your own.",
            (
                Text("init", _INIT_HELP, most=255, check="init"),
                ListOf("parameters", "What to read.", _CUSTOM_PARAMETER, _MAX_PARAMETERS),
            ),
        ),
        ListOf(
            "filters",
            "Frames that the car sends by itself. They are heard with adapter.kind can only: an OBD interpreter "
            "would have to stop asking in order to listen.",
            _FILTER,
            _MAX_FILTERS,
        ),
    ),
)

SETTINGS = Section(
    "settings",
    "All settings of the device.",
    (
        Integer("version", "Version of this document's form.", 1, 1, 1),
        Section(
            "device",
            "This device.",
            (
                Text("name", "Its name in the network.", "wican", 1, 32, LETTERS.replace("_", "")),
                Flag("set_up", "The first set-up is done.", False),
            ),
        ),
        Section(
            "log",
            "What is noted of the device's work.",
            (
                Choice(
                    "level",
                    "The least important kind of message to keep.",
                    ("debug", "info", "warning", "error"),
                    "info",
                ),
            ),
        ),
        Section(
            "adapter",
            "The OBD interpreter.",
            (
                Choice(
                    "kind",
                    "The one on the board, an ELM327 over TCP, or the board's CAN controller if the build of "
                    "MicroPython has machine.CAN (can: protocols 6 to 9 only).",
                    ("board", "tcp", "can"),
                ),
                Text("address", "Its host:port, for tcp.", most=255, rule=hosts.host_and_port),
            ),
        ),
        board.BOARD,
        sharing.SHARING,
        power.POWER,
        _AUTOPID,
        connector.IDS,
        ListOf(
            "destinations",
            "Who receives the values.",
            DESTINATION,
            MAX_DESTINATIONS,
            "max_destinations",
        ),
        bridges.BRIDGES,
        bridges.PASSTHROUGH,
        Section(
            "signals",
            "Which parameters tell what the car is doing.",
            (
                Text("ignition", "On with the ignition; empty finds it out.", most=31),
                Text("charging", "On while charging; empty finds it out.", most=31),
                Text("voltage", "Volts of the 12 V battery; empty finds it out.", most=31),
            ),
        ),
        network.NETWORK,
        Section(
            "clock",
            "Where the time comes from.",
            (
                ListOf(
                    "servers",
                    "NTP servers, asked in this order; none: the clock is not set over the network. "
                    "Left out: pool.ntp.org, time.cloudflare.com, time.windows.com.",
                    Text("server", "Name or address.", "", 1, 253, LETTERS + ".:", _time_server),
                    4,
                    default=("pool.ntp.org", "time.cloudflare.com", "time.windows.com"),
                ),
            ),
        ),
        Section(
            "web",
            "The device's own page and API.",
            (
                Flag("enabled", "Serve them.", True),
                Integer("port", "TCP port.", 80, 1, 65535),
                Text("password", "Opens page and API.", least=8, most=160, secret=True),
                Text(
                    "tokens",
                    "Digests of the API's tokens, which are made and deleted at /api/v1/tokens.",
                    least=2,
                    most=2048,
                    secret=True,
                ),
                Flag(
                    "home_assistant",
                    "Let everybody in the network read the values as Home Assistant's WiCAN integration does, "
                    "without the password.",
                    False,
                ),
                ListOf(
                    "hosts",
                    "Further names by which browsers may call the device.",
                    Text("host", "One of them.", least=1, most=253, rule=hosts.host),
                    4,
                ),
            ),
        ),
    ),
)


def validate(
    data: object,
    known: "Mapping[str, str | None] | None" = None,
    checks: "Checks | None" = None,
    secrets: "dict[str, str | None] | None" = None,
    used: "Container[int]" = (),
) -> "tuple[dict, list[dict[str, str]]]":
    """Reads a settings document; returns the complete settings and all problems at once.

    Args:
        data: the parsed JSON. Missing settings get their default, unknown ones are a problem.
        known: the secrets that are set, by key ("destinations.1.auth.token"); "" for one that is not
            to be asked for because it was refused elsewhere.
        checks: see `config.fields.Reading`; "url", "standard", "expression", "init", "cert_set",
            "header", "template".
        secrets: receives the secrets found in the document, by key; None asks to clear one. They
            never enter the settings.
        used: ids that destinations have so far; a new one gets one of them only if no other is free.

    A problem in one destination or parameter switches only that entry off; elsewhere the default
    takes over. So the settings are usable whatever the problems are.
    """
    reading = Reading(checks)
    settings = SETTINGS.read(reading, data, "")
    found = rules.judge(reading, settings, used)
    destination_rules.judge(reading, settings["destinations"], known or {}, found)
    bridges.judge(reading, settings)
    if secrets is not None:
        secrets.update(found)
    return settings, reading.problems


def describe() -> "Iterator[tuple[str, dict[str, object]]]":
    """Path and description of every setting in the declared order, in JSON Schema's words.

    Beyond those: `also` lists values allowed outside the limits, `characters` all those allowed; `multiline` is there
    if a text may have lines.
    """
    for path, field in walk(SETTINGS):
        yield path, field.describe()


def secret_field(key: str) -> "Field | None":
    """The declaration of the secret stored under a key, or None if there is no such secret."""
    field: Field | None = SETTINGS
    for part in key.split("."):
        if isinstance(field, ListOf):
            field = None if part.strip("0123456789") else field.item
        else:
            field = field.field(part) if isinstance(field, Section) else None
    return field if field and field.secret else None


def read_secrets(
    changes: "dict[str, str | None]",
) -> "tuple[dict[str, str | None], list[dict[str, str]]]":
    """The valid changes of secrets given by key, None clearing one, and what is wrong with the others."""
    reading = Reading()
    for key, value in changes.items():
        field = secret_field(key)
        if field is None:
            reading.report(key, "unknown_setting", "There is no such secret.")
        else:
            field.take(reading, value, key)
    return reading.secrets, reading.problems
