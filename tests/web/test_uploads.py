"""Large bodies: nobody's is read before the gate let it in, and each route takes only as much as it needs.

A real server under the Unix port of MicroPython.
"""

import concurrent.futures
import json
import socket

import pytest
from cert_requests import BASE, CLOCK, GARAGE, VAN, head, send, status_of, wait_for
from page_server import BASIC, answer, ask, connect, serving, told

CHANGING = [
    ("PUT", VAN),
    ("DELETE", VAN),
    ("POST", VAN + "/key"),
    ("PUT", BASE + "/default"),
    ("POST", CLOCK),
]
READING = [("GET", BASE), ("GET", GARAGE), ("GET", BASE + "/default"), ("GET", CLOCK)]


@pytest.mark.parametrize("method, path", CHANGING)
def test_strangers_are_refused_before_their_body_is_read(port, root, method, path):
    limit = 4096 if method == "POST" or method == "DELETE" else 65536
    with connect(port) as client:
        client.sendall(head(method, path, limit, {}))
        assert status_of(client.recv(4096)) == 401, "although nothing of the body has been sent"
    with connect(port) as client:
        client.sendall(head(method, path, limit, {**BASIC, "Origin": "http://evil.example"}))
        assert status_of(client.recv(4096)) == 403
    with connect(port) as client:
        client.sendall(head(method, path, limit, {"Authorization": "Basic eDp4"}))
        assert status_of(client.recv(4096)) == 401
    assert not (root / "certs").exists()


def test_who_is_refused_can_read_why_although_it_sends_a_lot(port):
    with connect(port) as client:
        client.sendall(head("PUT", VAN, 60_000, {}) + b"x" * 60_000)
        received = b""
        while chunk := client.recv(4096):  # a reset, which may cost the answer, would be an error
            received += chunk
        assert received.endswith(b'its password."}]')


@pytest.mark.parametrize(
    "method, path, length",
    [
        ("PUT", VAN, 65_537),
        ("PUT", BASE + "/default", 524_289),
        ("PUT", BASE + "/default/x", 65_537),
        ("POST", VAN + "/key", 4097),
        ("POST", CLOCK, 4097),
        ("PUT", "/api/v1/destinations", 4097),
        ("PUT", BASE, 4097),
    ],
)
def test_each_route_takes_only_as_much_as_it_needs(port, method, path, length):
    with connect(port) as client:
        client.sendall(head(method, path, length))
        assert status_of(client.recv(4096)) == 413


@pytest.mark.parametrize("method, path", [*CHANGING, *READING])
def test_nothing_is_told_or_done_without_the_password(port, root, authority, method, path):
    body = json.dumps({"ca": authority.pem.decode()}).encode() if method == "PUT" else None
    response, body = ask(port, path, {}, method, body)
    assert response.status == 401 and json.loads(body)[0]["code"] == "login"
    assert not (root / "certs").exists()


def test_an_upload_may_be_slow_but_not_stand_still(root, bundle):
    with serving(stall_ms=1500, root=root) as port, connect(port) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(head("PUT", BASE + "/default", len(bundle)))
        for at in range(6):
            client.sendall(bundle[at * 100 : at * 100 + 100])
            began_ms = uptime_ms(port)
            wait_for(lambda began_ms=began_ms: uptime_ms(port) > began_ms + 400)
        client.sendall(bundle[600:])
        assert answer(client).endswith(b'{"date":"2026-08-01","count":2}')


@pytest.mark.parametrize("path", [VAN, BASE + "/default"])
def test_an_upload_that_stands_still_is_dropped(root, path):
    with serving(stall_ms=100, root=root) as port, connect(port) as client:
        client.sendall(head("PUT", path, 5000) + b"{")
        assert answer(client) == b""
        assert ask(port, BASE)[0].status == 200


def test_uploads_do_not_keep_others_out(port, bundle):
    with connect(port) as one, connect(port) as two, connect(port) as three:
        for client, path in ((one, VAN), (two, GARAGE), (three, BASE + "/default")):
            client.sendall(head("PUT", path, 5000) + b"{")
        wait_for(lambda: ask(port, BASE)[0].status == 200)


def test_sets_are_stored_one_after_the_other_whoever_comes_first(port, root, authority):
    def store(number):
        return send(port, f"{BASE}/s{number % 2}", ca=authority.pem)[0]

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert list(pool.map(store, range(12))) == [200] * 12
    assert sorted(path.name for path in (root / "certs").iterdir()) == ["s0", "s1"]


def uptime_ms(port):
    return told(port, "/api/v1/status")[1]["uptime_ms"]
