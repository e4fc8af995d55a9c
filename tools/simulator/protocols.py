"""The OBD protocols by their ELM327 numbers (ELM327 data sheet, AT SP)."""

from typing import NamedTuple


class Protocol(NamedTuple):
    """`kind` is "can", "kline" or "j1850"; `wide` is a 29-bit identifier."""

    title: str
    kind: str
    bitrate: int
    wide: bool = False


PROTOCOLS = {
    "1": Protocol("SAE J1850 PWM", "j1850", 41600),
    "2": Protocol("SAE J1850 VPW", "j1850", 10400),
    "3": Protocol("ISO 9141-2", "kline", 10400),
    "4": Protocol("ISO 14230-4 (KWP 5BAUD)", "kline", 10400),
    "5": Protocol("ISO 14230-4 (KWP FAST)", "kline", 10400),
    "6": Protocol("ISO 15765-4 (CAN 11/500)", "can", 500000),
    "7": Protocol("ISO 15765-4 (CAN 29/500)", "can", 500000, True),
    "8": Protocol("ISO 15765-4 (CAN 11/250)", "can", 250000),
    "9": Protocol("ISO 15765-4 (CAN 29/250)", "can", 250000, True),
    "A": Protocol("SAE J1939 (CAN 29/250)", "can", 250000, True),
    "B": Protocol("USER1 (CAN 11/125)", "can", 125000),
    "C": Protocol("USER2 (CAN 11/50)", "can", 50000),
}

SLOW_INIT = ("3", "4")

# STP numbers of the ISO 15765 protocols (STN1100 reference manual).
SCANTOOL = {"33": "6", "34": "7", "35": "8", "36": "9", "53": "B", "22": "3", "23": "4", "24": "5"}


def reachable(chosen: str, spoken: str) -> bool:
    """True if an adapter set to `chosen` can be on the bus of a car that speaks `spoken`."""
    mine, theirs = PROTOCOLS[chosen], PROTOCOLS[spoken]
    if mine.kind != theirs.kind:
        return False
    if mine.kind == "can":
        return mine.bitrate == theirs.bitrate
    return chosen == spoken or {chosen, spoken} == {"4", "5"}
