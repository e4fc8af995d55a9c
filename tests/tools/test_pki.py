"""The PKI that tests make: OpenSSL judges the chains, and each certificate is what was asked for."""

import subprocess
from pathlib import Path

import pki
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from pki import Authority, Pair, days
from pki_keys import new_key


def verdict(folder: Path, pair: Pair, *roots: Authority, host: str = "a.example", level: int = 1):
    """What OpenSSL says to a server that shows `pair` to a client that trusts `roots`: "OK" or why not."""
    (folder / "ca.pem").write_bytes(b"".join(root.pem for root in roots))
    (folder / "leaf.pem").write_bytes(pair.alone().cert_pem)
    (folder / "sent.pem").write_bytes(pair.cert_pem)
    command = ["openssl", "verify", "-CAfile", "ca.pem", "-no-CApath", "-auth_level", str(level)]
    command += ["-purpose", "sslserver", "-verify_hostname", host, "-untrusted", "sent.pem"]
    done = subprocess.run(
        [*command, "leaf.pem"], cwd=folder, capture_output=True, text=True, timeout=30
    )
    if done.returncode == 0:
        return "OK"
    return done.stderr.split("lookup: ")[1].split("\n")[0]


def extension(pair: Pair, kind: type):
    """The value of the leaf's extension, or None."""
    try:
        return pair.certificates[0].extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority("Root")


@pytest.mark.parametrize("kind", pki.KINDS)
def test_each_kind_of_key_makes_a_chain_of_three_levels(tmp_path, kind):
    root = Authority("Root", kind=kind)
    pair = root.intermediate("Issuing").server("a.example")
    assert verdict(tmp_path, pair, root, level=0 if kind == "rsa1024" else 1) == "OK"
    assert len(pair.certificates) == 2
    assert verdict(tmp_path, pair, Authority("Root", kind="ec")) != "OK"


@pytest.mark.parametrize("kind", ["ec", "ec384", "rsa"])
def test_a_signature_with_sha1_holds_but_only_where_it_is_allowed(tmp_path, root, kind):
    issuing = root.intermediate("Issuing", kind=kind)
    pair = issuing.server("a.example", hash="sha1")
    assert pair.certificates[0].signature_hash_algorithm.name == "sha1"
    assert verdict(tmp_path, pair, root, level=0) == "OK"
    assert verdict(tmp_path, pair, root, level=1) == "CA signature digest algorithm too weak"
    assert verdict(tmp_path, root.server("a.example", hash="sha384"), root) == "OK"


def test_a_cross_signed_authority_leads_to_either_root(tmp_path):
    old, new = Authority("Old", kind="rsa"), Authority("New")
    crossed = new.cross_signed_by(old)
    assert (crossed.subject, crossed.key) == (new.subject, new.key)
    pair = crossed.intermediate("Issuing").server("a.example")
    assert len(pair.certificates) == 3
    assert verdict(tmp_path, pair, old) == "OK"
    assert verdict(tmp_path, pair, new) == "OK"
    assert verdict(tmp_path, pair.alone(), new) == "unable to get local issuer certificate"


def test_an_imitated_root_has_the_name_and_not_the_key(tmp_path):
    real = Authority("Real", kind="rsa")
    for fake in (
        Authority.imitating(real.certificate),
        Authority.imitating(real.certificate, kind="rsa"),
    ):
        assert fake.subject == real.subject
        assert verdict(tmp_path, fake.server("a.example"), fake) == "OK"
        assert verdict(tmp_path, fake.server("a.example"), real) != "OK"


def test_what_a_server_sends_can_be_changed(tmp_path, root):
    upper = root.intermediate("Upper")
    pair = upper.intermediate("Lower").server("a.example")
    stranger = Authority("Stranger")

    def names(changed: Pair) -> list[str]:
        assert changed.key_pem == pair.key_pem
        return [each.subject.rfc4514_string()[3:] for each in changed.certificates]

    assert names(pair) == ["a.example", "Lower", "Upper"]
    assert names(pair.alone()) == ["a.example"]
    assert names(pair.followed_by(root)) == ["a.example", "Lower", "Upper", "Root"]
    assert names(pair.shuffled()) == ["a.example", "Upper", "Lower"]
    assert names(pair.followed_by(stranger).shuffled()) == [
        "a.example",
        "Stranger",
        "Upper",
        "Lower",
    ]
    assert names(pair.alone().followed_by(upper)) == ["a.example", "Upper"]
    assert verdict(tmp_path, pair.shuffled(), root) == "OK"


@pytest.mark.parametrize(
    ("upper", "lower", "expected"),
    [
        ({}, {}, "OK"),
        ({"not_after": days(-0.5)}, {}, "certificate has expired"),
        ({}, {"not_before": days(1)}, "certificate is not yet valid"),
        ({"path_length": 0}, {}, "path length constraint exceeded"),
        ({"path_length": 1}, {}, "OK"),
        ({"ca": None}, {}, "invalid CA certificate"),
        ({}, {"ca": False}, "invalid CA certificate"),
        ({"permitted": ("example",)}, {}, "OK"),
        ({"permitted": ("other.example",)}, {}, "permitted subtree violation"),
        ({}, {"usage": ("clientAuth",)}, "unsuitable certificate purpose"),
        ({}, {"usage": ("clientAuth", "serverAuth")}, "OK"),
    ],
)
def test_intermediates_are_as_good_or_bad_as_was_asked(tmp_path, root, upper, lower, expected):
    issuing = root.intermediate("Upper", **upper).intermediate("Lower", **lower)
    assert verdict(tmp_path, issuing.server("a.example"), root) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"usage": ()}, "OK"),
        ({"usage": ("clientAuth",)}, "unsuitable certificate purpose"),
        ({"ca": True}, "OK"),
        ({"ca": False}, "OK"),
        ({"not_after": days(-0.5)}, "certificate has expired"),
        ({"common_name": "b.example"}, "OK"),
    ],
)
def test_servers_are_as_good_or_bad_as_was_asked(tmp_path, root, form, expected):
    assert verdict(tmp_path, root.server("a.example", **form), root) == expected


def test_a_short_key_is_too_short_for_the_usual_level(tmp_path, root):
    pair = root.server("a.example", kind="rsa1024")
    assert verdict(tmp_path, pair, root, level=2) == "EE certificate key too weak"


def test_servers_have_the_names_that_were_asked_for(tmp_path, root):
    pair = root.server("*.garage.example", "192.0.2.7", "2001:db8::7", common_name="Some server")
    found = extension(pair, x509.SubjectAlternativeName)
    assert found.get_values_for_type(x509.DNSName) == ["*.garage.example"]
    assert [str(each) for each in found.get_values_for_type(x509.IPAddress)] == [
        "192.0.2.7",
        "2001:db8::7",
    ]
    assert pair.certificates[0].subject.rfc4514_string() == "CN=Some server"
    assert verdict(tmp_path, pair, root, host="a.garage.example") == "OK"
    assert verdict(tmp_path, pair, root, host="a.b.garage.example") == "hostname mismatch"
    nameless = root.server(common_name="a.example")
    assert extension(nameless, x509.SubjectAlternativeName) is None
    assert extension(nameless, x509.ExtendedKeyUsage)[0] == ExtendedKeyUsageOID.SERVER_AUTH


def test_an_authority_can_pose_as_a_server(root):
    issuing = root.intermediate("Issuing")
    assert [each.subject for each in issuing.pair.certificates] == [issuing.subject]
    assert root.pair.certificates == [root.certificate]
    assert extension(root.pair, x509.BasicConstraints).ca


@pytest.mark.parametrize(
    ("kind", "form", "begins"),
    [
        ("ec", "sec1", b"-----BEGIN EC PRIVATE KEY-----"),
        ("rsa", "pkcs1", b"-----BEGIN RSA PRIVATE KEY-----"),
        ("ec384", "pkcs8", b"-----BEGIN PRIVATE KEY-----"),
        ("ed25519", "pkcs8", b"-----BEGIN PRIVATE KEY-----"),
    ],
)
def test_keys_come_in_every_form(root, kind, form, begins):
    pair = root.client("wican", kind=kind)
    public = pair.certificates[0].public_key()
    assert pair.key_file(form).startswith(begins)
    der = serialization.load_der_private_key(pair.key_file(form, "der"), None)
    assert der.public_key() == public
    locked = pair.key_file(form, password=b"secret")
    assert b"ENCRYPTED" in locked
    assert serialization.load_pem_private_key(locked, b"secret").public_key() == public
    assert x509.load_der_x509_certificate(pair.cert_der) == pair.certificates[0]


def test_a_form_that_a_key_cannot_have_is_an_error(root):
    with pytest.raises(ValueError, match="no pkcs1 for a key of kind ec"):
        root.client("wican").key_file("pkcs1")
    with pytest.raises(ValueError, match="one of ec, ec384, rsa"):
        Authority(kind="dsa")


def test_rsa_keys_are_made_once_unless_another_is_wanted():
    assert new_key("rsa") is new_key("rsa")
    assert new_key("rsa", fresh=True) is not new_key("rsa")
    assert new_key("ec") is not new_key("ec")


def test_a_request_is_answered_with_a_certificate_for_its_key(root):
    key = new_key("ec")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "wican 7")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name)
    pem = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    answered = root.intermediate("Issuing").answer(pem)
    leaf, issuing = x509.load_pem_x509_certificates(answered)
    assert (leaf.subject, leaf.public_key()) == (name, key.public_key())
    leaf.verify_directly_issued_by(issuing)


def test_an_authority_is_read_back_with_its_kind(tmp_path):
    for kind in pki.KINDS:
        made = Authority("Kept", kind=kind)
        made.write(tmp_path)
        found = Authority.read(tmp_path)
        assert (found.kind, found.certificate, found.pem) == (kind, made.certificate, made.pem)
        leaf = found.server("a.example").certificates[0]
        leaf.verify_directly_issued_by(made.certificate)
