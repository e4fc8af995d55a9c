"""SenML: a pack of measurements as JSON (RFC 8428), for KPN Things and others.

[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":1730000000,"n":"SPEED","u":"km/h","v":0},{"n":"LIGHTS","vb":true}]
[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":1730000000},{"n":"SPEED","u":"km/h","v":0}]      split, as KPN had it once

Numbers are `v`, exactly as they were read; on and off are `vb`. Units are those of the IANA registry: with `native`
also the secondary ones of RFC 8798, with `si` only primary ones. A value whose unit has no name there goes without.
`bt` is left out while the clock is not set: the receiver's time counts then. There is no place for `config` and
`status`.
"""

import re

from autopid.decimal import decimal_text, parse_decimal, rounded
from micropython import const

from delivery import identity

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autopid.parameter import Parameter

    from delivery.occasion import Occasion

    Scale = tuple[str, int, int, int]
    Way = tuple[str, list[Scale]]
    Base = tuple[str, Mapping[str, str], str]

CONTENT_TYPE = (
    "application/json"  # what KPN sends itself; the registered one is application/senml+json
)
COUNTER = ""
OPEN, SEPARATOR, CLOSE = b"", None, b""  # base values of one pack would stay in force in the next

_ODD = re.compile("[^A-Za-z0-9:./_-]")  # what no name holds
_IN_NAMES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:./_"
_PLACES = const(
    6
)  # of what a division leaves: the most that JavaScript prints without an exponent

# Units that are registered under the name they have here.
_REGISTERED = (
    "V A W Hz s m l J K Pa Cel m/s 1/min km/h mV mA kW kWh Wh Ah km ms min h hPa dBm lat lon"
)
_SAME = _REGISTERED.split()
# Unit of a parameter: (registered unit, what is subtracted first, numerator, denominator). Mile and psi are those of
# NIST SP 811, B.8.
_NATIVE = {
    "°C": ("Cel", 0, 1, 1),
    "C": ("Cel", 0, 1, 1),
    "°F": ("Cel", 32, 5, 9),
    "F": ("Cel", 32, 5, 9),
    "rpm": ("1/min", 0, 1, 1),
    "%": ("/100", 0, 1, 1),
    "L": ("l", 0, 1, 1),
    "mph": ("km/h", 0, 1609344, 1000000),
    "mi/h": ("km/h", 0, 1609344, 1000000),
    "kPa": ("hPa", 0, 10, 1),
    "bar": ("hPa", 0, 1000, 1),
    "psi": ("hPa", 0, 6894757, 100000),
}
# RFC 8798, table 1: secondary unit -> primary unit.
_PRIMARY = {
    "km/h": ("m/s", 0, 5, 18),
    "/100": ("/", 0, 1, 100),
    "hPa": ("Pa", 0, 100, 1),
    "kW": ("W", 0, 1000, 1),
    "kWh": ("J", 0, 3600000, 1),
    "Wh": ("J", 0, 3600, 1),
    "Ah": ("C", 0, 3600, 1),
    "km": ("m", 0, 1000, 1),
    "ms": ("s", 0, 1, 1000),
    "min": ("s", 0, 60, 1),
    "h": ("s", 0, 3600, 1),
    "mV": ("V", 0, 1, 1000),
    "mA": ("A", 0, 1, 1000),
    "dBm": ("dBW", 30, 1, 1),
}
_DEGREES = ("", "none", "°", "deg")
_ON_EARTH = {"lat": "lat", "latitude": "lat", "lon": "lon", "lng": "lon", "longitude": "lon"}
_WORDS = {"on": ',"vb":true', "off": ',"vb":false'}

_bases: "dict[int, Base]" = {}


def document(sample: "Occasion") -> bytes:
    """Compact JSON of the values that were read, in the group's order; b"" if there are none.

    Of the settings of the body it takes `style` (merged or split), `units` (native or si), `base_name` and `ages`: with
    these each record says how long before `bt` it was read. Raises RouteError for a base name that cannot be sent.
    """
    body = sample.body
    records = _records(sample, body["units"] == "si")
    if not records:
        return b""
    base = '{"bn":"%s"' % _base(sample)
    if sample.unix_s:
        base += ',"bt":%d' % sample.unix_s
    if body["style"] == "split":
        records.insert(0, base + "}")
    else:
        records[0] = base + "," + records[0][1:]
    return ("[%s]" % ",".join(records)).encode()


def _base(sample: "Occasion") -> str:
    """What stands before every name: what was entered, or the MAC as a URN (RFC 9039 4.1).

    What was entered is filled in once per change of the settings: new ones come in a new object.
    """
    template, ids = sample.body["base_name"], sample.ids
    if not template:
        return "urn:dev:mac:%s:" % identity.eui64(sample.device_id)
    known = _bases.get(sample.destination)
    if known is None or known[0] != template or known[1] is not ids:
        from delivery import dynamic

        known = (template, ids, dynamic.in_base_name(template, ids))
        _bases[sample.destination] = known
    return known[2]


def _records(sample: "Occasion", is_si: bool) -> "list[str]":
    """One text a value. Every parameter has its name, read or not, so that it never depends on the others' luck."""
    taken: dict[str, int] = {}
    ways: dict[str, Way] = {}
    wants_ages = sample.body["ages"]
    records = []
    for parameter in sample.parameters:
        name = _name(parameter.name, taken)
        if parameter.text is None:
            continue
        time = _time(parameter, sample.now_ms) if wants_ages else ""
        records.append('{"n":"%s"%s%s}' % (name, _measured(parameter, ways, is_si), time))
    return records


def _name(text: str, taken: "dict[str, int]") -> str:
    """The name as it may be sent, with the first of _2, _3, … that makes it differ from those taken."""
    if not text or _ODD.search(text):
        text = _clean(text) or "_"
    if text not in taken:
        taken[text] = 1
        return text
    found = text
    while found in taken:
        taken[text] += 1
        found = "%s_%d" % (text, taken[text])
    taken[found] = 1
    return found


def _clean(text: str) -> str:
    """A name with every byte that cannot be in one as _ (RFC 8428 4.5.1)."""
    return "".join([chr(byte) if byte in _IN_NAMES else "_" for byte in text.encode()])


def _measured(parameter: "Parameter", ways: "dict[str, Way]", is_si: bool) -> str:
    """Unit and value; `ways` keeps what is known of units already."""
    text = str(parameter.text)
    if text in _WORDS:
        return _WORDS[text]
    unit = parameter.unit
    if unit in _DEGREES:
        unit = _ON_EARTH.get(parameter.name.lower(), "")
    if unit not in ways:
        ways[unit] = _way(unit, is_si)
    before, steps = ways[unit]
    for step in steps:
        text = _scaled(step, text)
    return before + text


def _way(unit: str, is_si: bool) -> "Way":
    """How values in a unit are written: what stands before them, and the conversions. No more than one of these leaves
    something to be rounded."""
    steps = [_NATIVE.get(unit) or (unit if unit in _SAME else "", 0, 1, 1)]
    if is_si and steps[0][0] in _PRIMARY:
        steps.append(_PRIMARY[steps[0][0]])
    unit = steps[-1][0]
    before = ',"u":"%s","v":' % unit if unit else ',"v":'
    return before, [step for step in steps if step[1] or step[2] != step[3]]


def _scaled(step: "Scale", text: str) -> str:
    """Decimal text converted: exactly, but for divisions by 9 and 18, which are rounded."""
    _, offset, numerator, denominator = step
    number, decimals = parse_decimal(text)
    number = (number - offset * 10**decimals) * numerator
    shift = len(str(denominator)) - 1
    if denominator == 10**shift:
        return decimal_text(number, decimals + shift)
    return decimal_text(rounded(number * 10**_PLACES, denominator * 10**decimals), _PLACES)


def _time(parameter: "Parameter", now_ms: int) -> str:
    """Seconds from `bt` to when the value was read, which is before (RFC 8428 4.5.3)."""
    age = parameter.age_ms(now_ms)
    return ',"t":' + decimal_text(-age, 3) if age else ""
