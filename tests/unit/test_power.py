"""When the device sleeps, when it wakes and when it leaves the car alone."""

from device.power import LOW, RUNNING, SLEEPING, VISIT, Power, millivolts, volts
from power_settings import power


class Car:
    """A power that is looked at once a second, and what it sees.

    `mv`, `online`, `wanted` are what it sees; an ECU answers only while it is asked.
    """

    def __init__(self, mv=14_000, awake=True, parked=False, **settings):
        self.power = Power(power(**settings), parked)
        self.now = 0
        self.mv = mv
        self.awake = awake
        self.wanted = True
        self.asked = 0  # seconds in which a sleeping car was asked

    def pass_s(self, seconds):
        """Lets seconds pass, awake or asleep; returns the state."""
        for _ in range(seconds):
            self.now += 1000
            if self.power.asleep:
                self.power.look(self.now, self.mv)
                continue
            asks = not self.power.hold
            self.asked += asks and not self.awake
            self.power.step(self.now, self.mv, asks and self.awake, self.wanted)
        return self.power.state


def parked(**settings):
    """A device that sleeps since a second."""
    car = Car(**settings)
    car.pass_s(60)
    car.mv, car.awake = 12_500, False
    while car.pass_s(1) != SLEEPING:
        assert car.now < 1_000_000
    return car


def test_it_runs_while_the_engine_does():
    car = Car()
    assert car.pass_s(7200) == RUNNING
    assert car.power.hold == "" and car.power.rule == "Awake."


def test_it_sleeps_when_the_engine_has_been_off_for_the_time_set():
    car = Car(sleep_after_s=120)
    car.pass_s(10)
    car.mv, car.awake = 12_600, False
    assert car.pass_s(120) == LOW
    assert "12.60 V, is below 13.10 V; the device sleeps when that lasts 120 s." in car.power.rule
    assert car.pass_s(2) == SLEEPING and car.power.asleep


def test_a_voltage_that_comes_back_ends_the_countdown():
    car = Car(sleep_after_s=120)
    car.mv, car.awake = 12_900, False
    car.pass_s(100)
    car.mv = 13_150  # above the limit, but not by a tenth of a volt
    assert car.pass_s(1) == LOW
    car.mv = 13_200
    assert car.pass_s(1) == RUNNING
    car.mv = 12_900
    assert car.pass_s(110) == LOW, "it begins anew"


def test_a_car_that_answers_at_a_low_voltage_is_driven():
    car = Car(mv=12_950, sleep_after_s=60)
    assert car.pass_s(600) == LOW
    car.awake = False
    assert car.pass_s(62) == SLEEPING


def test_sleep_can_be_switched_off_or_impossible():
    for car in (Car(mv=12_000, awake=False, sleep=False), Car(mv=None, awake=False)):
        assert car.pass_s(10_000) == RUNNING
        car.mv = None
        assert car.pass_s(10) == RUNNING


def test_it_wakes_at_the_voltage_set_when_two_looks_agree():
    car = parked()
    car.mv = 13_250
    assert car.pass_s(1) == SLEEPING
    car.mv = 12_500
    assert car.pass_s(1) == SLEEPING, "it was a moment only"
    car.mv = 13_250
    assert car.pass_s(2) == RUNNING
    assert car.power.woken == "The supply rose to 13.25 V."


def test_the_limit_to_wake_stays_above_the_one_to_sleep():
    car = parked(sleep_volts="13.1", wake_volts="12", wake_rise="0")
    car.mv = 13_190
    assert car.pass_s(10) == SLEEPING
    car.mv = 13_200
    assert car.pass_s(2) == RUNNING


def test_a_rise_wakes_it_below_that_voltage_but_a_slow_recovery_does_not():
    car = parked(wake_every_s=0)
    car.mv = 12_000
    for _ in range(100):  # the battery recovers by 0.6 V in 100 looks
        car.mv += 6
        assert car.pass_s(1) == SLEEPING
    car.mv += 500
    assert car.pass_s(2) == RUNNING
    assert "rose by 0.50 V" in car.power.woken
    car = parked(wake_rise="0", wake_every_s=0)
    car.mv += 600
    assert car.pass_s(10) == SLEEPING


def test_it_wakes_now_and_then_without_touching_the_car():
    car = parked(wake_every_s=3600, wake_for_s=60)
    assert car.pass_s(3599) == SLEEPING
    asked = car.asked
    assert car.pass_s(2) == VISIT
    assert car.pass_s(58) == VISIT and "left alone" in car.power.rule
    assert car.pass_s(4) == SLEEPING
    assert car.pass_s(3620) == VISIT
    car.mv = 14_000
    car.awake = True
    assert car.pass_s(2) == RUNNING
    assert car.asked == asked


def test_no_visit_empties_a_weak_battery():
    car = parked(wake_every_s=3600, wake_least_volts="12")
    car.mv = 11_990
    assert car.pass_s(20_000) == SLEEPING
    car.mv = 12_000
    assert car.pass_s(1) == VISIT
    car = parked(wake_every_s=0)
    assert car.pass_s(20_000) == SLEEPING


def test_a_sleeping_car_is_asked_for_seconds_only():
    car = Car()
    car.pass_s(60)
    car.mv, car.awake = 13_000, False
    car.pass_s(200)
    assert 0 < car.asked <= 12 and "it sleeps" in car.power.hold
    assert car.power.parked


def test_a_car_that_never_answered_gets_more_patience():
    car = Car(mv=13_000, awake=False)
    car.pass_s(29)
    assert car.power.hold == ""
    car.pass_s(3)
    assert "does not answer" in car.power.hold


def test_a_parked_car_is_asked_again_once_the_voltage_says_that_it_runs():
    car = Car(mv=12_900, awake=False)
    car.pass_s(60)
    assert car.power.parked
    car.mv, car.awake = 13_900, True
    car.pass_s(3)
    assert car.power.hold == "" and not car.power.parked
    car = Car(mv=12_300, awake=False, poll_volts="0")  # an alternator that charges little
    car.pass_s(60)
    car.mv, car.awake = 12_850, True
    car.pass_s(3)
    assert car.power.hold == ""


def test_a_restart_does_not_ask_a_car_that_slept():
    car = Car(mv=12_900, awake=False, parked=True)
    car.pass_s(3)
    assert "it sleeps" in car.power.hold
    car.mv, car.awake = 13_900, True
    car.pass_s(3)
    assert car.power.hold == ""
    assert car.asked == 0


def test_a_rise_counts_soon_after_a_restart_as_well():
    car = Car(mv=12_400, awake=False, parked=True, poll_volts="0")
    car.pass_s(3)
    car.mv, car.awake = 12_900, True
    car.pass_s(3)
    assert car.power.hold == "" and car.asked == 0


def test_a_restart_soon_notices_that_a_car_that_answered_went_to_sleep():
    for heard, seconds in ((True, 12), (False, 32)):
        power_ = Power(power(), False, heard)
        asked = 0
        for second in range(60):
            power_.step(second * 1000, 12_950, False, True)
            asked += power_.hold == ""
        assert seconds - 4 < asked < seconds


def test_a_car_whose_voltage_tells_nothing_is_asked_rarely_in_the_end():
    for mv in (None, 14_000):
        car = Car(mv=mv, awake=False, probe_s=900)
        car.pass_s(590)
        assert car.power.probe_ms == 30_000
        car.pass_s(20)
        assert car.power.probe_ms == 900_000 and car.power.hold == ""
        car.awake = True
        car.pass_s(1)
        assert car.power.probe_ms == 30_000


def test_polling_pauses_below_the_voltage_set():
    car = Car(mv=12_750, poll_volts="12.8", poll_grace_s=20, parked=False)
    car.pass_s(1)
    assert car.power.hold == "The supply, 12.75 V, is below 12.80 V: the car is not asked."
    car.mv = 12_850
    car.pass_s(1)
    assert car.power.hold != "", "a little more than the limit is wanted"
    car.mv = 12_900
    car.pass_s(1)
    assert car.power.hold == ""
    car.mv = 12_700  # the starter
    car.pass_s(20)
    assert car.power.hold == ""
    car.pass_s(1)
    assert car.power.hold != ""
    car = Car(mv=11_000, poll_volts="0")
    car.pass_s(100)
    assert car.power.hold == ""


def test_polling_pauses_while_nobody_takes_the_values():
    car = Car()
    car.wanted = False
    car.pass_s(1)
    assert "Nobody takes the values" in car.power.hold and "Nobody" in car.power.rule
    car.wanted = True
    car.pass_s(1)
    assert car.power.hold == ""
    car = Car(poll_unused=True)
    car.wanted = False
    car.pass_s(1)
    assert car.power.hold == ""


def test_a_pause_is_no_silence():
    car = Car(mv=13_000)
    car.pass_s(10)
    car.wanted = False
    car.pass_s(100)
    car.wanted = True
    car.pass_s(2)
    assert car.power.hold == "", "it answers: it did not sleep while it was not asked"


def test_new_settings_count_at_once():
    car = Car(mv=12_900)
    car.pass_s(5)
    assert car.power.state == LOW
    car.power.configure(power(sleep_volts="12.5", wake_volts="12.8"))
    assert car.pass_s(1) == RUNNING


def test_it_can_be_woken_for_other_reasons():
    car = parked()
    car.power.wake(car.now, "The button was pressed.")
    assert car.pass_s(1) in (RUNNING, LOW) and car.power.woken == "The button was pressed."


def test_volts_are_exact():
    assert [millivolts(text) for text in ("0", "13.1", "9", "0.05", "12.3456")] == [
        0,
        13_100,
        9000,
        50,
        12_345,
    ]
    assert volts(13_149) == "13.14 V" and volts(None) == "unknown"
