"""Commands from ThingPark's servers, which cannot know the page's password: what is signed is obeyed, and nothing else.

A real server under the Unix port of MicroPython; destination 1 takes downlinks, the others do not.
"""

import binascii
import hashlib
import json
import re
import time
from urllib.parse import quote

import pytest
from page_server import BASIC, ask, serving, told

PATH = "/api/v1/downlink"
EUI = "30AEA4FFFE000001"  # of the device's MAC address
KEY = "00112233445566778899aabbccddeeff"
QUEUED = b"<html><body>Request queued by LRC</body></html>"
PING = '{"command":"ping"}'
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def moment(ahead_s: float = 0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime(time.time() + ahead_s))


def signed(pairs, key=KEY, encode=quote):
    """A query with its token: of the decoded pairs in their order."""
    plain = "&".join(f"{name}={text}" for name, text in pairs)
    token = hashlib.sha256((plain + key).encode()).hexdigest()
    return "&".join(f"{name}={encode(text)}" for name, text in pairs) + "&Token=" + token


def pairs(payload=PING, **changes):
    found = {
        "DevEUI": EUI,
        "FPort": "2",
        "Payload": binascii.hexlify(payload.encode()).decode(),
        "AS_ID": "wican.as",
        "Time": moment(),
    }
    return list({**found, **changes}.items())


def post(port, query, headers=None, body=None, path=PATH):
    """(status, what was said, header fields) to a server that knows no password."""
    response, said = ask(port, f"{path}?{query}", headers or {}, "POST", body)
    return response.status, said, response.headers


@pytest.fixture
def port(tmp_path):
    """A page that takes downlinks, for each test: they use up tokens."""
    (tmp_path / "downlinks").touch()
    with serving(root=tmp_path) as port:
        yield port


def test_signed_command_is_answered_word_for_word_as_thingpark_does(port):
    status, said, headers = post(port, signed(pairs()), FORM)
    assert (status, said) == (200, QUEUED)
    assert headers["Content-Type"].startswith("text/html")


WRONG = {
    "wrong": (lambda: signed(pairs(), "ffeeddccbbaa99887766554433221100"), "Token is wrong"),
    "of another query": (lambda: signed(pairs()).replace("FPort=2", "FPort=3"), "Token is wrong"),
    "missing": (lambda: signed(pairs()).partition("&Token")[0], "Token is missing"),
    "nothing at all": (lambda: "", "Token is missing"),
    "old": (lambda: signed(pairs(Time=moment(-120))), "seconds off"),
    "from before the start": (
        lambda: signed(pairs(Time=moment(-50))),
        "before the device's start",
    ),
    "from the future": (lambda: signed(pairs(Time=moment(120))), "seconds off"),
    "for another device": (lambda: signed(pairs(DevEUI="30AEA4FFFE000002")), "DevEUI"),
    "from another sender": (lambda: signed(pairs(AS_ID="other")), "AS_ID"),
    "for another port": (lambda: signed(pairs(FPort="3")), "FPort"),
    "not allowed": (lambda: signed(pairs('{"command":"request_config"}')), "not allowed"),
}


@pytest.mark.parametrize(("query", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_not_right_is_refused_with_a_reason(port, query, words):
    status, said, headers = post(port, query())
    assert (status, words in said.decode()) == (403, True), said
    assert headers["Content-Type"].startswith("text/plain")
    assert told(port, PATH)[1]["refused"] == 1


def test_token_counts_once(port):
    query = signed(pairs())
    assert post(port, query)[0] == 200
    status, said, _ = post(port, query)
    assert (status, "used before" in said.decode()) == (403, True)


def test_order_in_which_parameters_came_is_the_one_that_was_signed(port):
    turned = pairs()[::-1]
    assert post(port, signed(turned))[0] == 200
    first, second, *rest = signed(pairs(Time=moment(1))).split("&")
    assert post(port, "&".join([second, first, *rest]))[0] == 403


def test_parameters_that_the_device_does_not_use_are_covered_too(port):
    more = [*pairs()[:3], ("Confirmed", "1"), *pairs()[3:], ("CorrelationID", "00000000deadbeef")]
    assert post(port, signed(more).replace("Confirmed=1", "Confirmed=0"))[0] == 403
    assert post(port, signed(more))[0] == 200


def test_plus_sign_is_no_blank_encoded_or_not(port):
    assert post(port, signed(pairs(), encode=lambda text: text))[0] == 200
    query = re.sub("%..", lambda found: found[0].lower(), signed(pairs(Time=moment(1))))
    assert "%2b00%3a00" in query and post(port, query)[0] == 200


@pytest.mark.parametrize("query", ["a=%zz", "FPort=2&FPort=2", "a=" + "x" * 2100, "a=%FF"])
def test_query_that_cannot_be_read_is_refused(port, query):
    assert post(port, query)[0] == 400


def test_body_has_to_be_empty(port):
    query = signed(pairs())
    assert post(port, query, FORM, b"a=1")[0] == 413
    assert post(port, query, FORM, b"")[0] == 200


def test_command_that_is_none_is_refused(port):
    for number, payload in enumerate(("", "{}", '{"command":"reboot"}')):
        assert post(port, signed(pairs(payload, Time=moment(number))))[0] == 400


def test_send_now_sends(port):
    before = told(port, "/api/v1/destinations/1")[1]["delivered"]
    assert post(port, signed(pairs('{"command":"send_now"}')))[0] == 200
    deadline = time.monotonic() + 20
    while told(port, "/api/v1/destinations/1")[1]["delivered"] == before:
        assert time.monotonic() < deadline


def test_settings_say_why_a_cycle_is_refused(port):
    set_cycle = '{"command":"set_cycle","cycle_ms":%d}'
    assert post(port, signed(pairs(set_cycle % 5000)))[0] == 200
    status, said, _ = post(port, signed(pairs(set_cycle % 1234)))
    assert (status, said.decode()) == (
        409,
        "The settings do not allow it. destinations[0].cycle_ms: Must be another one.\n",
    )


def test_what_came_in_is_counted_and_told_to_those_who_know_the_password(port):
    for second in (0, 1):
        post(port, signed(pairs(Time=moment(second))))
    post(port, "")
    assert told(port, PATH) == (
        200,
        {
            "open": True,
            "refused": 1,
            "last_refusal": "Token is missing: sign the query with the tunnel key.",
            "obeyed": [{"destination": 1, "command": "ping", "count": 2}],
        },
    )
    assert ask(port, PATH, {})[0].status == 401
    log = "\n".join(told(port, "/api/v1/status")[1]["log"])
    assert "the command ping came by downlink" in log and "Token is missing" in log
    assert KEY not in log


def test_nothing_else_is_open(port):
    query = signed(pairs())
    for path in (
        "/api/v1/downlink/",
        "/api/v1/downlinks",
        "/api/v1/destinations/1/send",
        "//",
        "/",
    ):
        assert post(port, query, path=path)[0] == 401, path
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        assert ask(port, f"{PATH}?{query}", {}, method)[0].status == 401, method
    assert post(port, query)[0] == 200


def test_as_long_as_no_destination_wants_downlinks_there_is_no_way_in(tmp_path):
    with serving(root=tmp_path) as port:
        assert post(port, signed(pairs()))[0] == 401
        status, said, _ = post(port, signed(pairs()), BASIC)
        assert (status, b"downlink.mode" in said) == (404, True)
        assert told(port, PATH)[1]["open"] is False


def test_pages_of_other_sites_cannot_hand_in_anything(port):
    query = signed(pairs())
    assert post(port, query, {"Origin": "http://evil.example"})[0] == 403
    assert post(port, query)[0] == 200


def test_without_a_clock_nothing_is_obeyed(tmp_path):
    for name in ("downlinks", "no_time"):
        (tmp_path / name).touch()
    with serving(root=tmp_path) as port:
        status, said, _ = post(port, signed(pairs()))
        assert (status, "clock is not set" in said.decode()) == (503, True)


def refused_for_now(port, query, words):
    """Hands in the same again and again, until it is told to wait with these words."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status, said, headers = post(port, query)
        if status == 429 and words in said.decode():
            return int(headers["Retry-After"])
        assert status in (403, 429), said
    raise AssertionError("nobody was told to wait")


def test_who_guesses_has_to_wait_longer_and_longer(port):
    assert refused_for_now(port, "Token=" + "0" * 64, "nobody signed") >= 1
    assert ask(port, "/api/v1/status")[0].status == 200


def test_no_more_than_a_few_are_judged_each_second(port):
    query = signed(pairs())
    assert post(port, query)[0] == 200
    assert refused_for_now(port, query, "at a time") == 1
    assert json.dumps(told(port, "/api/v1/status")[1]["log"]).count("refused (") == 1


def test_new_key_counts_at_once_and_the_old_one_until_the_next(port):
    first, key = signed(pairs(), KEY), "/api/v1/destinations/1/key"
    new = told(port, key, "POST")[1]["secret"]
    for query in (first, signed(pairs(Time=moment(1)), new)):
        assert post(port, query)[0] == 200
    newer = told(port, key, "POST")[1]["secret"]
    assert post(port, signed(pairs(Time=moment(2)), newer))[0] == 200
    assert post(port, signed(pairs(Time=moment(3)), KEY))[0] == 403
