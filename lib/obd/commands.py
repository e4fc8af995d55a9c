"""AT and ST command strings of vehicle profiles, read as settings of the link to an ECU.

Profiles carry strings such as ``ATSP7;ATCP17;ATSHFC007B;ATFCSH17FC007B;ATCRA17FE007B;``. Imported while they are read,
then given back: see `transient`.
"""

from obd.at import PROTOCOL

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

# Slots by command prefix. The longest prefix wins, so FCSH is tried before a shorter one.
_SLOTS = (
    "ATFCSH", "ATFCSD", "ATFCSM", "ATCAF", "ATCEA", "ATCER", "ATCFC", "ATCRA", "ATCSM",
    "ATSH", "ATCP", "ATCF", "ATCM", "ATST", "ATAT", "ATTA", "ATR", "ATM", "ATV", "ATWM", "ATSW", "ATJTM",
)  # fmt: skip

# The adapter decides these for itself: replies are parsed with headers on, without echo, whatever a profile says;
# a reset in the middle would undo the settings before it.
_IGNORED = (
    "ATE0",
    "ATE1",
    "ATH0",
    "ATH1",
    "ATS0",
    "ATS1",
    "ATL0",
    "ATL1",
    "ATZ",
    "ATWS",
    "ATD",
    "ATI",
    "ATM0",
    "ATM1",
)


def parse(*texts: str) -> "tuple[tuple[str | None, str], ...]":
    """The (slot, command) pairs of a `Link`: see `Link.parse`."""
    pairs: list[tuple[str | None, str]] = []
    for text in texts:
        for command in split(text):
            if command in _IGNORED:
                continue
            slot = slot_of(command)
            if slot == PROTOCOL:  # "try": unlike ATSP it does not write the adapter's EEPROM
                command = PROTOCOL + command[4:]
            _check(slot, command)
            pairs = [pair for pair in pairs if pair[0] != slot or slot is None]
            pairs.append((slot, command))
    return tuple(pairs)


def split(text: str) -> "Iterator[str]":
    """The single commands of an init string, upper case, without blanks."""
    for part in text.replace("\r", ";").replace("\n", ";").split(";"):
        command = part.replace(" ", "").upper()
        if command:
            yield command


def slot_of(command: str) -> str | None:
    """The slot a known command sets, or None."""
    if command[:4] in ("ATSP", "ATTP"):
        return PROTOCOL
    if command == "ATAR":
        return "ATCRA"
    for prefix in _SLOTS:
        if command.startswith(prefix):
            return prefix
    return None


def _check(slot: str | None, command: str) -> None:
    """The arguments that we compute with ourselves must be two hexadecimal digits."""
    if slot not in ("ATST", "ATCEA"):
        return
    argument = command[len(slot) :]
    digits = [digit for digit in argument if digit in "0123456789ABCDEF"]
    if len(digits) != len(argument) or len(argument) > 2 or (slot == "ATST" and not argument):
        raise ValueError("%s needs two hexadecimal digits" % command)
