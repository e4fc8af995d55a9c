"""What a script can do with a destination, and what a page of somebody else cannot.

A real server under the Unix port of MicroPython with destinations that do as they are told.
"""

import concurrent.futures
import contextlib
import json
import re
import time

import pytest
from page_server import BASIC, answer, ask, connect, request_for, serving, told

BASE = "/api/v1/destinations"
SECRET = "s3cret-token"  # in the settings of every destination
ROUTES = [
    ("GET", BASE),
    ("GET", BASE + "/1"),
    ("POST", BASE + "/1/send"),
    ("POST", BASE + "/1/reset"),
    ("POST", BASE + "/1/key"),
    ("GET", BASE + "/4/dead"),
    ("POST", BASE + "/4/dead/a-7-1/replay"),
    ("DELETE", BASE + "/4/dead/a-7-2"),
    ("DELETE", BASE + "/4/dead"),
    ("GET", "/api/v1/presets"),
]
WRITING = [route for route in ROUTES if route[0] != "GET"]


@pytest.fixture
def port():
    """A page for each test: they change it."""
    with serving() as port:
        yield port


@pytest.fixture(scope="module")
def shared_port():
    """A page for tests that change nothing."""
    with serving() as port:
        yield port


@contextlib.contextmanager
def sending(port):
    """A client waits for destination 4, which answers when it is reset; yields what it will be told."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        try:
            waiting = pool.submit(told, port, BASE + "/4/send", "POST")
            wait_for(lambda: told(port, BASE + "/4")[1]["state"] == "sending")
            yield waiting
        finally:
            told(port, BASE + "/4/reset", "POST")


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_all_destinations_are_listed_with_state_counters_and_last_attempt(shared_port):
    status, listed = told(shared_port, BASE)
    assert status == 200
    assert [(one["id"], one["state"]) for one in listed] == [
        (1, "ok"),
        (2, "failing"),
        (3, "disabled"),
        (4, "paused"),
    ]
    assert listed[1]["last"]["advice"].startswith("Check the token") and listed[2]["last"] is None
    assert listed == told(shared_port, "/api/v1/status")[1]["destinations"]


def test_one_destination_tells_its_attempts_oldest_first(shared_port):
    status, fleet = told(shared_port, BASE + "/2")
    assert (status, fleet["id"], fleet["name"], fleet["dead"]) == (200, 2, "Fleet <portal>", 0)
    assert [attempt["ok"] for attempt in fleet["attempts"]] == [True, False]
    assert fleet["attempts"][-1] == fleet["last"]
    assert told(shared_port, BASE + "/4")[1]["dead"] == 3


def test_sending_answers_the_attempt_with_the_request_as_it_was_sent(port):
    status, attempt = told(port, BASE + "/1/send", "POST")
    assert (status, attempt["ok"], attempt["status"], attempt["bytes"]) == (200, True, 200, 291)
    lines = attempt["request"].split("\r\n")
    assert lines[0] == "POST /in?<car>=1 HTTP/1.1"
    assert "Authorization: Bearer ***" in lines
    assert lines[-1] == '{"autopid_data":{"0C-EngineRPM":2413,"name":"Zoë"}}'
    assert told(port, BASE + "/1")[1]["delivered"] == 4


def test_a_delivery_that_fails_is_a_complete_answer_all_the_same(port):
    status, attempt = told(port, BASE + "/2/send", "POST")
    assert (status, attempt["ok"], attempt["status"]) == (200, False, 401)
    assert attempt["cause"] == "The server does not know who is sending (401)."
    assert attempt["advice"] == "Check the token: missing, mistyped or expired?"


def test_a_destination_that_ends_meanwhile_says_so(shared_port):
    status, [problem] = told(shared_port, BASE + "/3/send", "POST")
    assert (status, problem["code"]) == (409, "ended")


def test_reset_answers_the_new_state(port):
    assert told(port, BASE + "/4")[1]["fuse"] == "open"
    status, yard = told(port, BASE + "/4/reset", "POST")
    assert (status, yard["state"], yard["fuse"], yard["reason"]) == (200, "waiting", "closed", "")


def test_dead_letters_are_listed_sent_again_and_deleted(port):
    status, letters = told(port, BASE + "/4/dead")
    assert (status, [letter["id"] for letter in letters]) == (200, ["a-7-1", "a-7-2", "a-7-3"])
    assert letters[0] == {
        "id": "a-7-1",
        "made_s": 1730000000,
        "bytes": 291,
        "status": 422,
        "reason": 'The server cannot read the document (422). "<b>"',
    }
    status, yard = told(port, BASE + "/4/dead/a-7-2/replay", "POST")
    assert (status, yard["dead"], yard["queued"]) == (200, 2, 4)
    status, yard = told(port, BASE + "/4/dead/a-7-1", "DELETE")
    assert (status, yard["dead"], yard["queued"]) == (200, 1, 4)
    assert [letter["id"] for letter in told(port, BASE + "/4/dead")[1]] == ["a-7-3"]
    status, yard = told(port, BASE + "/4/dead", "DELETE")
    assert (status, yard["dead"]) == (200, 0)
    assert told(port, BASE + "/4/dead") == (200, [])


def test_presets_are_listed(shared_port):
    status, presets = told(shared_port, "/api/v1/presets")
    assert status == 200
    names = [preset["name"] for preset in presets]
    assert names == sorted(names) and {"wican", "influxdb", "abrp"} <= set(names)
    assert all(preset["title"] and preset["hint"] for preset in presets)


@pytest.mark.parametrize(
    "method, path",
    [
        (method, path.replace("/1", f"/{id}", 1).replace("/4", f"/{id}", 1))
        for method, path in ROUTES
        if path.startswith(BASE + "/")
        for id in ("9", "x", "01", "1%20")
    ],
)
def test_unknown_destination_is_told_like_a_wrong_setting(shared_port, method, path):
    status, [problem] = told(shared_port, path, method)
    assert status == 404
    assert set(problem) == {"field", "code", "message"}
    assert (problem["field"], problem["code"]) == ("id", "unknown")


@pytest.mark.parametrize("method, suffix", [("DELETE", ""), ("POST", "/replay")])
@pytest.mark.parametrize("id", ["a-7-9", "..", "%2e%2e", "a"])
def test_unknown_dead_letter_is_told_like_a_wrong_setting(shared_port, method, suffix, id):
    status, [problem] = told(shared_port, f"{BASE}/4/dead/{id}{suffix}", method)
    assert (status, problem["field"], problem["code"]) == (404, "message", "unknown")
    assert told(shared_port, BASE + "/4")[1]["dead"] == 3


@pytest.mark.parametrize("method, path", ROUTES)
def test_other_methods_are_not_allowed_and_change_nothing(shared_port, method, path):
    allowed = {"DELETE", "GET"} if path.endswith("/dead") else {method}
    before = told(shared_port, BASE + "/4")[1]
    for other in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
        assert ask(shared_port, path, method=other)[0].status == 405, other
    assert told(shared_port, BASE + "/4")[1] == before


@pytest.mark.parametrize("method, path", ROUTES)
def test_no_route_works_without_the_password(shared_port, method, path):
    before = told(shared_port, BASE + "/4")[1]
    response, body = ask(shared_port, path, {}, method)
    assert response.status == 401 and b"Yard" not in body
    assert told(shared_port, BASE + "/4")[1] == before


def test_no_answer_holds_a_secret(port):
    for method, path in ROUTES:
        response, body = ask(port, path, method=method)
        assert response.status == 200 and SECRET.encode() not in body, path


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://{host}.evil.example"},
    {"Origin": "http://evil.example/{host}"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "ftp://{host}"},
    {"Origin": "{host}"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://{host}", "Sec-Fetch-Site": "same-site"},
]
OWN = [
    {},
    {"Origin": "http://{host}"},
    {"Origin": "https://{host}"},
    {"Origin": "HTTP://{host}"},
    {"Origin": "http://{host}", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


def named(headers, port):
    return {name: value.format(host=f"127.0.0.1:{port}") for name, value in headers.items()}


@pytest.mark.parametrize("headers", FOREIGN)
def test_page_of_another_site_cannot_change_anything(shared_port, headers):
    foreign = {**BASIC, **named(headers, shared_port)}
    before = told(shared_port, BASE)[1]
    for method, path in [*WRITING, ("PUT", BASE), ("POST", "/nothing"), ("POST", "/")]:
        assert ask(shared_port, path, foreign, method)[0].status == 403, path
    assert told(shared_port, BASE)[1] == before


def test_page_of_another_site_cannot_even_guess_the_password(shared_port):
    guess = {"Authorization": "Basic eDp4", "Origin": "http://evil.example"}
    for _ in range(9):
        assert ask(shared_port, BASE + "/1/send", guess, "POST")[0].status == 403
    assert ask(shared_port, BASE)[0].status == 200


@pytest.mark.parametrize("headers", FOREIGN)
def test_links_from_other_sites_may_be_followed(shared_port, headers):
    foreign = {**BASIC, **named(headers, shared_port)}
    for method in ("GET", "HEAD"):
        assert ask(shared_port, "/", foreign, method)[0].status == 200


@pytest.mark.parametrize("headers", OWN)
def test_own_page_and_other_programs_may_change_things(shared_port, headers):
    status, _ = told(shared_port, BASE + "/1/reset", "POST", named(headers, shared_port))
    assert status == 200


def test_client_that_waits_for_a_long_attempt_is_not_dropped_and_others_are_served():
    with serving(stall_ms=100) as port, sending(port) as waiting:
        began_ms = told(port, "/api/v1/status")[1]["uptime_ms"]
        with connect(port), connect(port):  # who says nothing takes no place from who waits
            wait_for(lambda: told(port, "/api/v1/status")[1]["uptime_ms"] > began_ms + 1500)
        assert not waiting.done()
        told(port, BASE + "/4/reset", "POST")
        status, attempt = waiting.result()
        assert (status, attempt["ok"]) == (200, True)


def test_only_one_waits_for_an_attempt_so_that_others_find_a_place(port):
    with sending(port) as waiting:
        response, body = ask(port, BASE + "/1/send", method="POST")
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert json.loads(body)[0]["code"] == "busy"
        told(port, BASE + "/4/reset", "POST")
        assert waiting.result()[0] == 200
    assert told(port, BASE + "/1/send", "POST")[0] == 200


def test_who_waits_too_long_for_an_attempt_is_told_and_makes_room_for_the_next():
    with serving(send_ms=50) as port:
        status, [problem] = told(port, BASE + "/4/send", "POST")
        assert (status, problem["code"]) == (504, "timeout")
        assert told(port, BASE + "/1/send", "POST")[0] == 200


def test_request_that_takes_for_ever_is_given_up():
    with serving(work_ms=100) as port, connect(port) as client:
        client.sendall(request_for("/stuck"))
        assert answer(client) == b""
        assert ask(port, BASE)[0].status == 200


def test_key_made_on_the_device_is_told_once(port):
    status, made = told(port, BASE + "/1/key", "POST")
    assert (status, list(made)) == (200, ["secret"]) and re.fullmatch(
        "[0-9a-f]{32}", made["secret"]
    )
    status, other = told(port, BASE + "/1/key", "POST")
    assert other["secret"] != made["secret"]
    for path in (BASE, BASE + "/1", "/api/v1/status"):
        shown = ask(port, path, BASIC)[1].decode()
        assert made["secret"] not in shown and other["secret"] not in shown


def test_secret_for_kpn_things_is_made_by_its_rules(port):
    status, made = told(port, BASE + "/3/key", "POST")
    assert status == 200 and len(made["secret"]) == 40


def test_key_is_not_made_where_another_side_makes_it_or_it_cannot_be_kept(port):
    status, [problem] = told(port, BASE + "/2/key", "POST")
    assert (status, problem["field"], problem["code"]) == (409, "sign.scheme", "conflict")
    status, [problem] = told(port, BASE + "/4/key", "POST")
    assert (status, problem["code"]) == (500, "storage")
    status, [problem] = told(port, BASE + "/9/key", "POST")
    assert (status, problem["code"]) == (404, "unknown")
