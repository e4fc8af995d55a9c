"""Whom a bridge turns away, on either side, when it gives up and what its log says; nothing leaves the device then."""

from __future__ import annotations

import errno
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import tls_peer
import unix_device
from bridges import (
    AUTHORITY,
    BUILD_NAMES,
    BUILDS,
    DEADLINE,
    device,
    file_system,
    greet,
    read,
    read_all,
    trusted,
    wait_until,
)
from pki import Authority
from tls_peer import Peer, server_context


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


def test_silence_ends_a_session(root, context):
    bridge = {"idle_ms": 300}
    with Peer(tls_peer.read_and_say_nothing, context) as peer:
        with device(root, {"to": peer.port, **bridge}) as wican, wican.client() as client:
            client.sendall(b"are you there?")
            assert read_all(client) == b""
            [entry] = wican.log()
            assert (entry["stage"], entry["direction"]) == ("idle", "remote")
            assert (entry["bytes_in"], entry["bytes_out"]) == (0, 14)
            assert entry["duration_ms"] >= 300
            assert wican.tell("places") == 0


def test_a_client_that_reads_nothing_is_given_up(root, context):
    def pour(peer: Peer, connection: socket.socket) -> None:
        while True:
            connection.sendall(bytes(65536))

    with Peer(pour, context) as peer:
        with device(root, {"to": peer.port, "idle_ms": 500}) as wican, wican.client() as client:
            read(client, 1)
            client.settimeout(None)
            wait_until(lambda: wican.tell("places") == 0)
            [entry] = wican.log()
            assert (entry["stage"], entry["direction"]) == ("write", "local")
            assert "took nothing" in entry["message"]


@contextmanager
def servers(context, count: int) -> Iterator[list[Peer]]:
    peers = [Peer(greet, context) for _ in range(count)]
    for peer in peers:
        peer.__enter__()
    try:
        yield peers
    finally:
        for peer in peers:
            peer.__exit__()


def test_a_third_client_is_refused_at_once_until_there_is_a_place(root, context):
    names = ("a", "b", "c")
    with servers(context, 3) as peers:
        bridges = [{"name": name, "to": peer.port} for name, peer in zip(names, peers)]
        with device(root, *bridges) as wican:
            first, second = wican.client("a"), wican.client("b")
            assert (read(first, 2), read(second, 2)) == (b"hi", b"hi")
            with wican.client("c") as third:
                assert third.recv(1) == b""
            [entry] = wican.log()
            assert (entry["bridge"], entry["stage"], entry["direction"]) == ("c", "limit", "local")
            assert "127.0.0.1 was refused" in entry["message"]
            first.close()
            wait_until(lambda: wican.tell("places") == 1)
            with wican.client("c") as third:
                assert read(third, 2) == b"hi"
            second.close()


def test_a_client_that_is_not_on_the_list_is_refused(root, context):
    with Peer(greet, context) as peer:
        with device(root, {"to": peer.port, "clients": ["127.0.0.8/30"]}) as wican:
            with wican.client(source="127.0.0.12") as stranger:
                assert stranger.recv(1) == b""
            [entry] = wican.log()
            assert (entry["stage"], entry["direction"]) == ("limit", "local")
            assert "127.0.0.12 is not on the bridge's list" in entry["message"]
            with wican.client(source="127.0.0.9") as friend:
                assert read(friend, 2) == b"hi"
    assert peer.handshakes == 1


@pytest.mark.parametrize("speaks", [True, False])
def test_a_server_that_cannot_be_verified_gets_nothing(root, context, build, tls12, speaks):
    with Peer(tls_peer.read_and_say_nothing, context) as peer:
        with device(root, {"to": peer.port, "set": "other"}, build=build) as wican:
            with wican.client() as client:
                if speaks:
                    client.sendall(b"a secret")
                with suppress(ConnectionResetError):  # it was closed with bytes of ours unread
                    assert client.recv(1) == b""
            [entry] = wican.log()
            assert (entry["stage"], entry["direction"]) == ("tls", "remote")
            assert "Garage CA, which the cert set does not trust" in entry["message"]
            assert (entry["bytes_in"], entry["bytes_out"]) == (0, 0)
            assert wican.tell("places") == 0
    assert peer.received == b""


def gone() -> int:
    """A port where nobody listens."""
    return unix_device.free_port()


def goodbye(peer: Peer, connection: socket.socket) -> None:
    connection.recv(4096)  # the greeting of TLS, not counted
    connection.sendall(bytes((21, 3, 3, 0, 2, 1, 0)))  # close_notify, RFC 8446 6.1
    peer.received = connection.recv(4096)


@pytest.mark.parametrize(
    ("serve", "stage", "says"),
    [
        (tls_peer.speak_plain_http, "tls", "does not speak TLS on this port"),
        (goodbye, "tls", "closed the connection during the TLS handshake"),
        (None, "tcp", "refused the connection on port"),
    ],
    ids=["plain", "goodbye", "gone"],
)
def test_a_server_without_tls_gets_nothing(root, serve, stage, says):
    with Peer(serve or goodbye, None) as peer:
        port = peer.port if serve else gone()
        with device(root, {"to": port}) as wican, wican.client() as client:
            client.sendall(b"a secret")
            with suppress(ConnectionResetError):  # it was closed with bytes of ours unread
                assert client.recv(1) == b""
            [entry] = wican.log()
            assert entry["stage"] == stage
            assert says in entry["message"]
            assert wican.tell("lines")[0].endswith(entry["message"] + "\n")
    assert b"secret" not in peer.received


def test_a_server_that_does_not_answer_is_given_up(root):
    with Peer(tls_peer.say_nothing, None) as peer:
        with device(root, {"to": peer.port, "open_ms": 300}) as wican, wican.client() as client:
            assert client.recv(1) == b""
            [entry] = wican.log()
            assert entry["stage"] == "tls"
            assert "did not finish the TLS handshake within 300 ms" in entry["message"]


def test_the_name_asked_for_is_the_bridges_own(root, tmp_path):
    context = server_context(tmp_path, AUTHORITY.server("cloud.example"), False)
    asked = []
    context.sni_callback = lambda connection, name, _: asked.append(name)
    with Peer(greet, context) as peer:
        bridge = {"to": peer.port, "server_name": "cloud.example"}
        with device(root, bridge) as wican, wican.client() as client:
            assert read(client, 2) == b"hi"
    assert asked == ["cloud.example"]


def test_a_client_pair_is_shown(root, tmp_path, tls12):
    pair = AUTHORITY.server("127.0.0.1")
    context = server_context(tmp_path, pair, tls12, client_ca=AUTHORITY.pem)
    with Peer(greet, context) as peer:
        with device(root, {"to": peer.port, "set": "mutual"}) as wican, wican.client() as client:
            assert read(client, 2) == b"hi"
    with Peer(greet, context) as peer:
        with device(root, {"to": peer.port, "set": "stranger"}) as wican:
            with wican.client() as client:
                assert client.recv(1) == b""
            [entry] = wican.log()
            assert entry["stage"] == "tls"
            assert "refused this device's client certificate" in entry["message"]


def greet_and_stay(peer: Peer, connection: socket.socket) -> None:
    connection.sendall(b"hi")
    peer.released.wait(DEADLINE)


def test_stopping_ends_sessions_and_frees_the_port(root, context):
    with Peer(greet_and_stay, context) as peer, device(root, {"to": peer.port}) as wican:
        with wican.client() as client:
            assert read(client, 2) == b"hi"
            assert wican.tell("stop", "b") is True
            assert client.recv(1) == b""
        assert wican.tell("places") == 0
        with pytest.raises(ConnectionRefusedError):
            wican.client()


def test_the_default_bundle_verifies_a_server_that_speaks_first(root, tmp_path, build, tls12):
    """Which takes two handshakes: the first one finds out which authority is needed."""
    with Peer(greet, trusted(tmp_path, tls12)) as peer:
        with device(root, {"to": peer.port, "set": "default"}, build=build) as wican:
            for _ in range(2):
                with wican.client() as client:
                    assert read(client, 2) == b"hi"
            assert wican.log() == []
    assert peer.handshakes == 2


def test_a_server_that_the_default_bundle_does_not_know_gets_nothing(root, tmp_path):
    pair = Authority("Unknown CA").server("127.0.0.1")
    with Peer(tls_peer.read_and_say_nothing, server_context(tmp_path, pair, False)) as peer:
        with device(root, {"to": peer.port, "set": "default"}) as wican:
            with wican.client() as client:
                client.sendall(b"a secret")
                with suppress(ConnectionResetError):
                    assert client.recv(1) == b""
            [entry] = wican.log()
            assert entry["stage"] == "tls"
            assert "Unknown CA" in entry["message"]
    assert peer.received == b""


def test_a_client_that_breaks_off_is_told(root, tmp_path):
    def pour(peer: Peer, connection: socket.socket) -> None:
        while True:
            connection.sendall(bytes(65536))

    with Peer(pour, trusted(tmp_path)) as peer, device(root, {"to": peer.port}) as wican:
        with wican.client() as client:
            read(client, 1)
        wait_until(lambda: wican.tell("places") == 0)
        [entry] = wican.log()
        assert entry["direction"] == "local"
        assert "The client 127.0.0.1 broke the connection" in entry["message"]
        assert entry["errno"] in (errno.ECONNRESET, errno.EPIPE)


def test_a_server_that_breaks_off_after_it_spoke_did_not_refuse_the_pair(root, tmp_path):
    def break_off(peer: Peer, connection: socket.socket) -> None:
        connection.sendall(b"hi")
        peer.released.wait(DEADLINE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    context = server_context(tmp_path, AUTHORITY.server("127.0.0.1"), False, AUTHORITY.pem)
    with Peer(break_off, context) as peer:
        with device(root, {"to": peer.port, "set": "mutual"}) as wican, wican.client() as client:
            assert read(client, 2) == b"hi"
            peer.released.set()
            assert client.recv(1) == b""
            [entry] = wican.log()
            assert (entry["stage"], entry["direction"]) == ("read", "remote")
            assert "broke (ECONNRESET)" in entry["message"]
