"""Finds the protocol of a car on CAN. Imported while that is done, then given back: see `transient`.

A controller at the wrong bit rate destroys the frames of others, so it first only listens; what is heard decides the
bit rate. Where nothing is heard (behind a gateway, or asleep), the protocols are tried in the standard order, each with
a single frame that is withdrawn at once if nobody acknowledges it.
"""

import asyncio

from micropython import const

from obd.at import Link
from obd.can_link import PROTOCOLS, Route
from obd.errors import BusFault, NoAnswer
from obd.request import Request

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.can import Can

_LISTEN_MS = const(300)  # ECUs repeat most of their frames several times a second
_STEP_MS = const(10)


async def search(can: "Can", request: Request) -> str:
    """Finds the protocol: with what every car must answer, then with the request, for not every car does.

    Returns its number. Raises NoAnswer if no ECU answers in any; the bus is only listened to again then.
    """
    heard = await _listen(can)
    trouble = "no ECU answers in any CAN protocol; is the ignition on?"
    for probe in (Request("0100", link=Link(())), request):
        for number, bits in PROTOCOLS:
            if heard not in (0, bits):
                continue
            try:
                if await _answers(can, probe, number):
                    return _found(can, number)
            except NoAnswer as error:
                trouble = str(error)
            except BusFault as error:
                can.note("protocol %s: %s", number, error)
    can.tune(heard or PROTOCOLS[0][1])
    raise NoAnswer(trouble)


async def _listen(can: "Can") -> int:
    """The bit rate in which something is heard; 0 if nothing is, or the controller cannot listen unnoticed."""
    bus = can.bus
    if bus.silent and bus.alive:
        return bus.bitrate
    for bits in (PROTOCOLS[0][1], PROTOCOLS[-1][1]):
        if not can.tune(bits):
            return 0
        for _ in range(_LISTEN_MS // _STEP_MS):
            if bus.alive:
                return bits
            await asyncio.sleep_ms(_STEP_MS)
    return 0


async def _answers(can: "Can", probe: Request, number: str) -> bool:
    """Whether anybody answers the request in a protocol; raises NoAnswer if nobody even acknowledges it."""
    try:
        route = Route(probe.link, number)
    except ValueError as error:
        raise BusFault(str(error))
    return (await can.ask(probe, route, 1)).heard


def _found(can: "Can", number: str) -> str:
    if can.on_found is not None and number != can.found:
        can.on_found(number)
    can.found = number
    can.verified = True
    can.note("found protocol %s", number)
    return number
