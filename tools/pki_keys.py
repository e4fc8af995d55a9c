"""Private keys for `pki`: of every kind a test wants, in every form a file may have them; and signatures with SHA-1.

key = new_key("ec")
as_file(key, "sec1", "der")
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import on_cpython
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_CURVES: dict[str, type[ec.EllipticCurve]] = {"ec": ec.SECP256R1, "ec384": ec.SECP384R1}
_RSA_BITS = {"rsa": 2048, "rsa4096": 4096, "rsa1024": 1024}
KINDS = (*_CURVES, *_RSA_BITS, "ed25519")

_HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_RSA_SHA1 = bytes.fromhex("300d06092a864886f70d0101050500")  # AlgorithmIdentifiers, RFC 3279 2.2
_ECDSA_SHA1 = bytes.fromhex("300906072a8648ce3d0401")

_made: dict[str, PrivateKey] = {}


def new_key(kind: str, *, fresh: bool = False) -> PrivateKey:
    """A key of one of `KINDS`. RSA keys take long to make: each kind is made once and then used by all who ask.

    `fresh` makes another one, for tests in which two of them must differ.
    """
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind not in _RSA_BITS:
        raise ValueError(f"a key is one of {', '.join(KINDS)}, not {kind!r}")
    if fresh or kind not in _made:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS[kind])
        if fresh:
            return key
        _made[kind] = key
    return _made[kind]


def kind_of(key: PrivateKey) -> str:
    """Which of `KINDS` it is. Raises ValueError if it is none of them."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        found = [kind for kind, bits in _RSA_BITS.items() if bits == key.key_size]
    else:
        found = [kind for kind, curve in _CURVES.items() if isinstance(key.curve, curve)]
    if not found:
        raise ValueError(f"a key of {key.key_size} bits is of no kind that is known here")
    return found[0]


def read_key(pem: bytes) -> PrivateKey:
    """An EC, RSA or Ed25519 key in PEM. Raises ValueError."""
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, PrivateKey):
        raise ValueError("the file holds neither an EC nor an RSA nor an Ed25519 key")
    return key


def as_file(
    key: PrivateKey,
    form: Literal["pkcs8", "pkcs1", "sec1"] = "pkcs8",
    encoding: Literal["pem", "der"] = "pem",
    password: bytes | None = None,
) -> bytes:
    """The content of a key file: PKCS#1 for RSA keys, SEC1 for EC keys, PKCS#8 for all; encrypted with a password."""
    needed = {"pkcs1": rsa.RSAPrivateKey, "sec1": ec.EllipticCurvePrivateKey}.get(form)
    if needed is not None and not isinstance(key, needed):
        raise ValueError(f"there is no {form} for a key of kind {kind_of(key)}")
    own = form == "pkcs8"
    return key.private_bytes(
        serialization.Encoding.PEM if encoding == "pem" else serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8
        if own
        else serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    )


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that nobody but the owner could ever read, not even while it is written."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def signed(draft: x509.CertificateBuilder, key: PrivateKey, hash: str) -> x509.Certificate:
    """The certificate, signed with "sha256", "sha384", "sha512" or "sha1"; Ed25519 brings a hash of its own."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return draft.sign(key, None)
    if hash != "sha1":
        return draft.sign(key, _HASHES[hash])
    return _signed_again(draft.sign(key, hashes.SHA256()), key)


def _signed_again(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> x509.Certificate:
    """The same with SHA-1, which `cryptography` has no builder for: both names of the algorithm are exchanged."""
    on_cpython.install()
    from trust import der

    body = certificate.tbs_certificate_bytes
    view = memoryview(body)
    start, stop = der.content(view, 0, len(body))
    fields = der.children(view, start, stop)
    algorithm = _RSA_SHA1 if isinstance(key, rsa.RSAPrivateKey) else _ECDSA_SHA1
    place = next(i for i, (tag, _, _) in enumerate(fields) if tag == der.SEQUENCE)
    begin, end = fields[place - 1][2], fields[place][2]
    body = der.tlv(der.SEQUENCE, body[start:begin], algorithm, body[end:])
    signature = _sha1_signature(body, key)
    whole = der.tlv(der.SEQUENCE, body, algorithm, der.tlv(der.BIT_STRING, b"\0", signature))
    return x509.load_der_x509_certificate(whole)


def _sha1_signature(body: bytes, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(body, padding.PKCS1v15(), hashes.SHA1())
    return key.sign(body, ec.ECDSA(hashes.SHA1()))
