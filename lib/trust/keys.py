"""Private keys (PKCS#1 RFC 8017 A.1.2, SEC1 RFC 5915, PKCS#8 RFC 5208): what kind they are, whose they are.

They are read, never used: signing is Mbed TLS's business.
"""

from trust import der

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from trust.der import Item

_RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
_EC = b"\x2a\x86\x48\xce\x3d\x02\x01"
_DSA = b"\x2a\x86\x48\xce\x38\x04\x01"
_ALGORITHMS = {
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a": "RSA-PSS",
    _DSA: "DSA",
    b"\x2b\x65\x6e": "X25519",
    b"\x2b\x65\x6f": "X448",
    b"\x2b\x65\x70": "Ed25519",
    b"\x2b\x65\x71": "Ed448",
}
_CURVES = {
    b"\x2a\x86\x48\xce\x3d\x03\x01\x01": "EC P-192",
    b"\x2a\x86\x48\xce\x3d\x03\x01\x07": "EC P-256",
    b"\x2b\x81\x04\x00\x0a": "EC secp256k1",
    b"\x2b\x81\x04\x00\x21": "EC P-224",
    b"\x2b\x81\x04\x00\x22": "EC P-384",
    b"\x2b\x81\x04\x00\x23": "EC P-521",
}
_BRAINPOOL = b"\x2b\x24\x03\x03\x02\x08\x01\x01"
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"

DECRYPT = (
    "The private key is encrypted, and the device cannot ask for its password. "
    "Decrypt it first: openssl pkey -in key.pem -out decrypted.pem"
)


class PrivateKey:
    """`kind` ("EC P-256", "RSA 2048", "Ed25519", …) and `label`, the one for its PEM block."""

    def __init__(self, der_bytes: bytes) -> None:
        """Raises ValueError with a sentence if it cannot be used."""
        self._algorithm = self._curve = b""
        self._public: bytes | None = None  # RSAPublicKey as DER, or the point on the curve
        view = memoryview(der_bytes)
        try:
            parts = der.children(view, *_body(view))
            tags = bytes([part[0] for part in parts])
            self.label = self._read(view, parts, tags)
        except ValueError:
            raise ValueError("The private key is damaged.")
        if self.label == _ENCRYPTED:
            raise ValueError(DECRYPT)

    def _read(self, view: memoryview, parts: "list[Item]", tags: bytes) -> str:
        if tags == b"\x30\x04":  # RFC 5208 6: the algorithm it is encrypted with, and the result
            return _ENCRYPTED
        if tags == b"\x02" * 6:  # version, p, q, g, y, x, as OpenSSL writes them
            self._algorithm = _DSA
            return "DSA PRIVATE KEY"
        if tags[:3] == b"\x02\x30\x04":
            self._read_wrapped(view, parts)
            return "PRIVATE KEY"
        if tags[:2] == b"\x02\x04":
            self._read_ec(view, parts)
            return "EC PRIVATE KEY"
        self._read_rsa(view, parts)
        return "RSA PRIVATE KEY"

    def _read_wrapped(self, view: memoryview, parts: "list[Item]") -> None:
        self._algorithm, self._curve = _algorithm(view, parts[1])
        inner = view[parts[2][1] : parts[2][2]]
        if self._algorithm == _RSA:
            self._read_rsa(inner, der.children(inner, *_body(inner)))
        elif self._algorithm == _EC:
            self._read_ec(inner, der.children(inner, *_body(inner)))

    def _read_ec(self, view: memoryview, parts: "list[Item]") -> None:
        """version, d, [0] curve, [1] public key: the last two are optional."""
        if bytes([part[0] for part in parts[:2]]) != b"\x02\x04":
            raise ValueError("not SEC1")
        self._algorithm = _EC
        for tag, start, stop in parts[2:]:
            if tag == 0xA0:
                self._curve = _parameters(view, start, stop)
            elif tag == 0xA1:
                self._public = _bits(view, start, stop)

    def _read_rsa(self, view: memoryview, parts: "list[Item]") -> None:
        """version, n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p."""
        if bytes([part[0] for part in parts]) != b"\x02" * 9:
            raise ValueError("not PKCS#1")
        self._algorithm = _RSA
        numbers = [bytes(view[start:stop]) for _, start, stop in parts[1:3]]
        self._public = der.tlv(0x30, *[der.tlv(0x02, number) for number in numbers])

    @property
    def kind(self) -> str:
        return _kind(self._algorithm, self._curve, self._public or b"")

    def matches(self, spki: bytes) -> "bool | None":
        """Whether the public key in a certificate is this key's; None if that takes arithmetic on the curve.

        Raises ValueError if `spki` is no SubjectPublicKeyInfo.
        """
        algorithm, curve, public = _open(spki)
        if algorithm != self._algorithm or curve != self._curve:
            return False
        if self._public is None:
            return None
        if algorithm == _EC and (public[:1] != self._public[:1]):  # one is compressed (SEC1 2.3.3)
            return None if public[1:33] == self._public[1:33] else False
        return public == self._public


def kind(spki: bytes) -> str:
    """What key a SubjectPublicKeyInfo holds, "EC P-256"; "unknown" if none that has a name here. Raises ValueError."""
    return _kind(*_open(spki))


def _kind(algorithm: bytes, curve: bytes, public: bytes) -> str:
    if algorithm == _EC:
        if curve[:-1] == _BRAINPOOL:
            return "EC Brainpool"
        return _CURVES.get(curve, "EC unknown")
    if algorithm == _RSA:
        return "RSA %d" % _modulus_bits(public)
    return _ALGORITHMS.get(algorithm, "unknown")


def _modulus_bits(public: bytes) -> int:
    view = memoryview(public)
    start, stop = der.content(view, *der.content(view, 0, len(view)), tag=der.INTEGER)
    while start < stop and view[start] == 0:
        start += 1
    if start == stop:
        return 0
    bits, top = 8 * (stop - start - 1), view[start]
    while top:
        bits, top = bits + 1, top >> 1
    return bits


def _body(view: memoryview) -> "tuple[int, int]":
    """Where the one SEQUENCE has its content."""
    start, stop = der.content(view, 0, len(view))
    if stop != len(view):
        raise ValueError("more than one")
    return start, stop


def _open(spki: bytes) -> "tuple[bytes, bytes, bytes]":
    """Algorithm, curve and key bits of a SubjectPublicKeyInfo (RFC 5280 4.1.2.7)."""
    view = memoryview(spki)
    parts = der.children(view, *_body(view))
    if len(parts) != 2:
        raise ValueError("not a public key")
    algorithm, curve = _algorithm(view, parts[0])
    return algorithm, curve, _bits(view, parts[0][2], len(view))


def _algorithm(view: memoryview, one: "Item") -> "tuple[bytes, bytes]":
    """OIDs of the algorithm and, with EC, of the curve."""
    if one[0] != der.SEQUENCE:
        raise ValueError("not an algorithm")
    start, stop = der.content(view, one[1], one[2], der.OID)
    algorithm = bytes(view[start:stop])
    return algorithm, _parameters(view, stop, one[2]) if algorithm == _EC else b""


def _parameters(view: memoryview, start: int, stop: int) -> bytes:
    """The curve's OID; empty if the curve is described in full (RFC 5480 2.1.1 forbids that)."""
    tag, start, stop = der.item(view, start, stop)
    return bytes(view[start:stop]) if tag == der.OID else b""


def _bits(view: memoryview, start: int, stop: int) -> bytes:
    """A BIT STRING of whole bytes."""
    start, stop = der.content(view, start, stop, der.BIT_STRING)
    if start == stop or view[start] != 0:
        raise ValueError("not whole bytes")
    return bytes(view[start + 1 : stop])
