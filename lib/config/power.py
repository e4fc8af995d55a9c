"""The settings of power: when the device sleeps, when it wakes, and when it leaves the car alone."""

from micropython import const

from config.fields import Decimal, Flag, Integer
from config.sections import Section

_DAY_S = const(86_400)

POWER = Section(
    "power",
    "When the device sleeps and when it leaves the car alone. The supply voltage counts where the board measures it.",
    (
        Flag("sleep", "Sleep while the engine is off, as the supply voltage tells.", True),
        Decimal(
            "sleep_volts", "Below this many volts the engine counts as off.", "13.1", "5", "30"
        ),
        Integer("sleep_after_s", "Seconds below that until it sleeps.", 300, 10, _DAY_S),
        Decimal(
            "wake_volts",
            "At this many volts it wakes; at least 0.1 above sleep_volts.",
            "13.2",
            "5",
            "30",
        ),
        Decimal(
            "wake_rise",
            "It also wakes when the voltage rises by this much within seconds, for alternators that charge little; "
            "0 for never.",
            "0.3",
            "0",
            "5",
        ),
        Integer(
            "wake_every_s",
            "Seconds of sleep after which it wakes to deliver what waits, without asking the car; 0 for never.",
            5400,
            300,
            _DAY_S,
            (0,),
        ),
        Integer("wake_for_s", "Seconds that takes.", 60, 15, 600),
        Decimal("wake_least_volts", "Not below this many volts.", "11.9", "5", "30"),
        Decimal(
            "poll_volts",
            "Below this many volts the car is not asked; 0 for no limit.",
            "12.8",
            "0",
            "30",
        ),
        Integer("poll_grace_s", "Seconds below that until it stops asking.", 20, 0, 600),
        Flag("poll_unused", "Ask the car also while nobody takes the values.", False),
        Integer(
            "probe_s",
            "Seconds between two attempts to reach a car that has not answered for ten minutes, where the voltage does "
            "not tell that it sleeps.",
            120,
            30,
            _DAY_S,
        ),
        Decimal(
            "guard_volts",
            "After two starts in a row that failed, it sleeps below this many volts.",
            "12.1",
            "5",
            "30",
        ),
    ),
)
