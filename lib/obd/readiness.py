"""Whether a car's self-tests are through: the answer to `01 01`, SAE J1979 table B.2 / ISO 15031-5."""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.mode01 import Buffer

_LENGTH = const(6)  # 41 01 A B C D
_LAMP = const(0x80)
_DIESEL = const(0x08)  # bit of B

# By bit; "" where there is none.
_CONTINUOUS = ("misfire", "fuel system", "components")
_SPARK = (
    "catalyst",
    "heated catalyst",
    "evaporative system",
    "secondary air",
    "gasoline particulate filter",
    "oxygen sensor",
    "oxygen sensor heater",
    "exhaust gas recirculation or valve timing",
)
_COMPRESSION = (
    "NMHC catalyst",
    "NOx aftertreatment",
    "",
    "boost pressure",
    "",
    "exhaust gas sensor",
    "particulate filter",
    "exhaust gas recirculation or valve timing",
)


class Readiness:
    """What an ECU says of itself since its codes were cleared.

    Attributes:
        lamp: whether it has the malfunction indicator lamp on.
        count: how many stored codes it has.
        compression: whether its engine ignites by compression, as diesel engines do.
        monitors: (name, whether it is through) of those the car has.

    Raises ValueError if `payload` is no answer to `01 01`.
    """

    def __init__(self, payload: "Buffer") -> None:
        if len(payload) < _LENGTH or payload[0] != 0x41 or payload[1] != 0x01:
            raise ValueError("not a monitor status")
        lamp, continuous, supported, waiting = payload[2:_LENGTH]
        self.lamp = bool(lamp & _LAMP)
        self.count = lamp & ~_LAMP
        self.compression = bool(continuous & _DIESEL)
        self.monitors = _monitors(_CONTINUOUS, continuous, continuous >> 4)
        others = _COMPRESSION if self.compression else _SPARK
        self.monitors += _monitors(others, supported, waiting)

    @property
    def complete(self) -> bool:
        """Whether all of them are through."""
        return all([through for _, through in self.monitors])


def _monitors(names: "tuple[str, ...]", supported: int, waiting: int) -> "list[tuple[str, bool]]":
    bits = [(name, 1 << bit) for bit, name in enumerate(names) if name]
    return [(name, not waiting & mask) for name, mask in bits if supported & mask]
