"""Whether this device's TLS can use a certificate or key at all: algorithms, sizes, extensions.

Each check returns what is wrong as (code, how a sentence goes on after its subject), or None.
"""

from micropython import const

from trust import der

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trust.x509 import Certificate

    Finding = tuple[str, str]

_LEAST_RSA = const(2048)
_MOST_RSA = const(4096)  # what the chip's accelerator can do
_CURVES = ("EC P-256", "EC P-384", "EC P-521")

_RSA_SIGNATURES = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01"
_EC_SHA2_SIGNATURES = b"\x2a\x86\x48\xce\x3d\x04\x03"
_EC_SHA1_SIGNATURE = b"\x2a\x86\x48\xce\x3d\x04\x01"
_WEAK_RSA = b"\x02\x03\x04\x05\x0e"  # MD2, MD4, MD5, SHA-1, SHA-224
_GOOD_RSA = b"\x0a\x0b\x0c\x0d"  # PSS, SHA-256, SHA-384, SHA-512
_GOOD_EC = b"\x02\x03\x04"

_KEY_USAGE = b"\x55\x1d\x0f"
_POLICIES = b"\x55\x1d\x20"
_ANY_POLICY = b"\x55\x1d\x20\x00"
# What Mbed TLS 3.6 understands (library/x509_crt.c, x509_get_crt_ext): subject key identifier, key usage, alternative
# names, basic constraints, policies, authority key identifier, extended key usage, Netscape's certificate type.
_KNOWN = [b"\x55\x1d" + bytes((last,)) for last in (14, 15, 17, 19, 32, 35, 37)] + [
    b"\x60\x86\x48\x01\x86\xf8\x42\x01\x01"
]
_NAMES = {
    b"\x55\x1d\x1e": "name constraints",
    _POLICIES: "certificate policies",
    b"\x55\x1d\x21": "policy mappings",
    b"\x55\x1d\x24": "policy constraints",
    b"\x55\x1d\x36": "inhibit any policy",
}

SIGNS_DATA = const(0x80)  # bits of the key usage's first byte (RFC 5280 4.2.1.3)
SIGNS_CERTIFICATES = const(0x04)


def findings(certificate: "Certificate") -> "Iterator[Finding]":
    """All that keep the device from using it."""
    for found in (key(certificate.key), _signature(certificate), _extension(certificate)):
        if found is not None:
            yield found


def key(kind: str) -> "Finding | None":
    """`kind` as `trust.keys` names it."""
    if kind in _CURVES:
        return None
    if not kind.startswith("RSA "):
        return "unsupported_key", (
            f"has a key of a kind this device's TLS cannot use ({kind}); "
            "use EC P-256, P-384 or P-521, or RSA"
        )
    bits = int(kind[4:])
    if bits < _LEAST_RSA:
        return "weak_key", f"has an RSA key of {bits} bits; less than {_LEAST_RSA} is not safe"
    if bits > _MOST_RSA:
        return (
            "large_key",
            f"has an RSA key of {bits} bits; {_MOST_RSA} are the most a device can use",
        )
    return None


def may(certificate: "Certificate", usage: int) -> bool:
    """Whether the key usage allows it, which it does when there is none."""
    value = certificate.extension(_KEY_USAGE)
    if value is None:
        return True
    return len(value) > 3 and value[0] == der.BIT_STRING and value[3] & usage != 0


def _signature(certificate: "Certificate") -> "Finding | None":
    """Nobody checks the signature of what is trusted by itself, but its algorithm must be known."""
    kind, last = certificate.signature[:-1], certificate.signature[-1:]
    if (kind == _RSA_SIGNATURES and last in _GOOD_RSA) or (
        kind == _EC_SHA2_SIGNATURES and last in _GOOD_EC
    ):
        return None
    weak = (kind == _RSA_SIGNATURES and last in _WEAK_RSA) or (
        certificate.signature == _EC_SHA1_SIGNATURE or kind == _EC_SHA2_SIGNATURES
    )
    if not weak:
        return "unsupported_signature", "is signed in a way that this device's TLS does not know"
    if certificate.self_signed:
        return None
    return "weak_signature", "is signed with an outdated hash (SHA-1 or weaker); have it renewed"


def _extension(certificate: "Certificate") -> "Finding | None":
    for kind, critical, start, stop in certificate.extensions():
        if not critical:
            continue
        if kind not in _KNOWN or (
            kind == _POLICIES and not _any_policy(certificate.der, start, stop)
        ):
            return "unsupported_extension", (
                f"has a critical extension that this device's TLS cannot honour "
                f"({_NAMES.get(kind) or _dotted(kind)}); have it made without"
            )
    return None


def _any_policy(body: bytes, start: int, stop: int) -> bool:
    """Mbed TLS honours no policy but the one that allows all."""
    try:
        view = memoryview(body)
        for _, begin, end in der.children(view, *der.content(view, start, stop)):
            first = der.item(view, begin, end)
            if body[first[1] : first[2]] != _ANY_POLICY:
                return False
        return True
    except ValueError:
        return False


def _dotted(oid: bytes) -> str:
    """X.690 8.19."""
    numbers: list[int] = []
    value = 0
    for byte in oid[:32]:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    first = numbers.pop(0) if numbers else 0
    head = min(first // 40, 2)
    return ".".join([str(number) for number in [head, first - 40 * head] + numbers])
