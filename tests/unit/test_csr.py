"""Certificate signing requests: the bytes of one, and what is refused with a sentence."""

from binascii import a2b_base64

from helper import raises, run
from trust import csr, der, p256, pem

# The key of RFC 6979 A.2.5. The request was made of it with another implementation (cryptography).
KEY = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
REQUEST = a2b_base64(
    "MIIBBzCBrwIBADAXMRUwEwYDVQQDDAx3aWNhbi1hMWIyYzMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARg/tS6"
    "JVqdMclh63TGNW1owEm4kjth+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZoDYwNAYJ"
    "KoZIhvcNAQkOMScwJTAjBgNVHREEHDAaghJ3aWNhbi1hMWIyYzMubG9jYWyHBMCoBAEwCgYIKoZIzj0EAwIDRwAw"
    "RAIgQLGVU6JpS+oXCrBAhSLgGvVQ0Ud1LB9idz+W9YykdboCIEZkW0tzNyAYpY99BoctWSDm1HENr6gWj1GUgB9H"
    "oRnI"
)
BARE = a2b_base64(
    "MIHWMH4CAQAwHDEaMBgGA1UEAwwRTXkgY2FyLCBsZWZ0IGRvb3IwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARg"
    "/tS6JVqdMclh63TGNW1owEm4kjth+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZoAAw"
    "CgYIKoZIzj0EAwIDSAAwRQIgexxhPm6NKhaf8wqNFxYymZ4HXP2ElZAU2x3Lp/UlBVoCIQCNL/S7lybT21671/pa"
    "8iKEXkOxJHi/lnQRZsaLr2Xvng=="
)


def make(common_name, names=()):
    return run(csr.make(common_name, names))


def refusal(common_name, names=()):
    return str(raises(ValueError, make, common_name, names))


def test_a_request_is_the_same_to_the_byte_as_that_of_others():
    public = run(p256.public_key(KEY))
    names = ["wican-a1b2c3.local", "192.168.4.1"]
    assert run(csr.request(KEY, public, "wican-a1b2c3", names)) == REQUEST
    assert run(csr.request(KEY, public, "My car, left door")) == BARE


def test_the_key_is_written_with_its_curve_and_public_part():
    public = run(p256.public_key(KEY))
    ((label, body),) = pem.blocks(csr.key_pem(KEY, public))
    assert label == "EC PRIVATE KEY"
    view = memoryview(body)
    items = der.children(view, *der.content(view, 0, len(body)))
    assert [tag for tag, _, _ in items] == [0x02, 0x04, 0xA0, 0xA1]
    version, number, curve, point = [bytes(view[start:stop]) for _, start, stop in items]
    assert version == b"\x01"
    assert int.from_bytes(number, "big") == KEY
    assert curve == b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    assert point == b"\x03\x42\x00" + public


def test_a_small_key_is_written_with_all_its_32_bytes():
    ((_, body),) = pem.blocks(csr.key_pem(1, run(p256.public_key(1))))
    assert b"\x04\x20" + bytes(31) + b"\x01" in body


def test_a_new_key_and_its_request_belong_together():
    key, signing_request = make("wican-a1b2c3", ["wican.example"])
    ((_, key_der),) = pem.blocks(key)
    ((label, request_der),) = pem.blocks(signing_request)
    assert label == "CERTIFICATE REQUEST"
    d = int.from_bytes(key_der[7:39], "big")
    public = run(p256.public_key(d))
    assert public in key_der and public in request_der
    again = run(csr.request(d, public, "wican-a1b2c3", ["wican.example"]))
    assert request_der == again


def test_every_new_key_is_another():
    assert make("wican")[0] != make("wican")[0]


def test_common_names_are_one_to_64_printable_characters():
    assert make("x" * 64)
    for text in ("", "x" * 65):
        assert "1 to 64" in refusal(text)
    for text in ("a\nb", "a\0", "Größe", "\x7f", "\u2028"):
        assert "printable" in refusal(text)
    for text in (" ", " wican", "wican "):
        assert "blank" in refusal(text)


def test_names_that_are_neither_dns_names_nor_addresses_are_refused():
    for name in (
        "",
        ".",
        "a..b",
        "host.",
        "-a.example",
        "a-.example",
        "a_b.example",
        "a b",
        "*.a",
    ):
        assert "neither" in refusal("wican", ["fine.example", name]), name
    for name in ("ünder.example", "x" * 64 + ".example", "::1", "a\r\nb", "https://a.example"):
        assert "neither" in refusal("wican", [name]), name
    assert "253" in refusal("wican", ["a." * 127 + "example"])


def test_damaged_addresses_are_refused():
    for name in ("1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "300.1.1.1", "7", "a.1", "1..2.3"):
        assert "not an IPv4 address" in refusal("wican", [name]), name


def test_more_than_eight_names_are_refused():
    assert make("wican", ["a.example"] * 8)
    assert "8 names" in refusal("wican", ["a.example"] * 9)


def test_nothing_is_computed_for_a_request_that_will_be_refused():
    genuine = p256.new_key
    calls = []
    p256.new_key = lambda: calls.append(1) or genuine()
    try:
        refusal("")
        refusal("wican", ["not a name"])
        assert not calls
        make("wican")
        assert calls
    finally:
        p256.new_key = genuine
