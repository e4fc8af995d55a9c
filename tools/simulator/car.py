"""Cars: data files that say which ECUs there are and what they answer."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from . import signals
from .bus import Broadcasts, Bus
from .ecu import CanEcu, KlineEcu
from .errors import CarError
from .protocols import PROTOCOLS
from .services import Services

FOLDER = Path(__file__).parent / "cars"
_MONITORS = 0x07E5  # continuous ones, then catalyst, evaporation, oxygen sensor, its heater, EGR


class Car:
    """One car, switched on now.

    Its quantities are a function of `time()`, which tests can hold still.
    """

    def __init__(self, data: dict, clock: Callable[[], float] = time.monotonic) -> None:
        self.data = data
        self.name: str = data["name"]
        self.model: str = data.get("car_model", self.name)
        self.description: str = data.get("description", "")
        self.protocol: str = data["protocol"]
        self.voltage: float = data.get("voltage", 12.6)
        self.standard: list[str] = data.get("standard", [])
        self.standard_periods: dict[str, int] = data.get("standard_periods", {})
        self.profile: dict | None = data.get("profile")
        self.settings: dict = data.get("settings", {})
        if self.protocol not in PROTOCOLS:
            raise CarError(f"unknown protocol {self.protocol!r}")
        self._clock = clock
        self._started = clock()
        self._held: float | None = None
        self._cleared = -float(data.get("cleared_s_ago", 0))
        self._services = [
            Services(spec, self, self.kind == "kline") for spec in data.get("ecus", [])
        ]

    @property
    def kind(self) -> str:
        """ "can" or "kline"."""
        return PROTOCOLS[self.protocol].kind

    def time(self) -> float:
        """Seconds since the engine was started."""
        held = self._held
        return self._clock() - self._started if held is None else held

    def hold(self, seconds: float | None) -> None:
        """Stops the car's clock at that many seconds after the start; None lets it run on."""
        self._held = seconds

    def values(self, most: int = 4) -> dict[str, str]:
        """What the car simulates right now: exact decimal text by name (`0C-EngineRPM`, `SOC`).

        As many decimals as one bit of the encoding is worth, two at least and `most` at most.
        """
        values: dict[str, str] = {}
        for services in self._services:
            for name, text in services.measured(most).items():
                values.setdefault(name, text)
        values.update(self.data.get("values", {}))
        return values

    def quantity(self, source: str | float, services: Services) -> float:
        """A number of the car file as it is, or what a name in it stands for now.

        Names are those of `signals.drive` and of the counters below (`distance_cleared`, …).
        """
        if not isinstance(source, str):
            return source
        now = self.time()
        if source in _BOOKS:
            return _BOOKS[source](self, services, now)
        return signals.drive(now)[source]

    def clear_codes(self) -> None:
        """Mode 04 was asked: counters since clearing start again."""
        self._cleared = self.time()

    def connect(self, bus: Bus) -> Broadcasts:
        """Puts the ECUs on the bus; returns what the car sends unasked."""
        kind = KlineEcu if self.kind == "kline" else CanEcu
        for spec, services in zip(self.data.get("ecus", []), self._services, strict=True):
            bus.nodes.append(kind(spec, services, bus))
        return Broadcasts(bus, self.data.get("broadcast", []))

    def searchable(self) -> bool:
        """True if some ECU answers the functional 0100 an adapter searches with."""
        return any(spec.get("functional", self.kind == "kline") for spec in self.data["ecus"])

    @property
    def cleared_at(self) -> float:
        """When the codes were last cleared, as `time()` counts; negative if before this drive."""
        return self._cleared


def _distance_cleared(car: Car, _: Services, now: float) -> float:
    before = car.data.get("cleared_km_ago", 0) if car.cleared_at < 0 else 0
    return before + signals.motion(now)[2] - signals.motion(max(0.0, car.cleared_at))[2]


def _monitor_status(car: Car, services: Services, _: float) -> float:
    """PID 01 of a petrol engine: lamp, number of codes, monitors present, monitors not yet run."""
    count = len(services.dtcs.get("stored", ()))
    waiting = 0 if car.cleared_at < 0 else _MONITORS & 0xFF
    return (0x80 if count else 0) << 24 | count << 24 | _MONITORS << 8 | waiting


def _since_lamp(key: str, per_lamp: Callable[[float], float]) -> "Book":
    """A counter that runs while the malfunction lamp is on."""

    def count(car: Car, services: Services, now: float) -> float:
        return car.data.get(key, 0) + per_lamp(now) if services.dtcs.get("stored") else 0

    return count


Book = Callable[[Car, Services, float], float]

_BOOKS: dict[str, Book] = {
    "odometer": lambda car, _, now: car.data.get("odometer", 0) + signals.motion(now)[2],
    "distance_cleared": _distance_cleared,
    "minutes_cleared": lambda car, _, now: (now - car.cleared_at) // 60,
    "warmups": lambda car, _, now: car.data.get("warmups", 0) if car.cleared_at < 0 else 0,
    "monitor_status": _monitor_status,
    "lamp_km": _since_lamp("lamp_km", lambda now: signals.motion(now)[2]),
    "lamp_minutes": _since_lamp("lamp_minutes", lambda now: now // 60),
}


def car_names() -> list[str]:
    """The cars that come with the simulator."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load_car(source: "str | Path | dict | Car") -> Car:
    """A car by name, from a file, or from data already read; CarError says what is wrong."""
    if isinstance(source, Car):
        return source
    if isinstance(source, dict):
        return _build(source, "car")
    path = FOLDER / (str(source) + ".json")
    if not path.exists():
        path = Path(source)
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CarError(
            "no car {!r}: one of {}".format(str(source), ", ".join(car_names()))
        ) from None
    except ValueError as error:
        raise CarError(f"{path}: {error}") from None
    return _build(data, path.stem)


def _build(data: dict, name: str) -> Car:
    try:
        return Car({"name": name, **data})
    except (KeyError, TypeError, ValueError) as error:
        raise CarError(f"{name}: {type(error).__name__} {error}") from None
