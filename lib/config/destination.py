"""The settings of one destination: where values go, when, in which form, and what happens if they do not arrive.

Given without a setting, a document takes that of its preset, and what the preset leaves open gets the default.
"""

from micropython import const

from config import connection_string, connector, login, server
from config.fields import LETTERS, VISIBLE, Choice, Decimal, Flag, Integer, Text
from config.rules import MAX_DESTINATIONS
from config.sections import ListOf, Section

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Reading, Verdict

PRESETS = (
    "wican",
    "mqtt",
    "influxdb",
    "home_assistant",
    "abrp",
    "standard_webhooks",
    "thingsboard",
    "traccar",
    "digital_matter",
    "azure_iot_hub",
    "thingpark",
    "kpn_things",
    "kpn_things_ip",
    "onomondo",
)
_MAX_URL = const(1024)
_DAY_MS = const(86_400_000)


def _prepare(reading: "Reading", data: dict, path: str) -> dict:
    """Adds what the preset says, and takes a login out of the address."""
    name = data.get("preset")
    if name in PRESETS[1:]:  # the first one is what the defaults are
        from delivery import presets  # released with the settings

        data = presets.fill(name, data)
    return connection_string.taken_apart(reading, login.moved(reading, data, path), path)


def _url_length(text: str) -> "Verdict":
    if len(text) > _MAX_URL:
        return "url_too_long", f"Must have at most {_MAX_URL} characters."
    return None


_PATTERN = Text(
    "pattern", "A parameter's name; * stands for any characters, ? for one.", least=1, most=64
)

_DOMAIN = Text("domain", "One of them.", least=1, most=32)

_PAIR = Section(
    "pair",
    "One query parameter.",
    (
        Text("key", "Its name.", least=1, most=64),
        Text("value", "Its value; it is percent-encoded for you.", most=256),
    ),
)

_HEADER = Section(
    "header",
    "One header field.",
    (
        Text("name", "Its name, such as X-Vehicle.", least=1, most=64),
        Text("value", "Its value; no secrets here, they belong to auth.", most=510),
    ),
)

_DEAD_BAND = Section(
    "dead_band",
    "How far some values may wander unnoticed.",
    (
        Text(
            "name",
            "The parameters meant; * stands for any characters, ? for one.",
            least=1,
            most=64,
        ),
        Decimal(
            "by", "A change counts when it is at least this large, in the value's unit.", "0", "0"
        ),
    ),
)

_EVENTS = Section(
    "events",
    "What is delivered at once, apart from the cycle.",
    (
        Flag("change", "Deliver when a value has changed.", False),
        ListOf(
            "dead_bands",
            "Values that count as changed only when they moved far enough; the first match decides.",
            _DEAD_BAND,
            16,
        ),
        Integer(
            "min_gap_ms",
            "The shortest time between two deliveries because of events, in milliseconds.",
            1000,
            1000,
            _DAY_MS,
        ),
        Flag("ecu", "Deliver when the car starts or stops answering.", False),
        Flag("ignition", "Deliver when the ignition is switched on or off.", False),
        Flag("charging", "Deliver when charging begins or ends.", False),
        Decimal(
            "voltage_below",
            "Deliver when the 12 V battery falls below this many volts; empty for never.",
            least="0",
            most="60",
        ),
    ),
)

_SELECT = Section(
    "select",
    "Which values are delivered.",
    (
        ListOf(
            "include",
            "Names of the parameters to deliver, such as BATT_*; none means all of them.",
            _PATTERN,
            32,
        ),
        ListOf("exclude", "Names of parameters to leave out of those.", _PATTERN, 32),
    ),
)

_BODY = Section(
    "body",
    "The form of what is delivered.",
    (
        Choice(
            "format",
            "wican: the reference firmware's document; flat: one object of names and values; template: your own "
            "text; influx: InfluxDB line protocol; abrp: A Better Routeplanner; thingsboard: ThingsBoard telemetry; "
            "osmand: a query string as Traccar takes it; senml: RFC 8428; digital_matter: records as their OEM Server "
            "sends them; thingpark, thingpark_untyped, thingpark_xml: its uplink documents.",
            ("wican", "flat", "template", "influx", "abrp", "thingsboard", "osmand")
            + connector.FORMATS,
        ),
        Text(
            "content_type",
            "Value of the header Content-Type; empty for the one that belongs to the format.",
            most=100,
            characters=VISIBLE + " ",
        ),
        Text("template", "Your own text, for the format template.", most=2048, lines=True),
        Text("measurement", "Name of the measurement, for InfluxDB.", "wican", least=1, most=64),
        Flag("timestamps", "Add the time, where the format leaves the choice.", False),
        Flag("ages", "Add how old each value is, where the format leaves the choice.", False),
        Choice(
            "boot",
            "When status and configuration of the device are added: in the first document after a start, never, "
            "or always.",
            ("once", "never", "always"),
        ),
        Flag("gzip", "Compress it; the server must be able to read that.", False),
    )
    + connector.BODY,
)

DESTINATION = Section(
    "destination",
    "One server that receives the values.",
    (
        Integer("id", "Its number for good; 0 takes a free one.", 0, 1, MAX_DESTINATIONS, (0,)),
        Text("name", "What you call it.", least=1, most=64),
        Text("description", "What you want to remember about it.", most=512),
        Flag("enabled", "Off keeps the entry without using it.", True),
        Choice(
            "preset",
            "The service it was made for: what is left out below is set as that service needs it.",
            PRESETS,
        ),
        ListOf("domains", "Labels to group destinations by.", _DOMAIN, 8),
        Choice(
            "type",
            "https: an HTTPS server; mqtt: an MQTT broker; tcp: documents alone, over TLS.",
            ("https", "mqtt", "tcp"),
        ),
        Text(
            "url",
            "Where to send: https://host/path; mqtts://host for a broker; tls://host:port.",
            least=1,
            most=_MAX_URL,
            rule=_url_length,
            check="url",
        ),
        Choice("method", "The HTTP method.", ("POST", "PUT", "GET")),
        ListOf("query", "Appended to the address.", _PAIR, 16, "query_max"),
        ListOf("headers", "Header fields added to every request.", _HEADER, 8, "headers_max"),
        Integer(
            "cycle_ms",
            "Time between two deliveries in milliseconds; 0 delivers on events only.",
            5000,
            1000,
            _DAY_MS,
            (0,),
            "cycle_range",
        ),
        _EVENTS,
        _SELECT,
        _BODY,
        server.AUTH,
        server.SIGN,
        server.SUCCESS,
        server.RETRY,
        server.FUSE,
        server.QUEUE,
        Text(
            "cert_set",
            "Whom the server's certificate must come from: default for the public authorities, or the name of a set "
            "of your own.",
            "default",
            1,
            24,
            LETTERS,
            check="cert_set",
        ),
        server.TLS,
        server.TRANSPORT,
        server.MQTT,
        connector.DOWNLINK,
    ),
    switch=True,
    prepare=_prepare,
)
