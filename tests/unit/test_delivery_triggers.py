"""Events: values beyond their dead-band, edges of signals, a low supply."""

from delivery.triggers import Triggers
from world import Parameter, Signals, World, settings


class Scene:
    def __init__(self, **events):
        self.world = World()
        self.world.group.configure([Parameter("SPEED"), Parameter("SOC"), Parameter("DOOR")])
        self.signals = Signals()
        chosen = settings(events=events)["events"]
        self.triggers = Triggers(chosen, self.world.group, None, self.signals)

    def read(self, **values):
        for name, text in values.items():
            self.world.group.update(self.world.group.get(name), text)

    def look(self, now=100_000):
        return self.triggers.look(now)


def test_nothing_chosen_nothing_told():
    scene = Scene()
    scene.read(SPEED="5")
    scene.signals.states["ecu"] = True
    assert scene.look() is None


def test_any_change_counts_without_a_dead_band():
    scene = Scene(change=True)
    scene.read(SPEED="5", DOOR="off")
    assert scene.look() == "values changed"
    scene.triggers.sent(100_000)
    assert scene.look(200_000) is None
    scene.read(SPEED="5.01")
    assert scene.look(200_000) == "values changed"
    scene.triggers.sent(200_000)
    scene.read(DOOR="on")
    assert scene.look(300_000) == "values changed"


def test_small_changes_add_up_until_they_leave_the_dead_band():
    scene = Scene(change=True, dead_bands=[{"name": "SP*", "by": "0.5"}])
    scene.read(SPEED="5")
    scene.triggers.sent(0)
    for text, told in (("5.3", False), ("5.5", False), ("4.5", False), ("5.51", True)):
        scene.read(SPEED=text)
        assert (scene.look() is not None) == told, text
    scene.read(SPEED="5", SOC="1")
    assert scene.look() == "values changed"  # no dead-band for this one


def test_a_change_that_is_taken_back_before_it_was_told_is_none():
    scene = Scene(change=True, min_gap_ms=5000)
    scene.read(SPEED="5")
    scene.triggers.sent(0)
    scene.read(SPEED="9")
    assert scene.look(1000) is None
    scene.read(SPEED="5")
    assert scene.look(6000) is None


def test_changes_wait_for_the_gap_and_are_not_lost():
    scene = Scene(change=True, min_gap_ms=5000)
    scene.read(SPEED="5")
    scene.triggers.sent(0)
    scene.read(SPEED="6")
    assert scene.look(4999) is None
    assert scene.look(5000) == "values changed"


def test_edges_are_told_once_and_the_first_look_is_none():
    for name, rise, fall in (
        ("ecu", "ECU online", "ECU offline"),
        ("ignition", "ignition on", "ignition off"),
        ("charging", "charging started", "charging stopped"),
    ):
        scene = Scene(**{name: True})
        told = []
        for state in (None, True, True, False, None, False, True):
            scene.signals.states[name] = state
            told.append(scene.look(0))
        assert told == [None, None, None, fall, None, None, rise]


def test_a_low_supply_is_told_once_until_it_has_recovered():
    scene = Scene(voltage_below="11.8")
    told = []
    for millivolts in (None, 12600, 11800, 11799, 11000, 11900, 11700, 12000, 11700):
        scene.signals.millivolts = millivolts
        told.append(scene.look(0))
    low = "supply voltage low"
    assert told == [None, None, None, low, None, None, None, None, low]
