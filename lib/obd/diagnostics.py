"""Asks a car what is wrong with it, and has it forget that: SAE J1979 / ISO 15031-5 services 01 to 04, 07, 09 and 0A.

All ECUs are asked at once, at the functional address of whatever protocol the adapter is set to, CAN or older. Nothing
here happens by itself. Imported while somebody asks, then given back: see `transient`.
"""

from obd import at, vehicle
from obd.errors import BusFault, Garbled, NegativeResponse, NoAnswer
from obd.readiness import Readiness
from obd.request import Request

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.at import Link
    from obd.elm327 import Elm327
    from obd.freeze_frame import FreezeFrame
    from obd.request import Reply

KINDS = (("stored", "03"), ("pending", "07"), ("permanent", "0A"))
_FAILURES = (NegativeResponse, BusFault, Garbled, ValueError)

# An ECU that says so has no such service (ISO 14229-1 table A.1); SAE J1979 wants it to keep silent then.
_ABSENT = (0x11, 0x12, 0x31)


class Ecu:
    """What one ECU says.

    Attributes:
        codes: by kind ("stored", "pending", "permanent") its trouble codes; a kind it does not tell is missing.
        readiness, frame: None if it does not tell.
    """

    def __init__(self) -> None:
        self.codes: dict[str, list[str]] = {}
        self.readiness: Readiness | None = None
        self.frame: FreezeFrame | None = None


class Findings:
    """What a car says.

    Attributes:
        ecus: by identifier.
        problems: (what was asked, why not all of it was answered), the latter a sentence; services that nobody
            answers are none: a car need not have them all.
    """

    def __init__(self) -> None:
        self.ecus: dict[int, Ecu] = {}
        self.problems: list[tuple[str, str]] = []

    def of(self, identifier: int) -> Ecu:
        """What is known of an ECU."""
        return self.ecus.setdefault(identifier, Ecu())

    def add_codes(self, kind: str, reply: "Reply", on_can: bool) -> None:
        """Takes the answers to service 03, 07 or 0A."""
        for identifier in reply.ecus:
            payload = _whole(reply, identifier, on_can)
            try:
                self.of(identifier).codes[kind] = _once(vehicle.dtcs(payload, on_can))
            except ValueError as error:
                self.note(kind, ValueError("ECU %X: %s" % (identifier, error)))

    def add_readiness(self, reply: "Reply") -> None:
        """Takes the answers to 01 01."""
        for identifier in reply.ecus:
            try:
                self.of(identifier).readiness = Readiness(reply.payload(identifier))
            except ValueError as error:
                self.note("readiness", ValueError("ECU %X: %s" % (identifier, error)))

    def count(self) -> None:
        """Notes the ECUs that have more stored codes than they told: before CAN each message may be lost alone."""
        for identifier, ecu in self.ecus.items():
            told = ecu.codes.get("stored")
            if told is not None and ecu.readiness is not None and len(told) < ecu.readiness.count:
                told_of = (identifier, ecu.readiness.count, len(told))
                self.note("stored", ValueError("ECU %X has %d codes, but told %d" % told_of))

    def add_refusals(self, what: str, reply: "Reply") -> None:
        """Notes the ECUs that refused while others answered."""
        for identifier, code in reply.refused:
            self.note(what, NegativeResponse(identifier, code))

    def note(self, what: str, error: Exception) -> None:
        """Notes a problem; that an ECU lacks a service is none."""
        if not isinstance(error, NegativeResponse) or error.code not in _ABSENT:
            self.problems.append((what, str(error)))


def _whole(reply: "Reply", ecu: int, on_can: bool) -> bytes:
    """What an ECU says: its last message, before CAN all of them, which had seven bytes each."""
    return reply.payload(ecu) if on_can else b"".join(reply.messages(ecu))


def _on_can(adapter: "Elm327", request: Request) -> bool:
    return not at.is_legacy(adapter.protocol(request))


def _once(codes: list[str]) -> list[str]:
    return [code for place, code in enumerate(codes) if code not in codes[:place]]


async def vins(adapter: "Elm327", link: "Link") -> dict[int, str]:
    """The vehicle identification numbers that ECUs tell, by ECU; all should be the same.

    Raises what `Elm327.request` raises, and ValueError if no answer holds such a number.
    """
    request = Request("0902", link=link)
    reply = await adapter.request(request)
    found: dict[int, str] = {}
    trouble: ValueError | None = None
    for ecu in reply.ecus:
        try:
            found[ecu] = vehicle.vin(_whole(reply, ecu, _on_can(adapter, request)))
        except ValueError as error:
            trouble = error
    if trouble is not None and not found:
        raise trouble
    return found


async def read(adapter: "Elm327", link: "Link") -> Findings:
    """All that is told about faults. Raises what `Elm327.request` raises if not even one ECU answers."""
    findings = Findings()
    first = await _monitors(adapter, link, findings)
    if first is not None and adapter.protocol(Request("0101", link=link)) == "0":
        raise first  # there is no car: every further request would search for it again
    for kind, service in KINDS:
        await _codes(adapter, link, findings, kind, service)
    if not findings.ecus:
        raise _why(first, findings)
    findings.count()
    await _frames(adapter, link, findings)
    return findings


def _why(first: Exception | None, findings: Findings) -> Exception:
    """Why nothing is known; `first` is how the first request failed."""
    if first is not None and not isinstance(first, NoAnswer):
        return first
    if findings.problems:
        return Garbled(findings.problems[0][1])
    return NoAnswer("no ECU tells of trouble codes; is the ignition on?")


async def _monitors(adapter: "Elm327", link: "Link", findings: Findings) -> Exception | None:
    """Asks how far the self-tests are; returns why nobody answered."""
    try:
        reply = await adapter.request(Request("0101", link=link))
    except NoAnswer as error:
        return error
    except _FAILURES as error:
        findings.note("readiness", error)
        return error
    findings.add_readiness(reply)
    findings.add_refusals("readiness", reply)
    return None


async def _codes(
    adapter: "Elm327", link: "Link", findings: Findings, kind: str, service: str
) -> None:
    request = Request(service, link=link)
    try:
        reply = await adapter.request(request)
    except NoAnswer:
        return
    except _FAILURES as error:
        findings.note(kind, error)
        return
    findings.add_codes(kind, reply, _on_can(adapter, request))
    findings.add_refusals(kind, reply)


async def _frames(adapter: "Elm327", link: "Link", findings: Findings) -> None:
    from obd import freeze_frame

    try:
        frames = await freeze_frame.read(adapter, link)
    except _FAILURES as error:
        findings.note("freeze_frame", error)
        return
    for identifier, frame in frames.items():
        findings.of(identifier).frame = frame


async def clear(adapter: "Elm327", link: "Link") -> "tuple[list[int], list[tuple[int, int]]]":
    """Has every ECU forget its codes, freeze frames and test results; permanent codes stay until a test is passed.

    Returns the ECUs that did, and (ECU, negative response code) of those that refused. Raises what `Elm327.request`
    raises if none did: many refuse while the engine runs.
    """
    reply = await adapter.request(Request("04", link=link))
    return reply.ecus, reply.refused
