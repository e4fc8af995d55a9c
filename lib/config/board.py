"""The settings of the board: what differs between revisions of a board, and between boards of a kind."""

from config.fields import Choice, Decimal, Integer, Text
from config.sections import Section

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Verdict


def _pin(text: str) -> "Verdict":
    digits = len(text) < 3 and not text.strip("0123456789")
    if text == "none" or (digits and int(text) <= 48):
        return None
    return "pin", "Must be a GPIO from 0 to 48, none, or empty for the board's own."


def _gpio(name: str, help: str) -> Text:
    return Text(name, "GPIO of " + help, most=4, rule=_pin)


BOARD = Section(
    "board",
    "What differs between revisions of the board. Empty: as the board was built; none: it has none. Needs a restart.",
    (
        Section(
            "pins",
            "GPIOs by number.",
            (
                _gpio("button", "the button, pressed while low."),
                _gpio("supply", "the supply's divider, on the first analogue converter."),
                _gpio("led", "the LED, where it is no chip on I2C."),
                _gpio("uart_tx", "the UART to the OBD chip."),
                _gpio("uart_rx", "the UART from the OBD chip."),
                _gpio("adapter_reset", "the OBD chip's reset, active while low."),
                _gpio("adapter_ready", "the line that is low while the OBD chip is awake."),
                _gpio("adapter_sleep", "the line that is low to let the OBD chip sleep."),
                _gpio("can_tx", "the CAN transceiver's input."),
                _gpio("can_rx", "the CAN transceiver's output."),
                _gpio("can_standby", "the CAN transceiver's standby, asleep while high."),
            ),
        ),
        Choice(
            "led",
            "What the LED is, where it is no chip on I2C.",
            ("auto", "rgb", "high", "low", "none"),
        ),
        Integer(
            "uart_baud",
            "Speed of the OBD chip; 0: as the board was built.",
            0,
            1200,
            2_000_000,
            (0,),
        ),
        Decimal(
            "supply_factor", "Supply voltage for one volt at the pin.", least="0.1", most="100"
        ),
        Decimal("supply_offset", "Volts to add.", least="-5", most="5"),
        Choice("clock_chip", "The clock with a battery.", ("auto", "rx8130", "rx8111", "none")),
    ),
)
