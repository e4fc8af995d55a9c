"""Reads an X.509 certificate (RFC 5280, DER): what a person needs to see, and what trust is looked up by.

Not a validator: Mbed TLS decides, this explains and finds. Every length is checked and nothing recurses, since the
bytes come from a stranger.
"""

from micropython import const

from trust import der

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_NAMES = const(8)
_MAX_TEXT = const(64)

_VERSION = const(0xA0)
_EXTENSIONS = const(0xA3)
_BOOLEAN = const(0x01)
_UTC_TIME = const(0x17)
_GENERALIZED_TIME = const(0x18)
_DNS_NAME = const(0x82)
_ADDRESS = const(0x87)

# serial number, signature algorithm, issuer, validity, subject, subject's public key
_FIELDS = bytes((0x02, 0x30, 0x30, 0x30, 0x30, 0x30))
_EXTENSION = b"\x06\x04", b"\x06\x01\x04"  # OID, perhaps "critical", octets
_RANGES = ("01", "12"), ("01", "31"), ("00", "23"), ("00", "59"), ("00", "59")

_COMMON_NAME = b"\x55\x04\x03"
_ORGANISATION = b"\x55\x04\x0a"
_ALTERNATIVE_NAMES = b"\x55\x1d\x11"
_BASIC_CONSTRAINTS = b"\x55\x1d\x13"
_EXTENDED_USAGE = b"\x55\x1d\x25"
_ANY_USAGE = b"\x55\x1d\x25\x00"
_SERVER_USAGE = b"\x2b\x06\x01\x05\x05\x07\x03\x01"
_CLIENT_USAGE = b"\x2b\x06\x01\x05\x05\x07\x03\x02"


class Certificate:
    """One certificate; it keeps a copy if `der_bytes` is a view.

    `subject` and `issuer` (short texts), `self_signed` (both are the same name), `not_before` and `not_after`
    ("YYYYMMDDHHMMSS", UTC), `names` (up to eight DNS names and addresses), `has_names` (there is at least one),
    `is_ca` (basic constraints), `for_servers` and `for_clients` (the extended key usage allows it or there is none).
    Made when asked for: `subject_raw`, `issuer_raw` (DER Names), `spki` (DER SubjectPublicKeyInfo), `signature` (the
    algorithm's OID), `serial`, `key`, `fingerprint()`, `extensions()`.
    """

    def __init__(self, der_bytes: "bytes | memoryview") -> None:
        """Raises ValueError if this is not one whole certificate."""
        self.der = der_bytes if isinstance(der_bytes, bytes) else bytes(der_bytes)
        view = memoryview(self.der)
        fields = _fields(view)
        _, _, issuer, validity, subject, spki = fields[:6]
        self._fields = fields[:6]
        self._rest = spki[2], fields[-1][2]
        self.issuer = _short_name(view, issuer[1], issuer[2])
        self.subject = _short_name(view, subject[1], subject[2])
        self.self_signed = self.issuer_raw == self.subject_raw
        times = der.children(view, validity[1], validity[2])
        if len(times) != 2:
            raise ValueError("not a certificate")
        self.not_before, self.not_after = [_time(view, *time) for time in times]
        self.names: list[str] = []
        self.is_ca = False
        self.for_servers = self.for_clients = True
        self._read_extensions(view)
        self.has_names = bool(self.names)

    def _read_extensions(self, view: memoryview) -> None:
        for kind, _, start, stop in self.extensions():
            if kind == _ALTERNATIVE_NAMES:
                self.names = _alternatives(view, start, stop)
            elif kind == _BASIC_CONSTRAINTS:
                self.is_ca = _is_ca(view, start, stop)
            elif kind == _EXTENDED_USAGE:
                usages = _usages(view, start, stop)
                self.for_servers = _SERVER_USAGE in usages or _ANY_USAGE in usages
                self.for_clients = _CLIENT_USAGE in usages or _ANY_USAGE in usages

    def extensions(self) -> "Iterator[tuple[bytes, bool, int, int]]":
        """Of each extension: OID, critical, start and stop of its value in `der`."""
        view = memoryview(self.der)
        for tag, start, stop in der.children(view, *self._rest):
            if tag != _EXTENSIONS:
                continue
            for _, e0, e1 in der.children(view, *der.content(view, start, stop)):
                parts = der.children(view, e0, e1)
                if bytes([part[0] for part in parts]) not in _EXTENSION:
                    raise ValueError("not a certificate")
                kind = self.der[parts[0][1] : parts[0][2]]
                critical = len(parts) == 3 and self.der[parts[1][1]] != 0
                yield kind, critical, parts[-1][1], parts[-1][2]

    def extension(self, kind: bytes) -> "bytes | None":
        """The value of the extension with that OID, or None."""
        for found, _, start, stop in self.extensions():
            if found == kind:
                return self.der[start:stop]
        return None

    @property
    def issuer_raw(self) -> bytes:
        return self._whole(2)

    @property
    def subject_raw(self) -> bytes:
        return self._whole(4)

    @property
    def spki(self) -> bytes:
        return self._whole(5)

    def _whole(self, index: int) -> bytes:
        """A field with its header: from where the one before it stops."""
        return self.der[self._fields[index - 1][2] : self._fields[index][2]]

    @property
    def signature(self) -> bytes:
        """OID of the algorithm it is signed with."""
        start, stop = der.content(memoryview(self.der), *self._fields[1][1:], tag=der.OID)
        return self.der[start:stop]

    @property
    def serial(self) -> str:
        """The serial number in hexadecimal pairs, "0A:1B"."""
        digits = self.der[self._fields[0][1] : self._fields[0][2]]
        if len(digits) > 1 and digits[0] == 0:  # only there to make the number positive
            digits = digits[1:]
        return ":".join(["%02X" % byte for byte in digits])

    @property
    def key(self) -> str:
        """The public key's kind: "EC P-256", "RSA 2048", "Ed25519", …, "unknown"."""
        from trust import keys  # only pages and checks ask

        try:
            return keys.kind(self.spki)
        except ValueError:
            return "unknown"

    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal pairs with colons."""
        import hashlib

        return ":".join(["%02x" % byte for byte in hashlib.sha256(self.der).digest()])


def known(name: str) -> str:
    """How an authority is called in a sentence."""
    return name or "an unnamed authority"


def _fields(view: memoryview) -> "list[tuple[int, int, int]]":
    """The fields of the part that is signed, without the version, at least the six that must be there."""
    start, stop = der.content(view, 0, len(view))
    parts = der.children(view, start, stop)
    if stop != len(view) or bytes([part[0] for part in parts]) != b"\x30\x30\x03":
        raise ValueError("not a certificate")
    fields = der.children(view, parts[0][1], parts[0][2])
    if fields and fields[0][0] == _VERSION:
        fields.pop(0)
    if bytes([field[0] for field in fields[:6]]) != _FIELDS:
        raise ValueError("not a certificate")
    der.content(view, *fields[1][1:], tag=der.OID)
    return fields


def _short_name(view: memoryview, start: int, end: int) -> str:
    """The common name, or else the organisation, or else nothing."""
    best = ""
    for _, s0, s1 in der.children(view, start, end):
        parts = der.children(view, *der.content(view, s0, s1))
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
    """RFC 5280 4.1.2.5: YYMMDDHHMMSSZ, years 1950 to 2049, or YYYYMMDDHHMMSSZ."""
    digits = _text(view[start:end])
    if tag == _UTC_TIME:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    elif tag != _GENERALIZED_TIME:
        raise ValueError("not a certificate")
    if len(digits) != 15 or digits[14] != "Z" or not digits[:14].isdigit():
        raise ValueError("not a certificate")
    for index, (least, most) in enumerate(_RANGES):
        if not least <= digits[4 + 2 * index : 6 + 2 * index] <= most:
            raise ValueError("not a certificate")
    return digits[:14]


def _is_ca(view: memoryview, start: int, stop: int) -> bool:
    parts = der.children(view, *der.content(view, start, stop))
    return bool(parts) and parts[0][0] == _BOOLEAN and any(view[parts[0][1] : parts[0][2]])


def _usages(view: memoryview, start: int, stop: int) -> "list[bytes]":
    parts = der.children(view, *der.content(view, start, stop))
    return [bytes(view[begin:end]) for _, begin, end in parts]


def _alternatives(view: memoryview, start: int, stop: int) -> "list[str]":
    """There may be hundreds: the first eight that can be a server's name."""
    names: list[str] = []
    at, stop = der.content(view, start, stop)
    while at < stop and len(names) < _MAX_NAMES:
        tag, begin, at = der.item(view, at, stop)
        raw = view[begin:at]
        if tag == _DNS_NAME:
            names.append(_text(raw))
        elif tag == _ADDRESS and len(raw) == 4:
            names.append(".".join([str(byte) for byte in raw]))
        elif tag == _ADDRESS and len(raw) == 16:
            names.append(":".join(["%x" % (raw[i] << 8 | raw[i + 1]) for i in range(0, 16, 2)]))
    return names
