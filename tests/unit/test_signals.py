"""What the car is doing, from its values and the board."""

from device.signals import Signals
from world import Parameter, World


class Scene:
    def __init__(self, *names, measured=None, **chosen):
        self.world = World()
        self.world.group.configure([Parameter(name) for name in names])
        self.ecu = "online"
        settings = dict({"ignition": "", "charging": "", "voltage": ""}, **chosen)
        self.signals = Signals(
            self.world.group, self.world, lambda: settings, lambda: self.ecu, lambda: measured
        )

    def read(self, name, text):
        self.world.group.update(self.world.group.get(name), text)
        return self.signals


def test_the_ecu_is_what_the_poller_says():
    scene = Scene()
    assert scene.signals.state("ecu") is True
    scene.ecu = "offline"
    assert scene.signals.state("ecu") is False


def test_the_ignition_is_on_while_the_ecu_answers_unless_a_parameter_says_more():
    scene = Scene("KEY")
    assert scene.signals.state("ignition") is True
    scene = Scene("KEY", ignition="KEY")
    assert scene.read("KEY", "off").state("ignition") is False
    assert scene.read("KEY", "on").state("ignition") is True
    scene.ecu = "offline"
    assert scene.signals.state("ignition") is False


def test_charging_is_known_only_with_a_parameter_for_it():
    assert Scene("SPEED").signals.state("charging") is None
    scene = Scene("CHARGING")
    for text, state in (("0", False), ("1", True), ("off", False), ("-3.5", False), ("7.2", True)):
        assert scene.read("CHARGING", text).state("charging") is state, text


def test_an_old_or_failed_reading_tells_nothing():
    scene = Scene("CHARGING")
    scene.read("CHARGING", "1")
    scene.world.now += 60_000
    assert scene.signals.state("charging") is None
    scene.read("CHARGING", "1")
    scene.world.group.fail(scene.world.group.get("CHARGING"), "no answer")
    assert scene.signals.state("charging") is None


def test_the_board_measures_the_supply_better_than_the_car():
    assert Scene("LV_V", measured=12600).read("LV_V", "14.4").supply_mv() == 12600
    assert Scene("LV_V").read("LV_V", "14.4").supply_mv() == 14400
    assert Scene("LV_V", measured=12600, voltage="LV_V").read("LV_V", "14.38").supply_mv() == 14380
    assert Scene("LV_V").signals.supply_mv() is None


def test_the_sources_are_the_parameters_that_ignition_and_voltage_are_read_from():
    def sources(*names, **options):
        scene = Scene(*names, **options)
        group = scene.world.group
        return [n for n in names if group.get(n).key in scene.signals.sources()]

    assert sources("SPEED", "IGN", "LV_V") == ["IGN", "LV_V"]
    assert sources("SPEED", "IGN", "LV_V", measured=12600) == ["IGN"]
    assert sources("IGN", "LV_V", "VOLT", measured=12600, voltage="VOLT") == ["IGN", "VOLT"]
    assert sources("IGN", "KEY", ignition="KEY") == ["KEY"]
    assert sources("IGN", ignition="GONE") == sources("SPEED") == []
    scene = Scene("LV_V")
    scene.world.group.fail(scene.world.group.get("LV_V"), "no answer")
    assert scene.signals.sources() == [scene.world.group.get("LV_V").key]  # places must not move


def test_a_parameter_that_is_on_or_off_is_no_voltage():
    scene = Scene("LV_V")
    assert scene.read("LV_V", "on").supply_mv() is None
