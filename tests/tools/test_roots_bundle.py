"""The default bundle made of the real certifi package: every root is in it, is found, and is taken by Mbed TLS."""

import asyncio
import hashlib
import os
import platform
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import certifi
import pki
import pytest
import roots
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from trust import roots as device
from trust.roots_update import Update
from trust.x509 import Certificate

ROOT = Path(__file__).resolve().parents[2]
BUILDS = {"native": [], "32-bit": ["-32"]} if platform.machine() == "x86_64" else {"native": []}
PROBE = Path(__file__).with_name("roots_probe.py")
END = "-----END CERTIFICATE-----"


@pytest.fixture(scope="module")
def mozilla() -> list[bytes]:
    """The roots (DER) as the standard library reads them."""
    blocks = Path(certifi.where()).read_text("utf-8").split(END)[:-1]
    return [ssl.PEM_cert_to_DER_cert(b[b.index("-----BEGIN") :] + END) for b in blocks]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make roots` makes it."""
    path = tmp_path_factory.mktemp("roots") / "roots.bin"
    make(path)
    return path


def make(path: Path) -> str:
    command = [sys.executable, "-m", "roots", path]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


def subject(der: bytes) -> bytes:
    return Certificate(der).subject_raw


def test_every_root_is_found_by_its_subject_and_is_the_same_to_the_byte(bundle, mozilla):
    assert len(mozilla) > 100
    for der in mozilla:
        same = [other for other in mozilla if subject(other) == subject(der)]
        assert sorted(device.find(str(bundle), [device.key(subject(der))])) == sorted(same)


def test_a_stranger_is_not_found(bundle):
    stranger = pki.Authority("Garage CA").der
    assert device.find(str(bundle), [device.key(subject(stranger))]) == []


def test_date_and_number_are_those_of_the_package(bundle, mozilla):
    day = "{}-{:0>2}-{:0>2}".format(*certifi.__version__.split(".")[:3])
    assert device.about(str(bundle)) == (day, len(mozilla))
    assert roots.date("2026.10.18") == "20261018"
    assert roots.date("2026.1.4.1") == "20260104"


def test_the_same_package_makes_the_same_bytes(bundle, mozilla, tmp_path):
    said = make(tmp_path / "deep" / "again.bin")
    data = bundle.read_bytes()
    assert (tmp_path / "deep" / "again.bin").read_bytes() == data
    assert f"{len(mozilla)} roots of" in said and f"{len(data)} bytes" in said
    assert os.listdir(tmp_path / "deep") == ["again.bin"]
    turned = "".join(ssl.DER_cert_to_PEM_cert(der) for der in [*reversed(mozilla), mozilla[0]])
    assert roots.bundle(turned.encode(), roots.date(certifi.__version__)) == data


def test_the_bundle_is_small_enough_to_replace_it_over_the_air(bundle):
    assert bundle.stat().st_size < 256 * 1024


def test_the_device_takes_it_as_an_update_unless_it_is_damaged(bundle, mozilla, tmp_path):
    assert asyncio.run(updated(bundle, tmp_path)) == device.about(str(bundle))
    assert (tmp_path / "certs" / "default" / "roots.bin").read_bytes() == bundle.read_bytes()
    damaged = bytearray(bundle.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "damaged.bin").write_bytes(damaged)
    with pytest.raises(device.RootsError, match="is damaged"):
        asyncio.run(updated(tmp_path / "damaged.bin", tmp_path))
    assert os.listdir(tmp_path / "certs" / "default") == ["roots.bin"]


async def updated(bundle: Path, root: Path) -> tuple[str, int]:
    with Update(f"{root}/certs/default/roots.bin") as update:
        update.write(bundle.read_bytes())
        return await update.commit()


def test_a_damaged_package_makes_no_bundle(mozilla):
    pem = Path(certifi.where()).read_bytes()
    for damaged in (pem[:-40], pem.replace(b"MII", b"AII", 1), pem.replace(b"MII", b"M!I", 1)):
        with pytest.raises(ValueError):
            roots.bundle(damaged, "20261018")


def test_a_root_can_be_imitated_but_for_its_key(bundle, mozilla):
    """So that tests can show that the index alone convinces nobody."""
    for der in mozilla:
        if Certificate(der).serial == "00":  # which `cryptography` will refuse
            continue
        real = x509.load_der_x509_certificate(der)
        fake = pki.Authority.imitating(real).certificate.public_bytes(Encoding.DER)
        assert device.find(str(bundle), [device.key(subject(fake))])[0] == der
        assert Certificate(fake).spki != Certificate(der).spki


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS.keys())
def test_every_root_is_found_under_micropython_and_taken_by_mbed_tls(bundle, mozilla, build):
    done = subprocess.run(
        [ROOT / "tools" / "micropython", *build, PROBE, bundle],
        input="".join(subject(der).hex() + "\n" for der in mozilla),
        env={**os.environ, "MICROPYPATH": f"{ROOT}/lib:{ROOT}/firmware/boards/unix"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    *found, last = done.stdout.splitlines()
    assert found == [hashlib.sha256(der).hexdigest() for der in mozilla], done.stderr
    assert last == "refused: invalid cert"


def test_the_firmware_is_not_older_than_its_roots():
    """No clock may be set to before it was made."""
    from device.status import RELEASED

    day = datetime.strptime(roots.date(certifi.__version__), "%Y%m%d").replace(tzinfo=UTC)
    assert day.timestamp() <= RELEASED
