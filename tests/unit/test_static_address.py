"""What may be entered for a fixed address."""

from config import static_address
from config.fields import Reading
from config.sections import Section
from net import joining

SECTION = Section("network", "One.", static_address.FIELDS)


def problems(**given):
    reading = Reading({})
    SECTION.read(reading, given, "")
    return [(problem["field"], problem["code"]) for problem in reading.problems]


def test_what_is_accepted_can_be_set():
    for given in (
        {},
        {"address": "192.168.1.50/24"},
        {"address": "10.0.0.9/8", "gateway": "10.9.9.9", "dns": "9.9.9.9"},
        {"address": "10.0.0.9/30"},
    ):
        assert problems(**given) == [], given
        found = joining.static(SECTION.read(Reading(), given, ""))
        assert (found is None) == (not given)


def test_what_is_no_address_is_refused():
    for text in (
        "192.168.1.50",
        "192.168.1/24",
        "1.2.3.4/31",
        "1.2.3.4/0",
        "1.2.3.4/x",
        "host/24",
    ):
        assert problems(address=text) == [("address", "address")], text
    for text in ("192.168.1.0/24", "router", "1.2.3", "1.2.3.256"):
        assert problems(gateway=text, dns=text) == [("gateway", "address"), ("dns", "address")]
