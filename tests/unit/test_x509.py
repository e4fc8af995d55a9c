"""What is read from a certificate, and that no bytes whatever do worse than a ValueError."""

from binascii import a2b_base64

import paper
from helper import raises
from trust import der
from trust.x509 import Certificate

# Made for this test: public halves only.
SIGNED = a2b_base64(
    "MIIBkjCCATmgAwIBAgIUFhP4h6/G5CUs7aAiQAgeRCclBF8wCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJR2FyYWdl"
    "IENBMCAXDTI0MDEwMjAzMDQwNVoYDzIwNTUwNjA3MDgwOTEwWjAcMRowGAYDVQQDDBFjb2xsZWN0b3IuZXhhbXBs"
    "ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJzE7Wsc8rxiKtNeXFLRzJFQb3Hhl7tF4TnxWVWBXfhMMVOjxA5n"
    "jlO7K6N/0ETYldjtLaQA/m6EX4O8JztH2pqjXzBdMEYGA1UdEQQ/MD2CEWNvbGxlY3Rvci5leGFtcGxlghAqLmdh"
    "cmFnZS5leGFtcGxlhwTAqAQChxAAAAAAAAAAAAAAAAAAAAABMBMGA1UdJQQMMAoGCCsGAQUFBwMBMAoGCCqGSM49"
    "BAMCA0cAMEQCIEqmpztwryuC1BYlADNM1IdaBdoUmibvEUVo4JybLF/xAiB3zmnR6Y56SmkRsOT/sohgFqsFZS7Q"
    "kFOfLwwMhX+7pQ=="
)
SELF_SIGNED = a2b_base64(
    "MIIBSjCB8aADAgECAhR7L2C5u3kWF8i4/HUesbv+7GIPOzAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxsb25lLmV4"
    "YW1wbGUwHhcNMjYxMTIwMDE1MDU4WhcNMjcxMjIzMDE1MDU4WjAXMRUwEwYDVQQDDAxsb25lLmV4YW1wbGUwWTAT"
    "BgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ/SnyvAiT8lMbmp2rxycZE3IARKi4QngMK8hcoeEiVM+csdH8hD/w3UkZS"
    "W6quR7xdp/8wEduqH2VXXgxN+YNmoxswGTAXBgNVHREEEDAOggxsb25lLmV4YW1wbGUwCgYIKoZIzj0EAwIDSAAw"
    "RQIgAzSHJcBR0SAI0+3KTQ3ITg+IK88M0qs23alRHyrsekICIQCftYEOdKn7fw1gwY56w8W8PoNfwA0LI9pZxXzt"
    "kA7NHA=="
)


def test_the_fields_a_person_asks_for():
    found = Certificate(SIGNED)
    assert (found.subject, found.issuer) == ("collector.example", "Garage CA")
    assert (found.not_before, found.not_after) == ("20240102030405", "20550607080910")
    assert found.names == [
        "collector.example",
        "*.garage.example",
        "192.168.4.2",
        "0:0:0:0:0:0:0:1",
    ]
    assert not found.self_signed


def test_a_certificate_signed_by_itself_is_recognised():
    assert Certificate(SELF_SIGNED).self_signed
    assert Certificate(memoryview(SELF_SIGNED)).names == ["lone.example"]


def test_text_from_strangers_is_printable():
    at = SIGNED.find(b"Garage")
    hostile = SIGNED[:at] + b"\x1b[2J\n\xff" + SIGNED[at + 6 :]
    assert Certificate(hostile).issuer == "?[2J?? CA"


def test_cut_certificates_are_value_errors_or_whole():
    for length in range(len(SIGNED)):
        raises(ValueError, Certificate, SIGNED[:length])


def test_damaged_certificates_are_value_errors_at_worst():
    for at in range(len(SIGNED)):
        for value in (0x00, 0x30, 0x7F, 0x80, 0x83, 0xFF):
            damaged = bytearray(SIGNED)
            damaged[at] = value
            try:
                Certificate(damaged)
            except ValueError:
                pass


def test_bytes_behind_a_certificate_are_no_part_of_it():
    raises(ValueError, Certificate, SIGNED + b"\0")
    raises(ValueError, Certificate, b"")
    raises(ValueError, Certificate, paper.request())
    raises(ValueError, Certificate, paper.ec_spki(1))


def test_names_and_keys_are_given_whole():
    found = Certificate(SIGNED)
    issuer = a2b_base64("MBQxEjAQBgNVBAMMCUdhcmFnZSBDQQ==")
    assert found.issuer_raw == issuer == paper.name("Garage CA")
    assert found.subject_raw == paper.name("collector.example")
    assert found.spki[:2] == b"\x30\x59" and found.spki in SIGNED and len(found.spki) == 91
    assert Certificate(SELF_SIGNED).issuer_raw == Certificate(SELF_SIGNED).subject_raw


def test_a_copy_is_kept_of_what_is_only_lent():
    lent = bytearray(SIGNED)
    found = Certificate(memoryview(lent))
    for at in range(len(lent)):
        lent[at] = 0
    assert found.subject_raw == paper.name("collector.example")
    assert found.key == "EC P-256"


def test_serial_number_and_fingerprint():
    found = Certificate(SIGNED)
    assert found.serial == "16:13:F8:87:AF:C6:E4:25:2C:ED:A0:22:40:08:1E:44:27:25:04:5F"
    assert found.fingerprint() == (
        "17:08:7a:5c:1e:09:3e:f2:74:67:02:95:64:9f:4a:f5:"
        "1b:cc:77:b3:85:57:61:06:6b:25:94:b1:c8:20:87:85"
    )
    for serial, shown in ((b"\0\x80", "80"), (b"\0", "00"), (b"\1\0", "01:00")):
        assert Certificate(paper.certificate("x", serial=serial)).serial == shown


def test_an_authority_says_so():
    assert Certificate(paper.authority("x")).is_ca
    assert not Certificate(SIGNED).is_ca
    for value in (b"", b"\1\1\0", b"\2\1\1"):
        extension = paper.extension(b"\x55\x1d\x13", der.tlv(0x30, value))
        assert not Certificate(paper.certificate("x", extensions=(extension,))).is_ca


def test_what_it_may_be_used_for():
    for usages, for_servers, for_clients in (
        ((paper.SERVER_AUTH,), True, False),
        ((paper.CLIENT_AUTH,), False, True),
        ((paper.CLIENT_AUTH, paper.SERVER_AUTH), True, True),
        ((b"\x55\x1d\x25\x00",), True, True),
        ((b"\x2b\x06\x01\x05\x05\x07\x03\x03",), False, False),
        ((), False, False),
    ):
        found = Certificate(paper.certificate("x", extensions=(paper.usage_extension(*usages),)))
        assert (found.for_servers, found.for_clients) == (for_servers, for_clients)
    found = Certificate(paper.certificate("x"))
    assert found.for_servers and found.for_clients


def with_names(*names):
    extension = paper.extension(b"\x55\x1d\x11", der.tlv(0x30, *names))
    return Certificate(paper.certificate("cn.example", extensions=(extension,)))


def test_only_host_names_and_addresses_are_names():
    assert not Certificate(paper.certificate("cn.example")).has_names
    mail, uri = der.tlv(0x81, b"a@b.example"), der.tlv(0x86, b"https://b.example/")
    assert not with_names(mail, uri, der.tlv(0x87, b"\1\2")).has_names
    found = with_names(mail, der.tlv(0x87, b"\x0a\0\0\1"), der.tlv(0x82, b"b.example"))
    assert found.has_names and found.names == ["10.0.0.1", "b.example"]


def test_of_hundreds_of_names_eight_are_kept():
    found = with_names(*[der.tlv(0x82, b"h%d.example" % at) for at in range(300)])
    assert found.names == ["h%d.example" % at for at in range(8)]


def test_extensions_are_listed_and_found():
    found = Certificate(SIGNED)
    kinds = [(kind, critical) for kind, critical, _, _ in found.extensions()]
    assert kinds == [(b"\x55\x1d\x11", False), (b"\x55\x1d\x25", False)]
    assert found.extension(b"\x55\x1d\x25") == der.tlv(0x30, der.tlv(6, paper.SERVER_AUTH))
    assert found.extension(b"\x55\x1d\x13") is None
    assert [critical for _, critical, _, _ in Certificate(paper.authority("x")).extensions()] == [
        True
    ]


def test_the_signature_algorithm_and_the_key():
    assert Certificate(SIGNED).signature == paper.ECDSA_SHA256
    assert Certificate(paper.certificate("x", spki=paper.rsa_spki(3072))).key == "RSA 3072"
    broken = der.tlv(0x30, paper.algorithm(paper.RSA), der.tlv(3, b"\0\1\2\3"))
    assert Certificate(paper.certificate("x", spki=broken)).key == "unknown"


def test_dates_must_be_dates():
    for moment in ("20261301000000", "20260001000000", "20260132000000", "20260101240000"):
        raises(ValueError, Certificate, paper.certificate("x", stop=moment))
    for moment in ("2026010100000", "202601010000000", "2026-1-1000000", "2026010100006x"):
        raises(ValueError, Certificate, paper.certificate("x", start=moment))


def replaced(whole, old, new):
    """With an item of the signed part exchanged for another."""
    signed = whole[der.content(memoryview(whole), 0, len(whole))[0] :]
    start, stop = der.content(memoryview(signed), 0, len(signed))
    body = signed[start:stop].replace(old, new)
    return der.tlv(0x30, der.tlv(0x30, body), signed[stop:])


def test_dates_with_two_digits_are_from_1950_to_2049():
    dates = [der.tlv(0x18, each) for each in (b"20260101000000Z", b"20460101000000Z")]
    short = [der.tlv(0x17, each) for each in (b"500102030405Z", b"491231235959Z")]
    made = replaced(paper.certificate("x"), der.tlv(0x30, *dates), der.tlv(0x30, *short))
    found = Certificate(made)
    assert (found.not_before, found.not_after) == ("19500102030405", "20491231235959")


def test_a_certificate_of_the_first_version_is_read():
    made = replaced(paper.certificate("x", "y"), der.tlv(0xA0, der.tlv(2, b"\2")), b"")
    found = Certificate(made)
    assert (found.subject, found.issuer, found.serial) == ("x", "y", "0A:1B")
    assert found.for_clients and not found.is_ca and not found.has_names


def relative(kind, text):
    return der.tlv(
        0x31, der.tlv(0x30, der.tlv(6, b"\x55\x04" + bytes((kind,))), der.tlv(12, text))
    )


def test_the_common_name_is_shown_or_else_the_organisation():
    common, organisation, country = relative(3, b"C"), relative(10, b"O"), relative(6, b"DE")
    for parts, shown in (
        ((country, organisation, common), "C"),
        ((common, organisation), "C"),
        ((country, organisation), "O"),
        ((country,), ""),
        ((), ""),
    ):
        made = replaced(paper.certificate("x", "y"), paper.name("x"), der.tlv(0x30, *parts))
        assert Certificate(made).subject == shown


def test_long_names_are_shortened():
    assert Certificate(paper.certificate("a" * 64 + "b")).subject == "a" * 64
    assert Certificate(paper.certificate("a~ \x7f")).subject == "a~ ?"
