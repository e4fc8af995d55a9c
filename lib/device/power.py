"""When the device sleeps and when the car is left alone: pure decisions, made of voltage, time and what the car says.

    power = Power(settings, asleep=False)
    power.step(now_ms, supply_mv, online, wanted)   # about once a second
    power.state     # RUNNING, LOW, SLEEPING or VISIT
    power.hold      # why the car is not asked now, "" if it is
    power.rule      # the rule that counts now, in words

    running ── below sleep_volts ──▶ low voltage ── sleep_after_s ──▶ sleeping ── wake_volts, or a rise ──▶ running
       ◀────── 0.1 V above ──────────────┘                              │  ▲
                                                            wake_every_s ▼  │ wake_for_s
                                                                       visit

All times are milliseconds of uptime, which goes on while the device sleeps. `device.nap` does what is decided.
"""

from micropython import const

RUNNING = "running"
LOW = "low_voltage"
SLEEPING = "sleeping"
VISIT = "visit"

_STEADY_MV = const(100)  # a voltage that went below a limit has to come so far above it
_STABLE = const(2)  # looks in a row that must agree before the device wakes
_DRIFT_MV = const(20)  # so much a look the voltage a rise is measured from follows the present one
_PATIENCE_MS = const(30_000)  # for the first answer of a car that may be awake
_SILENCE_MS = const(10_000)  # for the next answer of a car that has answered
_VISITED_MS = const(900_000)
_RARELY_MS = const(600_000)
PROBE_MS = const(30_000)

UNUSED = "Nobody takes the values: no destination needs any within a minute, and nobody looks at the page."
GOING = "The device goes to sleep."
ALONE = "The device is awake to deliver what waits; the car is left alone."


class Power:
    """The state machine.

    Args:
        settings: the section `power`.
        parked: whether the car slept when the device went off: it is not asked before the voltage says otherwise.
        heard: whether it answered then: if it does not now, it went to sleep meanwhile.

    Attributes:
        state, hold, rule: see the module.
        parked, heard: whether the car is taken to be asleep, or has answered since it is asked; to be remembered over
            a restart.
        probe_ms: how often a car that does not answer may be asked, at most.
        woken: why the device woke last, in words; "" before.
    """

    def __init__(self, settings: dict, parked: bool = False, heard: bool = False) -> None:
        self.state = RUNNING
        self.hold = "The device starts."
        self.parked = parked
        self.probe_ms = PROBE_MS
        self.woken = ""
        self._mv: int | None = None
        self._since_ms: int | None = None  # the state
        self._poor_ms: int | None = None  # since when too little to poll
        self._starved = False
        self.heard = heard
        self._silent_ms: int | None = None  # since when none does
        self._base_mv: int | None = None
        self._agreed = 0
        self.configure(settings)

    def configure(self, settings: dict) -> None:
        """Goes on with these settings."""
        self._settings = settings
        self._sleep_mv = millivolts(settings["sleep_volts"])
        self._wake_mv = max(millivolts(settings["wake_volts"]), self._sleep_mv + _STEADY_MV)
        self._poll_mv = millivolts(settings["poll_volts"])
        self._rise_mv = millivolts(settings["wake_rise"])
        self._least_mv = millivolts(settings["wake_least_volts"])

    @property
    def asleep(self) -> bool:
        """Whether the device has to go to sleep, or sleeps."""
        return self.state == SLEEPING

    # Awake

    def step(
        self,
        now_ms: int,
        supply_mv: "int | None",
        online: bool,
        wanted: bool,
        visited: bool = False,
    ) -> None:
        """Looks at what is known now; not while asleep.

        Args:
            now_ms: uptime.
            supply_mv: supply voltage in mV, None where it is not measured.
            online: whether an ECU answers.
            wanted: whether somebody takes the values.
            visited: whether somebody looks at the page: the device does not go to sleep within a quarter of an hour.
        """
        first = self._since_ms is None
        if self._since_ms is None:
            self._since_ms = now_ms
        self._mv = supply_mv
        if self.state == VISIT:
            self._step_visit(now_ms)
        else:
            self._step_voltage(now_ms, online, visited)
        self._judge_supply(now_ms, first)
        self._judge_car(now_ms, online)
        self.hold = self._reason(wanted)
        if self.hold:
            self.heard, self._silent_ms = False, None

    def _step_voltage(self, now_ms: int, online: bool, visited: bool) -> None:
        since = self._since_ms or 0
        if not self._settings["sleep"] or self._mv is None:
            self._enter(RUNNING, now_ms)
        elif self.state == RUNNING and self._mv < self._sleep_mv:
            self._enter(LOW, now_ms)
        elif self.state == LOW and self._mv >= self._sleep_mv + _STEADY_MV:
            self._enter(RUNNING, now_ms)
        elif self.state == LOW and online and not self.hold:
            self._since_ms = now_ms  # it is being driven, whatever the voltage is
        elif self.state == LOW and now_ms - since >= self._patience_ms(visited):
            self._fall_asleep(now_ms)

    def _patience_ms(self, visited: bool) -> int:
        after: int = self._settings["sleep_after_s"] * 1000
        return max(after, _VISITED_MS) if visited else after

    def _step_visit(self, now_ms: int) -> None:
        since = self._since_ms or 0
        if self._sees_life():
            self.wake(now_ms, self._reason_to_wake())
        elif now_ms - since >= self._settings["wake_for_s"] * 1000:
            self._fall_asleep(now_ms)

    def _enter(self, state: str, now_ms: int) -> None:
        if state != self.state:
            self.state, self._since_ms = state, now_ms

    def _fall_asleep(self, now_ms: int) -> None:
        self._enter(SLEEPING, now_ms)
        self._park()

    # The car

    def _judge_supply(self, now_ms: int, first: bool) -> None:
        """Whether there is too little voltage to ask the car; at the start of the device without grace."""
        limit = self._poll_mv
        if not limit or self._mv is None:
            self._starved, self._poor_ms = False, None
            return
        if self._mv >= limit + (_STEADY_MV if self._starved else 0):
            self._starved, self._poor_ms = False, None
        elif self._poor_ms is None:
            self._poor_ms = now_ms
            self._starved = first
        if self._poor_ms is not None:
            grace = self._settings["poll_grace_s"] * 1000
            self._starved = self._starved or now_ms - self._poor_ms >= grace

    def _judge_car(self, now_ms: int, online: bool) -> None:
        """Whether the car sleeps: it does not answer any more, and the voltage does not say that it runs."""
        if self.parked and self._mv is not None and self.state != VISIT and self._sees_life():
            self._expect_answers(now_ms)
        self.heard = self.heard or online
        if online or self.hold:
            self._silent_ms = None
            self.probe_ms = PROBE_MS
            return
        if self._silent_ms is None:
            self._silent_ms = now_ms
        silence = now_ms - self._silent_ms
        if silence >= _RARELY_MS:
            self.probe_ms = self._settings["probe_s"] * 1000
        powered = self._mv is None or self._mv >= self._wake_mv
        if not powered and silence >= (_SILENCE_MS if self.heard else _PATIENCE_MS):
            self._park()

    def _park(self) -> None:
        if not self.parked or self._base_mv is None:  # else the voltage is being watched already
            self._base_mv, self._agreed = self._mv, 0
        self.parked = True

    def _expect_answers(self, now_ms: int) -> None:
        """The car may be awake: it is asked, if there is the voltage for it."""
        self.parked = False
        self.hold = ""
        self.heard, self._silent_ms, self._poor_ms = False, None, now_ms
        self._starved = self._mv is not None and self._mv < self._poll_mv

    def _reason(self, wanted: bool) -> str:
        if self.state == SLEEPING:
            return GOING
        if self.state == VISIT:
            return ALONE
        if self._starved:
            return "The supply, %s, is below %s: the car is not asked." % (
                volts(self._mv),
                volts(self._poll_mv),
            )
        if self.parked:
            return (
                "The car does not answer, and the supply of %s does not say that it runs: it sleeps."
                % (volts(self._mv))
            )
        if not wanted and not self._settings["poll_unused"]:
            return UNUSED
        return ""

    @property
    def rule(self) -> str:
        """What counts now, in one or two sentences."""
        if self.state == LOW:
            text = "The supply, %s, is below %s; the device sleeps when that lasts %d s." % (
                volts(self._mv),
                volts(self._sleep_mv),
                self._settings["sleep_after_s"],
            )
        elif self.state == SLEEPING:
            return "Asleep."
        else:
            text = "Awake." if self.state == RUNNING else ""
        return (text + " " + self.hold).strip()

    # Asleep

    def look(self, now_ms: int, supply_mv: "int | None") -> None:
        """One look at the voltage while asleep; `state` says whether that goes on."""
        self._mv = supply_mv
        if self._sees_life():
            self.wake(now_ms, self._reason_to_wake())
        elif not self._agreed and self._is_visit_due(now_ms):
            self._enter(VISIT, now_ms)
            self.hold = ALONE
            self.woken = "It is time to deliver what waits."

    def wake(self, now_ms: int, why: str) -> None:
        """Wakes, or does not fall asleep after all."""
        self._enter(RUNNING, now_ms)
        self.woken = why
        self._expect_answers(now_ms)

    def _is_visit_due(self, now_ms: int) -> bool:
        every = self._settings["wake_every_s"] * 1000
        if not every or now_ms - (self._since_ms or 0) < every:
            return False
        return self._mv is None or self._mv >= self._least_mv

    def _sees_life(self) -> bool:
        """Whether the voltage has said for several looks that the car is awake."""
        if self._reason_to_wake():
            self._agreed += 1
            return self._agreed >= _STABLE
        self._agreed = 0
        if self._mv is not None:  # at once down, slowly up
            before = self._mv if self._base_mv is None else self._base_mv
            self._base_mv = min(self._mv, before + _DRIFT_MV)
        return False

    def _reason_to_wake(self) -> str:
        if self._mv is None:
            return "The supply voltage cannot be measured any more."
        if self._mv >= self._wake_mv:
            return "The supply rose to %s." % volts(self._mv)
        rise, base = self._rise_mv, self._base_mv
        if rise and base is not None and self._mv - base >= rise:
            return "The supply rose by %s, to %s." % (volts(self._mv - base), volts(self._mv))
        return ""


def millivolts(text: str) -> int:
    """13.1 is 13100; more than three decimals are cut off."""
    whole, _, rest = text.partition(".")
    return int(whole or "0") * 1000 + int((rest + "000")[:3])


def volts(millivolts: "int | None") -> str:
    """13149 is "13.14 V"."""
    return "unknown" if millivolts is None else "%d.%02d V" % divmod(millivolts // 10, 100)
