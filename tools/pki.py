"""Certificates for development and tests, made when they are needed: authorities, servers, clients.

Nothing made here is meant to be trusted outside the machine it was made on, and no private key belongs in the
repository.

    authority = Authority("Garage CA")
    authority.server("localhost", "127.0.0.1").write(folder, "server.crt", "server.key")
    (folder / "ca.pem").write_bytes(authority.pem)

Chains of any length and shape:

    old, new = Authority("Old root", kind="rsa"), Authority("New root")
    crossed = new.cross_signed_by(old)              # the subject and the key of `new`, signed by `old`
    pair = crossed.intermediate("Issuing CA").server("localhost")
    pair.alone()                                    # the server forgets its intermediates
    pair.followed_by(old)                           # and sends its root
    pair.shuffled()                                 # in the wrong order
    Authority.imitating(root)                       # the same subject as a real root, another key

What all of these take, `kind` to `fresh`, is told at `Form`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pki_keys import KINDS, PrivateKey, as_file, kind_of, new_key, read_key, signed, write_private

__all__ = ["KINDS", "Authority", "Form", "Pair", "days", "self_signed", "write_private"]

_USAGES = {
    "serverAuth": ExtendedKeyUsageOID.SERVER_AUTH,
    "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH,
}


@dataclass(frozen=True)
class Form:
    """How a certificate is made.

    Attributes:
        kind: of its key: "ec" (P-256), "ec384", "rsa" (2048 bits), "rsa4096", "rsa1024" or "ed25519".
        fresh: an RSA key of its own; else all RSA keys of a kind are the same, as making one takes long.
        hash: what its issuer signs: "sha256", "sha384", "sha512" or "sha1". A server of Python's or OpenSSL's loads
            SHA-1 and RSA 1024 only with the ciphers "DEFAULT:@SECLEVEL=0".
        not_before, not_after: when it is valid; from yesterday for almost 398 days if not given.
        usage: extended key usages out of "serverAuth" and "clientAuth"; empty: without that extension.
        ca: what the basic constraints say; None: without that extension.
        path_length: how many intermediates may follow, of an authority.
        permitted: critical name constraints of an authority: DNS names that may be below it.
        extensions: so many more of them, which nobody knows.
        issuer_address: where the issuer's own certificate can be fetched, as in those of public authorities.
    """

    kind: str = "ec"
    fresh: bool = False
    hash: str = "sha256"
    not_before: datetime | None = None
    not_after: datetime | None = None
    usage: tuple[str, ...] = ()
    ca: bool | None = None
    path_length: int | None = None
    permitted: tuple[str, ...] = ()
    issuer_address: str = ""
    extensions: int = 0


@dataclass(frozen=True)
class Pair:
    """A certificate chain (leaf first) and its private key, both PEM. What changes it, makes another one."""

    cert_pem: bytes
    key_pem: bytes

    def write(self, folder: Path, cert_name: str, key_name: str) -> None:
        """Writes both files; only the owner may read the key."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / cert_name).write_bytes(self.cert_pem)
        write_private(folder / key_name, self.key_pem)

    @property
    def certificates(self) -> list[x509.Certificate]:
        """The chain, leaf first."""
        return x509.load_pem_x509_certificates(self.cert_pem)

    @property
    def cert_der(self) -> bytes:
        """The leaf alone, as DER."""
        return self.certificates[0].public_bytes(Encoding.DER)

    def key_file(
        self,
        form: Literal["pkcs8", "pkcs1", "sec1"] = "pkcs8",
        encoding: Literal["pem", "der"] = "pem",
        password: bytes | None = None,
    ) -> bytes:
        """The key in another form, encrypted if there is a password."""
        return as_file(read_key(self.key_pem), form, encoding, password)

    def alone(self) -> Pair:
        """Without the intermediates."""
        return self._sending(self.certificates[:1])

    def followed_by(self, *others: Authority) -> Pair:
        """With the certificates of these at the end: the root, or somebody it has nothing to do with."""
        return self._sending(self.certificates + [other.certificate for other in others])

    def shuffled(self) -> Pair:
        """What comes after the leaf the other way round: wrong if there is more than one."""
        leaf, *others = self.certificates
        return self._sending([leaf, *reversed(others)])

    def _sending(self, chain: Iterable[x509.Certificate]) -> Pair:
        return replace(self, cert_pem=b"".join(map(_pem, chain)))


class Authority:
    """A certificate authority: a root, or an intermediate when `issuer` is given; `form` as told at `Form`.

    `Authority(..., ca=None)` makes one without basic constraints, which nobody should accept.
    """

    def __init__(
        self, name: str = "Development CA", *, issuer: Authority | None = None, **form: Any
    ) -> None:
        shape = Form(**{"ca": True, **form})
        self._certify(_name(name), new_key(shape.kind, fresh=shape.fresh), issuer, shape)

    def _certify(
        self, subject: x509.Name, key: PrivateKey, issuer: Authority | None, shape: Form
    ) -> None:
        self.kind = kind_of(key)
        self.key = key
        self.issuer = issuer
        draft = _draft(subject, key, shape).add_extension(_authority_usage(), critical=True)
        if issuer is None:
            self.certificate = signed(draft.issuer_name(subject), key, shape.hash)
        else:
            self.certificate = issuer._sign(draft, shape)

    @property
    def subject(self) -> x509.Name:
        return self.certificate.subject

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        return _pem(self.certificate)

    @property
    def der(self) -> bytes:
        """The same as DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def chain_pem(self) -> bytes:
        """The certificates a server sends after its own: the intermediates, without the root."""
        return b"" if self.issuer is None else self.pem + self.issuer.chain_pem

    @property
    def pair(self) -> Pair:
        """The authority's own certificate and key, to be misused as a server's or a client's."""
        return Pair(self.chain_pem or self.pem, as_file(self.key))

    def intermediate(self, name: str = "Development intermediate CA", **form: Any) -> Authority:
        """An authority below this one, with a key of the same kind if nothing else is said."""
        return Authority(name, issuer=self, **{"kind": self.kind, **form})

    def cross_signed_by(self, other: Authority, **form: Any) -> Authority:
        """This authority by another way: the same subject and key, in a certificate that `other` signed.

        Servers are issued by either; they differ in the intermediates they send.
        """
        return self._made(self.subject, self.key, other, **form)

    @classmethod
    def imitating(cls, certificate: x509.Certificate, **form: Any) -> Authority:
        """A root of the same subject as `certificate` with another key: what somebody without its key can make."""
        shape = Form(**{"fresh": True, **form})
        return cls._made(certificate.subject, new_key(shape.kind, fresh=shape.fresh), None, **form)

    @classmethod
    def _made(
        cls, subject: x509.Name, key: PrivateKey, issuer: Authority | None, **form: Any
    ) -> Authority:
        made = cls.__new__(cls)
        made._certify(subject, key, issuer, Form(**{"ca": True, **form}))
        return made

    def server(self, *names: str, common_name: str | None = None, **form: Any) -> Pair:
        """A server's pair for `names`: host names (`*.` for all below) and IP addresses.

        The first of them is its common name if nothing else is said. Without names there are no alternative names at
        all, which is how certificates were made long ago.
        """
        return self._issue(names, common_name, {"usage": ("serverAuth",), **form})

    def client(self, name: str, **form: Any) -> Pair:
        """A client's pair, for servers that ask for one."""
        return self._issue((), name, {"usage": ("clientAuth",), **form})

    def answer(self, request: bytes, **form: Any) -> bytes:
        """The client certificate (PEM, with the intermediates) that was asked for with a PKCS#10 request (PEM)."""
        asked = x509.load_pem_x509_csr(request)
        if not asked.is_signature_valid:
            raise ValueError("the request is not signed with the key it is about")
        shape = Form(**{"usage": ("clientAuth",), **form})
        draft = _draft(asked.subject, asked, shape)
        return _pem(self._sign(draft, shape)) + self.chain_pem

    def write(self, folder: Path, cert_name: str = "ca.pem", key_name: str = "ca.key") -> None:
        Pair(self.pem, as_file(self.key)).write(folder, cert_name, key_name)

    @classmethod
    def read(cls, folder: Path, cert_name: str = "ca.pem", key_name: str = "ca.key") -> Authority:
        """The root that `write` left in `folder`. Raises ValueError."""
        found = cls.__new__(cls)
        found.key, found.issuer = read_key((folder / key_name).read_bytes()), None
        found.kind = kind_of(found.key)
        found.certificate = x509.load_pem_x509_certificate((folder / cert_name).read_bytes())
        return found

    def _issue(
        self, names: tuple[str, ...], common_name: str | None, form: dict[str, Any]
    ) -> Pair:
        shape = Form(**{"kind": self.kind, **form})
        key = new_key(shape.kind, fresh=shape.fresh)
        certificate = self._sign(_leaf(names, common_name, key, shape), shape)
        return Pair(_pem(certificate) + self.chain_pem, as_file(key))

    def _sign(self, draft: x509.CertificateBuilder, shape: Form) -> x509.Certificate:
        known_as = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        draft = draft.add_extension(known_as, critical=False)
        return signed(draft.issuer_name(self.subject), self.key, shape.hash)


def self_signed(*names: str, common_name: str | None = None, **form: Any) -> Pair:
    """A server's pair that no authority signed."""
    shape = Form(**form)
    key = new_key(shape.kind, fresh=shape.fresh)
    draft = _leaf(names, common_name, key, shape)
    subject = _name(common_name or names[0])
    return Pair(_pem(signed(draft.issuer_name(subject), key, shape.hash)), as_file(key))


def days(count: float) -> datetime:
    """So many days from now."""
    return datetime.now(UTC) + timedelta(days=count)


def _leaf(
    names: tuple[str, ...], common_name: str | None, key: PrivateKey, shape: Form
) -> x509.CertificateBuilder:
    draft = _draft(_name(common_name or names[0]), key, shape)
    if names:
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        draft = draft.add_extension(alternatives, critical=False)
    return draft


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _draft(
    subject: x509.Name, key: PrivateKey | x509.CertificateSigningRequest, shape: Form
) -> x509.CertificateBuilder:
    """All but the issuer, and the extensions that only some have."""
    public: Any = key.public_key()
    draft = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(shape.not_before or days(-1))
        .not_valid_after(
            shape.not_after or days(397) - timedelta(hours=1)
        )  # not at the turn of a day
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if shape.ca is not None:
        constraints = x509.BasicConstraints(shape.ca, shape.path_length if shape.ca else None)
        draft = draft.add_extension(constraints, critical=True)
    if shape.usage:
        usages = x509.ExtendedKeyUsage([_USAGES[usage] for usage in shape.usage])
        draft = draft.add_extension(usages, critical=False)
    if shape.permitted:
        below = x509.NameConstraints([x509.DNSName(name) for name in shape.permitted], None)
        draft = draft.add_extension(below, critical=True)
    for number in range(shape.extensions):
        kind = x509.ObjectIdentifier(f"1.3.6.1.4.1.32473.{number + 1}")  # for examples, RFC 5612
        draft = draft.add_extension(x509.UnrecognizedExtension(kind, b"\x05\x00"), critical=False)
    if shape.issuer_address:
        place = x509.UniformResourceIdentifier(shape.issuer_address)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        draft = draft.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return draft


def _authority_usage() -> x509.KeyUsage:
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


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
