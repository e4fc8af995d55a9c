"""What the LED shows: of several things that are true at once, the one a person has to know first.

    lamp = Led(board.led)
    lamp.put("running", True)
    lamp.put("low_battery", True)   # shown until it is put to False

What each state looks like is the board's business; docs/hardware.md lists it.
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

STATES = (
    "sleeping",
    "updating",
    "safe_mode",
    "low_battery",
    "access_point",
    "running",
    "booting",
)


class Led:
    """Remembers which states are on, and shows the first of `STATES`; "sleeping" if none is.

    Args:
        show: the board's: takes one of `STATES`.
    """

    def __init__(self, show: "Callable[[str], None]") -> None:
        self._show = show
        self._on: list[str] = []
        self._shown = ""

    def put(self, state: str, on: bool) -> None:
        """Says whether a state is on; what is shown already is not sent again."""
        if on != (state in self._on):
            if on:
                self._on.append(state)
            else:
                self._on.remove(state)
        first = "sleeping"
        for known in STATES:
            if known in self._on:
                first = known
                break
        if first != self._shown:
            self._shown = first
            self._show(first)
