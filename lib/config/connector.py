"""The settings of a destination that only some systems need: what the body holds, who we are there, what may come back.

Sources of the limits: the systems' own documentation; see docs/connectors.md.
"""

from config.fields import HEX, LETTERS, Choice, Decimal, Flag, Integer, Text
from config.sections import ListOf, Section

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Verdict

_DIGITS = "0123456789"
COMMANDS = ("ping", "send_now", "set_cycle", "request_config")


def _imei(text: str) -> "Verdict":
    return None if len(text) == 15 else ("length", "Must have 15 digits, or be empty.")


def _dev_eui(text: str) -> "Verdict":
    return None if len(text) == 16 else ("length", "Must have 16 hexadecimal digits, or be empty.")


def _fields(text: str) -> "Verdict":
    from delivery import dynamic  # released with the settings

    return dynamic.problem(text)


IDS = Section(
    "ids",
    "What other systems call this device. In addresses, query values and headers, [SERIAL], [IMEI], [ICCID] and "
    "[CUSTOM1] to [CUSTOM3] stand for these.",
    (
        Text("serial", "Its serial number.", most=20),
        Text("imei", "Of its modem.", most=15, characters=_DIGITS, rule=_imei),
        Text("iccid", "Of its SIM card.", most=22, characters=_DIGITS),
        Text("custom1", "Your own.", most=128),
        Text("custom2", "Your own.", most=128),
        Text("custom3", "Your own, kept like a password.", least=1, most=512, secret=True),
    ),
)

_ENTRY = Section(
    "entry",
    "One value's place in a record.",
    (
        Text("name", "The parameter.", least=1, most=64),
        Integer("field", "6: analogue data, -32768 to 32767; 7: 32 bits.", 7, 6, 7),
        Integer("number", "Its number there.", 1, 1, 65_535),
        Decimal("scale", "The value times this is sent, as a whole number.", "1"),
    ),
)

FORMATS = ("senml", "digital_matter", "thingpark", "thingpark_untyped", "thingpark_xml")
BODY = (
    Choice(
        "style",
        "merged: SenML's base name stands in the first value; split: in a record of its own, for old receivers.",
        ("merged", "split"),
    ),
    Choice(
        "units", "native: SenML in the values' own units; si: in base units.", ("native", "si")
    ),
    Text(
        "base_name",
        "SenML's base name, which may hold [IMEI] and the like; empty for urn:dev:mac: and the MAC address.",
        most=128,
        rule=_fields,
    ),
    Flag("names", "Digital Matter: add the values under their own names as Ext.", False),
    ListOf(
        "map",
        "Digital Matter: where values stand in a record; others follow from 100.",
        _ENTRY,
        32,
    ),
    Integer("product", "Digital Matter: ProdId.", 0, 0, 65_535),
    Text(
        "dev_eui",
        "ThingPark: the DevEUI; empty for the one made of the MAC address.",
        most=16,
        characters=HEX,
        rule=_dev_eui,
    ),
    Integer("port", "ThingPark: FPort; 224 is the test port.", 2, 1, 224),
    Text("customer_id", "ThingPark: CustomerID.", "wican", 1, 32, LETTERS),
    Flag("decoded", "ThingPark: add the values in plain as payload.", False),
)

DOWNLINK = Section(
    "downlink",
    "Commands that the server may send back, each with a token (ThingPark).",
    (
        Choice(
            "mode",
            "off; response: in the reply to a document; local: to this device's address; both.",
            ("off", "response", "local", "both"),
        ),
        Integer("window_s", "How far a command's time may be from ours, in seconds.", 60, 1, 600),
        ListOf("allow", "Which commands.", Choice("command", "One of them.", COMMANDS), 4),
    ),
)
