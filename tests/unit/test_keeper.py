"""What the device does about its power: asking, sleeping, waking, and what is kept meanwhile."""

import asyncio

import device.keeper
import transient
from autopid.group import Group
from car_fakes import Silent
from device import last_values, nap
from device.keeper import Keeper
from device.power import SLEEPING, VISIT
from disk import Disk
from helper import run
from power_settings import power
from world import Parameter

transient.ON_DEVICE = False  # these tests replace what modules hold


class Board:
    """A board whose sleep takes no time but the clock's."""

    def __init__(self, house):
        self.house = house
        self.memory = {}
        self.mv = 14_000
        self.did = house.did
        self.obeys = True
        self.slices = []  # voltages while asleep
        self.pressed = False
        self.presses = []  # what it says before that
        self.fed = 0

    def boot_get(self, key):
        return self.memory.get(key, 0)

    def boot_put(self, key, value):
        self.memory[key] = value

    def supply_mv(self):
        return self.mv

    def captive(self):
        return False

    def button(self):
        return self.presses.pop(0) if self.presses else self.pressed

    async def adapter_sleep(self):
        self.did.append("chip sleeps" if self.obeys else "chip refuses")
        return self.obeys

    async def adapter_reset(self):
        self.did.append("chip is reset")

    def transceiver(self, on):
        self.did.append("transceiver %s" % on)

    def watchdog(self, timeout_ms):
        return self

    def feed(self):
        self.fed += 1

    def sleep(self, ms, deep):
        assert self.did[-1] in ("hung up", "sleeps") and not deep
        if self.did[-1] != "sleeps":
            self.did.append("sleeps")
        self.house.now += ms
        if self.slices:
            self.mv = self.slices.pop(0)


class Destination:
    """Says when it is quiet, and what was done with it."""

    def __init__(self, house, busy_ms=0):
        self.house = house
        self.until = house.now + busy_ms
        self.outbox = self
        self.wants = True
        self.stored_at = None

    def wants_values(self, within_ms):
        return self.wants

    def is_quiet(self):
        return self.house.now >= self.until

    def restart(self):
        self.house.did.append("hung up")

    def flush(self):
        self.stored_at = self.house.now


class Poller:
    online = False
    longest_probe_ms = 0

    def __init__(self):
        self.held = []

    def hold(self, reason):
        if self.held[-1:] != [reason]:
            self.held.append(reason)


class Standstill:
    """`time`, whose pauses move the house's clock."""

    def __init__(self, house):
        self.house = house

    def sleep_ms(self, ms):
        self.house.now += ms


class House:
    """The firmware around the power; `did` is what was done, in order. It also is its uptime."""

    root = "/r"

    def __init__(self, **settings):
        self.now = 1000
        self.did = []
        self.poller = Poller()
        self.uptime = self
        self.group = Group(self)
        self.group.configure([Parameter("SPEED"), Parameter("SOC")])
        self.all = [Destination(self)]
        self.visited = False
        self.epoch = 1_800_000_000
        self.settings = power(**settings)
        self.board = Board(self)
        self.log = Silent()
        self.keeper = Keeper(
            self.board, self, lambda: self.settings, lambda: self.visited, self.log
        )

    def ms(self):
        return self.now

    def destinations(self):
        return self.all

    def unix_s(self):
        return self.epoch and self.epoch + self.now // 1000

    async def stop_car(self):
        self.did.append("car left")

    def start_car(self):
        self.did.append("car asked")

    async def stop_radio(self):
        self.did.append("radio off")

    def start_radio(self):
        self.did.append("radio on")

    def show(self, state, on):
        if on:
            self.did.append(state)
            self.did.pop()  # the LED is no step of its own

    def pass_s(self, seconds):
        for _ in range(seconds):
            self.now += 1000
            self.keeper.look()

    def fall_asleep(self):
        """Until the device has to sleep."""
        self.board.mv = 12_500
        while not self.keeper.power.asleep:
            self.pass_s(1)

    def sleep(self):
        """One sleep, to its end; pauses move the clock."""
        modules = (nap, device.keeper)
        kept, time = [module.asyncio for module in modules], nap.time
        nap.time = Standstill(self)
        for module in modules:
            module.asyncio = self
        try:
            run(self.keeper._nap())
        finally:
            nap.time = time
            for module, before in zip(modules, kept):
                module.asyncio = before

    async def sleep_ms(self, ms):
        self.now += ms
        await asyncio.sleep(0)


def asleep(**settings):
    house = House(**settings)
    house.pass_s(3)
    house.fall_asleep()
    return house


def sleep(house):
    from config import files

    with Disk(files) as disk:
        disk.mkdir("/r")
        house.sleep()
        return disk.files


def test_everything_else_sleeps_before_the_processor_does():
    house = asleep()
    house.board.slices = [12_500, 14_000, 14_000]
    sleep(house)
    assert house.did == [
        "car left",
        "chip sleeps",
        "transceiver False",
        "radio off",
        "hung up",
        "sleeps",
        "radio on",
        "car asked",
    ]
    assert house.board.fed == 3
    assert "awake: The supply rose to 14.00 V." in house.log.lines


def test_what_waits_is_delivered_and_stored_before_the_sleep():
    house = asleep()
    house.all = [Destination(house, 5000), Destination(house, 0)]
    began = house.now
    house.board.slices = [14_000, 14_000]
    sleep(house)
    assert 5000 <= house.all[0].stored_at - began < 6000


def test_a_destination_that_never_ends_does_not_keep_the_device_awake():
    house = asleep()
    house.all = [Destination(house, 3_600_000)]
    began = house.now
    house.board.slices = [14_000, 14_000]
    sleep(house)
    assert 20_000 <= house.all[0].stored_at - began < 22_000


def test_a_voltage_that_comes_back_meanwhile_keeps_it_awake():
    house = asleep()
    house.all = [Destination(house, 10_000)]
    house.board.mv = 14_000
    sleep(house)
    assert house.did == [] and not house.keeper.power.asleep


def test_a_chip_that_does_not_sleep_is_reset_and_told_of():
    house = asleep()
    house.board.obeys = False
    house.board.slices = [14_000, 14_000]
    sleep(house)
    assert house.did[1:4] == ["chip refuses", "chip is reset", "chip refuses"]
    assert [line for line in house.log.lines if "draining the battery" in line]
    assert "sleeps" in house.did, "all the same"


def test_a_visit_leaves_the_car_alone_until_the_voltage_says_that_it_runs():
    house = asleep(wake_every_s=300)
    sleep(house)
    assert house.keeper.power.state == VISIT and "car asked" not in house.did
    house.pass_s(5)
    assert "left alone" in house.poller.held[-1]
    house.board.mv = 14_000
    house.pass_s(2)
    assert house.did[-1] == "car asked" and house.poller.held[-1] == ""


def test_a_line_that_is_low_for_a_moment_after_the_sleep_is_no_button():
    house = asleep()
    house.board.presses = [True, False]
    house.board.slices = [12_500, 14_000, 14_000]
    sleep(house)
    assert house.keeper.power.woken == "The supply rose to 14.00 V."
    assert house.board.presses == []


def test_the_button_wakes_it():
    house = asleep()
    house.board.pressed = True
    sleep(house)
    assert house.keeper.power.woken == "The button was pressed." and house.did[-1] == "car asked"


def test_the_values_come_back_after_a_restart_with_their_age():
    from config import files

    house = asleep()
    house.group.update(house.group.get("SPEED"), "50.5")
    house.now += 60_000
    house.group.update(house.group.get("SOC"), "on")
    house.board.slices = [14_000, 14_000]
    with Disk(files) as disk:
        disk.mkdir("/r")
        house.sleep()
        later = House()
        later.epoch = house.unix_s() + 3600
        later.epoch -= later.now // 1000
        later.group.update(later.group.get("SOC"), "off")
        later.pass_s(1)
    speed, soc = later.group.get("SPEED"), later.group.get("SOC")
    assert speed.text == "50.5" and 3_660_000 <= speed.age_ms(later.now) < 3_670_000
    assert soc.text == "off", "what is fresh stays"


def test_values_of_unknown_age_are_neither_kept_nor_given_back():
    from config import files

    house = asleep()
    house.group.update(house.group.get("SPEED"), "50.5")
    house.board.slices = [14_000, 14_000]
    house.epoch = 0
    files_then = sleep(house)
    assert "/r/config/values.json" not in files_then
    with Disk(files, files=files_then) as disk:
        disk.files["/r/config/values.json"] = b'{"at":1800000000,"values":{"SPEED":["5",1]}}'
        house = House()
        house.epoch = 0
        house.pass_s(5)
        assert house.group.get("SPEED").text is None
        house.epoch = 1_800_000_000
        house.pass_s(1)
        assert house.group.get("SPEED").text == "5"


def test_a_damaged_file_of_values_is_none():
    from config import files

    group = Group(House())
    group.configure([Parameter("SPEED")])
    for text in (
        b"",
        b"{",
        b"[]",
        b'{"at":1}',
        b'{"at":"x","values":{}}',
        b'{"at":1,"values":{"SPEED":[]}}',
    ):
        with Disk(files, files={"/r/config/values.json": text}):
            assert last_values.restore("/r", group, 1_800_000_000) == 0
    assert group.get("SPEED").text is None


def test_a_restart_remembers_that_the_car_sleeps():
    house = asleep()
    memory = house.board.memory
    assert memory["car"] == 1
    again = House()
    again.board.memory = memory
    again.board.mv = 12_900
    again.keeper = Keeper(again.board, again, lambda: again.settings, lambda: False, again.log)
    again.pass_s(2)
    assert again.poller.held[0] != "" and "" not in again.poller.held
    again.board.mv = 14_000
    again.pass_s(3)
    assert again.poller.held[-1] == "" and memory["car"] != 1


def test_the_car_is_asked_while_somebody_takes_the_values():
    house = House()
    house.pass_s(1)
    assert house.poller.held[-1] == ""
    house.all[0].wants = False
    house.pass_s(1)
    assert "Nobody takes the values" in house.poller.held[-1]
    house.visited = True
    house.pass_s(1)
    assert house.poller.held[-1] == ""


def test_settings_that_change_count_at_once_and_leave_the_guard_its_limit():
    house = House(guard_volts="11.5")
    assert house.board.memory["guard_mv"] == 11_500
    house.board.mv = 12_000
    house.settings = power(
        guard_volts="11.8", poll_volts="0", sleep_after_s=10, sleep_volts="12.1"
    )
    house.pass_s(15)
    assert house.board.memory["guard_mv"] == 11_800
    assert house.keeper.power.state == SLEEPING
