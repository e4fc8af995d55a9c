"""Named certificate sets: whom to trust, and who we are, per destination.

    <root>/certs/<name>/ca.pem        the authorities that may sign the server's certificate
    <root>/certs/<name>/client.crt    only for servers that ask for a client certificate
    <root>/certs/<name>/client.key

A set that is missing or incomplete is an error and never replaced by another.
"""

import errno
import os

from micropython import const

_MAX_NAME = const(24)
_MAX_FILE = const(32768)

_DEFAULT = "default"


class CertSetError(Exception):
    """Why a set cannot be used; `str()` is one plain sentence."""


class CertSet:
    """`ca`: PEM or one DER certificate; `cert` and `key`: the client pair, both or neither."""

    def __init__(
        self, name: str, ca: bytes, cert: "bytes | None" = None, key: "bytes | None" = None
    ) -> None:
        self.name = name
        self.ca = ca
        self.cert = cert
        self.key = key


class CertSets:
    """The sets on the file system below `root` ("" on the device)."""

    def __init__(self, root: str = "") -> None:
        self._folder = root.rstrip("/") + "/certs"

    def names(self) -> "list[str]":
        """The sets there are, sorted, whether complete or not."""
        try:
            return sorted([name for name in os.listdir(self._folder) if is_name(name)])
        except OSError:
            return []

    def load(self, name: str) -> CertSet:
        """Reads a set. Raises CertSetError."""
        if not is_name(name):
            raise CertSetError(
                f"{name!r} is no name for a cert set: use 1 to 24 of A-Z a-z 0-9 _ -."
            )
        if name not in self.names():
            raise CertSetError(_missing(name))
        ca = self._read(name, "ca.pem")
        if ca is None:
            raise CertSetError(f"The cert set {name} has no CA certificate.")
        if not _is_certificate(ca):
            raise CertSetError(f"The CA file of the cert set {name} holds no certificate.")
        cert, key = self._pair(name)
        return CertSet(name, ca, cert, key)

    def _pair(self, name: str) -> "tuple[bytes | None, bytes | None]":
        cert, key = self._read(name, "client.crt"), self._read(name, "client.key")
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
        return cert, key

    def _read(self, name: str, file: str) -> "bytes | None":
        """The file's content, or None if it does not exist."""
        path = f"{self._folder}/{name}/{file}"
        try:
            with open(path, "rb") as stream:
                data = stream.read(_MAX_FILE + 1)
        except OSError as error:
            if error.args[0] == errno.ENOENT:
                return None
            raise CertSetError(f"The file {file} of the cert set {name} cannot be read.")
        if len(data) > _MAX_FILE:
            message = "The file %s of the cert set %s is larger than %d KiB."
            raise CertSetError(message % (file, name, _MAX_FILE // 1024))
        return data


def is_name(name: str) -> bool:
    """1 to 24 letters, digits, underscores or hyphens: nothing that could lead to another folder."""
    for char in name:
        if not ("a" <= char <= "z" or "A" <= char <= "Z" or "0" <= char <= "9" or char in "_-"):
            return False
    return 0 < len(name) <= _MAX_NAME


def _missing(name: str) -> str:
    if name == _DEFAULT:
        return "The default bundle of public authorities is not installed."
    return f"There is no cert set named {name}."


def _is_certificate(data: bytes) -> bool:
    return b"-----BEGIN CERTIFICATE-----" in data or data[:1] == b"\x30"
