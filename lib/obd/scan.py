"""Which standard PIDs a car has: SAE J1979 mode 01, PIDs 00, 20, 40 … answer with bitmaps of the 32 that follow."""

from micropython import const

from obd.errors import NegativeResponse, NoAnswer
from obd.mode01 import split
from obd.request import Request

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

    from obd.at import Link
    from obd.elm327 import Elm327
    from obd.mode01 import Buffer

SUPPORT_PIDS = (0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0)

_DATA = const(2)  # where the data of a single-PID answer begins


async def standard_pids(adapter: "Elm327", link: "Link") -> list[int]:
    """Asks the car for its bitmaps; returns the PIDs that at least one ECU has, ascending.

    Raises what `Elm327.request` raises if not even the first bitmap is answered.
    """
    return supported([payload for _, payload in await bitmaps(adapter, link)])


async def bitmaps(adapter: "Elm327", link: "Link") -> list[tuple[int, bytes]]:
    """Asks the car for its bitmaps; returns (ECU, answer) pairs for `supported`.

    Raises what `Elm327.request` raises if not even the first is answered.
    """
    found: list[tuple[int, bytes]] = []
    pid = next_support_pid(())
    while pid is not None:
        try:
            reply = await adapter.request(Request("01%02X" % pid, link=link))
        except (NoAnswer, NegativeResponse):
            if not found:
                raise
            break  # announced, but not there
        found.extend([(ecu, reply.payload(ecu)) for ecu in reply.ecus])
        pid = next_support_pid([payload for _, payload in found])
    return found


def supported(payloads: "Iterable[Buffer]") -> list[int]:
    """The PIDs that at least one ECU supports, ascending.

    `payloads`: the answers to the PIDs of SUPPORT_PIDS, of all ECUs, in any order.
    Raises ValueError as `split` does.
    """
    found = bytearray(0x101)
    for payload in payloads:
        for base, answer in split(payload):
            if base in SUPPORT_PIDS:
                _mark(found, base, answer)
    return [pid for pid in range(len(found)) if found[pid]]


def _mark(found: bytearray, base: int, answer: bytes) -> None:
    for index in range(32):
        if answer[_DATA + index // 8] & 0x80 >> index % 8:
            found[base + 1 + index] = 1


def next_support_pid(payloads: "Iterable[Buffer]") -> int | None:
    """The bitmap PID to ask for next, given the answers so far; None when no ECU announces one."""
    payloads = list(payloads)
    if not payloads:
        return SUPPORT_PIDS[0]
    following = max(base for payload in payloads for base, _ in split(payload)) + 0x20
    announced = following in SUPPORT_PIDS and following in supported(payloads)
    return following if announced else None
