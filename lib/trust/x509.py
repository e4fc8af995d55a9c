"""Reads the few fields of an X.509 certificate (RFC 5280, DER) that a person needs to see why it was refused.

Not a validator: Mbed TLS decides, this explains. Every length is checked and nothing recurses, since the bytes come
from a stranger.
"""

from micropython import const

_MAX_NAMES = const(8)
_MAX_TEXT = const(64)

_SEQUENCE = const(0x30)
_EXTENSIONS = const(0xA3)
_UTC_TIME = const(0x17)

_COMMON_NAME = b"\x55\x04\x03"
_ORGANISATION = b"\x55\x04\x0a"
_ALTERNATIVE_NAMES = b"\x55\x1d\x11"


class Summary:
    """Of one certificate: `subject` and `issuer` (short texts), `not_before` and `not_after` ("YYYYMMDDHHMMSS", UTC),
    `names` (up to eight DNS names and addresses), `self_signed` (issuer and subject are the same)."""

    def __init__(self, der: "bytes | memoryview") -> None:
        """Raises ValueError if `der` is not a certificate."""
        view = memoryview(der)
        fields = _children(view, *_content(view, *_content(view, 0, len(view))))
        if fields and fields[0][0] == 0xA0:  # the explicit version
            fields.pop(0)
        if len(fields) < 6:
            raise ValueError("not a certificate")
        _, _, (_, i0, i1), (_, v0, v1), (_, s0, s1) = fields[:5]
        self.issuer = _short_name(view, i0, i1)
        self.subject = _short_name(view, s0, s1)
        self.self_signed = bytes(view[i0:i1]) == bytes(view[s0:s1])
        times = _children(view, v0, v1)
        if len(times) != 2:
            raise ValueError("not a certificate")
        self.not_before, self.not_after = [_time(view, *time) for time in times]
        self.names = _names(view, fields[6:])


def _item(view: memoryview, at: int, end: int) -> "tuple[int, int, int]":
    """Tag, start and end of the content of the item at `at`."""
    if at + 2 > end:
        raise ValueError("not a certificate")
    tag, length, at = view[at], view[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 3 or at + size > end:
            raise ValueError("not a certificate")
        length = int.from_bytes(bytes(view[at : at + size]), "big")
        at += size
    if at + length > end:
        raise ValueError("not a certificate")
    return tag, at, at + length


def _content(view: memoryview, at: int, end: int) -> "tuple[int, int]":
    tag, start, stop = _item(view, at, end)
    if tag != _SEQUENCE:
        raise ValueError("not a certificate")
    return start, stop


def _children(view: memoryview, at: int, end: int) -> "list[tuple[int, int, int]]":
    found = []
    while at < end:
        item = _item(view, at, end)
        found.append(item)
        at = item[2]
    return found


def _short_name(view: memoryview, start: int, end: int) -> str:
    """The common name, or else the organisation, or else nothing."""
    best = ""
    for _, s0, s1 in _children(view, start, end):
        parts = _children(view, *_content(view, s0, s1))
        if len(parts) != 2:
            raise ValueError("not a certificate")
        kind = bytes(view[parts[0][1] : parts[0][2]])
        if kind == _COMMON_NAME or (kind == _ORGANISATION and not best):
            best = _text(view[parts[1][1] : parts[1][2]])
    return best


def _text(raw: memoryview) -> str:
    """Printable ASCII only, shortened: this goes into logs and pages."""
    return "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in raw[:_MAX_TEXT]])


def _time(view: memoryview, tag: int, start: int, end: int) -> str:
    digits = _text(view[start:end]).rstrip("Z")
    if tag == _UTC_TIME:  # two-digit years are 1950 to 2049 (RFC 5280 4.1.2.5.1)
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    if len(digits) != 14 or not digits.isdigit():
        raise ValueError("not a certificate")
    return digits


def _names(view: memoryview, fields: "list[tuple[int, int, int]]") -> "list[str]":
    for tag, start, end in fields:
        if tag != _EXTENSIONS:
            continue
        for _, e0, e1 in _children(view, *_content(view, start, end)):
            parts = _children(view, e0, e1)
            if parts and bytes(view[parts[0][1] : parts[0][2]]) == _ALTERNATIVE_NAMES:
                return _alternatives(view, parts[-1][1], parts[-1][2])
    return []


def _alternatives(view: memoryview, start: int, end: int) -> "list[str]":
    names = []
    for tag, n0, n1 in _children(view, *_content(view, start, end)):
        raw = view[n0:n1]
        if tag == 0x82:
            names.append(_text(raw))
        elif tag == 0x87 and len(raw) == 4:
            names.append(".".join([str(byte) for byte in raw]))
        elif tag == 0x87 and len(raw) == 16:
            names.append(":".join(["%x" % (raw[i] << 8 | raw[i + 1]) for i in range(0, 16, 2)]))
        if len(names) == _MAX_NAMES:
            break
    return names
