"""The gate and the limits, against somebody who wants in, or wants nobody else to get in.

A real server under the Unix port of MicroPython.
"""

import contextlib
import http.client
import json
import re
import selectors
import socket
import threading
import time

import pytest
from page_server import (
    BASIC,
    HOST,
    PASSWORD,
    answer,
    ask,
    connect,
    raw,
    request_for,
    serving,
    told,
)

STATUS = "/api/v1/status"
SESSION = "/api/v1/session"
JSON = {"Content-Type": "application/json"}
RIGHT = json.dumps({"password": PASSWORD}).encode()
OPEN = {
    ("GET", "/"),
    ("POST", "/login"),
    ("GET", SESSION),
    ("POST", SESSION),
}
STRANGERS = (
    {},
    {"Cookie": "session=" + "0" * 32, "X-CSRF-Token": ""},
    {"Authorization": "Basic Og=="},
    {"Authorization": "Bearer "},
)


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


def cookie_of(port) -> str:
    response, _ = ask(port, SESSION, JSON, "POST", RIGHT)
    return response.headers["Set-Cookie"].partition(";")[0]


# One gate in front of every route


def test_every_route_asks_who_is_there():
    with serving() as port:
        routes = {tuple(route) for route in told(port, "/routes")[1]}
        assert len(routes) > 40 and routes >= OPEN
        for method, pattern in sorted(routes - OPEN):
            path = re.sub(r"<[^>]+>", "1", pattern)
            for strange in STRANGERS:
                response, body = ask(port, path, strange, method)
                assert response.status in (401, 429), (method, path, strange)
                [problem] = json.loads(body)
                assert set(problem) == {"field", "code", "message"}


def test_open_routes_are_those_and_tell_no_data(port):
    for method, path in sorted(OPEN):
        response, body = ask(port, path, {}, method)
        assert response.status in (200, 303, 400, 401), (method, path)
        for datum in (b"30aea4000001", b"62.35", b"Fleet", b"SOC", b"listening"):
            assert datum not in body, (method, path)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get", "X"])
@pytest.mark.parametrize("path", ["/nothing", "//", "/login/", "/static/", "/api/v1/session/x"])
def test_unknown_addresses_ask_as_well(port, method, path):
    assert ask(port, path, {}, method)[0].status == 401


def test_route_that_is_open_for_one_method_is_closed_for_others(port):
    for method, path in (("DELETE", SESSION), ("PUT", SESSION), ("POST", "/"), ("GET", "/login")):
        assert ask(port, path, {}, method)[0].status == 401, (method, path)


# Cookies, other sites, other names


def test_cookie_cannot_be_replayed_after_logout(port):
    cookie = cookie_of(port)
    assert ask(port, STATUS, {"Cookie": cookie})[0].status == 200
    csrf = json.loads(ask(port, SESSION, {"Cookie": cookie})[1])["csrf"]
    ask(port, SESSION, {"Cookie": cookie, "X-CSRF-Token": csrf}, "DELETE")
    for headers in ({"Cookie": cookie}, {"Cookie": cookie, "X-CSRF-Token": csrf}):
        assert ask(port, STATUS, headers)[0].status == 401
        assert ask(port, "/api/v1/destinations/1/reset", headers, "POST")[0].status == 401


def test_id_of_a_session_cannot_be_chosen_by_somebody_else(port):
    chosen = "session=" + "a" * 32
    response, _ = ask(port, SESSION, {**JSON, "Cookie": chosen}, "POST", RIGHT)
    assert response.headers["Set-Cookie"].partition(";")[0] != chosen
    assert ask(port, STATUS, {"Cookie": chosen})[0].status == 401


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_can_neither_log_in_nor_change_anything(port, foreign):
    form = {"Content-Type": "application/x-www-form-urlencoded", **foreign}
    for path, headers, body in (
        (SESSION, {**JSON, **foreign}, RIGHT),
        ("/login", form, b"password=correct%3Ahorse"),
        ("/api/v1/destinations/1/reset", {**BASIC, **foreign}, b""),
    ):
        response, _ = ask(port, path, headers, "POST", body)
        assert response.status == 403 and "Set-Cookie" not in response.headers, path


def test_page_tells_its_origin_with_its_own_form_and_nothing_to_others(port):
    assert ask(port, "/", {})[0].headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "wican.local.evil.example"])
@pytest.mark.parametrize("path", ["/", "/login", SESSION, STATUS, "/generate_204"])
def test_request_for_another_name_is_refused_although_it_brings_the_password(port, host, path):
    for method in ("GET", "POST"):
        response, body = ask(port, path, {**BASIC, "Host": host}, method)
        assert response.status == 421
        assert json.loads(body)[0]["code"] == "misdirected_request"


@pytest.mark.parametrize("host", ["wican.local", "127.0.0.1:80", "LOCALHOST", "192.168.4.1"])
def test_request_for_the_device_passes(port, host):
    assert ask(port, STATUS, {**BASIC, "Host": host})[0].status == 200


def test_probes_are_no_way_in_while_there_is_no_portal(port):
    assert ask(port, "/generate_204", {})[0].status == 401


def test_portal_leads_phones_to_the_page_and_lets_nobody_in(tmp_path):
    (tmp_path / "captive").touch()
    with serving(root=tmp_path) as port:
        for path, host in (
            ("/generate_204", "connectivitycheck.gstatic.com"),
            ("/hotspot-detect.html", "captive.apple.com"),
            ("/connecttest.txt", "127.0.0.1"),
            ("/", "example.org"),
        ):
            response, body = ask(port, path, {"Host": host})
            assert (response.status, body) == (302, b"")
            assert response.headers["Location"] == "http://127.0.0.1/"
            assert response.headers["Cache-Control"] == "no-store"
        assert ask(port, "/", {})[0].status == 401
        assert ask(port, STATUS, {})[0].status == 401
        assert ask(port, STATUS, {**BASIC, "Host": "evil.example"})[0].status == 302


# Guessing


def test_fifty_wrong_passwords_get_nowhere_and_disturb_nobody():
    with serving() as port:
        cookie = cookie_of(port)
        statuses = []
        for number in range(50):
            body = json.dumps({"password": f"guess {number}"}).encode()
            response, _ = ask(port, SESSION, JSON, "POST", body)
            statuses.append(response.status)
        assert statuses[:5] == [401] * 5 and 429 in statuses[5:7]
        assert statuses.count(401) < 12, "each wait is twice as long as the one before"
        right, body = ask(port, SESSION, JSON, "POST", RIGHT)
        assert right.status == 429 and int(right.headers["Retry-After"]) >= 1
        assert json.loads(body)[0]["code"] == "too_many"
        assert ask(port, STATUS, {"Cookie": cookie})[0].status == 200
        assert log_in_from(port, "127.0.0.2") == 200, "another address may"


def log_in_from(port, address: str) -> int:
    connection = http.client.HTTPConnection(HOST, port, 10, source_address=(address, 0))
    with contextlib.closing(connection):
        connection.request("POST", SESSION, RIGHT, JSON)
        return connection.getresponse().status


# Files


@pytest.mark.parametrize(
    "path",
    [
        "/static/../gate.py",
        "/static/..%2fgate.py",
        "/static/%2e%2e/gate.py",
        "/static/..\\gate.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/csp",
        "/static/versions",
        "/static/app.js.gz",
        "/../../config/secrets.json",
        "/api/v1/../../config/secrets.json",
        "/api/v1/certificates/..",
        "/api/v1/certificates/..%2f..%2fconfig",
        "/api/v1/certificates/%2e%2e",
    ],
)
def test_no_path_leads_out_of_where_it_belongs(port, path):
    for method in ("GET", "DELETE"):
        response, body = ask(port, path, BASIC, method)
        assert response.status in (400, 404, 405), (method, response.status)
        assert b"import" not in body and b"pbkdf2" not in body and b"root:" not in body


# Size and time


@pytest.mark.parametrize("path", ["/login", SESSION, STATUS, "/nothing"])
def test_oversized_body_is_refused_before_it_is_read(port, path):
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 50000000\r\n\r\n"
    received = raw(port, head.encode() + b"x" * 1000)
    assert received.startswith(b"HTTP/1.0 413 ") and b"content_too_large" in received
    assert ask(port, STATUS)[0].status == 200


def test_body_that_is_longer_than_it_said_is_cut_off(port):
    length = len(RIGHT)
    head = f"POST {SESSION} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n"
    received = raw(port, head.encode() + RIGHT + b"GET /api/v1/status HTTP/1.1\r\n\r\n")
    assert received.startswith(b"HTTP/1.0 200 ") and received.count(b"HTTP/1.0") == 1


def test_head_is_answered_without_a_body_whoever_asks(port):
    for path in ("/", STATUS, "/nothing", "/api/v1/events"):
        for headers in ("", f"Authorization: {BASIC['Authorization']}\r\n"):
            head = f"HEAD {path} HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n"
            received = raw(port, head.encode())
            assert received.startswith(b"HTTP/1.0 ") and received.endswith(b"\r\n\r\n"), path


@pytest.mark.parametrize("twice", ["host: evil.example", "Content-Length: 2"])
def test_who_says_twice_what_counts_once_is_refused(port, twice):
    lines = "\r\n".join([f"Host: {HOST}", "Content-Length: 0", twice])
    received = raw(port, f"POST {SESSION} HTTP/1.1\r\n{lines}\r\n\r\n".encode())
    assert received.startswith(b"HTTP/1.0 400 ")


BEGINNINGS = (
    b"",
    b"G",
    b"GET / HTTP/1.1\r\nX-Slow: ",
    b"POST /login HTTP/1.1\r\nContent-Length: 900\r\n\r\npassword=",
    b"GET / HTTP/1.1\r\n\r\n",
)


class Crowd:
    """Clients that connect, say little, send a byte now and then, read nothing, and come back when they are dropped."""

    def __init__(self, port: int, size: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self.connected = 0
        for number in range(size):
            self._enter(BEGINNINGS[number % len(BEGINNINGS)])
        self._thread = threading.Thread(target=self._press)

    def __enter__(self) -> "Crowd":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()

    def _enter(self, beginning: bytes) -> None:
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((HOST, self._port))
        self._selector.register(client, selectors.EVENT_WRITE, [beginning, False])

    def _press(self) -> None:
        while not self._over.wait(0.1):
            for key, _ in self._selector.select(0):
                beginning, begun = key.data
                try:
                    key.fileobj.send(b"x" if begun else beginning or b"")
                    self.connected += not begun
                    key.data[1] = True
                except BlockingIOError:
                    continue
                except OSError:
                    self._selector.unregister(key.fileobj)
                    key.fileobj.close()
                    self._enter(beginning)


def patiently(port, path, headers=None) -> int:
    """How many tries a client needs that comes back when it is told to."""
    for tries in range(1, 100):
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(port, path, headers)[0].status == 200:
                return tries
        time.sleep(0.1)
    raise AssertionError("never served")


def test_two_hundred_slow_connections_keep_nobody_out():
    with serving() as port:
        cookie = {"Cookie": cookie_of(port)}
        with Crowd(port, 200) as crowd:
            while crowd.connected < 200:
                assert patiently(port, STATUS) < 99
            tries = [patiently(port, path, cookie) for path in ("/", "/static/app.js", STATUS) * 5]
            assert max(tries) < 10, tries
            status = json.loads(body_of(port, STATUS))
            ages = [value["age_ms"] for value in status["values"] if value["name"] == "SOC"]
            assert ages[0] < 5000, "the device works on meanwhile"
        assert ask(port, STATUS)[0].status == 200


def body_of(port, path) -> bytes:
    patiently(port, path)
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            response, body = ask(port, path)
            if response.status == 200:
                return body


# Event streams


def open_stream(port) -> socket.socket:
    """A client of a stream that has had its first event."""
    client = connect(port)
    client.sendall(request_for("/ticks"))
    received = b""
    while b"data: tick" not in received:
        received += client.recv(4096)
    return client


def test_streams_take_nobodys_place(port):
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(open_stream(port))
        busy = [stack.enter_context(connect(port)) for _ in range(2)]
        for client in busy:
            client.sendall(request_for("/slow"))
        assert ask(port, STATUS)[0].status == 200
        assert all(answer(client).endswith(b"done") for client in busy)


def test_oldest_stream_ends_when_there_are_three(port):
    with open_stream(port) as first, open_stream(port) as second, open_stream(port) as third:
        rest = answer(first)  # until it is closed
        assert rest.replace(b": alive\n\n", b"") == b""
        assert second.recv(4096) and third.recv(4096)
        assert ask(port, STATUS)[0].status == 200


def test_stream_that_nobody_takes_any_more_ends():
    with serving(stall_ms=300) as port:
        open_stream(port).close()
        deadline = time.monotonic() + 10
        while not any("a client was lost" in line for line in told(port, STATUS)[1]["log"]):
            assert time.monotonic() < deadline


def test_quiet_stream_is_kept():
    with serving(stall_ms=50) as port, open_stream(port) as client:
        for _ in range(6):  # a sign of life comes every 200 ms; others are dropped after 50
            assert client.recv(4096)
