"""What a file that somebody uploads holds, told apart by its PEM labels or, without them, by its first items.

`refuse(code, sentence)` is called for everything that does not belong there.
"""

from trust import der, keys, pem, x509

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Refuse = Callable[[str, str], None]

CERTIFICATE = "certificate"
KEY = "key"
_ENCRYPTED = "encrypted"
_OPENSSH = "openssh"
_PKCS12 = "pkcs12"
_PKCS7 = "pkcs7"
_REQUEST = "request"
_PUBLIC = "public"
_PARAMETERS = "parameters"
_OTHER = "other"

_LABELS = {
    "CERTIFICATE": CERTIFICATE,
    "X509 CERTIFICATE": CERTIFICATE,
    "PRIVATE KEY": KEY,
    "RSA PRIVATE KEY": KEY,
    "EC PRIVATE KEY": KEY,
    "DSA PRIVATE KEY": KEY,
    pem.ENCRYPTED: _ENCRYPTED,
    "OPENSSH PRIVATE KEY": _OPENSSH,
    "PKCS12": _PKCS12,
    "PKCS7": _PKCS7,
    "CERTIFICATE REQUEST": _REQUEST,
    "NEW CERTIFICATE REQUEST": _REQUEST,
    "PUBLIC KEY": _PUBLIC,
    "RSA PUBLIC KEY": _PUBLIC,
    "EC PARAMETERS": _PARAMETERS,
}

_TAGS = {
    b"\x02" * 9: KEY,
    b"\x02" * 6: KEY,
    b"\x30\x04": _ENCRYPTED,
    b"\x30\x03": _PUBLIC,
    b"\x02\x02": _PUBLIC,
    b"\x06\xa0": _PKCS7,
    b"\x02\x30": _PKCS12,
    b"\x02\x30\x30": _PKCS12,
}

_IS_KEY = "private_key", "This is a private key; it belongs into key."
_NOT_CERTIFICATES = {
    KEY: _IS_KEY,
    _ENCRYPTED: _IS_KEY,
    _OPENSSH: _IS_KEY,
    _PKCS12: (
        "pkcs12",
        "This is a PKCS#12 file (.p12, .pfx). Take the certificates out of it: "
        "openssl pkcs12 -nokeys -in file.p12 -out cert.pem",
    ),
    _PKCS7: (
        "pkcs7",
        "This is a PKCS#7 file (.p7b). Take the certificates out of it: "
        "openssl pkcs7 -print_certs -in file.p7b -out cert.pem",
    ),
    _REQUEST: (
        "request",
        "This is a certificate request. Upload the certificate that your authority made from it.",
    ),
    _PUBLIC: ("public_key", "This is a public key, not a certificate."),
}
_KEY_TOO = "There is a private key among the certificates. Take it out; it belongs into key."

_NOT_KEYS = {
    CERTIFICATE: ("certificate", "This is a certificate; it belongs into cert."),
    _ENCRYPTED: ("encrypted_key", keys.DECRYPT),
    _OPENSSH: (
        "openssh_key",
        "The private key is in OpenSSH's own format. Convert a copy of it: "
        "ssh-keygen -p -m PKCS8 -f key",
    ),
    _PKCS12: (
        "pkcs12",
        "This is a PKCS#12 file (.p12, .pfx). Take the key out of it: "
        "openssl pkcs12 -nocerts -nodes -in file.p12 -out key.pem",
    ),
    _PUBLIC: ("public_key", "This is a public key; the private key is wanted."),
}
_CERTIFICATE_TOO = "There is a certificate next to the private key; it belongs into cert."


def certificates(data: bytes, refuse: "Refuse") -> "list[x509.Certificate]":
    """Those that can be read, in the file's order."""
    found: list[x509.Certificate] = []
    others: list[str] = []
    number = 0
    for label, body in _blocks(data, refuse):
        sort = _sort(label, body)
        if sort != CERTIFICATE:
            others.append(sort)
            continue
        number += 1
        try:
            found.append(x509.Certificate(body))
        except ValueError:
            refuse("damaged", f"Certificate number {number} is damaged.")
    _refuse_in_certificates(others, number > 0, refuse)
    return found


def _refuse_in_certificates(others: "list[str]", has_some: bool, refuse: "Refuse") -> None:
    told = []
    for sort in others:
        code, sentence = _NOT_CERTIFICATES.get(sort, ("", ""))
        if code and code not in told:
            told.append(code)
            refuse(code, _KEY_TOO if has_some and code == _IS_KEY[0] else sentence)
    if others and not told and not has_some:
        refuse("no_certificate", "There is no certificate in it.")


def private_key(data: bytes, refuse: "Refuse") -> "keys.PrivateKey | None":
    """The one private key in it, or None if there is none that can be read."""
    blocks = _blocks(data, refuse)
    sorts = [_sort(label, body) for label, body in blocks]
    count = sorts.count(KEY)
    _refuse_in_key(sorts, count, refuse)
    if count != 1:
        return None
    try:
        return keys.PrivateKey(blocks[sorts.index(KEY)][1])
    except ValueError as error:
        refuse("damaged", str(error))
        return None


def _refuse_in_key(sorts: "list[str]", count: int, refuse: "Refuse") -> None:
    told = []
    for sort in sorts:
        code, sentence = _NOT_KEYS.get(sort, ("", ""))
        if code and code not in told:
            told.append(code)
            refuse(code, _CERTIFICATE_TOO if count and sort == CERTIFICATE else sentence)
    if count > 1:
        refuse("too_many", "There are %d private keys in it; only one can be used." % count)
    if sorts and not count and not told:
        refuse("no_key", "There is no private key in it.")


def tidy_certificates(data: bytes) -> bytes:
    """The certificates of a file that passed, as the PEM text to keep: no comments, no bare base64, no DER.

    Mbed TLS takes no bare base64, and of several DER certificates only the first.
    """
    ders = [body for label, body in pem.blocks(data) if _sort(label, body) == CERTIFICATE]
    return b"".join([pem.encode("CERTIFICATE", body) for body in ders])


def tidy_key(data: bytes) -> bytes:
    """The private key of a file that passed, as the PEM text to keep."""
    for label, body in pem.blocks(data):
        if _sort(label, body) == KEY:
            return pem.encode(keys.PrivateKey(body).label, body)
    raise ValueError("There is no private key in it.")


def _blocks(data: bytes, refuse: "Refuse") -> "list[tuple[str, bytes]]":
    try:
        return pem.blocks(data)
    except ValueError as error:
        refuse("unreadable", str(error))
        return []


def _sort(label: str, body: bytes) -> str:
    if label:
        return _LABELS.get(label, _OTHER)
    try:
        return _guess(memoryview(body))
    except ValueError:
        return _OTHER


def _guess(view: memoryview) -> str:
    """By the tags of the outermost items: RFC 5280, 2986, 5208, 5915, 8017, 7292 and 2315."""
    parts = der.children(view, *der.content(view, 0, len(view)))
    tags = bytes([part[0] for part in parts])
    if tags == b"\x30\x30\x03":
        return _guess_signed(view, parts[0])
    if tags[:3] == b"\x02\x30\x04" or tags[:2] == b"\x02\x04":
        return KEY
    return _TAGS.get(tags, _OTHER)


def _guess_signed(view: memoryview, signed: "der.Item") -> str:
    """A request holds its version, name, key and attributes; a certificate begins otherwise."""
    fields = bytes([field[0] for field in der.children(view, *signed[1:])])
    return _REQUEST if fields == b"\x02\x30\x30\xa0" else CERTIFICATE
