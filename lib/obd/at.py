"""Settings of the link to an ECU, as AT and ST commands.

Each command sets one slot of the adapter's state, so that only what differs from the present state needs to be sent,
and what an earlier link left behind can be put back. Meaning of the commands: ELM327 data sheet v2.x, STN1100 family
reference. What reads them from the texts of profiles: `obd.commands`.
"""

import transient
from micropython import const

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
        from obd import commands  # given back by whoever has settings read, or below

        return Link(commands.parse(*texts))

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
        try:
            return Link.parse(own, *texts)
        finally:
            transient.release(transient.ADAPTER)

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
