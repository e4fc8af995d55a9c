"""A drive: what a petrol car does as a function of the time since its engine was started."""

import math
from bisect import bisect_right

# Seconds and km/h of one lap of the driving cycle; between the points the speed changes evenly.
_CYCLE = ((0, 0), (10, 0), (25, 50), (45, 50), (60, 92), (100, 92), (120, 0), (130, 0))
_LAP = _CYCLE[-1][0]
_GEARS = ((15, 130), (32, 75), (52, 50), (75, 38), (400, 29))
_IDLE_RPM = 780.0
_WARM = 90.0


def _lap_distances() -> list[float]:
    """Kilometres driven at every point of the cycle."""
    total, distances = 0.0, [0.0]
    for (start, before), (end, after) in zip(_CYCLE, _CYCLE[1:], strict=False):
        total += (before + after) / 2 * (end - start) / 3600
        distances.append(total)
    return distances


_DISTANCES = _lap_distances()


def motion(t: float) -> tuple[float, float, float]:
    """Speed in km/h, acceleration in km/h per second, kilometres driven; `t` in seconds."""
    laps, rest = divmod(t, _LAP)
    index = bisect_right([point[0] for point in _CYCLE], rest) - 1
    (start, before), (end, after) = _CYCLE[index], _CYCLE[index + 1]
    pull = (after - before) / (end - start)
    speed = before + pull * (rest - start)
    driven = _DISTANCES[index] + (before + speed) / 2 * (rest - start) / 3600
    return speed, pull, laps * _DISTANCES[-1] + driven


def _rpm(speed: float, t: float) -> float:
    ratio = next(ratio for limit, ratio in _GEARS if speed <= limit)
    return max(_IDLE_RPM + 12 * math.sin(t * 1.7), speed * ratio)


def drive(t: float) -> dict[str, float]:
    """Every quantity the engine knows, by name, `t` seconds after the start.

    Units are those of SAE J1979: km/h, degC, %, kPa, g/s, V, Pa.
    """
    speed, pull, distance = motion(t)
    rpm = _rpm(speed, t)
    load = max(12.0, min(92.0, 22 + speed / 4 + pull * 11))
    warm = 1 - math.exp(-t / 180)
    maf = rpm / 120 * 1.6 * load / 100 * 1.18
    throttle = 11 + load * 0.45
    return {
        "speed": speed,
        "rpm": rpm,
        "load": load,
        "absolute_load": load * 0.93,
        "throttle": throttle,
        "relative_throttle": throttle - 11,
        "pedal": max(14.0, load * 0.7),
        "pedal_half": max(7.0, load * 0.35),
        "maf": maf,
        "manifold": 28 + load * 0.7,
        "timing": 6 + rpm / 150 - load / 10,
        "coolant": 18 + (_WARM - 18) * warm,
        "oil": 18 + (98 - 18) * (1 - math.exp(-t / 320)),
        "intake": 19 + 9 * warm + math.sin(t / 31),
        "intake_behind": 21 + 11 * warm,
        "ambient": 18.0,
        "barometer": 101.0,
        "catalyst": 60 + 520 * warm + load * 1.3,
        "lambda": 1 + 0.02 * math.sin(t * 2.1),
        "lambda_wanted": 1.0,
        "sensor_narrow": 0.45 + 0.35 * math.sin(t * 2.1),
        "sensor_behind": 0.64 + 0.03 * math.sin(t / 7),
        "sensor_wide": 1.95 + 0.4 * math.sin(t * 2.1),
        "sensor_current": 0.05 * math.sin(t * 2.1),
        "short_trim": 2.4 * math.sin(t / 5),
        "long_trim": 1.6 + 0.8 * math.sin(t / 60),
        "fuel_level": 62 - distance * 0.11,
        "fuel_rate": maf * 3600 / 14.7 / 745,
        "egr": max(0.0, load / 6 - 4),
        "purge": 25 * warm,
        "evap": -62.5 + 40 * math.sin(t / 17),
        "tank_pressure": -310 + 200 * math.sin(t / 23),
        "module_voltage": 14.1 + 0.12 * math.sin(t / 3),
        "torque": load - 8,
        "torque_wanted": load - 7,
        "friction": 9 + rpm / 900,
        "rail": 4000 + load * 110,
        "seconds": t,
        "distance": distance,
    }
