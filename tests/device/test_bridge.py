"""The device as a connector, under Unix MicroPython: plain clients of the LAN, real TLS servers behind it.

What goes in comes out, in both directions and whole, for protocols of all kinds.
"""

from __future__ import annotations

import http.client
import os
import select
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import mosquitto
import pytest
import tls_peer
from bridges import (
    AUTHORITY,
    BUILD_NAMES,
    BUILDS,
    DEADLINE,
    device,
    file_system,
    in_background,
    pattern,
    read,
    read_all,
    trusted,
)
from tls_peer import Peer

MEGABYTE = 1 << 20


@pytest.fixture(params=BUILDS, ids=BUILD_NAMES)
def build(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


@pytest.fixture(params=[True, False], ids=["tls1.2", "newest"])
def tls12(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return file_system(tmp_path_factory.mktemp("device"))


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    return trusted(tmp_path)


def shout(peer: Peer, connection: socket.socket) -> None:
    """Sends a megabyte and takes one, at the same time; then echoes one byte as a sign that it has everything."""
    exchange(peer, connection, memoryview(pattern(10**9, MEGABYTE)))
    connection.settimeout(DEADLINE)
    connection.sendall(connection.recv(1))
    peer.released.wait(DEADLINE)


def exchange(peer: Peer, connection: ssl.SSLSocket, unsent: memoryview) -> None:
    """In one thread: two must not use one TLS connection."""
    connection.setblocking(False)
    received = bytearray()
    while len(unsent) or len(received) < MEGABYTE:
        if not connection.pending():
            select.select([connection], [connection] if len(unsent) else [], [], DEADLINE)
        with suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if len(received) < MEGABYTE:
                received += connection.recv(MEGABYTE - len(received))
        with suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            unsent = unsent[connection.send(unsent[:16384]) :] if len(unsent) else unsent
    peer.received = bytes(received)


def test_a_megabyte_each_way_at_once_arrives_whole(root, tmp_path, build, tls12):
    context = trusted(tmp_path, tls12)
    with Peer(shout, context) as peer, device(root, {"to": peer.port}, build=build) as wican:
        with wican.client() as client:
            sender = in_background(client.sendall, pattern(0, MEGABYTE))
            assert read(client, MEGABYTE) == pattern(10**9, MEGABYTE)
            sender.join(DEADLINE)
            client.sendall(b"!")
            assert read(client, 1) == b"!"
        assert peer.received == pattern(0, MEGABYTE)
        assert wican.log() == []


def test_a_server_may_speak_first(root, tmp_path, build, tls12):
    def greet(peer: Peer, connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        peer.received = connection.recv(100)
        connection.sendall(b"221 bye\r\n")

    context = trusted(tmp_path, tls12)
    with Peer(greet, context) as peer, device(root, {"to": peer.port}, build=build) as wican:
        with wican.client() as client:
            assert read(client, 11) == b"220 ready\r\n"
            client.sendall(b"QUIT\r\n")
            assert read_all(client) == b"221 bye\r\n"
    assert peer.received == b"QUIT\r\n"


def greet_with_the_handshake(context: ssl.SSLContext) -> Callable[[Peer, socket.socket], None]:
    """A server whose first words are in the same segment as the end of its handshake."""

    def serve(peer: Peer, connection: socket.socket) -> None:
        arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        secure = context.wrap_bio(arrived, leaving, server_side=True)
        while True:
            try:
                secure.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(leaving.read())
                arrived.write(connection.recv(65536))
        secure.write(b"220 ready\r\n")
        connection.sendall(leaving.read())
        peer.released.wait(DEADLINE)

    return serve


def test_what_a_server_says_along_with_its_handshake_is_not_lost(root, tmp_path, build, tls12):
    serve = greet_with_the_handshake(trusted(tmp_path, tls12))
    with Peer(serve, None) as peer, device(root, {"to": peer.port}, build=build) as wican:
        with wican.client() as client:
            assert read(client, 11) == b"220 ready\r\n"


def test_a_client_that_has_said_all_still_gets_its_answer(root, context):
    """The server answers a length: it cannot see the client's end, which no port of MicroPython can pass on alone."""

    def count(peer: Peer, connection: socket.socket) -> None:
        peer.received = read(connection, 100_000)
        connection.sendall(pattern(0, 100_000))

    with Peer(count, context) as peer, device(root, {"to": peer.port}) as wican:
        with wican.client() as client:
            client.sendall(pattern(8, 100_000))
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == pattern(0, 100_000)
        assert wican.log() == []
    assert peer.received == pattern(8, 100_000)


def test_a_server_sees_the_end_of_a_client_that_has_its_answer(root, context):
    def echo(peer: Peer, connection: socket.socket) -> None:
        connection.sendall(read(connection, 5))
        peer.received = b"ended" + read_all(connection)
        peer.released.set()

    with Peer(echo, context) as peer, device(root, {"to": peer.port}) as wican:
        with wican.client() as client:
            client.sendall(b"hello")
            assert read(client, 5) == b"hello"
        assert peer.released.wait(DEADLINE)
    assert peer.received == b"ended"


def test_what_a_server_says_at_the_end_is_passed_on_before_the_end(root, context):
    def speak(peer: Peer, connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(pattern(0, 200_000))

    with Peer(speak, context) as peer, device(root, {"to": peer.port}) as wican:
        with wican.client() as client:
            client.sendall(b"x")
            assert read_all(client) == pattern(0, 200_000)
        assert wican.log() == []


def test_what_a_client_still_sends_reaches_a_server_that_has_ended(root, context):
    def end_first(peer: Peer, connection: socket.socket) -> None:
        read(connection, 8)
        raw = socket.socket(fileno=os.dup(connection.fileno()))
        with raw:
            raw.shutdown(socket.SHUT_WR)
            peer.received = read(connection, 300_000 - 8)

    with Peer(end_first, context) as peer, device(root, {"to": peer.port}) as wican:
        with wican.client() as client:
            client.sendall(pattern(0, 300_000))
            assert read_all(client) == b""
    assert peer.received == pattern(0, 300_000)[8:]


def test_a_slow_reader_slows_the_server_down(root, context):
    sent = []

    def pour(peer: Peer, connection: socket.socket) -> None:
        read(connection, 1)
        piece = pattern(0, 65536)
        for _ in range(20 * 16):
            connection.sendall(piece)
            sent.append(len(piece))

    with Peer(pour, context) as peer, device(root, {"to": peer.port}, look=True) as wican:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            client.settimeout(DEADLINE)
            client.connect(("127.0.0.1", wican.ports["b"]))
            client.sendall(b"x")
            read(client, 4096)
            idle = wican.tell("memory")
            for _ in range(40):
                read(client, 1024)
                wican.tell("places")
            assert wican.tell("memory") < idle + 16_000
            assert sum(sent) < 19 * MEGABYTE, "the device took what the client did not"


def test_http_goes_through(root, context, build):
    with Peer(tls_peer.answer, context) as peer:
        with device(root, {"to": peer.port}, build=build) as wican:
            connection = http.client.HTTPConnection(
                "127.0.0.1", wican.ports["b"], timeout=DEADLINE
            )
            for body in (b"{}", bytes(50_000)):
                connection.request("POST", "/in", body, {"Host": "api.example.com"})
                response = connection.getresponse()
                assert (response.status, response.read()) == (200, b"ok")
            connection.close()
    assert peer.handshakes == 1
    assert peer.received.count(b"Host: api.example.com\r\n") == 2


def test_mqtt_goes_through(root, tmp_path):
    pair = AUTHORITY.server("127.0.0.1")
    with mosquitto.broker(tmp_path / "secure", pair) as broker:
        with device(root, {"to": broker.port}) as wican:
            for number in range(2):
                publish = [mosquitto.PEER, "mosquitto_pub", "-h", "127.0.0.1", "-q", "1"]
                publish += ["-p", str(wican.ports["b"]), "-i", f"plain{number}"]
                publish += ["-t", "car/rx", "-m", '{"SPEED":0}']
                subprocess.run(publish, check=True, timeout=DEADLINE)
                broker.wait_for(f"Received PUBLISH from plain{number}")
            assert wican.log() == []


def test_a_raw_document_goes_through(root, context):
    def take(peer: Peer, connection: socket.socket) -> None:
        while b"\n" not in peer.received:
            peer.received += connection.recv(100)
        peer.released.set()

    with Peer(take, context) as peer, device(root, {"to": peer.port}) as wican:
        with wican.client() as client:
            client.sendall(b'{"SPEED":0}\n')
        assert peer.released.wait(DEADLINE)
    assert peer.received == b'{"SPEED":0}\n'
