"""Updates over the page's API: sent, fetched by the device itself, refused, and what is told of them."""

import contextlib
import json
import socket
import ssl
import threading

import pki
import pytest
import signer
import update
from cert_requests import head, send, status_of, wait_for
from page_server import BASIC, ask, connect, serving, told

BASE = "/api/v1/update"
QUIET = BASE + "?restart=no"
CRASH = "/api/v1/crash"
ARCHIVE = signer.archive(signer.NEW)


@pytest.fixture
def root(tmp_path):
    signer.fill(str(tmp_path), "a", signer.OLD, version="1.3.0")
    (tmp_path / "update.pub").write_bytes(signer.KEY)
    return tmp_path


@pytest.fixture
def port(root):
    with serving(root=root) as port:
        yield port


def state(port):
    return told(port, BASE)[1]


def test_what_is_installed_is_told(port):
    found = state(port)
    assert found["board"] == "unix" and found["version"] == "1.3.0" and found["slot"] == "a"
    assert found["state"] == "confirmed" and found["next"] == "" and found["job"] is None
    assert len(found["key"]) == 16


def test_an_update_is_received_and_waits_for_its_trial(port, root):
    status, found = told(port, QUIET, "POST", body=ARCHIVE)
    assert (status, found) == (202, {"version": "1.4.0"})
    assert signer.content(str(root / "app_b")) == signer.NEW
    found = state(port)
    assert found["next"] == "1.4.0" and found["version"] == "1.3.0"
    assert found["job"]["written"] == found["job"]["size"] == sum(map(len, signer.NEW.values()))


def test_the_device_starts_again_after_an_update(root):
    with pytest.raises(AssertionError, match="the page has died"), serving(root=root) as port:
        status, _ = told(port, BASE, "POST", body=ARCHIVE)
        assert status == 202

        def gone():
            with contextlib.suppress(OSError), connect(port):
                return False
            return True

        wait_for(gone)


@pytest.mark.parametrize(
    "data, status, code",
    [
        (ARCHIVE[:-1], 422, "truncated"),
        (b"PK\x03\x04" * 50_000, 422, "format"),
        (signer.archive(signer.NEW, board="wican_pro"), 422, "board"),
        (signer.archive(signer.NEW, signature=bytes(384)), 422, "signature"),
        (b"", 422, "truncated"),
    ],
)
def test_what_is_wrong_with_an_update_is_told(port, data, status, code):
    found, problems = told(port, QUIET, "POST", body=data)
    assert found == status and problems[0]["code"] == code
    assert state(port)["job"]["code"] == code
    assert told(port, QUIET, "POST", body=ARCHIVE)[0] == 202, "the next one is taken all the same"


def test_a_device_without_a_key_takes_no_update(port, root):
    (root / "update.pub").unlink()
    status, problems = told(port, QUIET, "POST", body=ARCHIVE)
    assert status == 409 and problems[0]["code"] == "no_key"
    assert state(port)["key"] == ""


def test_one_update_at_a_time(port):
    with connect(port) as client:
        client.sendall(head("POST", QUIET, len(ARCHIVE)) + ARCHIVE[:2000])
        wait_for(lambda: (state(port)["job"] or {}).get("busy"))
        status, problems = told(port, QUIET, "POST", body=ARCHIVE)
        assert status == 409 and problems[0]["code"] == "busy"
        status, problems = send(port, BASE + "/url", "POST", url="https://127.0.0.1/x")
        assert status == 409 and problems[0]["code"] == "busy"
        client.sendall(ARCHIVE[2000:])
        assert status_of(client.recv(4096)) == 202


def test_who_hangs_up_leaves_room_for_the_next(port):
    with connect(port) as client:
        client.sendall(head("POST", QUIET, len(ARCHIVE)) + ARCHIVE[:4000])
        wait_for(lambda: (state(port)["job"] or {}).get("busy"))
        client.shutdown(socket.SHUT_RDWR)
    wait_for(lambda: not state(port)["job"]["busy"])
    assert told(port, QUIET, "POST", body=ARCHIVE)[0] == 202


def test_strangers_can_do_nothing(port, root):
    for method, path in (("GET", BASE), ("POST", QUIET), ("POST", BASE + "/url"), ("GET", CRASH)):
        response, _ = ask(port, path, {}, method, b"{}" if method == "POST" else None)
        assert response.status == 401
    assert not (root / "app_b").exists()


def test_the_last_crash_is_told_until_it_is_deleted(port, root):
    (root / "config").mkdir(exist_ok=True)
    (root / "config/crash.txt").write_text("It ended.\nTraceback")
    assert told(port, CRASH)[1] == {"reset_cause": "unknown", "text": "It ended.\nTraceback"}
    response, _ = ask(port, CRASH, BASIC, "DELETE")
    assert response.status == 204
    assert told(port, CRASH)[1]["text"] == ""


# Fetched by the device


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("Updates CA")


class FileServer(threading.Thread):
    """An HTTPS server that gives these replies, one a connection; the last again and again.

    `received` is what clients asked for.
    """

    def __init__(self, folder, authority, replies):
        super().__init__(daemon=True)
        authority.server("127.0.0.1").write(folder, "server.crt", "server.key")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.replies = list(replies)
        self.received = []

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                self.serve(connection)

    def serve(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as secure:
            asked = secure.recv(4096)
            if asked:
                self.received.append(asked)
                first = len(self.replies) > 1
                secure.sendall(self.replies.pop(0) if first else self.replies[0])


@pytest.fixture
def file_server(tmp_path):
    servers = []

    def start(authority, *replies):
        server = FileServer(tmp_path, authority, replies)
        servers.append(server)
        server.start()
        server.address = f"https://127.0.0.1:{server.listener.getsockname()[1]}"
        return server

    yield start
    for server in servers:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        server.join(10)


def reply(body, status="200 OK", *fields):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def trusting(port, authority):
    assert send(port, "/api/v1/certificates/updates", ca=authority.pem)[0] == 200
    return port


def fetched(port, address, **more):
    """The job once the device is through with that address."""
    fields = {"url": address, "cert_set": "updates", "restart": False, **more}
    assert told(port, BASE + "/url", "POST", {}, json.dumps(fields).encode())[0] == 202
    wait_for(lambda: not state(port)["job"]["busy"])
    return state(port)["job"]


def test_the_device_fetches_an_update_itself(trusting, authority, root, file_server):
    server = file_server(authority, reply(ARCHIVE))
    job = fetched(trusting, server.address + "/new.wup?x=1")
    assert job["code"] == "" and job["version"] == "1.4.0", job
    assert signer.content(str(root / "app_b")) == signer.NEW
    assert server.received[0].startswith(b"GET /new.wup?x=1 HTTP/1.1\r\n")


def test_redirects_are_followed_a_few_times(trusting, authority, file_server):
    moved = reply(b"", "302 Found", "Location: /elsewhere")
    server = file_server(authority, moved, reply(ARCHIVE))
    assert fetched(trusting, server.address + "/new")["code"] == ""
    assert server.received[1].startswith(b"GET /elsewhere HTTP/1.1\r\n")
    server = file_server(authority, moved)
    assert fetched(trusting, server.address + "/new")["code"] == "download"
    assert len(server.received) < 10
    server = file_server(authority, reply(b"", "302 Found", "Location: http://127.0.0.1/plain"))
    assert fetched(trusting, server.address + "/new")["code"] == "url"


@pytest.mark.parametrize(
    "answer, code",
    [
        (reply(b"gone", "404 Not Found"), "download"),
        (reply(ARCHIVE)[:-100], "truncated"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + ARCHIVE, "download"),
        (b"nonsense\r\n\r\n", "download"),
        (reply(b"<html>no update</html>"), "format"),
    ],
)
def test_what_is_no_update_is_refused(trusting, authority, root, file_server, answer, code):
    job = fetched(trusting, file_server(authority, answer).address + "/new")
    assert job["code"] == code and job["message"]
    assert not signer.content(str(root / "app_b"))


def test_a_server_that_is_not_trusted_gives_no_update(trusting, root, file_server):
    server = file_server(pki.Authority("Somebody else"), reply(ARCHIVE))
    assert fetched(trusting, server.address + "/new")["code"] == "download"
    assert server.received == []
    job = fetched(trusting, server.address + "/new", cert_set="nobody")
    assert job["code"] == "cert_set"
    assert fetched(trusting, "http://127.0.0.1/new")["code"] == "url"
    assert fetched(trusting, "https://a:b@127.0.0.1/new")["code"] == "url"
    assert not (root / "app_b").exists()


def test_requests_that_make_no_sense_are_refused(port):
    for fields in (
        {},
        {"url": 1},
        {"url": "https://x", "restart": "no"},
        {"url": "https://x", "y": 1},
    ):
        assert told(port, BASE + "/url", "POST", {}, json.dumps(fields).encode())[0] == 400


def test_the_tool_installs_on_a_device(port, capsys):
    device = update.Device(f"127.0.0.1:{port}", "correct:horse")
    assert device.state()["version"] == "1.3.0"
    with pytest.raises(update.UpdateError, match="not signed with this device's key"):
        device.install(signer.archive(signer.NEW, signature=bytes(384)))
    with pytest.raises(update.UpdateError, match="password"):
        update.Device(f"127.0.0.1:{port}", "wrong").state()
