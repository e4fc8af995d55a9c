"""How a board was built, as far as the settings say otherwise.

    built = Built({"button": 8}, "11", "0.1")
    built.configure({"pins": {"button": "9"}})
    built.pin("button")     # 9

All values are integers or decimal text: the chip's floats are short.
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from machine import Pin


class Built:
    """The board's own values, and those of the settings before them.

    Args:
        pins: GPIO numbers by name; what is not there the board has not.
        factor, offset: what makes the supply voltage of that at the pin: volts of one volt, volts to add.
    """

    def __init__(self, pins: "dict[str, int]", factor: str, offset: str) -> None:
        self._pins = pins
        self._factor = factor
        self._offset = offset
        self._settings: dict = {}
        self._opened: dict[str, Pin] = {}

    def configure(self, settings: dict) -> None:
        """Takes the section `board` of the settings; pins that are open are opened anew."""
        self._settings = settings
        self._opened = {}

    def setting(self, name: str, default: object) -> "object":
        """A setting, or the default where it says auto, 0 or nothing."""
        value = self._settings.get(name)
        return default if value in (None, "", 0, "auto") else value

    def pin(self, name: str) -> "int | None":
        """The GPIO of that name, or None."""
        text = self._settings.get("pins", {}).get(name, "")
        if text == "none":
            return None
        return int(text) if text else self._pins.get(name)

    def line(self, name: str, mode: int, **options: int) -> "Pin | None":
        """The pin of that name, opened at the first call in this mode; None if there is none."""
        number = self.pin(name)
        if number is None:
            return None
        if name not in self._opened:
            from machine import Pin

            self._opened[name] = Pin(number, mode, **options)
        return self._opened[name]

    def supply_mv(self, at_pin_uv: int) -> int:
        """Supply voltage in mV for microvolts at the pin; integers only."""
        factor = _thousandths(str(self.setting("supply_factor", self._factor)))
        offset = _thousandths(str(self.setting("supply_offset", self._offset)))
        return at_pin_uv * factor // 1_000_000 + offset


def _thousandths(text: str) -> int:
    """-0.15 is -150."""
    whole, _, rest = text.lstrip("-").partition(".")
    value = int(whole or "0") * 1000 + int((rest + "000")[:3])
    return -value if text[0] == "-" else value
