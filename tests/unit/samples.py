"""What formats make documents of, for tests."""

from autopid import parameter
from autopid.group import Group
from car_fakes import Clock
from delivery.sample import Sample

BODY = {
    "format": "wican",
    "template": "",
    "measurement": "wican",
    "timestamps": False,
    "ages": False,
}
DEVICE = "a1b2c3d4e5f6"
NOW_S = 1730000000


def Parameter(name, unit="", device_class="", binary=False):  # noqa: N802
    """A parameter whose value the test sets."""
    return parameter.Parameter(name, None, unit, device_class, binary=binary)


def group_of(*rows, clock=None):
    """A group from (parameter or name, text or None) rows."""
    group = Group(clock or Clock())
    made = [Parameter(p) if isinstance(p, str) else p for p, _ in rows]
    group.configure(made)
    for entry, (_, text) in zip(made, rows):
        if text is not None:
            group.update(entry, text)
    return group


def sample_of(*rows, unix_s=NOW_S, device_id=DEVICE, status=None, age_ms=0, **body):
    """A sample of a group from such rows, read `age_ms` ago; keywords change the settings of the body."""
    clock = Clock()
    group = group_of(*rows, clock=clock)
    clock.now += age_ms
    settings = dict(BODY)
    settings.update(body)
    return Sample(list(group), clock.ms(), unix_s, device_id, settings, status)
