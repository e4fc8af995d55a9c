"""Certificate signing requests (PKCS#10, RFC 2986) for a P-256 key that was made on the device and never leaves it.

key_pem, csr_pem = await csr.make("wican-a1b2c3", ["wican-a1b2c3.local", "192.168.4.1"])
"""

import hashlib

from micropython import const

from trust import der, p256, pem

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_COMMON_NAME = const(64)  # ub-common-name (RFC 5280 A.1)
_MAX_NAMES = const(8)
_MAX_DNS_NAME = const(253)  # RFC 1034 3.1, without the final dot
_MAX_LABEL = const(63)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

# Tags that der does not name, and object identifiers (RFC 5280 A, RFC 2985 5.4.2, RFC 5480 2.1.1, RFC 5758 3.2).
_UTF8_STRING = const(0x0C)
_SET = const(0x31)
_ATTRIBUTES = const(0xA0)
_DNS_NAME = const(0x82)
_IP_ADDRESS = const(0x87)
_PARAMETERS = const(0xA0)
_PUBLIC_KEY = const(0xA1)
_COMMON_NAME = b"\x55\x04\x03"
_EXTENSION_REQUEST = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
_ALTERNATIVE_NAMES = b"\x55\x1d\x11"
_EC_PUBLIC_KEY = b"\x2a\x86\x48\xce\x3d\x02\x01"
_P256 = b"\x2a\x86\x48\xce\x3d\x03\x01\x07"
_ECDSA_WITH_SHA256 = b"\x2a\x86\x48\xce\x3d\x04\x03\x02"


async def make(common_name: str, names: "Sequence[str]" = ()) -> "tuple[bytes, bytes]":
    """A new key and the request for its certificate, both PEM: "EC PRIVATE KEY" and "CERTIFICATE REQUEST".

    Arguments and errors are those of `request`; they are checked before the key is made.
    """
    _subject(common_name)
    _attributes(names)
    d = p256.new_key()
    public = await p256.public_key(d)
    signed = await request(d, public, common_name, names)
    return key_pem(d, public), pem.encode("CERTIFICATE REQUEST", signed)


async def request(d: int, public: bytes, common_name: str, names: "Sequence[str]" = ()) -> bytes:
    """The DER of a request signed with ecdsa-with-SHA256 (RFC 2986 4, RFC 5758 3.2).

    `d` and `public` are a private key and its point as of `p256`. `common_name` is the subject: 1 to 64 printable
    characters of ASCII. `names` become the subject alternative names that are asked for: up to eight DNS names and
    IPv4 addresses. Raises ValueError with a sentence.
    """
    info = der.tlv(
        der.SEQUENCE,
        der.tlv(der.INTEGER, b"\x00"),
        _subject(common_name),
        _public_key_info(public),
        _attributes(names),
    )
    signature = await p256.sign(d, hashlib.sha256(info).digest())
    algorithm = der.tlv(der.SEQUENCE, der.tlv(der.OID, _ECDSA_WITH_SHA256))
    return der.tlv(der.SEQUENCE, info, algorithm, _bit_string(signature))


def key_pem(d: int, public: bytes) -> bytes:
    """A private key with its public part as PEM "EC PRIVATE KEY" (SEC 1 v2 C.4, RFC 5915 3)."""
    body = der.tlv(
        der.SEQUENCE,
        der.tlv(der.INTEGER, b"\x01"),
        der.tlv(der.OCTET_STRING, d.to_bytes(32, "big")),
        der.tlv(_PARAMETERS, der.tlv(der.OID, _P256)),
        der.tlv(_PUBLIC_KEY, _bit_string(public)),
    )
    return pem.encode("EC PRIVATE KEY", body)


def _subject(common_name: str) -> bytes:
    if not 1 <= len(common_name) <= _MAX_COMMON_NAME:
        raise ValueError("The common name needs 1 to 64 characters.")
    for letter in common_name:
        if not " " <= letter <= "~":
            raise ValueError("The common name may have only printable characters of ASCII.")
    if common_name.strip() != common_name:
        raise ValueError("The common name starts or ends with a blank; leave it out.")
    text = der.tlv(_UTF8_STRING, common_name.encode())
    pair = der.tlv(der.SEQUENCE, der.tlv(der.OID, _COMMON_NAME), text)
    return der.tlv(der.SEQUENCE, der.tlv(_SET, pair))


def _public_key_info(public: bytes) -> bytes:
    """SubjectPublicKeyInfo (RFC 5480 2)."""
    algorithm = der.tlv(der.SEQUENCE, der.tlv(der.OID, _EC_PUBLIC_KEY), der.tlv(der.OID, _P256))
    return der.tlv(der.SEQUENCE, algorithm, _bit_string(public))


def _attributes(names: "Sequence[str]") -> bytes:
    """The attributes of the request: empty, or an extensionRequest with the alternative names (RFC 5280 4.2.1.6)."""
    if not names:
        return der.tlv(_ATTRIBUTES)
    if len(names) > _MAX_NAMES:
        raise ValueError("A certificate can be asked for with 8 names at most.")
    general = der.tlv(der.SEQUENCE, *[_general_name(name) for name in names])
    extension = der.tlv(
        der.SEQUENCE,
        der.tlv(der.OID, _ALTERNATIVE_NAMES),
        der.tlv(der.OCTET_STRING, general),
    )
    wanted = der.tlv(_SET, der.tlv(der.SEQUENCE, extension))
    attribute = der.tlv(der.SEQUENCE, der.tlv(der.OID, _EXTENSION_REQUEST), wanted)
    return der.tlv(_ATTRIBUTES, attribute)


def _general_name(name: str) -> bytes:
    labels = name.split(".")
    if _is_decimal(labels[-1]):  # no top-level domain is a number
        return der.tlv(_IP_ADDRESS, _ipv4(name, labels))
    if len(name) > _MAX_DNS_NAME:
        raise ValueError("A DNS name has 253 characters at most.")
    for label in labels:
        if not _is_label(label):
            raise ValueError(
                f'"{name}" is neither a DNS name (letters, digits, hyphens and dots) nor an IPv4 address.'
            )
    return der.tlv(_DNS_NAME, name.encode())


def _is_label(label: str) -> bool:
    """The preferred name syntax (RFC 1034 3.5), where a digit may come first (RFC 1123 2.1)."""
    if not 1 <= len(label) <= _MAX_LABEL or label[0] == "-" or label[-1] == "-":
        return False
    return all(letter in _LETTERS for letter in label)


def _ipv4(name: str, parts: "list[str]") -> bytes:
    if len(parts) != 4 or not all(_is_octet(part) for part in parts):
        raise ValueError(f'"{name}" is not an IPv4 address.')
    return bytes([int(part) for part in parts])


def _is_octet(part: str) -> bool:
    """0 to 255 without leading zeros, which would be octal elsewhere."""
    return _is_decimal(part) and len(part) <= 3 and int(part) < 256 and str(int(part)) == part


def _is_decimal(text: str) -> bool:
    """Of digits of ASCII only: str.isdigit() of CPython knows others."""
    return bool(text) and all(letter in "0123456789" for letter in text)


def _bit_string(content: bytes) -> bytes:
    return der.tlv(der.BIT_STRING, b"\x00", content)  # no unused bits
