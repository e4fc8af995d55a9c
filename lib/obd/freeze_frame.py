"""What a car noted down when it stored a trouble code: SAE J1979 service 02, frame 0.

Its PIDs are those of service 01; an answer is `42 <PID> <frame> data`.
"""

from micropython import const

from obd import j1979, scan, vehicle
from obd.errors import BusFault, Garbled, NegativeResponse, NoAnswer
from obd.isotp import frame_image
from obd.request import Request

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.at import Link
    from obd.elm327 import Elm327
    from obd.j1979 import Standard
    from obd.mode01 import Buffer
    from obd.request import Reply

    Value = tuple[str, str, str, str | None]

_CODE_PID = const(0x02)
_DATA = const(3)  # where the data of an answer begin
_CURRENT_DATA = const(0x41)
_FRAME = "00"
_REFUSED = (NoAnswer, NegativeResponse)
_SPOILED = (Garbled, BusFault)


class FreezeFrame:
    """One ECU's note.

    Attributes:
        code: the trouble code that it belongs to.
        values: (name as in `obd.j1979`, exact decimal text, unit or "none", what an enumerated number means or None).
        missing: PIDs that it announces and did not give.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self.values: list[Value] = []
        self.missing: list[int] = []


async def read(adapter: "Elm327", link: "Link") -> dict[int, FreezeFrame]:
    """The notes of all ECUs that have one. Raises what `Elm327.request` raises, but for refusals: these have none."""
    try:
        reply = await _ask(adapter, link, _CODE_PID)
    except _REFUSED:
        return {}
    codes = [(ecu, code_of(reply.payload(ecu))) for ecu in reply.ecus]
    frames = {ecu: FreezeFrame(code) for ecu, code in codes if code}
    if frames:
        announced = await _announced(adapter, link, frames)
        for pid in sorted({pid for pids in announced.values() for pid in pids}):
            owners = [ecu for ecu, pids in announced.items() if pid in pids]
            await _add(adapter, link, pid, {ecu: frames[ecu] for ecu in owners})
    return frames


async def _ask(adapter: "Elm327", link: "Link", pid: int) -> "Reply":
    return await adapter.request(Request("02%02X%s" % (pid, _FRAME), link=link))


async def _announced(
    adapter: "Elm327", link: "Link", frames: dict[int, FreezeFrame]
) -> dict[int, list[int]]:
    """By ECU the PIDs whose values are in its frame."""
    found: list[tuple[int, bytes]] = []
    pid = scan.next_support_pid(())
    while pid is not None:
        try:
            reply = await _ask(adapter, link, pid)
        except _REFUSED:
            break
        owners = [ecu for ecu in reply.ecus if ecu in frames]
        found.extend([(ecu, as_current(reply.payload(ecu))) for ecu in owners])
        if not found:
            break
        pid = scan.next_support_pid([payload for _, payload in found])
    return {ecu: _values([text for owner, text in found if owner == ecu]) for ecu in frames}


def _values(bitmaps: "list[bytes]") -> list[int]:
    return [pid for pid in scan.supported(bitmaps) if pid % 0x20 and pid != _CODE_PID]


async def _add(adapter: "Elm327", link: "Link", pid: int, frames: dict[int, FreezeFrame]) -> None:
    """Asks for one PID; an answer that does not come, or is spoiled, is noted as missing."""
    try:
        reply = await _ask(adapter, link, pid)
        answers = {ecu: as_current(reply.payload(ecu)) for ecu in reply.ecus}
    except _REFUSED + _SPOILED:
        answers = {}
    for ecu, frame in frames.items():
        values = decode(answers[ecu]) if ecu in answers else []
        frame.values.extend(values)
        if not values:
            frame.missing.append(pid)


def code_of(payload: "Buffer") -> str:
    """The trouble code in the answer to PID 02; "" if there is no freeze frame."""
    if len(payload) < _DATA + 2:
        return ""
    high, low = payload[_DATA], payload[_DATA + 1]
    return vehicle.dtc(high, low) if high or low else ""


def as_current(payload: "Buffer") -> bytes:
    """The answer as service 01 would have given it: without the frame's number."""
    return bytes((_CURRENT_DATA, payload[1])) + bytes(payload[_DATA:])


def decode(single: bytes) -> "list[Value]":
    """The values in a single-PID answer of service 01 (`41 <PID> data`); none if nothing is known of the PID."""
    image = frame_image(single)
    standards = [one for one in j1979.by_pid(single[1]) if one.field.present(single)]
    return [_value(standard, image) for standard in standards]


def _value(standard: "Standard", image: bytes) -> "Value":
    from autopid.expression import Expression

    text = Expression(standard.expression).value(image, standard.decimals)
    meaning = standard.labels(int(text)) if text.isdigit() else None
    return standard.name, text, standard.unit, meaning
