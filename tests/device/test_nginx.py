"""The device's HTTPS client against nginx in front of the collector: the server that most destinations sit behind."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import Behaviour, Collector, background
from peers import wire
from peers.nginx import Nginx, nginx
from pki import Authority

COMMON = """
gzip on; gzip_types *; gzip_min_length 1;  # for clients that accept it, which this one does not
proxy_http_version 1.1;
proxy_set_header X-Client-Verify $ssl_client_verify;
client_max_body_size 10k;
"""
UPSTREAM = "location / { proxy_pass https://127.0.0.1:%d; }"
TLS = 'location /tls { return 200 "$ssl_protocol $ssl_client_verify $server_protocol"; }'
SITES = {
    "plain": f"location /big {{ add_header X-Big {'x' * 3500}; return 200 big; }}"
    f"location /huge {{ add_header X-A {'x' * 2500}; add_header X-B {'x' * 2500}; return 200 huge; }}"
    "location /down { proxy_pass https://127.0.0.1:9; }",
    "brief": "keepalive_requests 3;",
    "required": "ssl_verify_client on;",
    "optional": "ssl_verify_client optional;",
    "TLSv1.2": "ssl_protocols TLSv1.2;",
    "TLSv1.3": "ssl_protocols TLSv1.3;",
}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Garage CA")


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with background(tmp_path_factory.mktemp("collector")) as running:
        yield running


@pytest.fixture
def collector(upstream: Collector) -> Collector:
    """The collector, empty and well-behaved."""
    upstream.behaviour = Behaviour(body=b"stored")
    upstream.documents.clear()
    return upstream


@pytest.fixture(scope="module")
def server(
    upstream: Collector, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx]:
    every = TLS + UPSTREAM % upstream.port
    sites = {name: own + every for name, own in SITES.items()}
    with nginx(tmp_path_factory.mktemp("nginx"), authority, COMMON, sites) as running:
        yield running


@pytest.fixture(scope="module", params=wire.BUILDS, ids=lambda build: "32" if build else "64")
def client(
    request: pytest.FixtureRequest, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[wire.Wire]:
    root: Path = tmp_path_factory.mktemp("device")
    wire.add_set(root, "good", authority.pem)
    wire.add_set(root, "mutual", authority.pem, authority.client("wican"))
    wire.add_set(root, "stranger", authority.pem, Authority("Third CA").client("wican"))
    with wire.wire(root, request.param) as running:
        yield running


@pytest.fixture
def send(client: wire.Wire, server: Nginx) -> Iterator:
    """Sends a request to a site; its connection is kept for the test."""
    used = {}

    def to(site: str, **changes: object) -> dict:
        used[site] = True
        return client.send(server.ports[site], key=site, **changes)

    yield to
    for site in used:
        client.send(server.ports[site], key=site, target="/tls", close=True)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_both_versions_of_tls_carry_http_1_1(send, collector, version):
    """nginx would talk HTTP/2 to a client that asks for it."""
    outcome = send(version, target="/tls")
    assert (outcome["status"], outcome["body"]) == (200, f"{version} NONE HTTP/1.1")
    assert [send(version)["body"] for _ in range(3)] == ["stored"] * 3
    assert send(version)["handshakes"] == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_methods_and_queries_arrive(send, collector, method):
    body = "" if method == "GET" else '{"SPEED":5}'
    assert send("plain", method=method, target="/in?a=b%20c", body=body)["status"] == 200
    [document] = collector.documents
    assert (document.method, document.path_qs) == (method, "/in?a=b%20c")
    assert document.body == body.encode()


def numbers(collector: Collector) -> list[int]:
    return [document.json["n"] for document in collector.documents]


def test_no_request_is_lost_when_the_server_ends_connections_now_and_then(send, collector):
    outcomes = [send("brief", body=json.dumps({"n": index})) for index in range(20)]
    assert [each["status"] for each in outcomes] == [200] * 20
    assert numbers(collector) == list(range(20))
    assert outcomes[-1]["handshakes"] == 7
    assert outcomes[-1]["retries"] == 0


def test_no_request_is_lost_while_the_server_is_reloaded(send, collector, server):
    sent = 0
    outcome = send("plain", body='{"n":0}')
    server.reload()
    while outcome["handshakes"] == 1 and sent < 5000:  # until the old worker has closed
        sent += 1
        outcome = send("plain", body=json.dumps({"n": sent}))
        assert outcome["status"] == 200
    assert outcome["handshakes"] == 2
    assert numbers(collector)[-10:] == list(range(sent + 1))[-10:]
    assert len(collector.documents) == min(sent + 1, 1000)


@pytest.mark.parametrize(
    ("site", "certset", "verified"),
    [
        ("required", "mutual", "SUCCESS"),
        ("optional", "mutual", "SUCCESS"),
        ("optional", "good", "NONE"),
    ],
)
def test_a_client_certificate_is_shown_to_who_asks(send, collector, site, certset, verified):
    assert send(site, set=certset)["status"] == 200
    assert collector.documents[0].header("X-Client-Verify") == verified


@pytest.mark.parametrize(
    ("certset", "words"),
    [("good", "No required SSL certificate was sent"), ("stranger", "The SSL certificate error")],
)
def test_a_missing_client_certificate_is_a_reply_of_nginx(send, collector, certset, words):
    """nginx finishes the handshake and says it in HTTP."""
    outcome = send("required", set=certset)
    assert (outcome["status"], outcome["open"]) == (400, False)
    assert words in outcome["body"]
    assert not collector.documents


@pytest.mark.parametrize("length", [0, 1, 2048, 9000])
def test_chunked_replies_are_read_and_the_connection_stays(send, collector, length):
    body = b"0123456789" * (length // 10) + b"x" * (length % 10)
    collector.behaviour = Behaviour(body=body, chunked=True)
    outcomes = [send("plain") for _ in range(3)]
    for outcome in outcomes:
        assert outcome["headers"]["transfer-encoding"] == "chunked"
        assert outcome["body"] == body[:2048].decode()
        assert outcome["truncated"] == (length > 2048)
    assert outcomes[-1]["handshakes"] == 1


def test_a_gzipped_document_passes(send, collector):
    packed = base64.b64encode(gzip.compress(b'{"SPEED":5}')).decode()
    headers = [("Content-Encoding", "gzip"), ("Content-Type", "application/json")]
    assert send("plain", base64=packed, headers=headers)["status"] == 200
    [document] = collector.documents
    assert document.header("Content-Encoding") == "gzip"
    assert document.json == {"SPEED": 5}


def test_a_document_that_is_too_large_is_refused_and_the_next_one_is_not(send, collector):
    for times in (110, 500):
        outcome = send("plain", body="x" * 100, times=times)
        assert (outcome["stage"], outcome["status"]) == (None, 413), outcome
    assert send("plain", body="x" * 100, times=100)["status"] == 200
    assert [len(document.body) for document in collector.documents] == [10_000]


def test_big_response_heads_are_read_up_to_a_limit(send, collector):
    big = send("plain", target="/big")
    assert (big["status"], len(big["headers"]["x-big"])) == (200, 3500)
    huge = send("plain", target="/huge")
    assert (huge["stage"], huge["cause"]) == (
        "status",
        "The head of the server's reply is too long.",
    )
    assert send("plain")["body"] == "stored"


def test_a_dead_upstream_is_a_502_of_nginx(send, collector):
    outcome = send("plain", target="/down")
    assert (outcome["status"], outcome["open"]) == (502, True)
    assert "<html>" in outcome["body"]  # not gzipped
    assert send("plain")["body"] == "stored"
