"""Certificates for development and tests, made when they are needed: authorities, servers, clients.

Nothing made here is meant to be trusted outside the machine it was made on, and no private key belongs in the
repository.

    authority = Authority("Garage CA")
    authority.server("localhost", "127.0.0.1").write(folder, "server.crt", "server.key")
    (folder / "ca.pem").write_bytes(authority.pem)
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Pair:
    """A certificate chain (leaf first) and its private key, both PEM."""

    cert_pem: bytes
    key_pem: bytes

    def write(self, folder: Path, cert_name: str, key_name: str) -> None:
        """Writes both files; only the owner may read the key."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / cert_name).write_bytes(self.cert_pem)
        write_private(folder / key_name, self.key_pem)


class Authority:
    """A certificate authority: a root, or an intermediate when `issuer` is given.

    `kind` is "ec" (P-256, made in a millisecond) or "rsa" (2048 bits, a tenth of a second).
    """

    def __init__(
        self,
        name: str = "Development CA",
        *,
        kind: str = "ec",
        issuer: Authority | None = None,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> None:
        self.kind = kind
        self.key = _new_key(kind)
        self.issuer = issuer
        draft = _draft(_name(name), self.key, not_before, not_after)
        draft = draft.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        draft = draft.add_extension(_ca_usage(), critical=True)
        signer = issuer or self
        self.certificate = _sign(draft, issuer.subject if issuer else _name(name), signer.key)

    @property
    def subject(self) -> x509.Name:
        return self.certificate.subject

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        return _pem(self.certificate)

    @property
    def chain_pem(self) -> bytes:
        """The certificates a server sends after its own: the intermediates, without the root."""
        return b"" if self.issuer is None else self.pem + self.issuer.chain_pem

    def intermediate(self, name: str = "Development intermediate CA") -> Authority:
        return Authority(name, kind=self.kind, issuer=self)

    def server(
        self,
        *names: str,
        kind: str | None = None,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> Pair:
        """A server's pair for `names`: host names and IP addresses, the first of them its common name."""
        key = _new_key(kind or self.kind)
        draft = _draft(_name(names[0]), key, not_before, not_after)
        draft = draft.add_extension(_alternatives(names), critical=False)
        return self._issue(draft, key, ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, name: str, *, kind: str | None = None) -> Pair:
        """A client's pair, for servers that ask for one."""
        key = _new_key(kind or self.kind)
        draft = _draft(_name(name), key, None, None)
        return self._issue(draft, key, ExtendedKeyUsageOID.CLIENT_AUTH)

    def write(self, folder: Path, cert_name: str = "ca.pem", key_name: str = "ca.key") -> None:
        Pair(self.pem, _key_pem(self.key)).write(folder, cert_name, key_name)

    @classmethod
    def read(cls, folder: Path, cert_name: str = "ca.pem", key_name: str = "ca.key") -> Authority:
        """The root that `write` left in `folder`."""
        found = cls.__new__(cls)
        key = serialization.load_pem_private_key((folder / key_name).read_bytes(), None)
        if not isinstance(key, PrivateKey):
            raise ValueError(f"{key_name} holds neither an EC nor an RSA key")
        found.key, found.issuer = key, None
        found.kind = "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ec"
        found.certificate = x509.load_pem_x509_certificate((folder / cert_name).read_bytes())
        return found

    def _issue(
        self, draft: x509.CertificateBuilder, key: PrivateKey, usage: x509.ObjectIdentifier
    ) -> Pair:
        draft = draft.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        certificate = _sign(draft, self.subject, self.key)
        return Pair(_pem(certificate) + self.chain_pem, _key_pem(key))


def self_signed(*names: str, kind: str = "ec") -> Pair:
    """A server's pair that no authority signed."""
    key = _new_key(kind)
    draft = _draft(_name(names[0]), key, None, None)
    draft = draft.add_extension(_alternatives(names), critical=False)
    return Pair(_pem(_sign(draft, _name(names[0]), key)), _key_pem(key))


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that nobody but the owner could ever read, not even while it is written."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _new_key(kind: str) -> PrivateKey:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    raise ValueError(f"a key is of kind ec or rsa, not {kind!r}")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternatives(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative(name) for name in names])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _draft(
    subject: x509.Name, key: PrivateKey, not_before: datetime | None, not_after: datetime | None
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or now - timedelta(days=1))
        .not_valid_after(not_after or now + timedelta(days=397))
    )


def _ca_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(draft: x509.CertificateBuilder, issuer: x509.Name, key: PrivateKey) -> x509.Certificate:
    return draft.issuer_name(issuer).sign(key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
