"""What the tests of trust share: authorities, a device that knows them, and a document that it sends."""

import hashlib
import json
import os
import platform
import subprocess
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import certifi
import roots
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Certificate, load_der_x509_certificate
from pki import Authority, Pair, days, self_signed

ROOT = Path(__file__).resolve().parent.parent.parent
BODY = b'{"autopid_data":{"SPEED":5}}'
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]
NAME = "cars.example"

EC = Authority("Garage CA")
EC384 = Authority("Strong CA", kind="ec384")
RSA = Authority("RSA CA", kind="rsa")
RSA4096 = Authority("Large CA", kind="rsa4096")
OTHER = Authority("Other CA")
EXPIRED_ROOT = Authority("Past CA", not_before=days(-900), not_after=days(-10))
CRITICAL = Authority("Constrained CA", permitted=("example",))
LONE = self_signed(NAME)
WORKSHOP = EC.intermediate("Workshop CA")
OLD, NEW = Authority("Old root"), Authority("New root", kind="rsa")
CROSSED = NEW.cross_signed_by(OLD)
CROSSED_BY_EXPIRED = NEW.cross_signed_by(EXPIRED_ROOT).intermediate("Issuing CA")
PUBLIC = Authority("Public root")
PUBLIC_ISSUER = PUBLIC.intermediate("Issuing CA")
CLIENTS = Authority("Clients CA")
MISFIT = Pair(CLIENTS.client("wican").cert_pem, CLIENTS.client("wican").key_pem)
REAL = roots.certificates(Path(certifi.where()).read_bytes())


def real(name: bytes) -> Certificate:
    """The public root with that in its name."""
    return load_der_x509_certificate(min(der for der in REAL if name in der))


IMITATED = [real(name) for name in (b"ISRG Root X1", b"DigiCert Global Root G2", b"GlobalSign")]


def pin(certificate: Certificate) -> str:
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(hashlib.sha256(spki).digest()).decode()


def leaf(pair: Pair) -> Certificate:
    return pair.certificates[0]


@dataclass(frozen=True)
class Case:
    """A server, what the device has been told about it, and what has to become of a document.

    `says` is a part of the sentence, "" if the document has to arrive; `plan` changes what the probe does.
    """

    name: str
    pair: Pair
    says: str = ""
    certset: str = "own"
    plan: dict[str, Any] = field(default_factory=dict)
    clients: Authority | None = None
    weak: bool = False


def key_of(authority: Authority) -> str:
    return roots.key_of(authority.der).hex()


def make_device(root: Path) -> None:
    """The device's file system with its cert sets."""
    several = b"".join(each.pem for each in (EXPIRED_ROOT, RSA, EC384, RSA4096, EC))
    for name, ca, pair in (
        ("own", several, None),
        ("lone", LONE.cert_pem, None),
        ("der", EC.der, None),
        ("intermediate", WORKSHOP.pem, None),
        ("old", OLD.pem, None),
        ("new", NEW.pem, None),
        ("constrained", CRITICAL.pem, None),
        ("mutual", several, CLIENTS.client("wican")),
        ("mutual-rsa", several, CLIENTS.client("wican", kind="rsa")),
        ("mutual-chain", several, CLIENTS.intermediate("Fleet CA").client("wican")),
        ("mutual-default", None, CLIENTS.client("wican")),
        ("stranger", several, EC.client("wican")),
        ("misfit", several, MISFIT),
        ("empty", None, None),
    ):
        folder = root / "certs" / name
        folder.mkdir(parents=True)
        if ca is not None:
            (folder / "ca.pem").write_bytes(ca)
        if pair is not None:
            pair.write(folder, "client.crt", "client.key")
    (root / "certs" / "mutual-default" / "ca.default").touch()
    bundle = Path(certifi.where()).read_bytes() + PUBLIC.pem + OLD.pem + NEW.pem + EXPIRED_ROOT.pem
    roots.write(root / "certs" / "default" / "roots.bin", roots.bundle(bundle, "20261018"))


def post(device: Path, build: tuple[str, ...], port: int, case: Case) -> dict[str, Any]:
    """What becomes of a document sent by the device."""
    plan = {"root": str(device), "set": case.certset, "host": "127.0.0.1", "port": port}
    plan |= {"name": NAME, "deadline": 10_000, "pins": [], "remembered": None, "state": "set"}
    command = [
        ROOT / "tools" / "micropython",
        *build,
        ROOT / "tests" / "device" / "trust_probe.py",
    ]
    environment = dict(os.environ, MICROPYPATH=f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen")
    done = subprocess.run(
        command,
        input=json.dumps(plan | case.plan),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
