"""Numbers of messages that go on over restarts: SeqNo of Digital Matter, FCntUp of ThingPark."""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Protocol

    class Store(Protocol):
        """Where numbers are kept: `device.memory.Memory`."""

        def get(self, key: str) -> str | None: ...
        def put(self, key: str, text: str) -> None: ...


_BLOCK = const(64)


class Counter:
    """Gives 0, 1, 2, … and none of them twice.

    To spare the flash, it is written once for 64 numbers: after a restart what was left of these is skipped.

    Attributes:
        upcoming: what `next` is going to give.
    """

    def __init__(self, store: "Store", key: str) -> None:
        self._store = store
        self._key = key
        text = store.get(key) or "0"
        self.upcoming = self._end = 0 if text.strip("0123456789") else int(text)

    def next(self) -> int:
        """The next number."""
        number = self.upcoming
        self.upcoming += 1
        if self.upcoming > self._end:
            self._end = number + _BLOCK
            self._store.put(self._key, str(self._end))
        return number
