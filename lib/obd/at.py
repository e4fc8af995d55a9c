"""AT and ST command strings of vehicle profiles, read as settings of the link to an ECU.

Profiles carry strings such as ``ATSP7;ATCP17;ATSHFC007B;ATFCSH17FC007B;ATCRA17FE007B;``. Each known command
sets one slot of the adapter's state, so that only what differs from the present state needs to be sent, and
what an earlier link left behind can be put back. Meaning of the commands: ELM327 data sheet v2.x, STN1100
family reference.
"""

from micropython import const

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

# What puts a slot back to the state after a reset. Slots that are missing here keep what was set last.
_RESET = {
    "ATFCSM": "ATFCSM0",
    "ATCAF": "ATCAF1",
    "ATCEA": "ATCEA",
    "ATCFC": "ATCFC1",
    "ATCRA": "ATCRA",
    "ATCF": "ATCRA",
    "ATCM": "ATCRA",
    "ATST": "ATST32",
    "ATAT": "ATAT1",
    "ATTA": "ATTAF1",
    "ATR": "ATR1",
    "ATV": "ATV0",
}

# Headers that a reset selects, by protocol number: SAE J1979 functional addresses.
_DEFAULT_HEADER = {
    "1": "616AF1",
    "2": "686AF1",
    "3": "686AF1",
    "4": "C233F1",
    "5": "C233F1",
    "6": "7DF",
    "7": "DB33F1",
    "8": "7DF",
    "9": "DB33F1",
}

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

PROTOCOL = "ATTP"
_LEGACY = "12345"
_WIDE = "79A"
_TICK_US = const(4096)  # one count of ATST, ELM327 data sheet "Set Timeout"
_DEFAULT_ST = const(0x32)


def is_legacy(protocol: str) -> bool:
    """True for J1850, ISO 9141-2 and ISO 14230-4: three header bytes and a checksum instead of a CAN id."""
    return protocol in _LEGACY


def is_29_bit(protocol: str) -> bool:
    """True for the CAN protocols with 29-bit identifiers."""
    return protocol in _WIDE


def default_header(protocol: str) -> "list[tuple[str, str]]":
    """The (slot, command) pairs that select the functional header of a protocol again."""
    pairs = [("ATSH", "ATSH" + _DEFAULT_HEADER.get(protocol, "7DF"))]
    if is_29_bit(protocol):
        pairs.append(("ATCP", "ATCP18"))
    return pairs


def reset_command(slot: str) -> str | None:
    """The command that puts a slot back to its state after a reset; None if there is none."""
    return _RESET.get(slot)


def older_forms(slot: str, command: str) -> "tuple[str, ...]":
    """What an adapter that does not know the command may understand instead; empty if there is nothing.

    ATTP came with ELM327 v1.0 but clones leave it out; ATCRA came with v1.3, ATCF, ATCM and ATAR before it.
    """
    argument = command[len(slot) :]
    if slot == PROTOCOL:
        return ("ATSP" + argument,)
    if slot != "ATCRA":
        return ()
    if not argument:
        return ("ATAR",)
    mask = "".join(["0" if digit == "X" else "F" for digit in argument])
    mask = ("7" if len(mask) == 3 else "1") + mask[1:]
    return "ATCF" + argument.replace("X", "0"), "ATCM" + mask


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


class Link:
    """Settings of the link to one ECU, in the order the profile gives them.

    Attributes:
        commands: (slot, command) pairs; the slot is None for a command that is passed on as it is.
    """

    def __init__(self, commands: "tuple[tuple[str | None, str], ...]") -> None:
        self.commands = commands

    @staticmethod
    def parse(*texts: str) -> "Link":
        """Reads init strings, later ones over earlier ones: a slot that is set again keeps only the last setting.

        Raises ValueError for a timeout or an address byte that is none.
        """
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
        return Link(tuple(pairs))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Link) and self.commands == other.commands

    def __hash__(self) -> int:
        return hash(self.commands)

    def get(self, slot: str) -> str | None:
        """The argument a slot is set to ("" for a bare command), or None if the link does not set it."""
        for name, command in self.commands:
            if name == slot:
                return command[len(slot) :]
        return None

    def sets(self, slot: str) -> bool:
        """True if the link sets the slot."""
        return self.get(slot) is not None

    def over(self, *texts: str) -> "Link":
        """This link with further commands on top."""
        own = ";".join([command for _, command in self.commands])
        return Link.parse(own, *texts)

    @property
    def protocol(self) -> str | None:
        """ELM327 protocol number as text ("6", "A6", "0"), or None."""
        return self.get(PROTOCOL)

    @property
    def extended_address(self) -> int | None:
        """The address byte that stands first in every frame (ATCEA), or None."""
        text = self.get("ATCEA")
        return int(text, 16) if text else None

    @property
    def timeout_ms(self) -> int:
        """How long the adapter waits for (further) frames, by ATST."""
        text = self.get("ATST")
        ticks = int(text, 16) if text else _DEFAULT_ST
        return (ticks or _DEFAULT_ST) * _TICK_US // 1000
