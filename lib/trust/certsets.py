"""Named certificate sets: whom to trust, and who we are, per destination.

    <root>/certs/<name>/ca.pem        the authorities that may sign the server's certificate
    <root>/certs/<name>/ca.default    or, instead: an empty file that says "the default bundle"
    <root>/certs/<name>/client.crt    only for servers that ask for a client certificate
    <root>/certs/<name>/client.key
    <root>/certs/<name>/pending.key   a key made here whose certificate has not come yet
    <root>/certs/default/roots.bin    the default bundle: see `trust.roots`

A set that is missing or incomplete is an error and never replaced by another.
"""

import errno
import os

from micropython import const

_MAX_NAME = const(24)
MAX_FILE = const(32768)
MAX_SETS = const(10)

DEFAULT = "default"


class CertSetError(Exception):
    """Why a set cannot be used; `str()` is one plain sentence."""


class CertSet:
    """Whom to trust and who we are.

    Attributes:
        ca: PEM or one DER certificate; None for the default bundle.
        bundle: where the default bundle lies if `ca` is None, else None.
        cert, key: the client pair, PEM or DER, both or neither.
    """

    def __init__(
        self,
        name: str,
        ca: "bytes | None",
        cert: "bytes | None" = None,
        key: "bytes | None" = None,
        bundle: "str | None" = None,
    ) -> None:
        self.name = name
        self.ca = ca
        self.cert = cert
        self.key = key
        self.bundle = bundle


class CertSets:
    """The sets on the file system below `root` ("" on the device)."""

    def __init__(self, root: str = "") -> None:
        self._folder = root.rstrip("/") + "/certs"
        self.bundle = self._folder + "/default/roots.bin"

    def names(self) -> "list[str]":
        """The sets there are, sorted, whether complete or not; without the default bundle."""
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        return sorted([name for name in names if is_name(name) and name != DEFAULT])

    def load(self, name: str) -> CertSet:
        """Reads a set. Raises CertSetError."""
        if not is_name(name):
            raise CertSetError(
                f"{name!r} is no name for a cert set: use 1 to 24 of A-Z a-z 0-9 _ -."
            )
        if name == DEFAULT:
            return CertSet(name, None, bundle=self._default())
        if name not in self.names():
            raise CertSetError(f"There is no cert set named {name}.")
        ca = self.read(name, "ca.pem")
        bundle = None
        if ca is None:
            if self.read(name, "ca.default") is None:
                raise CertSetError(f"The cert set {name} has no CA certificate.")
            bundle = self._default()
        elif not _is_certificate(ca):
            raise CertSetError(f"The CA file of the cert set {name} holds no certificate.")
        cert, key = self._pair(name)
        return CertSet(name, ca, cert, key, bundle)

    def read(self, name: str, file: str) -> "bytes | None":
        """The content of a set's file, at most 32 KB, or None if it does not exist. Raises CertSetError."""
        path = f"{self._folder}/{name}/{file}"
        try:
            size = os.stat(path)[6]  # a larger buffer than needed is hard to find in a full heap
            with open(path, "rb") as stream:
                data = stream.read(min(size, MAX_FILE) + 1)
        except OSError as error:
            if error.args[0] == errno.ENOENT:
                return None
            raise CertSetError(f"The file {file} of the cert set {name} cannot be read.")
        if len(data) > MAX_FILE:
            message = "The file %s of the cert set %s is larger than %d KiB."
            raise CertSetError(message % (file, name, MAX_FILE // 1024))
        return data

    def has(self, name: str, file: str) -> bool:
        """Whether a set has that file, readable or not."""
        try:
            os.stat(f"{self._folder}/{name}/{file}")
        except OSError:
            return False
        return True

    def _default(self) -> str:
        """Where the default bundle lies."""
        try:
            os.stat(self.bundle)
        except OSError:
            raise CertSetError("The default bundle of public authorities is not installed.")
        return self.bundle

    def _pair(self, name: str) -> "tuple[bytes | None, bytes | None]":
        cert, key = self.read(name, "client.crt"), self.read(name, "client.key")
        if cert is None and key is None:
            return None, None
        if key is None:
            raise CertSetError(f"The cert set {name} has a client certificate without its key.")
        if cert is None:
            raise CertSetError(f"The cert set {name} has a client key without its certificate.")
        if not _is_certificate(cert):
            raise CertSetError(f"The client file of the cert set {name} holds no certificate.")
        if b"ENCRYPTED" in key:
            raise CertSetError(f"The client key of the cert set {name} is encrypted.")
        if belongs(key, cert) is False:
            raise CertSetError(
                f"The client key of the cert set {name} does not belong to its client certificate."
            )
        return cert, key


def belongs(key: bytes, cert: bytes) -> "bool | None":
    """Whether this is the key of the first certificate; None if that cannot be told, or one of them is damaged.

    Mbed TLS does not look: it would sign with the wrong key, and the server say no without a reason.
    """
    from trust import keys, pem, x509  # given back by whoever imported this module

    try:
        blocks = [der for label, der in pem.blocks(key) if not label or "PRIVATE KEY" in label]
        spki = x509.Certificate(pem.blocks(cert)[0][1]).spki
        return keys.PrivateKey(blocks[0]).matches(spki)
    except (ValueError, IndexError):
        return None


def is_name(name: str) -> bool:
    """1 to 24 letters, digits, underscores or hyphens: nothing that could lead to another folder."""
    for char in name:
        if not ("a" <= char <= "z" or "A" <= char <= "Z" or "0" <= char <= "9" or char in "_-"):
            return False
    return 0 < len(name) <= _MAX_NAME


def _is_certificate(data: bytes) -> bool:
    return b"-----BEGIN CERTIFICATE-----" in data or data[:1] == b"\x30"
