"""A request shown to the user: as it was sent, without its secrets."""

from delivery import trace

HEAD = "POST /in?key=k%2F1 HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer abc\r\n\r\n"


def test_secrets_are_masked_wherever_they_stand():
    found = trace.of((HEAD + '{"token":"abc"}').encode(), ["", "abc", "k%2F1"])
    assert found == (
        "POST /in?key=*** HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer ***\r\n\r\n"
        '{"token":"***"}'
    )


def test_a_secret_that_holds_another_is_masked_whole():
    assert trace.of(b"GET /abcabc HTTP/1.1\r\n\r\n", ["abc", "abcabc"]).startswith("GET /*** ")


def test_long_bodies_are_cut_after_masking():
    whole = trace.of((HEAD + "ä" * 2048).encode(), [])
    assert whole == HEAD + "ä" * 2048
    found = trace.of((HEAD + "x" * 2044 + "SECRET" + "y" * 90).encode(), ["SECRET"])
    assert found == HEAD + "x" * 2044 + "***y" + "\r\n(2140 bytes in all)"


def test_what_is_no_text_is_counted():
    assert trace.of(HEAD.encode() + b"\x1f\x8b\xff", []).endswith(
        "\r\n\r\n(3 bytes that are no text)"
    )
