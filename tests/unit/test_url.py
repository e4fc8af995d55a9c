"""Addresses of destinations: what is accepted, how it is taken apart, and where the error is when it is not."""

from helper import raises
from net import url


def test_an_address_is_taken_apart():
    found = url.parse("https://api.example.com/iot/telemetry?v=1&x=%20")
    assert (found.scheme, found.host, found.port) == ("https", "api.example.com", 443)
    assert (found.path, found.query) == ("/iot/telemetry", "v=1&x=%20")
    assert found.target == "/iot/telemetry?v=1&x=%20"
    assert found.user is None and found.password is None


def test_host_header_leaves_out_the_default_port_only():
    for text, header in (
        ("https://h.example", "h.example"),
        ("https://h.example:443/", "h.example"),
        ("https://h.example:8443/", "h.example:8443"),
        ("https://127.0.0.1:8443", "127.0.0.1:8443"),
        ("https://[::1]/", "[::1]"),
        ("https://[2001:db8::1]:444/", "[2001:db8::1]:444"),
        ("HTTPS://H.Example/", "h.example"),
    ):
        assert url.parse(text).host_header == header, text


def test_plain_http_needs_permission():
    assert raises(url.UrlError, url.parse, "http://h.example/").code == "url_scheme"
    found = url.parse("http://1.2.3.4", True)
    assert (found.scheme, found.port, found.host_header) == ("http", 80, "1.2.3.4")
    assert url.parse("https://h.example", True).port == 443


def test_brokers_have_schemes_and_ports_of_their_own():
    for text, plaintext, scheme, port, header in (
        ("mqtts://b.example", False, "mqtts", 8883, "b.example"),
        ("MQTTS://b.example:8884", True, "mqtts", 8884, "b.example:8884"),
        ("mqtt://b.example", True, "mqtt", 1883, "b.example"),
    ):
        found = url.parse(text, plaintext, "mqtt")
        assert (found.scheme, found.port, found.host_header) == (scheme, port, header), text
    for text, kind in (
        ("mqtt://b.example", "mqtt"),
        ("https://b.example", "mqtt"),
        ("mqtts://b.example", "https"),
        ("http://b.example", "https"),
    ):
        error = raises(url.UrlError, url.parse, text, False, kind)
        expected = "https://" if kind == "https" else "mqtts://"
        assert error.code == "url_scheme" and expected in str(error), text


def test_the_path_is_never_empty():
    for text, target in (
        ("https://h.example", "/"),
        ("https://h.example?a=b", "/?a=b"),
        ("https://h.example/?", "/?"),
        ("https://h.example/a/", "/a/"),
    ):
        assert url.parse(text).target == target, text


def test_user_and_password_are_decoded_and_kept_out_of_logs():
    found = url.parse("https://fleet:s3%40cret%3A@h.example/x?token=1")
    assert (found.user, found.password) == ("fleet", "s3@cret:")
    assert found.public == "https://h.example/x"
    assert url.parse("https://only@h.example").password == ""


def test_a_trailing_dot_of_the_host_is_dropped():
    assert url.parse("https://h.example./").host == "h.example"


def test_hosts_that_are_accepted():
    for host in ("a", "wican_1.local", "x-y.example", "10.0.0.1", "1.example", "a" * 63):
        assert url.parse("https://" + host + "/").host == host, host
    for host in ("::", "::1", "1:2:3:4:5:6:7:8", "fe80::1", "::ffff:1.2.3.4"):
        assert url.parse("https://[" + host + "]/").host == host, host


def test_errors_name_code_and_position():
    for text, code, position in (
        ("", "url_scheme", 0),
        ("ftp://h.example", "url_scheme", 0),
        ("https:/h.example", "url_scheme", 0),
        (" https://h.example", "url_scheme", 0),
        ("https://", "url_syntax", 8),
        ("https:///path", "url_syntax", 8),
        ("https://h example/", "url_syntax", 9),
        ("https://h.example/a b", "url_syntax", 19),
        ("https://h.example/a\r\nX: y", "url_syntax", 19),
        ("https://h.example/a\x00", "url_syntax", 19),
        ("https://h.example/ä", "url_syntax", 18),
        ("https://h.example/[SERIAL]", "url_syntax", 18),
        ("https://h.example/%zz", "url_syntax", 18),
        ("https://h.example/%4", "url_syntax", 18),
        ("https://h.example/?q=%", "url_syntax", 21),
        ("https://h.example/#top", "url_syntax", 18),
        ("https://h.example#top", "url_syntax", 17),
        ("https://h.example/?a#top", "url_syntax", 20),
        ("https://a..b/", "url_syntax", 10),
        ("https://-a.b/", "url_syntax", 8),
        ("https://a-.b/", "url_syntax", 8),
        ("https://h%41/", "url_syntax", 9),
        ("https://" + "a" * 64 + "/", "url_syntax", 8),
        ("https://1.2.3/", "url_syntax", 8),
        ("https://1.2.3.256/", "url_syntax", 8),
        ("https://1.2.3.04/", "url_syntax", 8),
        ("https://h.example:/", "url_syntax", 18),
        ("https://h.example:0/", "url_syntax", 18),
        ("https://h.example:65536/", "url_syntax", 18),
        ("https://h.example:8a/", "url_syntax", 18),
        ("https://h.example:-1/", "url_syntax", 18),
        ("https://[::1/", "url_syntax", 8),
        ("https://[::1]x/", "url_syntax", 14),
        ("https://[fe80::1%25eth0]/", "url_syntax", 8),
        ("https://[1::2::3]/", "url_syntax", 8),
        ("https://[1:2:3]/", "url_syntax", 8),
        ("https://[12345::]/", "url_syntax", 8),
        ("https://::1/", "url_syntax", 8),
        ("https://u@v@h.example/", "url_syntax", 9),
        ("https://u:%ff@h.example/", "url_syntax", 8),
        ("https://h.example/" + "a" * 1007, "url_too_long", 1024),
    ):
        error = raises(url.UrlError, url.parse, text)
        assert (error.code, error.position) == (code, position), (text, error.code, error.position)
        assert str(error).endswith("."), text


def test_the_longest_address_is_accepted():
    assert len(url.parse("https://h.example/" + "a" * 1006).path) == 1007


def test_percent_encoding_keeps_unreserved_characters_only():
    assert url.percent_encode("bus 7/ä") == "bus%207%2F%C3%A4"
    assert url.percent_encode("AZaz09-._~") == "AZaz09-._~"
    assert url.percent_encode("a+b&c=d%\r\n") == "a%2Bb%26c%3Dd%25%0D%0A"


def test_percent_decoding_is_the_inverse():
    for text in ("", "bus 7/ä", "100%", "a+b", "%41"):
        assert url.percent_decode(url.percent_encode(text)) == text, text
    for text in ("%", "%4", "%zz", "a%f", "%ff"):
        raises(ValueError, url.percent_decode, text)


def test_pairs_are_added_to_the_users_own_query():
    pairs = [("source", "wican_pro"), ("env", "a b&c")]
    for target, expected in (
        ("/x", "/x?source=wican_pro&env=a%20b%26c"),
        ("/x?a=b", "/x?a=b&source=wican_pro&env=a%20b%26c"),
        ("/x?", "/x?source=wican_pro&env=a%20b%26c"),
        ("/x?a=b&", "/x?a=b&source=wican_pro&env=a%20b%26c"),
    ):
        assert url.target_with_query(target, pairs) == expected, target
    assert url.target_with_query("/x?a=b", []) == "/x?a=b"
