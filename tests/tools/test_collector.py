"""The collector: shows what arrives, keeps it for tests, answers as told."""

import gzip
import http.client
import os
import signal
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import collector
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    collector.open_pki(folder)
    collector.client_pair(folder)
    return folder


def client(pki: Path, port: int, pair: bool = False) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(pki / "ca.pem"))
    if pair:
        context.load_cert_chain(pki / "client.crt", pki / "client.key")
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)


def post(connection: http.client.HTTPSConnection, body: bytes, **headers: str) -> tuple:
    connection.request("POST", "/in?a=%20b", body, headers)
    reply = connection.getresponse()
    return reply.status, reply.read(), reply


def test_requests_are_kept_with_all_there_is_to_know(pki):
    with collector.background(pki) as receiver:
        connection = client(pki, receiver.port)
        for number in range(2):
            assert post(connection, b'{"n": %d}' % number, **{"X-Id": "7"})[0] == 200
        connection.close()
        post(client(pki, receiver.port), b"not json")
        first, second, third = receiver.wait(3, timeout=5)
    assert (first.method, first.path_qs, first.body) == ("POST", "/in?a=%20b", b'{"n": 0}')
    assert [received.json for received in (first, second, third)] == [{"n": 0}, {"n": 1}, None]
    assert [received.connection for received in (first, second, third)] == [1, 1, 2]
    assert first.header("x-id") == "7" and first.header("X-None") is None
    assert first.peer[0] == "127.0.0.1" and first.at <= second.at


def test_packed_bodies_are_kept_as_sent_and_understood(pki):
    body = gzip.compress(b'{"a":1}')
    with collector.background(pki) as receiver:
        post(client(pki, receiver.port), body, **{"Content-Encoding": "gzip"})
        [received] = receiver.wait(1, timeout=5)
    assert (received.body, received.json) == (body, {"a": 1})


def test_answers_can_be_changed_while_it_runs(pki):
    with collector.background(pki, status=503, retry_after="7", body=b"later") as receiver:
        connection = client(pki, receiver.port)
        status, body, reply = post(connection, b"{}")
        assert (status, body, reply.headers["Retry-After"]) == (503, b"later", "7")
        receiver.behaviour = collector.Behaviour(status=202, body=b"ok", chunked=True, delay=0.01)
        status, body, reply = post(connection, b"{}")
        assert (status, body, reply.headers["Transfer-Encoding"]) == (202, b"ok", "chunked")
        receiver.behaviour = collector.Behaviour(close=True)
        assert post(connection, b"{}")[2].headers["Connection"] == "close"
        assert receiver.connections == 1


def test_a_raw_answer_is_sent_as_it_is(pki):
    with collector.background(
        pki, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"
    ) as receiver:
        with pytest.raises(http.client.IncompleteRead):
            post(client(pki, receiver.port), b"{}")


def test_waiting_ends_with_an_error_that_counts(pki):
    with collector.background(pki) as receiver:
        post(client(pki, receiver.port), b"{}")
        with pytest.raises(TimeoutError, match="1 of 2 documents"):
            receiver.wait(2, timeout=0.01)


def test_a_client_certificate_is_asked_for_on_request(pki):
    with collector.background(pki, mtls=True) as receiver:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            post(client(pki, receiver.port), b"{}")
        assert post(client(pki, receiver.port, pair=True), b"{}")[0] == 200
        assert receiver.total == 1


@pytest.mark.parametrize(("tls12", "version"), [(True, "TLSv1.2"), (False, "TLSv1.3")])
def test_the_tls_version_can_be_held_down(pki, tls12, version):
    with collector.background(pki, tls12=tls12) as receiver:
        connection = client(pki, receiver.port)
        connection.connect()
        assert connection.sock.version() == version
        connection.close()


def test_certificates_are_made_once_and_keys_are_private(tmp_path):
    files = collector.open_pki(tmp_path)
    before = files.ca.read_bytes(), files.server_cert.read_bytes()
    assert collector.open_pki(tmp_path) == files
    assert (files.ca.read_bytes(), files.server_cert.read_bytes()) == before
    collector.client_pair(tmp_path)
    assert files.ca.read_bytes() == before[0]
    for key in tmp_path.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600, key


def test_the_command_prints_one_line_a_document(pki):
    command = [sys.executable, "-m", "collector", "--port", "0", "--pki", str(pki)]
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "tools"))
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        port = int(process.stderr.readline().rsplit(":", 1)[1].strip().rstrip("/"))
        connection = client(pki, port)
        for body in (b'{ "b": 1,\n "a": "\xc3\xa4" }', b"oops", b"null", b"[1, 2]"):
            assert post(connection, body)[0] == 200
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        shown, notes = process.communicate(timeout=10)
    assert shown.splitlines() == ['{"b":1,"a":"ä"}', "null", "[1,2]"]
    assert "the body is not JSON" in notes
    assert process.returncode == 0
