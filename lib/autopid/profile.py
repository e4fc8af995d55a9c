"""WiCAN vehicle profiles: their public forms -> requests and compiled parameters.

`load` reads one car as in the source files (`parameters` maps a name to its expression), as in the
merged file (`parameters` is a list of objects) and as a WiCAN device stores it (one entry a
parameter, numbers as strings, "none" for nothing), bare or as the first of `{"cars": […]}`.
Unknown keys are ignored.
"""

from micropython import const

from autopid.decimal import parse_decimal
from autopid.expression import Expression, ExpressionError
from autopid.parameter import Parameter

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Problem = tuple[str, str]
    T = TypeVar("T")

_MAX_PIDS = const(512)
_MAX_NAME = const(64)
_MAX_PID = const(
    15
)  # hex digits: seven request bytes and the digit that tells how many frames to expect
_MAX_PERIOD = const(86_400_000)
_MAX_EXTENDS = const(8)
_NOTHING = ("", "none")
_OFF = ("false", "disable", "disabled", "0", "off")


class ProfileError(Exception):
    """Nothing of a profile can be used.

    Attributes:
        problems: all that is wrong, as (field path, message).
    """

    def __init__(self, problems: "list[Problem]") -> None:
        super().__init__("; ".join([": ".join(problem).lstrip(": ") for problem in problems]))
        self.problems = problems


class Pid:
    """One request and what its answer holds.

    Attributes:
        pid: hex digits as the profile has them, perhaps with the odd last digit that announces the
            number of frames.
        init: adapter commands that must precede it, separated by ';'.
        parameters: the usable ones.
    """

    def __init__(self, pid: str, init: str) -> None:
        self.pid = pid
        self.init = init
        self.parameters: list[Parameter] = []


class Profile:
    """A vehicle profile.

    Attributes:
        car_model: its title.
        init: adapter commands for all requests, separated by ';'.
        pids: requests in the order of the profile, no two with the same (init, pid).
        problems: what could not be used, as (field path, message).
    """

    def __init__(
        self, car_model: str, init: str, pids: list[Pid], problems: "list[Problem]"
    ) -> None:
        self.car_model = car_model
        self.init = init
        self.pids = pids
        self.problems = problems


def load(data: object, resolve: "Callable[[str], object] | None" = None) -> Profile:
    """Returns the profile in `data`; `resolve(path)` returns the data of a profile that it
    extends, or None.

    An extending profile takes over everything, replaces parameters of the same name, and drops
    those to which it gives an empty expression. Raises ProfileError if the structure is wrong or
    nothing is left to use; a parameter that is wrong by itself is left out and listed in
    `Profile.problems`.
    """
    draft = _Draft()
    for place, car in _chain(data, resolve):
        draft.extend(place, car)
    return draft.build()


def _chain(data: object, resolve: "Callable[[str], object] | None") -> "list[tuple[str, dict]]":
    """The cars from the most basic one to `data`, each with the beginning of its field paths."""
    place = ""
    paths: list[str] = []
    cars: list[tuple[str, dict]] = []
    while True:
        place, car = _car(place, data)
        cars.insert(0, (place, car))
        path = car.get("extends")
        if not path:
            return cars
        field = place + "extends"
        if not isinstance(path, str):
            raise ProfileError([(field, "must be a text")])
        if path in paths:
            raise ProfileError([(field, f"'{path}' extends itself")])
        if len(paths) == _MAX_EXTENDS:
            raise ProfileError([(field, f"extends more than {_MAX_EXTENDS} profiles")])
        paths.append(path)
        place, data = path + ": ", None if resolve is None else resolve(path)
        if data is None:
            raise ProfileError([(field, f"the profile '{path}' is not on the device")])


def _car(place: str, data: object) -> "tuple[str, dict]":
    if isinstance(data, dict) and "cars" in data:
        cars = data["cars"]
        if not isinstance(cars, list) or not cars:
            raise ProfileError([(place + "cars", "must be a list with at least one car")])
        place, data = place + "cars[0].", cars[0]
    if not isinstance(data, dict):
        raise ProfileError([(place.rstrip(". :"), "must be an object")])
    return place, data


class _Raw:
    """A parameter as found, before its expression is compiled."""

    def __init__(self, field: str, request: "tuple[str, str]", name: str, settings: dict) -> None:
        self.field = field
        self.request = request
        self.name = name
        self.settings = settings


class _Draft:
    """A profile that is being put together from a chain of cars."""

    def __init__(self) -> None:
        self._car_model = ""
        self._init = ""
        self._requests: list[tuple[str, str]] = []  # (init, pid), in order
        self._inherited: dict[tuple[str, str], bool] = {}  # the ones of the cars before
        self._known: dict[tuple[str, str], bool] = {}  # all of them
        self._raws: list[_Raw] = []
        self._wrong: list[Problem] = []  # the structure
        self._problems: list[Problem] = []  # single parameters

    def extend(self, place: str, car: dict) -> None:
        """Adds a car to the ones that it extends."""
        self._car_model = self._text(car, "car_model", place) or self._car_model
        self._init = self._text(car, "init", place) or self._init
        self._inherited = dict(self._known)
        pids = car.get("pids")
        if pids is None and self._inherited:
            return
        if not isinstance(pids, list) or not pids:
            self._wrong.append((place + "pids", "must be a list with at least one entry"))
            return
        if len(pids) > _MAX_PIDS:
            self._wrong.append((place + "pids", f"has more than {_MAX_PIDS} entries"))
            return
        inherited = len(self._raws)
        for index, entry in enumerate(pids):
            self._add_entry(f"{place}pids[{index}]", entry)
        self._settle(inherited)

    def build(self) -> Profile:
        """Compiles what was collected; raises ProfileError if that is wrong or nothing."""
        if self._wrong:
            raise ProfileError(self._wrong + self._problems)
        names = {raw.name: True for raw in self._raws}
        found: dict[tuple[str, str], Pid] = {}
        make = _Maker(names, self._problems)
        for raw in self._raws:
            parameter = make.parameter(raw)
            if parameter is None:
                continue
            if raw.request not in found:
                found[raw.request] = Pid(raw.request[1], raw.request[0])
            found[raw.request].parameters.append(parameter)
        if not found:
            raise ProfileError(self._problems or [("pids", "no parameters")])
        pids = [found[request] for request in self._requests if request in found]
        return Profile(self._car_model, self._init, pids, self._problems)

    def _add_entry(self, field: str, entry: object) -> None:
        if not isinstance(entry, dict):
            self._wrong.append((field, "must be an object"))
            return
        pid = entry.get("pid")
        if not isinstance(pid, str):
            self._wrong.append((field + ".pid", "must be text"))
            return
        pid = pid.replace(" ", "").upper()
        request = (self._pid_init(entry, pid, field), pid)
        parameters = _pairs(entry.get("parameters"))
        if parameters is None:
            self._wrong.append((field + ".parameters", "must be an object or a list"))
        elif not _is_pid(pid):
            self._problems.append((field + ".pid", f"must be 2 to {_MAX_PID} hex digits"))
        else:
            self._add_parameters(
                field + ".parameters", request, parameters, _flag(entry.get("enabled"))
            )

    def _pid_init(self, entry: dict, pid: str, field: str) -> str:
        """The entry's own commands; without that key those of an inherited entry for its PID."""
        if "pid_init" not in entry and ("", pid) not in self._inherited:
            for init, known in self._inherited:
                if known == pid:
                    return init
        return self._text(entry, "pid_init", field + ".")

    def _add_parameters(
        self, field: str, request: "tuple[str, str]", parameters: "list[tuple]", enabled: bool
    ) -> None:
        if request not in self._known:
            self._known[request] = True
            self._requests.append(request)
        for index, (name, settings) in enumerate(parameters):
            if name is not None and isinstance(settings, str):
                settings = {"expression": settings}
            if not isinstance(settings, dict):
                if isinstance(name, str):
                    message = "must be an object or an expression"
                    self._problems.append((f"{field}.{name}", message))
                else:
                    self._wrong.append((f"{field}[{index}]", "must be an object"))
                continue
            if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME:
                message = f"must be text of 1 to {_MAX_NAME} characters"
                self._problems.append((f"{field}[{index}].name", message))
                continue
            if not enabled:
                settings = _with(settings, "enabled", False)
            self._raws.append(_Raw(field + "." + name, request, name, settings))

    def _settle(self, inherited: int) -> None:
        """Lets the parameters from `inherited` on replace older ones of the same name.

        Where two of the new ones share a name, the first stays.
        """
        own = {}
        added = []
        for raw in self._raws[inherited:]:
            if raw.name in own:
                self._problems.append((raw.field, "the name is already in use"))
                continue
            own[raw.name] = raw
            added.append(raw)
        kept = [raw for raw in self._raws[:inherited] if raw.name not in own]
        if inherited:
            added = [raw for raw in added if raw.settings.get("expression") != ""]
        self._raws = kept + added

    def _text(self, data: dict, key: str, place: str) -> str:
        value = data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong.append((place + key, "must be text"))
            return ""
        return "" if value in _NOTHING else value.strip()


class _Maker:
    """Turns collected parameters into compiled ones that share equal texts and functions."""

    def __init__(self, names: dict, problems: "list[Problem]") -> None:
        self._names = names
        self._problems = problems
        self._shapes: dict = {}
        self._kinds: dict = {}
        self._texts: dict[str, str] = {}

    def parameter(self, raw: _Raw) -> Parameter | None:
        """Returns the parameter, or lists all that is wrong with it and returns None."""
        settings = raw.settings
        before = len(self._problems)
        expression = self._read(raw, "expression", self._expression, None)
        unit = self._read(raw, "unit", self._word, "")
        device_class = self._read(raw, "class", self._word, "")
        period_ms = self._read(raw, "period", _period, 0)
        low = self._read(raw, "min", self._limit, None)
        high = self._read(raw, "max", self._limit, None)
        if expression is None or len(self._problems) > before:
            return None
        binary = settings.get("type") == "binary_sensor" or settings.get("sensor_type") == "binary"
        enabled = _flag(settings.get("enabled"))
        kind = (unit, device_class, period_ms, low, high, enabled, binary)
        return Parameter(raw.name, expression, *kind, kinds=self._kinds)

    def _read(self, raw: _Raw, key: str, reader: "Callable[[object], T]", wrong: "T") -> "T":
        try:
            return reader(raw.settings.get(key))
        except (ValueError, ExpressionError) as error:
            self._problems.append((raw.field, f"{key}: {error}"))
            return wrong

    def _expression(self, value: object) -> Expression:
        if not isinstance(value, str):
            raise ValueError("must be text")
        return Expression(value, self._names, self._shapes)

    def _word(self, value: object) -> str:
        if value is None or value == "":
            return "none"
        if not isinstance(value, str):
            raise ValueError("must be text")
        return self._texts.setdefault(value, value)

    def _limit(self, value: object) -> str | None:
        if value is None or value in _NOTHING:
            return None
        text = str(value).strip()
        parse_decimal(text)
        return self._texts.setdefault(text, text)


def _pairs(parameters: object) -> "list[tuple] | None":
    """Both forms of `parameters` as a list of (name, settings or expression), else None."""
    if isinstance(parameters, dict):
        return list(parameters.items())
    if not isinstance(parameters, list):
        return None
    return [(p.get("name") if isinstance(p, dict) else None, p) for p in parameters]


def _is_pid(text: str) -> bool:
    return 2 <= len(text) <= _MAX_PID and all([c in "0123456789ABCDEF" for c in text])


def _with(settings: dict, key: str, value: object) -> dict:
    changed = dict(settings)
    changed[key] = value
    return changed


def _flag(value: object) -> bool:
    """True unless the value says otherwise: a missing `enabled` is true."""
    return value.lower() not in _OFF if isinstance(value, str) else value is None or bool(value)


def _period(value: object) -> int:
    """Milliseconds from a number or text; 0 for nothing."""
    if value is None or value in _NOTHING:
        return 0
    text = str(value).strip()
    if text.endswith(".0"):  # JSON of other origin
        text = text[:-2]
    if not text.isdigit() or int(text) > _MAX_PERIOD:
        raise ValueError(f"must be 0 to {_MAX_PERIOD}")
    return int(text)
