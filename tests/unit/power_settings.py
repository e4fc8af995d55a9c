"""The settings of power for tests."""

from config.fields import Reading
from config.power import POWER


def power(**changes):
    """The defaults with these changes, checked as the device checks them."""
    reading = Reading()
    settings = POWER.read(reading, changes, "power")
    assert not reading.problems, reading.problems
    return settings
