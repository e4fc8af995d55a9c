"""Documents over plain connections, under Unix MicroPython against real sockets and real TLS: what arrives, what is
refused, what counts as delivered.

Nothing may leave the device before the server has been verified, and every failure has a sentence of its own.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pki import Authority
from tls_peer import Peer, server_context

ROOT = Path(__file__).resolve().parent.parent.parent
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]
BODY = '{"SPEED":0}'
NAME = "cars.example"
QUIET, LONG = (
    50,
    10_000,
)  # how long servers may take offence, in ms: those that do not, those that do


class Device:
    """The probe's process."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def deliver(self, body: str = BODY, deadline: int = 20_000, times: int = 1) -> dict:
        return self.tell("deliver", body, deadline, times)

    def tell(self, *command: object) -> dict:
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the device ended"
        return json.loads(line)


@contextmanager
def device(
    root: Path,
    port: int,
    *,
    build: tuple[str, ...] = (),
    scheme: str = "tcp",
    host: str = "127.0.0.1",
    cert_set: str = "good",
    heap_kb: int = 1024,
    look_ms: int = QUIET,
    **transport: object,
) -> Iterator[Device]:
    """Runs a device whose file system is `root`, with a destination at this port."""
    defaults = {"allow_plain": True, "keep": True, "connect_to": "", "framing": "newline"}
    settings = {
        "id": 1,
        "url": f"{scheme}://{host}:{port}",
        "cert_set": cert_set,
        "tls": {"server_name": "", "pins": [], "ciphers": "default"},
        "transport": {**defaults, **transport},
    }
    command = [ROOT / "tools" / "micropython", *build, "-X", f"heapsize={heap_kb}K"]
    command += [ROOT / "tests" / "device" / "tcp_probe.py"]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen"}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        plan = {"root": str(root), "settings": settings, "look_ms": look_ms}
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        yield Device(process)
    finally:
        process.kill()
        process.wait()


class Documents:
    """What a server does with a connection: it reads, and after so many lines it may do something else."""

    def __init__(self, after: int = 0, then: Callable[[socket.socket], None] | None = None):
        self._after, self._then = after, then
        self.data = b""
        self.ended = threading.Event()

    def __call__(self, peer: Peer, connection: socket.socket) -> None:
        connection.settimeout(None)
        count = 0
        while piece := connection.recv(65536):
            self.data += piece
            count += piece.count(b"\n")
            if self._then is not None and count == self._after:
                self._then(connection)
                self.ended.set()
                return
        self.ended.set()

    def wait_for(self, expected: bytes) -> None:
        deadline = time.monotonic() + 20
        while self.data != expected:
            assert time.monotonic() < deadline, self.data[-200:]
            time.sleep(0.01)


def leave(connection: socket.socket) -> None:
    """Closes."""
    connection.close()


def break_off(connection: socket.socket) -> None:
    """Closes with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def chatter(connection: socket.socket) -> None:
    """Talks without end, as long as somebody takes it."""
    try:
        while True:
            connection.sendall(b"x" * 65536)
    except OSError:
        return


@pytest.fixture(params=BUILDS, ids=lambda build: "32" if build else "64")
def build(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


@pytest.fixture(params=[True, False], ids=["tls1.2", "newest"])
def tls12(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Garage CA")


@pytest.fixture(scope="module")
def root(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system with cert sets."""
    root = tmp_path_factory.mktemp("device")
    sets = {
        "good": (authority.pem, None),
        "other": (Authority("Other CA").pem, None),
        "mutual": (authority.pem, authority.client("wican")),
        "stranger": (authority.pem, Authority("Third CA").client("wican")),
    }
    for name, (ca, pair) in sets.items():
        folder = root / "certs" / name
        folder.mkdir(parents=True)
        (folder / "ca.pem").write_bytes(ca)
        if pair is not None:
            pair.write(folder, "client.crt", "client.key")
    return root


FRAMED = {
    "newline": lambda body: body + b"\n",
    "none": lambda body: body,
    "len16": lambda body: struct.pack(">H", len(body)) + body,
}


@pytest.mark.parametrize("framing", FRAMED)
def test_documents_arrive_over_one_connection(root, build, framing):
    documents, expected = Documents(), b""
    with (
        Peer(documents, None) as peer,
        device(root, peer.port, build=build, framing=framing) as wican,
    ):
        for body in (BODY, '{"Ä":"µ"}', '{"x":"%s"}' % ("y" * 20_000)):
            outcome = wican.deliver(body)
            assert (outcome["kind"], outcome["stage"], outcome["connects"]) == (
                "delivered",
                "write",
                1,
            )
            expected += FRAMED[framing](body.encode())
            documents.wait_for(expected)


def test_documents_arrive_over_tls(root, build, tls12, authority, tmp_path):
    documents = Documents()
    context = server_context(tmp_path, authority.server("localhost"), tls12)
    with (
        Peer(documents, context) as peer,
        device(root, peer.port, build=build, scheme="tls", host="localhost") as wican,
    ):
        large = '{"x":"%s"}' % ("y" * 20_000)
        for body in (large, BODY):
            assert wican.deliver(body)["kind"] == "delivered"
        documents.wait_for(f"{large}\n{BODY}\n".encode())
        assert peer.handshakes == 1


def test_another_address_may_be_dialled_for_a_server_of_that_name(root, authority, tmp_path):
    documents = Documents()
    context = server_context(tmp_path, authority.server(NAME), True)
    with Peer(documents, context) as peer:
        dialled = f"127.0.0.1:{peer.port}"
        with device(root, 9, scheme="tls", host=NAME, connect_to=dialled) as wican:
            outcome = wican.deliver()
        assert outcome["kind"] == "delivered"
        assert outcome["trace"].startswith(f"CONNECT {dialled} tls\r\n")
        documents.wait_for(f"{BODY}\n".encode())


@pytest.mark.parametrize(
    ("cert_set", "name"), [("other", "localhost"), ("good", NAME)], ids=["authority", "name"]
)
def test_nothing_leaves_for_a_server_that_is_not_verified(
    root, build, tls12, authority, tmp_path, cert_set, name
):
    documents = Documents()
    context = server_context(tmp_path, authority.server(name), tls12)
    with Peer(documents, context) as peer:
        here = {"scheme": "tls", "host": "localhost", "cert_set": cert_set}
        with device(root, peer.port, build=build, **here) as wican:
            outcome = wican.deliver()
        assert (outcome["kind"], outcome["stage"]) == ("retry", "tls")
        assert "certificate" in outcome["cause"] and outcome["trace"] == ""
        assert documents.data == b""


def test_client_certificate_is_shown_and_a_strange_one_is_no_delivery(
    root, build, tls12, authority, tmp_path
):
    context = server_context(tmp_path, authority.server("localhost"), tls12, authority.pem)
    for cert_set in ("mutual", "stranger", "good"):
        documents, welcome = Documents(), cert_set == "mutual"
        with Peer(documents, context) as peer:
            here = {"scheme": "tls", "host": "localhost", "cert_set": cert_set}
            here["look_ms"] = QUIET if welcome else LONG
            with device(root, peer.port, build=build, **here) as wican:
                outcome = wican.deliver()
            if welcome:
                assert outcome["kind"] == "delivered"
                documents.wait_for(f"{BODY}\n".encode())
            else:
                assert (outcome["kind"], outcome["stage"]) == ("retry", "tls"), outcome


@pytest.mark.parametrize("end", [leave, break_off])
def test_server_that_closes_after_a_document_may_not_have_it(root, build, end):
    documents = Documents(1, end)
    with (
        Peer(documents, None) as peer,
        device(root, peer.port, build=build, look_ms=LONG) as wican,
    ):
        outcome = wican.deliver()
        assert (outcome["kind"], outcome["stage"]) == ("retry", "write")
        assert outcome["cause"] and outcome["advice"]


def test_server_that_takes_one_document_a_connection(root, build):
    documents = Documents(1, leave)
    with (
        Peer(documents, None) as peer,
        device(root, peer.port, build=build, keep=False, look_ms=LONG) as wican,
    ):
        for number in (1, 2):
            outcome = wican.deliver()
            assert (outcome["kind"], outcome["connects"]) == ("delivered", number)
        documents.wait_for(f"{BODY}\n{BODY}\n".encode())


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("end", [leave, break_off])
def test_end_of_a_kept_connection_costs_no_document(root, build, authority, tmp_path, secure, end):
    release = threading.Event()

    def later(connection: socket.socket) -> None:
        release.wait(20)
        end(connection)

    documents = Documents(1, later)
    context = server_context(tmp_path, authority.server("localhost"), True) if secure else None
    scheme = "tls" if secure else "tcp"
    with (
        Peer(documents, context) as peer,
        device(
            root, peer.port, build=build, scheme=scheme, host="localhost", look_ms=300
        ) as wican,
    ):
        assert wican.deliver("1")["connects"] == 1
        release.set()
        assert documents.ended.wait(20)
        release.clear()
        outcome = wican.deliver("2")
        assert (outcome["kind"], outcome["connects"]) == ("delivered", 2)
        documents.wait_for(b"1\n2\n")
        release.set()


def test_server_that_talks_without_end_is_borne(root, build):
    documents = Documents(1, chatter)
    with Peer(documents, None) as peer, device(root, peer.port, build=build) as wican:
        for _ in range(3):
            outcome = wican.deliver()
            assert (outcome["kind"], outcome["connects"]) == ("delivered", 1)
        wican.tell("close")
        assert documents.ended.wait(20)


def test_server_that_takes_nothing_is_given_up(root):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with device(root, listener.getsockname()[1], heap_kb=32_000) as wican:
            outcome = wican.deliver("x" * 1000, 1000, 8000)  # more than any buffer takes
        assert (outcome["kind"], outcome["stage"]) == ("retry", "write")
        assert "within 1 s" in outcome["cause"]


def test_document_in_the_clear_at_a_port_that_expects_tls(root, authority, tmp_path):
    context = server_context(tmp_path, authority.server("localhost"), False)
    with Peer(Documents(), context) as peer, device(root, peer.port, look_ms=LONG) as wican:
        outcome = wican.deliver()
        assert (outcome["kind"], outcome["stage"]) == ("retry", "write")
        assert "tls://" in outcome["advice"]


def test_server_that_is_not_there(root, build):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with device(root, port, build=build) as wican:
        outcome = wican.deliver()
        assert (outcome["kind"], outcome["stage"], outcome["trace"]) == ("retry", "connect", "")
