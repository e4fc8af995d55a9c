"""Certificates and keys that others made: read as `cryptography` reads them, accepted as Mbed TLS accepts them, and no
bytes whatever do worse than a ValueError."""

import functools
import ipaddress
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import paper
import pytest
from cryptography import x509 as peer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as some
from trust import contents, inspection, pem
from trust.keys import PrivateKey
from trust.x509 import Certificate

ROOT = Path(__file__).resolve().parents[2]
NOW = "20261121120000"
START, STOP = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2055, 6, 7, 8, 9, 10, tzinfo=UTC)
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
PKCS8, TRADITIONAL = (
    serialization.PrivateFormat.PKCS8,
    serialization.PrivateFormat.TraditionalOpenSSL,
)
OPEN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"password")

KINDS = {
    "EC P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EC P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "EC P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EC secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "EC P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "EC Brainpool": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "RSA 1024": lambda: rsa.generate_private_key(65537, 1024),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "DSA": lambda: dsa.generate_private_key(1024),
}
GOOD = ("EC P-256", "EC P-384", "EC P-521", "RSA 2048")


@functools.cache
def key_of(kind, which=1):
    """The same key whenever the same is asked for: they take long to make."""
    return KINDS[kind]()


def named(text):
    return peer.Name([peer.NameAttribute(NameOID.COMMON_NAME, text)])


def issue(key, subject="car 7", issuer=None, signer=None, extensions=(), digest=None, **signing):
    """DER. Signed by its own key unless `signer` is given; `extensions` are (value, critical)."""
    signer = signer or key
    draft = peer.CertificateBuilder(named(issuer or subject), named(subject), key.public_key())
    draft = draft.serial_number(peer.random_serial_number())
    draft = draft.not_valid_before(START).not_valid_after(STOP)
    for value, critical in extensions:
        draft = draft.add_extension(value, critical)
    by_hash = not isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return draft.sign(
        signer, (digest or hashes.SHA256()) if by_hash else None, **signing
    ).public_bytes(DER)


IS_CA = peer.BasicConstraints(True, None), True
FOR_CLIENTS = peer.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False
CLIENT_CERT = issue(key_of("EC P-256"), "car 7", "Garage CA", key_of("EC P-384"), (FOR_CLIENTS,))
RICH = issue(
    key_of("EC P-256"),
    "collector.example",
    "Garage CA",
    key_of("RSA 2048"),
    (
        (peer.BasicConstraints(False, None), True),
        (peer.KeyUsage(*[True] + [False] * 8), True),
        FOR_CLIENTS,
        (
            peer.SubjectAlternativeName(
                [
                    peer.DNSName("collector.example"),
                    peer.RFC822Name("a@collector.example"),
                    peer.IPAddress(ipaddress.ip_address("192.168.4.2")),
                ]
            ),
            False,
        ),
    ),
)


def private(key, form=PKCS8, encoding=DER, lock=OPEN):
    return key.private_bytes(encoding, form, lock)


def codes(ca=None, cert=None, key=None):
    return [(one["field"], one["code"]) for one in inspection.check(ca, cert, key, NOW)[1]]


# Read as others read them


def assert_same(ours, theirs):
    assert ours.subject_raw == theirs.subject.public_bytes()
    assert ours.issuer_raw == theirs.issuer.public_bytes()
    assert ours.self_signed == (theirs.subject == theirs.issuer)
    assert int(ours.serial.replace(":", ""), 16) == theirs.serial_number
    assert ours.not_before == theirs.not_valid_before_utc.strftime("%Y%m%d%H%M%S")
    assert ours.not_after == theirs.not_valid_after_utc.strftime("%Y%m%d%H%M%S")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    assert ours.spki == theirs.public_key().public_bytes(DER, form)
    assert ours.fingerprint().replace(":", "") == theirs.fingerprint(hashes.SHA256()).hex()
    extensions = [(one.oid.dotted_string, one.critical) for one in theirs.extensions]
    assert [critical for _, critical, _, _ in ours.extensions()] == [one[1] for one in extensions]


@pytest.mark.parametrize("kind", KINDS)
def test_certificates_with_keys_of_every_kind_are_read(kind):
    made = issue(key_of(kind), extensions=(IS_CA,))
    found = Certificate(made)
    assert found.key == kind and found.is_ca and found.self_signed
    assert_same(found, peer.load_der_x509_certificate(made))


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # one root's is zero
def test_every_public_root_is_read_and_fit():
    roots = peer.load_pem_x509_certificates(Path(certifi.where()).read_bytes())
    assert len(roots) > 100
    for root in roots:
        made = root.public_bytes(DER)
        found = Certificate(made)
        assert_same(found, root)
        assert found.is_ca and found.self_signed and not found.has_names
        assert codes(made) == []


def test_a_rich_certificate_is_read():
    found = Certificate(RICH)
    assert_same(found, peer.load_der_x509_certificate(RICH))
    assert found.names == ["collector.example", "192.168.4.2"]
    assert (found.for_clients, found.for_servers, found.is_ca) == (True, False, False)


# Keys


def key_files(kind):
    key = key_of(kind)
    forms = [PKCS8] if kind.startswith("Ed") else [PKCS8, TRADITIONAL]
    return [private(key, form, encoding) for form in forms for encoding in (DER, PEM)]


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_every_kind_and_form_are_told(kind):
    stranger = Certificate(issue(key_of(kind, 2))).spki
    own = Certificate(issue(key_of(kind))).spki
    for form in key_files(kind):
        found = PrivateKey(pem.blocks(form)[0][1])
        assert found.kind == kind
        if kind in GOOD:
            assert found.matches(own) is True
            assert found.matches(stranger) is False
        kept = contents.tidy_key(form)
        assert private(serialization.load_pem_private_key(kept, None)) == private(key_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_only_keys_that_the_device_can_use_pass(kind):
    cert = issue(key_of(kind), "car 7", "Garage CA", key_of("EC P-256"), (FOR_CLIENTS,))
    for form in key_files(kind):
        fields = [field for field, _ in codes(cert=cert, key=form)]
        assert fields == ([] if kind in GOOD else ["cert", "key"])


@pytest.mark.parametrize("kind", ["EC P-256", "RSA 2048"])
def test_encrypted_keys_are_told_with_their_remedy(kind):
    key = key_of(kind)
    forms = [private(key, PKCS8, encoding, LOCKED) for encoding in (DER, PEM)]
    forms.append(private(key, TRADITIONAL, PEM, LOCKED))
    cert = issue(key, "car 7", "Garage CA", key_of("EC P-384"), (FOR_CLIENTS,))
    for form in forms:
        problem = inspection.check(None, cert, form, NOW)[1][0]
        assert (problem["field"], problem["code"]) == ("key", "encrypted_key")
        assert "openssl pkey" in problem["message"]
        assert codes(ca=form) == [("ca", "private_key")]


def test_containers_of_others_are_told():
    key, cert = key_of("EC P-256"), peer.load_der_x509_certificate(CLIENT_CERT)
    for lock in (OPEN, LOCKED):
        p12 = pkcs12.serialize_key_and_certificates(b"x", key, cert, None, lock)
        assert codes(ca=p12) == [("ca", "pkcs12")]
        assert codes(cert=CLIENT_CERT, key=p12) == [("key", "pkcs12")]
    for encoding in (DER, PEM):
        p7 = pkcs7.serialize_certificates([cert], encoding)
        assert codes(ca=p7) == [("ca", "pkcs7")]
        request = peer.CertificateSigningRequestBuilder(named("x")).sign(key, hashes.SHA256())
        assert codes(ca=request.public_bytes(encoding)) == [("ca", "request")]
        public = key.public_key().public_bytes(
            encoding, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert codes(ca=public) == [("ca", "public_key")]
    openssh = private(key, serialization.PrivateFormat.OpenSSH, PEM)
    assert codes(cert=CLIENT_CERT, key=openssh) == [("key", "openssh_key")]
    assert codes(ca=openssh) == [("ca", "private_key")]


# Accepted as Mbed TLS accepts them

LOADER = """
import sys, tls
for path in sys.argv[1:]:
    with open(path, "rb") as stream:
        data = stream.read()
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    try:
        if path.endswith(".ca"):
            context.load_verify_locations(data)
        else:
            with open(path[:-4] + ".key", "rb") as stream:
                context.load_cert_chain(data, stream.read())
        print("loaded")
    except (ValueError, OSError):
        print("refused")
"""


def loads(folder, files):
    """Whether MicroPython's TLS loads each of these: a `bytes` of authorities, or a (cert, key)."""
    (folder / "load.py").write_text(LOADER)
    paths = []
    for at, data in enumerate(files):
        is_pair = isinstance(data, tuple)
        paths.append(folder / f"{at}.{'crt' if is_pair else 'ca'}")
        paths[-1].write_bytes(data[0] if is_pair else data)
        if is_pair:
            (folder / f"{at}.key").write_bytes(data[1])
    result = subprocess.run(
        [ROOT / "tools" / "micropython", folder / "load.py", *paths],
        env={**os.environ, "MICROPYPATH": ".frozen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [line == "loaded" for line in result.stdout.splitlines()]


def pss():
    return {"rsa_padding": padding.PSS(padding.MGF1(hashes.SHA256()), 32)}


def with_extension(value, critical=True):
    return issue(key_of("EC P-256"), "Garage CA", extensions=(IS_CA, (value, critical)))


def policies(oid):
    return peer.CertificatePolicies([peer.PolicyInformation(peer.ObjectIdentifier(oid), None)])


NETSCAPE_TYPE = peer.ObjectIdentifier("2.16.840.1.113730.1.1")
CONSTRAINTS = peer.NameConstraints([peer.DNSName("example")], None)
# Those that this TLS library cannot even load; our answer for each.
UNLOADABLE = {
    "name constraints": (with_extension(CONSTRAINTS), "unsupported_extension"),
    "a policy": (with_extension(policies("1.2.3")), "unsupported_extension"),
    "policy constraints": (
        with_extension(peer.PolicyConstraints(0, None)),
        "unsupported_extension",
    ),
    "Ed25519 key": (
        issue(key_of("Ed25519"), "Root", "Root", key_of("EC P-256"), (IS_CA,)),
        "unsupported_key",
    ),
    "Ed25519 signature": (
        issue(key_of("EC P-256"), "Garage CA", "Garage CA", key_of("Ed25519"), (IS_CA,)),
        "unsupported_signature",
    ),
    "DSA key": (
        issue(key_of("DSA"), "Root", "Root", key_of("EC P-256"), (IS_CA,)),
        "unsupported_key",
    ),
}
LOADABLE = {
    "EC": with_extension(peer.SubjectKeyIdentifier(b"1"), False),
    "RSA": issue(key_of("RSA 2048"), "Garage CA", extensions=(IS_CA,)),
    "RSA-PSS signature": issue(key_of("RSA 2048"), "Garage CA", extensions=(IS_CA,), **pss()),
    "SHA-512": issue(key_of("EC P-521"), "Root", extensions=(IS_CA,), digest=hashes.SHA512()),
    "constraints that are not critical": with_extension(CONSTRAINTS, False),
    "any policy": with_extension(policies("2.5.29.32.0")),
    "a policy that is not critical": with_extension(policies("1.2.3"), False),
    "everything known is critical": issue(
        key_of("EC P-256"),
        "Garage CA",
        extensions=(
            IS_CA,
            (peer.KeyUsage(*[False] * 5, True, True, False, False), True),
            (FOR_CLIENTS[0], True),
            (peer.SubjectAlternativeName([peer.DNSName("a.example")]), True),
            (peer.SubjectKeyIdentifier(b"1"), True),
            (peer.AuthorityKeyIdentifier(b"1", None, None), True),
            (peer.UnrecognizedExtension(NETSCAPE_TYPE, b"\3\2\1\6"), True),
        ),
    ),
    "no authority, self-signed": issue(key_of("EC P-256"), "nas.example"),
}


def test_what_mbed_tls_cannot_load_is_refused_and_what_passes_it_loads(tmp_path):
    bad = [made for made, _ in UNLOADABLE.values()]
    for name, (made, code) in UNLOADABLE.items():
        assert codes(made) == [("ca", code)], name
    for name, made in LOADABLE.items():
        assert codes(made) == [], name
    found = loads(tmp_path, bad + list(LOADABLE.values()))
    assert found == [False] * len(bad) + [True] * len(LOADABLE)


def test_whatever_is_kept_can_be_loaded(tmp_path):
    """Uploads in every form, among them some that Mbed TLS itself would not take."""
    base64 = b"".join(pem.encode("X", RICH).splitlines()[1:-1])
    certificates = [LOADABLE["EC"], LOADABLE["RSA"]]
    text = paper.text(*certificates)
    forms = [b"".join(certificates), text.replace(b"\n", b" "), b"\xef\xbb\xbf" + text, text[:-1]]
    kept = [contents.tidy_certificates(form) for form in forms]
    assert kept == [text] * len(forms)
    pairs = []
    for kind in GOOD:
        cert = issue(key_of(kind), "car 7", "Garage CA", key_of("EC P-384"), (FOR_CLIENTS,))
        for form in key_files(kind):
            assert codes(cert=cert, key=form) == []
            pairs.append((contents.tidy_certificates(cert), contents.tidy_key(form)))
    kept.append(contents.tidy_certificates(base64))
    assert loads(tmp_path, kept + pairs) == [True] * (len(kept) + len(pairs))


# Nothing crashes


def use(made):
    """Everything that is ever asked of a certificate."""
    found = Certificate(made)
    assert all(isinstance(text, str) for text in (found.subject, found.issuer, *found.names))
    _ = found.issuer_raw, found.subject_raw, found.spki, found.key, found.signature, found.serial
    list(found.extensions())
    found.fingerprint()


def check_all(data):
    """The checks report everything; nothing is raised."""
    for files in ((data, None, None), (None, data, data), (None, CLIENT_CERT, data)):
        facts, problems = inspection.check(*files, NOW)
        assert set(facts) == {"ca", "cert", "key"}
        assert all(one["message"] for one in problems)


@pytest.mark.parametrize("made", [RICH, LOADABLE["RSA"], UNLOADABLE["a policy"][0]])
def test_cut_certificates_are_refused(made):
    for length in range(len(made)):
        with pytest.raises(ValueError):
            Certificate(made[:length])
        assert codes(made[:length])


@pytest.mark.parametrize("made", [RICH, LOADABLE["EC"], UNLOADABLE["a policy"][0]])
def test_flipped_bits_do_no_worse_than_a_value_error(made):
    for bit in range(8 * len(made)):
        damaged = bytearray(made)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            use(bytes(damaged))
        except ValueError:
            pass
        if bit % 7 == 0:
            check_all(bytes(damaged))


@pytest.mark.parametrize("kind", ["EC P-256", "RSA 2048", "Ed25519"])
def test_flipped_bits_of_keys_do_no_worse_than_a_value_error(kind):
    spki = Certificate(CLIENT_CERT).spki
    for whole in [form for form in key_files(kind) if form[:1] == b"\x30"]:
        for bit in range(0, 8 * len(whole), 3):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            try:
                key = PrivateKey(bytes(damaged))
                _ = key.kind, key.matches(spki)
            except ValueError:
                pass


PIECES = [RICH, CLIENT_CERT, paper.sec1(1), paper.pkcs1(1024), paper.encrypted(), paper.request()]
BEGINNINGS = [
    b"-----BEGIN ",
    b"-----END ",
    b"CERTIFICATE-----\n",
    b"PRIVATE KEY-----\n",
    b"MII=\n",
]


@settings(max_examples=300, deadline=None)
@given(some.binary(max_size=300))
def test_no_bytes_crash_a_parser(data):
    for parser in (Certificate, PrivateKey, pem.blocks):
        try:
            parser(data)
        except ValueError:
            pass
    check_all(data)
    check_all(b"\x30" + data)


@settings(max_examples=200, deadline=None)
@given(some.lists(some.sampled_from(PIECES + BEGINNINGS) | some.binary(max_size=20), max_size=6))
def test_no_mixture_crashes_a_check(pieces):
    check_all(b"".join(pieces))


@settings(max_examples=200, deadline=None)
@given(
    some.sampled_from(PIECES),
    some.lists(some.tuples(some.integers(0, 400), some.integers(0, 255)), max_size=6),
)
def test_no_damage_crashes_a_check(whole, changes):
    damaged = bytearray(whole)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    check_all(bytes(damaged))
    check_all(
        pem.encode("CERTIFICATE", bytes(damaged)) + pem.encode("PRIVATE KEY", bytes(damaged))
    )


# Arithmetic


@settings(max_examples=200, deadline=None)
@given(
    some.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)),
    some.datetimes(datetime(2025, 1, 1), datetime(2099, 12, 31)),
)
def test_days_are_counted_as_the_calendar_does(stop, now):
    from trust import details

    stamps = [moment.strftime("%4Y%m%d%H%M%S") for moment in (now, stop)]
    whole = stop.replace(microsecond=0) - now.replace(microsecond=0)
    assert details.days_between(*stamps) == whole // timedelta(days=1)
