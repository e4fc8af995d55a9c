"""Named cert sets on the file system: complete ones are loaded, anything else is an error in a sentence."""

import os
from binascii import hexlify

from helper import raises
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


def test_names_are_listed_in_order():
    with Folder(
        ("certs/b/ca.pem", CERT), ("certs/a/x", b""), ("certs/no.name/ca.pem", CERT)
    ) as sets:
        assert sets.names() == ["a", "b"]
    assert CertSets("/tmp/no-such-folder").names() == []


def test_what_cannot_be_used_is_an_error_with_its_reason():
    ca = ("certs/x/ca.pem", CERT)
    for files, expected in (
        ((), "There is no cert set named x."),
        ((("certs/other/ca.pem", CERT),), "There is no cert set named x."),
        ((("certs/x/client.crt", CERT),), "The cert set x has no CA certificate."),
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
