"""What stands above a document: the request target and the header fields."""

from delivery import route
from delivery.route import Route, RouteError
from helper import raises, run
from net import dial, url
from net.http import RequestError
from world import settings


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


class Connection:
    """In place of net.http.Connection; `script` holds the exceptions and replies of all of them."""

    script: list = []
    made: list = []

    def __init__(self, host, port, context, handshake_lock, host_header, address):
        self.context = context
        self.address = address
        self.made.append(self)

    async def request(self, *details):
        outcome = self.script.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def posts(*script):
    """What comes of that many posts on one route whose cert set is another one each time; the connections made."""
    contexts = list(range(len(script)))
    Connection.script, Connection.made = list(script), []
    kept = route.Connection, route._context
    route.Connection, route._context = Connection, lambda certsets, name: contexts.pop(0)
    try:
        way = Route(settings(), None, None, None)
        return [run(outcome(way)) for _ in script], Connection.made
    finally:
        route.Connection, route._context = kept


async def outcome(way):
    try:
        return await way.post(b"{}", 1000)
    except RequestError as error:
        return error.stage


def test_after_a_failed_handshake_certificates_are_loaded_again_and_the_address_is_kept():
    outcomes, made = posts(RequestError("tls", "No."), RequestError("connect", "No."), "reply")
    assert outcomes == ["tls", "connect", "reply"]
    assert [connection.context for connection in made] == [0, 1]
    assert isinstance(made[0].address, dial.Address) and made[0].address is made[1].address
