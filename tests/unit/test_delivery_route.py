"""What stands above a document: the request target and the header fields."""

from delivery import route
from delivery.route import RouteError
from helper import raises
from net import url


def test_query_parameters_follow_those_of_the_address_percent_encoded():
    address = url.parse("https://a.example/in?v=1")
    query = [{"key": "source", "value": "wican_pro"}, {"key": "bus nr", "value": "7/ä&b=c+d"}]
    expected = "/in?v=1&source=wican_pro&bus%20nr=7%2F%C3%A4%26b%3Dc%2Bd"
    assert route.target(address, query) == expected


def test_without_query_parameters_the_address_stays_as_it_is():
    assert route.target(url.parse("https://a.example"), []) == "/"
    assert route.target(url.parse("https://a.example/in?b=%20x"), []) == "/in?b=%20x"


def test_every_document_names_its_sender_and_its_type():
    assert route.headers("none", "s3cret") == [
        ("User-Agent", "ESP32 WiCAN/1.0"),
        ("Content-Type", "application/json"),
    ]


def test_the_scheme_word_is_written_once_however_the_token_was_pasted():
    for typed in ("abc", " abc\n", "Bearer abc", "bearer  abc ", "BEARER abc"):
        assert route.headers("bearer", typed)[-1] == ("Authorization", "Bearer abc"), typed
    assert route.headers("bearer", "Bearerabc")[-1] == ("Authorization", "Bearer Bearerabc")


def test_bearer_authentication_needs_a_token():
    for typed in (None, "", "  ", "Bearer "):
        error = raises(RouteError, route.headers, "bearer", typed)
        assert "no token" in str(error) and error.advice, typed
