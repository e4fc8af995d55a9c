"""Whatever is entered as header, address, query, key or body: a request has the lines it should have and no other."""

from delivery.errors import RouteError
from delivery.headers import header_problem
from hypothesis import example, given
from hypothesis import strategies as st
from net import url
from net.request import Writer
from test_delivery_route import Connection, Query, parcel, sends

NASTY = st.sampled_from(
    ["\r\nX-Evil: 1", "\n", "\r", "\0", " ", ":", "%0d%0aX-Evil:1", "é", "\u2028", "\x85"]
)
PLAIN = st.text(st.characters(codec="utf-8"), max_size=8)
TEXT = st.lists(NASTY | PLAIN, max_size=4).map("".join)
NAME = st.sampled_from(["X-A", "Authorization", "x-b", "Host", "Content-Length"]) | TEXT
SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?%"


def names(message):
    """The names of the fields, after every line end that a lenient receiver might see is proven to be CR LF."""
    head, end, _ = message.partition(b"\r\n\r\n")
    assert end and b"\0" not in head
    lines = head.split(b"\r\n")
    assert b"\r" not in b"".join(lines) and b"\n" not in b"".join(lines)
    assert len(lines[0].split(b" ")) == 3 and lines[0].endswith(b" HTTP/1.1")
    return [line.partition(b": ")[0].decode() for line in lines[1:]]


@given(TEXT, TEXT, st.lists(st.tuples(NAME, TEXT), max_size=3), st.lists(st.tuples(NAME, TEXT)))
@example("/", "h", [("X-A", "a\r\nX-Evil: 1")], [])
@example("/", "h", [], [("X-A\r\nX-Evil", "1")])
def test_a_request_has_one_line_for_each_field(target, host, fixed, changing):
    writer = Writer(host or "h", True)
    try:
        message = writer.message("POST", target or "/", fixed, b"\r\n\r\nbody", changing)
    except ValueError:
        return
    expected = ["Host"] + [name for name, _ in fixed + changing] + ["Content-Length"]
    assert names(message) == expected


@given(NAME, TEXT)
def test_what_settings_accept_can_be_sent(name, value):
    if header_problem(name, value) is None and value.isprintable():
        message = Writer("h", True).message("POST", "/", [(name, value)], b"")
        assert names(message) == ["Host", name, "Content-Length"]


@given(st.sampled_from(["https://h.example", "https://", "https://h:1/", "https://h/?"]), TEXT)
@example("https://", "h.example:²/")
@example("https://", "1.2.3.²/")
@example("https://", "[::1.2.3.²]/")
def test_an_address_is_clean_or_refused(start, rest):
    try:
        found = url.parse(start + rest)
    except url.UrlError:
        return
    assert set(found.target) <= set(SAFE)
    assert set(found.host_header) <= set(SAFE + "[]_")


@given(st.lists(st.tuples(PLAIN, PLAIN), max_size=4))
def test_query_parameters_come_back_as_they_were(pairs):
    target = url.target_with_query("/in?a=b", pairs)
    assert set(target) <= set(SAFE)
    found = [pair.split("=") for pair in target.partition("?")[2].split("&")[1:]]
    assert [(url.percent_decode(key), url.percent_decode(value)) for key, value in found] == pairs


@given(
    st.fixed_dictionaries(
        {
            "url": TEXT.map(lambda text: "https://a.example/" + text) | st.just("https://a/"),
            "query": st.lists(st.fixed_dictionaries({"key": TEXT, "value": TEXT}), max_size=2),
            "headers": st.lists(st.fixed_dictionaries({"name": NAME, "value": TEXT}), max_size=2),
            "body": st.fixed_dictionaries({"content_type": TEXT}),
            "auth": st.fixed_dictionaries(
                {
                    "type": st.sampled_from(["none", "bearer", "basic", "api_key"]),
                    "user": TEXT,
                    "header": NAME,
                    "place": st.sampled_from(["header", "query"]),
                    "prefix": TEXT,
                }
            ),
            "sign": st.fixed_dictionaries(
                {"scheme": st.sampled_from(["none", "github", "stripe"]), "header": NAME}
            ),
        }
    ),
    TEXT,
    TEXT,
    TEXT,
)
def test_no_setting_and_no_secret_adds_a_line_to_a_request(changes, secret, login, query):
    secrets = {"auth.token": secret, "auth.login": login, "sign.secret": secret}
    known = ["host", "user-agent", "content-type", "authorization", "x-message-id"]
    known += ["content-length", changes["auth"]["header"].lower()]
    known += [field["name"].lower() for field in changes["headers"]]
    known += [changes["sign"]["header"].lower(), "x-hub-signature-256", "stripe-signature"]
    for made in (parcel(), parcel(query.encode(), Query)):
        try:
            sends(made, secrets=secrets, **changes)
        except RouteError:
            continue
        found = [name.lower() for name in names(Connection.sent[0])]
        assert len(found) == len(set(found)) and set(found) <= set(known)
