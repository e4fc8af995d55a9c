"""Values the car sends by itself: from the settings to the group."""

import asyncio

from autopid import plan
from autopid.group import Group
from autopid.poller import Poller
from can_fake import ScriptedCar, until
from car_fakes import Bench, Silent, autopid
from config import schema
from helper import run
from obd.can import Can
from uptime import Uptime


def parameter(name, expression, **more):
    return dict({"name": name, "expression": expression, "period_ms": 0}, **more)


def filters(*items):
    """The `filters` section of (frame_id, parameters…), read as the settings are."""
    given = [{"frame_id": identifier, "parameters": list(own)} for identifier, *own in items]
    settings, problems = schema.validate({"autopid": {"filters": given}})
    assert not problems, problems
    return settings["autopid"]["filters"]


def settings(*items, custom=(), protocol="6"):
    found = autopid(custom=custom, protocol=protocol)
    found["standard"]["enabled"] = False
    found["filters"] = filters(*items)
    return found


class Car(ScriptedCar):
    """A car, and a poller on a CAN controller at its bus."""

    def __init__(self, found, script=None, protocol="6", rate=500_000):
        super().__init__(script, rate)
        uptime = Uptime()
        self.group = Group(uptime)
        self.poller = Poller(self.group, uptime, Silent())
        self.plan = plan.build(found, None, self.group)
        self.poller.configure(self.plan)
        self.adapter = Can(self.can, protocol)

    def text(self, name):
        return self.group.get(name).text

    def error(self, name):
        return self.group.get(name).error

    def play(self, scene):
        async def session():
            await self.adapter.start()
            task = asyncio.create_task(self.poller.run(self.adapter))
            await asyncio.sleep_ms(0)
            try:
                await scene(self)
            finally:
                task.cancel()
                await self.adapter.close()

        run(session())


async def hears(car, frames, name, value):
    """The frames come until the parameter has the value."""

    def value_is_there():
        car.comes(frames)
        return car.text(name) == value

    await until(value_is_there)


def test_values_come_without_any_request():
    car = Car(settings(("3A0", parameter("A", "B0"), parameter("B", "[B2:B3]/10"))))

    async def scene(car):
        await hears(car, "3A0#1122FFFE", "A", "17")

    car.play(scene)
    assert car.text("B") == "6553.4" and car.sent == []
    assert [mode for _, mode in car.can.modes] == [car.can.MODE_SILENT]


def test_bytes_are_counted_from_the_first_data_byte_whatever_it_is():
    """No PCI byte is skipped: 10 is data here."""
    car = Car(settings(("3A0", parameter("A", "B0"), parameter("B", "P1"))))

    async def scene(car):
        await hears(car, "3A0#1008", "A", "16")

    car.play(scene)
    assert car.text("B") == "8"


def test_29_bit_identifiers_are_others_than_11_bit_ones():
    car = Car(settings(("18FEF100", parameter("A", "B0"))))

    async def scene(car):
        await hears(car, "18FEF100#2A", "A", "42")

    car.play(scene)
    given = [{"frame_id": "3A0", "extended": True, "parameters": [parameter("A", "B0")]}]
    found, _ = schema.validate({"autopid": {"filters": given}})
    car = Car(dict(settings(), filters=found["autopid"]["filters"]))

    async def scene(car):
        await hears(car, "3A0#01 000003A0#02", "A", "2")

    car.play(scene)


def test_requests_and_broadcasts_share_the_bus():
    custom = [("S", "22F190", "B4", 100, "ATSH7E0;ATST10")]
    car = Car(
        settings(("3A0", parameter("A", "B0")), custom=custom),
        {"7E0#0322F190": "3A0#07 7E8#0462F19055 3A0#08"},
    )

    async def scene(car):
        await until(lambda: car.text("S") == "85" and car.text("A") == "8")

    car.play(scene)


def test_values_are_taken_no_more_often_than_wanted():
    found = settings(("3A0", parameter("A", "B0", period_ms=60_000), parameter("B", "B0")))
    car = Car(found)

    async def scene(car):
        await hears(car, "3A0#01", "A", "1")
        await hears(car, "3A0#02", "B", "2")

    car.play(scene)
    assert car.text("A") == "1"


def test_limits_and_short_frames_are_told_on_the_parameter():
    found = settings(
        ("3A0", parameter("A", "B0", max="10"), parameter("B", "B7"), parameter("C", "B1"))
    )
    car = Car(found)

    async def scene(car):
        await hears(car, "3A0#0B05", "C", "5")

    car.play(scene)
    assert car.text("A") is None and "out of range" in car.error("A")
    assert "too short" in car.error("B")


def test_the_bit_rate_is_found_by_listening():
    car = Car(settings(("3A0", parameter("A", "B0"))), protocol="0", rate=250_000)

    async def scene(car):
        await hears(car, "3A0#03", "A", "3")

    car.play(scene)
    assert car.can.disturbed == 0 and car.sent == []


def test_other_settings_end_the_old_ones():
    car = Car(settings(("3A0", parameter("A", "B0"))))
    old = car.group.get("A")

    async def scene(car):
        await hears(car, "3A0#03", "A", "3")
        car.poller.configure(plan.build(settings(("3A1", parameter("B", "B0"))), None, car.group))
        await hears(car, "3A0#04 3A1#05", "B", "5")

    car.play(scene)
    assert old.text == "3"


def test_an_adapter_that_goes_away_is_told_on_the_parameter():
    car = Car(settings(("3A0", parameter("A", "B0"))))
    car.poller.disconnected("unplugged")
    assert car.error("A") == "unplugged"


def test_an_interpreter_cannot_hear_broadcasts_and_says_so():
    bench = Bench(settings(("3A0", parameter("A", "B0"))), {})
    run(bench.run(100))
    assert "CAN controller only" in bench.error("A")


def test_custom_parameters_may_refer_to_broadcast_ones():
    custom = [("S", "22F190", "B4+A", 100, "ATSH7E0;ATST10")]
    car = Car(
        settings(("3A0", parameter("A", "B0")), custom=custom),
        {"7E0#0322F190": "3A0#07 7E8#0462F19055"},
    )

    async def scene(car):
        await until(lambda: car.text("S") == "92")

    car.play(scene)


def test_parameters_of_the_users_own_have_no_limits_unless_they_are_given():
    given = {"name": "S", "pid": "22F190", "expression": "B4", "init": "ATSH7E0", "period_ms": 100}
    found, problems = schema.validate({"autopid": {"custom": {"parameters": [given]}}})
    assert not problems
    bench = Bench(dict(autopid(), custom=found["autopid"]["custom"]), {"22F190": "62F19055"})
    run(bench.run(500))
    assert bench.text("S") == "85", bench.error("S")


def test_names_are_used_once():
    data = {
        "autopid": {
            "filters": [
                {"frame_id": "3A0", "parameters": [parameter("A", "B0"), parameter("A", "B1")]},
                {"frame_id": "3A1", "parameters": [parameter("B", "B0", min="2", max="1")]},
                {"frame_id": "3A2", "parameters": [parameter("A", "B0")]},
            ]
        }
    }
    found, problems = schema.validate(data)
    assert [problem["field"] for problem in problems] == [
        "autopid.filters[0].parameters[1].name",
        "autopid.filters[1].parameters[0].max",
        "autopid.filters[2].parameters[0].name",
    ]
    kept = [each["enabled"] for item in found["autopid"]["filters"] for each in item["parameters"]]
    assert kept == [True, False, False, False]


def test_identifiers_are_hexadecimal():
    data = [
        {"frame_id": "0x3a0", "parameters": []},
        {"frame_id": "20000000", "parameters": []},
        {"frame_id": "XY", "parameters": []},
    ]
    found, problems = schema.validate({"autopid": {"filters": data}})
    assert found["autopid"]["filters"][0]["frame_id"] == "3a0"
    assert [problem["field"] for problem in problems] == [
        "autopid.filters[1].frame_id",
        "autopid.filters[2].frame_id",
    ]
    assert [item["enabled"] for item in found["autopid"]["filters"]] == [True, False, False]
    made = plan.build(dict(autopid(), filters=found["autopid"]["filters"]), None, Group(Uptime()))
    assert made.broadcasts is not None and not made.broadcasts.frames
