"""The server of the page and its status document, as browsers, scripts and rude clients see them.

A real server under the Unix port of MicroPython.
"""

import base64
import concurrent.futures
import contextlib
import json
import socket
import time

import pytest
from page_server import BASIC, answer, ask, connect, raw, request_for, serving


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


def test_status_document_keeps_every_digit(port):
    response, body = ask(port, "/api/v1/status")
    assert response.headers["Content-Type"].startswith("application/json")
    status = json.loads(body, parse_float=str, parse_int=str)
    values = {value["name"]: value for value in status["values"]}
    assert [value["name"] for value in status["values"]][:2] == ["0C-EngineRPM", "0D-VehicleSpeed"]
    assert values["Odometer"]["value"] == "9007199254740993"
    assert values["HV_Current"]["value"] == "-14.2"
    assert values["Lights"]["value"] == "on"
    assert values["TyrePressure"]["value"] is None and values["TyrePressure"]["age_ms"] is None
    assert values["Coolant"]["error"] == "The ECU did not answer."
    assert values["SOC"]["unit"] == "%" and values["SOC"]["class"] == "battery"
    assert int(values["SOC"]["age_ms"]) < 5000


def test_status_document_tells_device_destinations_and_log(port):
    status = json.loads(ask(port, "/api/v1/status")[1])
    assert status["device"] == {
        "device_id": "30aea4000001",
        "fw_version": "0.1.0",
        "ip_address": "192.168.4.1",
        "time_synced": True,
        "vpn_ip": None,
    }
    assert (status["ecu"], status["grouping"], status["delivery"]) == ("online", True, "failing")
    home, fleet, spare, _ = status["destinations"]
    assert (home["id"], home["state"], home["enabled"], home["delivered"]) == (1, "ok", True, 3)
    assert (fleet["failed"], fleet["last"]["status"], fleet["last"]["latency_ms"]) == (1, 401, 120)
    assert spare["enabled"] is False and spare["last"] is None
    assert any("listening on port" in line for line in status["log"])


def test_problems_in_the_settings_are_shown(port):
    [problem] = json.loads(ask(port, "/api/v1/status")[1])["problems"]
    assert problem == "destinations[1].url: Must start with <https>."


@pytest.mark.parametrize(
    "path", ["/api/v1/status", "/api/v1/x", "/static/app.js", "/static/nothing", "/nothing"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_nothing_is_told_without_the_password(port, path, method):
    response, body = ask(port, path, {}, method)
    assert response.status == 401
    assert ("WWW-Authenticate" in response.headers) == path.startswith("/api/")
    assert b"wican" not in body and b"<" not in body


@pytest.mark.parametrize(
    "path, method, status",
    [
        ("/", "GET", 200),
        ("/static/app.js", "GET", 200),
        ("/x", "GET", 404),
        ("/", "POST", 405),
        ("/broken", "GET", 500),
    ],
)
def test_every_response_carries_the_security_headers(port, path, method, status):
    response, _ = ask(port, path, method=method)
    assert response.status == status
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] in ("no-store", "no-cache")


def test_head_tells_the_same_without_a_body(port):
    response, body = ask(port, method="HEAD")
    assert (response.status, body) == (200, b"")


def test_request_for_a_foreign_host_name_is_refused(port):
    response, _ = ask(port, headers={**BASIC, "Host": "evil.example"})
    assert response.status == 421


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"\x16\x03\x01\x02\x00\x01\xfc\x03\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET http://other/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /?a=%zz HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 4097\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 99 + b"\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nExpect: something\r\nContent-Length: 9\r\n\r\n", 417),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 4700, 431),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 800, 431),
    ],
)
def test_bad_request_is_answered_with_its_reason(port, request_bytes, status):
    head = raw(port, request_bytes).decode()
    assert head.startswith(f"HTTP/1.0 {status} "), head
    assert "X-Content-Type-Options: nosniff" in head


def test_request_may_come_in_small_pieces(port):
    request = request_for("/api/v1/status")
    with connect(port) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(request), 7):
            client.sendall(request[start : start + 7])
        assert answer(client).startswith(b"HTTP/1.0 200 ")


def test_short_answer_leaves_in_one_piece(port):
    with connect(port) as client:
        client.sendall(b"GET /x HTTP/1.1\r\n\r\n")
        first = client.recv(4096)
    assert first.startswith(b"HTTP/1.0 401 ") and first.endswith(b'its password."}]')


def test_silent_clients_do_not_keep_others_out(port):
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(port)) for _ in range(3)]
        silent[1].sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert ask(port)[0].status == 200


def test_client_that_does_not_take_its_answer_is_dropped():
    with serving(stall_ms=100) as port, contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(port)).sendall(request_for("/endless"))
        deadline = time.monotonic() + 5
        while ask(port)[0].status != 200:
            assert time.monotonic() < deadline


def test_page_with_its_files_can_be_fetched_all_at_once(port):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        paths = ["/", "/static/app.js", "/static/more.js", "/api/v1/status"]
        assert [
            response.status for response, _ in pool.map(lambda path: ask(port, path), paths)
        ] == [200] * 4


def test_six_connections_of_a_browser_are_all_served(port):
    for _ in range(5):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            statuses = [response.status for response, _ in pool.map(lambda _: ask(port), range(6))]
        assert statuses == [200] * 6


def test_a_page_that_cannot_be_built_says_so_and_is_tried_again():
    answers = []
    with serving(failures=9) as port:
        while not answers or answers[-1][0] != 200:
            with contextlib.suppress(ConnectionError):  # only one at a time is told
                response, body = ask(port, "/api/v1/status")
                answers.append((response.status, response.headers["Retry-After"], body))
            assert len(answers) < 10
    assert (503, "1", b"Service Unavailable\n") in answers
    errors = [line for line in json.loads(answers[-1][2])["log"] if " E " in line]
    assert len(errors) == 9 and "the page cannot be shown" in errors[0], errors


def test_who_finds_no_place_is_told_to_come_back(port):
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(connect(port)) for _ in range(3)]
        for client in busy:
            client.sendall(request_for("/slow"))
        response, _ = ask(port)
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert all(answer(client).endswith(b"done") for client in busy)
    assert ask(port)[0].status == 200


@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nX: "])
def test_client_that_stands_still_is_dropped(begin):
    with serving(stall_ms=100) as port, connect(port) as client:
        client.sendall(begin)
        assert answer(client) == b""


def test_guessing_is_slowed_down():
    wrong = {"Authorization": "Basic " + base64.b64encode(b"admin:wrong").decode()}
    with serving() as port:
        statuses = [ask(port, "/", wrong)[0].status for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        refused, _ = ask(port)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
