"""Keys, signatures and requests of the device before independent judges: the cryptography package and openssl."""

import hashlib
import hmac
import ipaddress
import itertools
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from helper import run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trust import csr, p256

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
OPENSSL = shutil.which("openssl")
RFC_6979 = ec.ECDSA(utils.Prehashed(hashes.SHA256()), deterministic_signing=True)

# Twice every point of the comb, and their opposites: see p256._multiple().
ROWS = itertools.product((-1, 1), repeat=4)
COMB = [(1 << 208) + sum(sign << 52 * row for row, sign in enumerate(signs)) for signs in ROWS]
NEIGHBOURS = [k for point in COMB for k in (point, 2 * point, N - point, N - 2 * point)]

KEYS = st.integers(1, N - 1) | st.integers(1, 1000) | st.integers(N - 1000, N - 1)
DIGESTS = st.binary(min_size=32, max_size=32)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64)
COMMON_NAMES = PRINTABLE.filter(lambda text: text == text.strip())
LABELS = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,12}[a-zA-Z0-9])?", fullmatch=True)
TOP = st.from_regex(r"[a-z]{2,8}", fullmatch=True)
DNS_NAMES = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABELS), TOP)
NAMES = st.lists(DNS_NAMES | st.ip_addresses(v=4).map(str), max_size=8)


def genuine(d):
    return ec.derive_private_key(d, ec.SECP256R1())


def genuine_point(d):
    return (
        genuine(d)
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )


def alternative(name):
    try:
        return x509.IPAddress(ipaddress.IPv4Address(name))
    except ValueError:
        return x509.DNSName(name)


@given(KEYS)
def test_public_keys_are_those_of_another_implementation(d):
    assert run(p256.public_key(d)) == genuine_point(d)


def test_no_number_leads_the_comb_astray():
    powers = [1 << bit for bit in range(1, 256)]
    for d in NEIGHBOURS + powers + [power - 1 for power in powers]:
        assert run(p256.public_key(d)) == genuine_point(d), hex(d)


@given(KEYS, DIGESTS)
@example(1, b"\xff" * 32)
@example(N - 1, N.to_bytes(32, "big"))
@example(N - 1, bytes(32))
def test_signatures_are_valid_and_those_of_another_implementation(d, digest):
    found = run(p256.sign(d, digest))
    genuine(d).public_key().verify(found, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    assert found == genuine(d).sign(digest, RFC_6979)


@given(KEYS, DIGESTS)
@settings(max_examples=20)
def test_the_next_secret_number_is_the_one_of_rfc_6979(d, digest):
    """Needed once in 2^32 signatures, so no published vector gets there."""
    seed = d.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")

    def mac(key, message):
        return hmac.new(key, message, hashlib.sha256).digest()

    key, value = bytes(32), b"\1" * 32
    key = mac(key, value + b"\0" + seed)
    value = mac(key, value)
    key = mac(key, value + b"\1" + seed)
    value = mac(key, value)
    expected = []
    for _ in range(3):
        value = mac(key, value)
        expected.append(int.from_bytes(value, "big"))
        key = mac(key, value + b"\0")
        value = mac(key, value)
    assert list(itertools.islice(p256._nonces(d, digest), 3)) == expected


def test_secret_numbers_out_of_range_are_passed_over(monkeypatch):
    """The four first HMACs make the seed; then comes one for each candidate, with two between them."""
    candidates = {5: N, 8: N + 1, 11: 0, 14: N - 1, 17: 1}
    calls = itertools.count(1)

    def mac(key, message):
        return candidates.get(next(calls), 7).to_bytes(32, "big")

    monkeypatch.setattr(p256, "_hmac", mac)
    assert list(itertools.islice(p256._nonces(1, bytes(32)), 2)) == [N - 1, 1]


@given(KEYS, COMMON_NAMES, NAMES)
@settings(max_examples=50)
def test_requests_are_valid_and_those_of_another_implementation(d, common_name, names):
    found = run(csr.request(d, run(p256.public_key(d)), common_name, names))
    read = x509.load_der_x509_csr(found)
    assert read.is_signature_valid
    (attribute,) = read.subject
    assert (attribute.oid, attribute.value) == (x509.NameOID.COMMON_NAME, common_name)
    assert read.public_key() == genuine(d).public_key()
    wanted = [alternative(name) for name in names]
    draft = x509.CertificateSigningRequestBuilder().subject_name(read.subject)
    if names:
        (extension,) = read.extensions
        assert list(extension.value) == wanted
        draft = draft.add_extension(x509.SubjectAlternativeName(wanted), critical=False)
    other = draft.sign(genuine(d), hashes.SHA256(), ecdsa_deterministic=True)
    assert found == other.public_bytes(serialization.Encoding.DER)


@given(KEYS)
@settings(max_examples=20)
def test_key_files_can_be_read_by_others(d):
    written = csr.key_pem(d, run(p256.public_key(d)))
    key = serialization.load_pem_private_key(written, None)
    assert key.private_numbers() == genuine(d).private_numbers()
    assert written == key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def test_what_was_made_belongs_together():
    key_pem, csr_pem = run(csr.make("wican-a1b2c3", ["wican.example", "10.0.0.1"]))
    key = serialization.load_pem_private_key(key_pem, None)
    read = x509.load_pem_x509_csr(csr_pem)
    assert read.is_signature_valid
    assert read.public_key() == key.public_key()


@pytest.mark.skipif(OPENSSL is None, reason="needs openssl")
def test_openssl_accepts_key_and_request(tmp_path):
    key_pem, csr_pem = run(csr.make("wican-a1b2c3", ["wican.example", "10.0.0.1"]))
    (tmp_path / "key.pem").write_bytes(key_pem)
    (tmp_path / "request.pem").write_bytes(csr_pem)
    key = openssl(tmp_path, "pkey", "-in", "key.pem", "-check", "-noout")
    assert "is valid" in key
    found = openssl(tmp_path, "req", "-in", "request.pem", "-verify", "-noout", "-text")
    assert "verify OK" in found
    assert "DNS:wican.example, IP Address:10.0.0.1" in found


def openssl(folder, *arguments):
    result = subprocess.run(
        [OPENSSL, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return result.stdout + result.stderr
