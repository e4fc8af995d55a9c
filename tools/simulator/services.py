"""What an ECU says to a request: its scripted answers, and the OBD services it implements."""

from typing import TYPE_CHECKING, NamedTuple

from . import standard
from .errors import CarError

if TYPE_CHECKING:
    from .car import Car

_NOT_SUPPORTED, _OUT_OF_RANGE = 0x11, 0x31
_OBD = range(0x01, 0x0B)
_PERMANENT = 0x0A
_DTC_KINDS = {0x03: "stored", 0x07: "pending", _PERMANENT: "permanent"}
_CODE_PID = 0x02
_P2_MIN = 0.025  # seconds between messages of one ECU before CAN, ISO 14230-2


Source = str | float


class Reply(NamedTuple):
    """One message of an ECU: `payload`, or `frames` already cut up.

    It comes `delay` seconds after the ECU's thinking time.
    """

    payload: bytes = b""
    frames: tuple[bytes, ...] = ()
    delay: float = 0.0


def dtc(code: str) -> bytes:
    """`P0133` as its two bytes (SAE J2012)."""
    if len(code) != 5 or code[0] not in "PCBU":
        raise CarError(f"not a trouble code: {code!r}")
    return ("PCBU".index(code[0]) << 14 | int(code[1:], 16)).to_bytes(2, "big")


class Services:
    """The diagnostic server of one ECU, described by its part of the car file."""

    def __init__(self, spec: dict, car: "Car", kline: bool = False) -> None:
        self._car = car
        self._kline = kline
        self._responses = {key.upper(): value for key, value in spec.get("responses", {}).items()}
        self._turns: dict[str, int] = {}
        self._multi_pid = spec.get("multi_pid", True)
        self._vehicle = {int(pid, 16): value for pid, value in spec.get("mode09", {}).items()}
        self.mode01 = _by_pid(spec.get("mode01", {}))
        self.dtcs = {kind: list(codes) for kind, codes in spec.get("dtcs", {}).items()}
        self._frame = FreezeFrame(spec.get("freeze_frame", {}))

    def answer(self, request: bytes, functional: bool) -> list[Reply]:
        """All messages sent to one request; none if the ECU keeps silent."""
        key = request.hex().upper()
        if key in self._responses:
            return self._scripted(key, request[0])
        payloads = self._built_in(request)
        if payloads is None:
            return [] if functional or request[0] in _OBD else [self._refusal(request)]
        return [Reply(payload, delay=_P2_MIN * n) for n, payload in enumerate(payloads)]

    def measured(self, most: int) -> dict[str, str]:
        """Name and exact text of every mode 01 value now, with at most so many decimals."""
        values: dict[str, str] = {}
        for pid in self.mode01:
            values.update(standard.texts(pid, self._physical(pid), most))
        return values

    def _scripted(self, key: str, service: int) -> list[Reply]:
        spec = self._responses[key]
        if isinstance(spec, list):
            turn = self._turns.get(key, 0)
            self._turns[key] = turn + 1
            spec = spec[turn % len(spec)]
        return scripted(spec, service)

    def _several_identifiers(self, identifiers: bytes) -> bytes | None:
        """ISO 14229 ReadDataByIdentifier: the records of those identifiers that are known."""
        body = b""
        for start in range(0, len(identifiers), 2):
            spec = self._responses.get("22" + identifiers[start : start + 2].hex().upper())
            replies = scripted(spec, 0x22) if spec else []
            if len(replies) == 1 and replies[0].payload[:1] == b"\x62":
                body += replies[0].payload[1:]
        return b"\x62" + body if body else None

    def _refusal(self, request: bytes) -> Reply:
        service = request[:1].hex().upper()
        known = any(key.startswith(service) for key in self._responses)
        return Reply(bytes([0x7F, request[0], _OUT_OF_RANGE if known else _NOT_SUPPORTED]))

    def _built_in(self, request: bytes) -> list[bytes] | None:
        """The messages; none for "understood, no answer wanted", None for "cannot"."""
        service, parameters = request[0], request[1:]
        if service in _DTC_KINDS and self.dtcs:
            return self._trouble_codes(service)
        if service == 0x09 and self._vehicle:
            return self._vehicle_information(parameters[:1])
        if request == b"\x3e\x80":
            return []
        payload = self._one_message(service, parameters)
        return None if payload is None else [payload]

    def _one_message(self, service: int, parameters: bytes) -> bytes | None:
        if service == 0x01:
            return self._current_data(parameters)
        if service == 0x02 and self.dtcs:
            return self._frame.answer(parameters[:2] if self._kline else parameters)
        if service == 0x04 and self.dtcs:
            self._clear()
            return b"\x44"
        if service == 0x22 and len(parameters) > 2:
            return self._several_identifiers(parameters)
        if service == 0x3E:
            return b"\x7e" + parameters
        return None

    def _clear(self) -> None:
        """Permanent codes stay: only a test that is passed removes them."""
        self.dtcs.update(stored=[], pending=[])
        self._frame = FreezeFrame({})
        self._car.clear_codes()

    def _current_data(self, pids: bytes) -> bytes | None:
        if not self._multi_pid or self._kline:
            pids = pids[:1]
        body = b"".join(self._current_value(pid) for pid in pids[:6])
        return b"\x41" + body if body else None

    def _current_value(self, pid: int) -> bytes:
        if (
            pid % 0x20 == 0
            and self.mode01
            and (pid == 0 or standard.has_above(pid, set(self.mode01)))
        ):
            return bytes([pid]) + standard.bitmap(pid, set(self.mode01))
        if pid in self.mode01:
            return bytes([pid]) + standard.encode(pid, self._physical(pid))
        return b""

    def _physical(self, pid: int) -> list[float]:
        value = self.mode01[pid]
        sources = value if isinstance(value, list) else [value]
        return [self._car.quantity(source, self) for source in sources]

    def _trouble_codes(self, service: int) -> list[bytes] | None:
        """On CAN all in one message, behind their number; before, three to a message."""
        codes = [dtc(code) for code in self.dtcs.get(_DTC_KINDS[service], [])]
        answer = bytes([service + 0x40])
        if not self._kline:
            return [answer + bytes([len(codes)]) + b"".join(codes)]
        if service == _PERMANENT:
            return None  # came with CAN
        starts = range(0, max(1, len(codes)), 3)
        return [answer + b"".join(codes[at : at + 3]).ljust(6, b"\0") for at in starts]

    def _vehicle_information(self, infotype: bytes) -> list[bytes] | None:
        if infotype == b"\0":
            count = b"\x01" if self._kline else b""
            return [b"\x49\0" + count + standard.bitmap(0, set(self._vehicle))]
        value = self._vehicle.get(infotype[0]) if infotype else None
        if value is None:
            return None
        data = bytes.fromhex(value["hex"]) if isinstance(value, dict) else value.encode()
        if not self._kline:
            return [b"\x49" + infotype + b"\x01" + data]
        data = data.rjust(-len(data) % 4 + len(data), b"\0")
        pieces = [data[at : at + 4] for at in range(0, len(data), 4)]
        return [b"\x49" + infotype + bytes([n]) + piece for n, piece in enumerate(pieces, 1)]


class FreezeFrame:
    """What an ECU noted down with a trouble code: service 02, frame 0. Empty if it has not."""

    def __init__(self, spec: dict) -> None:
        self._code: bytes = dtc(spec["code"]) if spec else b"\0\0"
        self._values = _by_pid(spec.get("values", {}))

    def answer(self, parameters: bytes) -> bytes | None:
        """To up to three PIDs, each followed by the number of a frame."""
        pairs = zip(parameters[::2], parameters[1::2], strict=False)
        body = b"".join(self._value(pid) for pid, frame in pairs if frame == 0)
        return b"\x42" + body if body else None

    def _value(self, pid: int) -> bytes:
        known = {_CODE_PID, *self._values}
        if pid == _CODE_PID:
            return bytes([pid, 0]) + self._code
        if pid % 0x20 == 0 and (pid == 0 or standard.has_above(pid, known)):
            return bytes([pid, 0]) + standard.bitmap(pid, known)
        if pid not in self._values:
            return b""
        value = self._values[pid]
        physical = [float(one) for one in (value if isinstance(value, list) else [value])]
        return bytes([pid, 0]) + standard.encode(pid, physical)


def _by_pid(spec: dict) -> dict[int, Source | list[Source]]:
    """Where the values of mode 01 PIDs come from; CarError if they cannot be encoded."""
    values = {int(pid, 16): value for pid, value in spec.items()}
    for pid, value in values.items():
        if pid not in standard.FIELDS:
            raise CarError(f"no encoding for mode 01 PID {pid:02X}")
        count = len(value) if isinstance(value, list) else 1
        if count != len(standard.FIELDS[pid]):
            raise CarError(f"PID {pid:02X} has {len(standard.FIELDS[pid])} values")
    return values


def scripted(spec: str | dict, service: int) -> list[Reply]:
    """A scripted answer: a payload in hex, or an object.

    An object has payload, frames, nrc or silent; delay_ms; pending_ms, to say `7F xx 78` at once
    and the rest that much later; pending_count, to repeat that evenly.
    """
    if isinstance(spec, str):
        return [Reply(bytes.fromhex(spec))]
    if spec.get("silent"):
        return []
    delay = spec.get("delay_ms", 0) / 1000
    wait = spec.get("pending_ms", 0) / 1000
    count = spec.get("pending_count", 1) if wait else 0
    pending = bytes([0x7F, service, 0x78])
    replies = [Reply(pending, delay=delay + wait * turn / count) for turn in range(count)]
    return [*replies, _final(spec, service, delay + wait)]


def _final(spec: dict, service: int, delay: float) -> Reply:
    if "frames" in spec:
        return Reply(frames=tuple(bytes.fromhex(frame) for frame in spec["frames"]), delay=delay)
    if "nrc" in spec:
        return Reply(bytes([0x7F, service, int(spec["nrc"], 16)]), delay=delay)
    if "payload" not in spec:
        raise CarError(f"an answer needs payload, frames, nrc or silent: {spec!r}")
    return Reply(bytes.fromhex(spec["payload"]), delay=delay)
