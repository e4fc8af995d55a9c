"""Certificates and keys of made-up numbers, put together under both interpreters: what trust/ reads is real, but no
signature would stand and no key would work."""

from trust import der, pem

RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
EC = b"\x2a\x86\x48\xce\x3d\x02\x01"
P256 = b"\x2a\x86\x48\xce\x3d\x03\x01\x07"
P384 = b"\x2b\x81\x04\x00\x22"
ED25519 = b"\x2b\x65\x70"
SHA256_WITH_RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
SHA1_WITH_RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"
ECDSA_SHA256 = b"\x2a\x86\x48\xce\x3d\x04\x03\x02"
SERVER_AUTH = b"\x2b\x06\x01\x05\x05\x07\x03\x01"
CLIENT_AUTH = b"\x2b\x06\x01\x05\x05\x07\x03\x02"


def point(seed, size=32):
    """An uncompressed "point", surely on no curve."""
    return b"\x04" + bytes([(seed + at) & 0xFF for at in range(2 * size)])


def modulus(bits, seed=1):
    """The content of an INTEGER that has `bits` bits, eight at least."""
    top = 1 << (bits - 1) % 8
    return (b"\0" if top == 0x80 else b"") + bytes((top,)) + bytes((seed,)) * ((bits - 1) // 8)


def ec_spki(seed, curve=P256):
    bits = b"\0" + point(seed)
    return der.tlv(0x30, algorithm(EC, der.tlv(6, curve)), der.tlv(3, bits))


def rsa_spki(bits, seed=1):
    numbers = der.tlv(0x30, der.tlv(2, modulus(bits, seed)), der.tlv(2, b"\1\0\1"))
    return der.tlv(0x30, algorithm(RSA, b"\5\0"), der.tlv(3, b"\0", numbers))


def ed25519_spki():
    return der.tlv(0x30, algorithm(ED25519), der.tlv(3, b"\0" + bytes(32)))


def algorithm(oid, *parameters):
    return der.tlv(0x30, der.tlv(6, oid), *parameters)


def sec1(seed, curve=P256, public=True):
    parts = [der.tlv(2, b"\1"), der.tlv(4, bytes(32))]
    if curve:
        parts.append(der.tlv(0xA0, der.tlv(6, curve)))
    if public:
        parts.append(der.tlv(0xA1, der.tlv(3, b"\0", point(seed))))
    return der.tlv(0x30, *parts)


def pkcs1(bits, seed=1):
    numbers = [b"\0", modulus(bits, seed), b"\1\0\1"] + [b"\7"] * 6
    return der.tlv(0x30, *[der.tlv(2, number) for number in numbers])


def pkcs8(oid, parameters, inner):
    return der.tlv(0x30, der.tlv(2, b"\0"), algorithm(oid, parameters), der.tlv(4, inner))


def encrypted():
    """An EncryptedPrivateKeyInfo with PBES2."""
    pbes2 = algorithm(b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d", der.tlv(0x30))
    return der.tlv(0x30, pbes2, der.tlv(4, bytes(48)))


def name(text):
    if not text:
        return der.tlv(0x30)
    part = der.tlv(0x30, der.tlv(6, b"\x55\x04\x03"), der.tlv(0x0C, text.encode()))
    return der.tlv(0x30, der.tlv(0x31, part))


def extension(oid, value, critical=False):
    return der.tlv(0x30, der.tlv(6, oid), b"\1\1\xff" if critical else b"", der.tlv(4, value))


def authority_extension():
    return extension(b"\x55\x1d\x13", der.tlv(0x30, b"\1\1\xff"), True)


def usage_extension(*usages):
    return extension(b"\x55\x1d\x25", der.tlv(0x30, *[der.tlv(6, usage) for usage in usages]))


def key_usage_extension(bits):
    return extension(b"\x55\x1d\x0f", der.tlv(3, bytes((0, bits))), True)


def certificate(
    subject,
    issuer=None,
    spki=None,
    extensions=(),
    start="20260101000000",
    stop="20460101000000",
    signature=ECDSA_SHA256,
    serial=b"\x0a\x1b",
):
    """DER. `issuer` is `subject` unless it is given; dates are "YYYYMMDDHHMMSS"."""
    moments = [der.tlv(0x18, (moment + "Z").encode()) for moment in (start, stop)]
    parts = [der.tlv(0xA0, der.tlv(2, b"\2")), der.tlv(2, serial), algorithm(signature)]
    parts.append(name(subject if issuer is None else issuer))
    parts.append(der.tlv(0x30, *moments))
    parts.append(name(subject))
    parts.append(spki or ec_spki(1))
    if extensions:
        parts.append(der.tlv(0xA3, der.tlv(0x30, *extensions)))
    return der.tlv(0x30, der.tlv(0x30, *parts), algorithm(signature), der.tlv(3, b"\0\1\2\3"))


def authority(subject, issuer=None, **given):
    return certificate(subject, issuer, extensions=(authority_extension(),), **given)


def request():
    """A PKCS#10 request."""
    body = der.tlv(0x30, der.tlv(2, b"\0"), name("x"), ec_spki(1), der.tlv(0xA0))
    return der.tlv(0x30, body, algorithm(ECDSA_SHA256), der.tlv(3, b"\0\1"))


def text(*ders):
    """The PEM text of certificates."""
    return b"".join([pem.encode("CERTIFICATE", each) for each in ders])
