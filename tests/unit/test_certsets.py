"""Named cert sets on the file system: complete ones are loaded, anything else is an error in a sentence."""

import os
from binascii import hexlify

import paper
from helper import raises
from trust import pem
from trust.certsets import CertSetError, CertSets

CERT = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


class Folder:
    """A root folder below /tmp with the given files, gone at the end of the block."""

    def __init__(self, *files):
        self.root = "/tmp/certsets-" + hexlify(os.urandom(6)).decode()
        self.files = files
        self.made = []

    def __enter__(self):
        self.mkdir(self.root)
        for path, content in self.files:
            parts = path.split("/")
            for depth in range(1, len(parts)):
                self.mkdir("/".join([self.root] + parts[:depth]))
            self.made.append((os.remove, self.root + "/" + path))
            with open(self.root + "/" + path, "wb") as stream:
                stream.write(content)
        return CertSets(self.root)

    def mkdir(self, path):
        if (os.rmdir, path) not in self.made:
            os.mkdir(path)
            self.made.append((os.rmdir, path))

    def __exit__(self, *details):
        for remove, path in reversed(self.made):
            remove(path)


def test_a_set_with_only_a_ca():
    with Folder(("certs/corp_root/ca.pem", CERT)) as sets:
        found = sets.load("corp_root")
        assert (found.name, found.ca, found.cert, found.key) == ("corp_root", CERT, None, None)


def test_a_set_with_a_client_pair():
    files = [
        ("certs/m/ca.pem", b"\x30\x82"),
        ("certs/m/client.crt", CERT),
        ("certs/m/client.key", KEY),
    ]
    with Folder(*files) as sets:
        found = sets.load("m")
        assert (found.ca, found.cert, found.key) == (b"\x30\x82", CERT, KEY)


def test_a_set_of_the_default_bundle_has_its_place_and_its_own_pair():
    files = [
        ("certs/m/ca.default", b""),
        ("certs/m/client.crt", CERT),
        ("certs/m/client.key", KEY),
    ]
    with Folder(*files, ("certs/default/roots.bin", b"ROOTS")) as sets:
        found = sets.load("m")
        assert (found.ca, found.cert, found.key) == (None, CERT, KEY)
        assert found.bundle == sets.bundle and found.bundle.endswith("/certs/default/roots.bin")
    with Folder(("certs/m/ca.pem", CERT), *files) as sets:
        found = sets.load("m")
        assert (found.ca, found.bundle) == (CERT, None), "what somebody put there is stricter"


def test_the_default_set_is_the_bundle_and_nothing_else():
    files = [("certs/default/roots.bin", b"ROOTS"), ("certs/default/ca.pem", CERT)]
    with Folder(*files, ("certs/default/client.crt", CERT)) as sets:
        found = sets.load("default")
        assert (found.name, found.ca, found.cert, found.key) == ("default", None, None, None)
        assert found.bundle == sets.bundle


def pair(cert_seed, key_seed, wrap=pem.encode):
    """The files of a set whose certificate and key are of those seeds."""
    cert = paper.certificate("van", spki=paper.ec_spki(cert_seed))
    return [
        ("certs/x/ca.pem", CERT),
        ("certs/x/client.crt", wrap("CERTIFICATE", cert)),
        ("certs/x/client.key", wrap("EC PRIVATE KEY", paper.sec1(key_seed))),
    ]


def test_a_client_key_belongs_to_its_certificate():
    wrong = "The client key of the cert set x does not belong to its client certificate."
    for wrap in (pem.encode, lambda _, der: der):
        with Folder(*pair(1, 1, wrap)) as sets:
            assert sets.load("x").key == pair(1, 1, wrap)[2][1]
        with Folder(*pair(1, 2, wrap)) as sets:
            assert str(raises(CertSetError, sets.load, "x")) == wrong


def test_a_key_is_found_behind_the_parameters_of_its_curve():
    ca, cert, (path, key) = pair(1, 1)
    parameters = pem.encode("EC PARAMETERS", b"\x06\x01\x00")
    with Folder(ca, cert, (path, parameters + key)) as sets:
        assert sets.load("x").key == parameters + key
    with Folder(ca, cert, (path, parameters + pair(1, 2)[2][1])) as sets:
        raises(CertSetError, sets.load, "x")


def test_a_pair_that_cannot_be_compared_is_left_to_the_server():
    ca, cert, (path, _) = pair(1, 1)
    without_point = pem.encode("EC PRIVATE KEY", paper.sec1(1, public=False))
    with Folder(ca, cert, (path, without_point)) as sets:
        assert sets.load("x").key == without_point


def test_names_are_listed_in_order():
    files = [("certs/no.name/ca.pem", CERT), ("certs/default/roots.bin", b"")]
    with Folder(("certs/b/ca.pem", CERT), ("certs/a/x", b""), *files) as sets:
        assert sets.names() == ["a", "b"]
    assert CertSets("/tmp/no-such-folder").names() == []


def test_what_cannot_be_used_is_an_error_with_its_reason():
    ca = ("certs/x/ca.pem", CERT)
    for files, expected in (
        ((), "There is no cert set named x."),
        ((("certs/other/ca.pem", CERT),), "There is no cert set named x."),
        ((("certs/x/client.crt", CERT),), "The cert set x has no CA certificate."),
        ((("certs/x/pending.key", KEY),), "The cert set x has no CA certificate."),
        (
            (("certs/x/ca.default", b""),),
            "The default bundle of public authorities is not installed.",
        ),
        ((("certs/x/ca.pem", b""),), "The CA file of the cert set x holds no certificate."),
        ((("certs/x/ca.pem", KEY),), "The CA file of the cert set x holds no certificate."),
        (
            (("certs/x/ca.pem", CERT * 1000),),
            "The file ca.pem of the cert set x is larger than 32 KiB.",
        ),
        (
            (ca, ("certs/x/client.crt", CERT)),
            "The cert set x has a client certificate without its key.",
        ),
        (
            (ca, ("certs/x/client.key", KEY)),
            "The cert set x has a client key without its certificate.",
        ),
        (
            (ca, ("certs/x/client.crt", KEY), ("certs/x/client.key", KEY)),
            "The client file of the cert set x holds no certificate.",
        ),
        (
            (ca, ("certs/x/client.crt", CERT), ("certs/x/client.key", b"Proc-Type: 4,ENCRYPTED")),
            "The client key of the cert set x is encrypted.",
        ),
    ):
        with Folder(*files) as sets:
            assert str(raises(CertSetError, sets.load, "x")) == expected


def test_the_default_bundle_is_never_made_up():
    with Folder(("certs/other/ca.pem", CERT)) as sets:
        error = raises(CertSetError, sets.load, "default")
        assert str(error) == "The default bundle of public authorities is not installed."


def test_names_cannot_leave_the_folder():
    with Folder(("certs/x/ca.pem", CERT), ("ca.pem", CERT)) as sets:
        for name in ("", ".", "..", "x/../x", "/x", "x/", "x\0", "x y", "ä", "a" * 25):
            assert "is no name for a cert set" in str(raises(CertSetError, sets.load, name)), name
        assert "There is no" in str(raises(CertSetError, sets.load, "a" * 24))
