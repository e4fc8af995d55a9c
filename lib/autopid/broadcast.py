"""Values that the car sends by itself: frames of known identifiers, heard on a CAN controller. No request is made.

Bytes are counted from the first data byte of a frame: B0 (and P0) is the first. Loaded if the settings have filters.
"""

from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

from autopid.job import store
from autopid.runtime import AddressedImage

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from obd.can import Can
    from obd.elm327 import Elm327

    from autopid.group import Group
    from autopid.parameter import Parameter

_PATIENCE_MS = const(5000)  # how long a frame may stay away beyond the period of its values


class Broadcast:
    """The frames of one identifier.

    Args:
        name: what to call it in sentences.
    """

    def __init__(self, name: str, group: "Group") -> None:
        self.parameters: list[Parameter] = []
        self._name = name
        self._group = group
        self._periods: list[int] = []
        self._dues: list[Any] = []
        self._first = self._last = ticks_ms()  # when a value is due, when one came

    def add(self, parameter: "Parameter", period_ms: int) -> None:
        """Decodes one more value, at most once in `period_ms`."""
        self.parameters.append(parameter)
        self._periods.append(period_ms)
        self._dues.append(self._first)

    def heard(self, data: memoryview) -> None:
        """Stores the values of a frame that are due; the others are not looked at."""
        now = ticks_ms()
        if ticks_diff(self._first, now) > 0:
            return
        copy = bytes(data)
        image = AddressedImage(copy, copy)
        for index, parameter in enumerate(self.parameters):
            if ticks_diff(self._dues[index], now) <= 0:
                self._dues[index] = ticks_add(now, self._periods[index])
                store(parameter, image, self._group)
        self._last = now
        self._first = ticks_add(now, min([ticks_diff(due, now) for due in self._dues]))

    def check(self) -> None:
        """Says so if no frame comes. To be called every few seconds: counters of milliseconds wrap after days."""
        late = ticks_diff(ticks_ms(), self._last) - max(self._periods)
        if late > _PATIENCE_MS:
            self.restart()
            for parameter in self.parameters:
                self._group.fail(parameter, "no frame %s is heard" % self._name)

    def restart(self) -> None:
        """Takes the next frame whenever it comes."""
        self._first = self._last = ticks_ms()
        self._dues = [self._first] * len(self._dues)


class Broadcasts:
    """All frames that are listened for.

    Attributes:
        frames: them by key, as in `obd.can_bus`.
    """

    def __init__(self, group: "Group") -> None:
        self._group = group
        self.frames: dict[int, Broadcast] = {}

    def add(self, key: int, name: str, parameter: "Parameter", period_ms: int) -> None:
        """Takes one more value from the frames of a key."""
        frame = self.frames.get(key)
        if frame is None:
            frame = self.frames[key] = Broadcast(name, self._group)
        frame.add(parameter, period_ms)

    def follow(self, adapter: "Elm327 | Can") -> None:
        """Listens on this adapter, or says that it cannot hear broadcasts. To be called again and again."""
        listen = getattr(adapter, "listen", None)
        if listen is None:
            self.fail("broadcasts are heard by a CAN controller only")
            return
        listen(self.frames)
        for frame in self.frames.values():
            frame.check()

    def stop(self) -> None:
        """Listens no more, wherever it did."""
        self.frames.clear()

    def fail(self, reason: str) -> None:
        """Notes on every parameter why there is no fresh value."""
        for frame in self.frames.values():
            frame.restart()
            for parameter in frame.parameters:
                self._group.fail(parameter, reason)
