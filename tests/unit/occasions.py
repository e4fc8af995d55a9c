"""Samples as the connectors' formats take them, for tests."""

from delivery.occasion import Occasion
from samples import sample_of

BODY = {
    "boot": "once",
    "dev_eui": "",
    "port": 2,
    "customer_id": "100000001",
    "decoded": False,
    "base_name": "",
    "style": "merged",
    "units": "native",
    "map": [],
    "names": False,
}
OWN = ("destination", "ids", "number", "event", "ignition", "supply_mv", "signals", "reset_cause")


def occasion_of(*rows, **changes):
    """An occasion from rows as `sample_of` takes them; keywords are its attributes, or else settings."""
    own = {name: changes.pop(name) for name in OWN if name in changes}
    settings = dict(BODY)
    settings.update(changes)
    plain = sample_of(*rows, **settings)
    arguments = (plain.parameters, plain.now_ms, plain.unix_s, plain.device_id, plain.body)
    return Occasion(*arguments, status=plain.status, **own)
