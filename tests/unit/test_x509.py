"""What is read from a certificate, and that no bytes whatever do worse than a ValueError."""

from binascii import a2b_base64

from helper import raises
from trust.x509 import Summary

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
    found = Summary(SIGNED)
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
    assert Summary(SELF_SIGNED).self_signed
    assert Summary(memoryview(SELF_SIGNED)).names == ["lone.example"]


def test_text_from_strangers_is_printable():
    at = SIGNED.find(b"Garage")
    hostile = SIGNED[:at] + b"\x1b[2J\n\xff" + SIGNED[at + 6 :]
    assert Summary(hostile).issuer == "?[2J?? CA"


def test_cut_certificates_are_value_errors_or_whole():
    for length in range(len(SIGNED)):
        raises(ValueError, Summary, SIGNED[:length])


def test_damaged_certificates_are_value_errors_at_worst():
    for at in range(len(SIGNED)):
        for value in (0x00, 0x30, 0x7F, 0x80, 0x83, 0xFF):
            damaged = bytearray(SIGNED)
            damaged[at] = value
            try:
                Summary(damaged)
            except ValueError:
                pass
