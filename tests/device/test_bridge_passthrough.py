"""What passes by the connector in the clear, where a rule says so: TCP and UDP."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tls_peer
import unix_device
from bridges import (
    BUILD_NAMES,
    BUILDS,
    DEADLINE,
    device,
    file_system,
    in_background,
    wait_until,
)
from tls_peer import Peer


@pytest.fixture(params=BUILDS, ids=BUILD_NAMES)
def build(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return file_system(tmp_path_factory.mktemp("device"))


@contextmanager
def udp_echo() -> Iterator[int]:
    """Sends each datagram back, in capitals; an empty one ends it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            data, source = sock.recvfrom(4096)
            while data:
                sock.sendto(data.upper(), source)
                data, source = sock.recvfrom(4096)

        thread = in_background(serve)
        yield sock.getsockname()[1]
        with udp_client() as waker:
            waker.sendto(b"", sock.getsockname())
        thread.join(DEADLINE)


def udp_client(source: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    sock.settimeout(DEADLINE)
    return sock


@pytest.fixture
def udp() -> Iterator[dict]:
    """A forwarding of UDP to an echo."""
    with udp_echo() as port:
        rules = [{"protocol": "udp", "ip": "127.0.0.1", "port": port}]
        yield {"name": "u", "protocol": "udp", "to": port, "rules": rules}


def gone() -> int:
    """A port where nobody listens."""
    return unix_device.free_port()


def test_what_a_rule_lets_through_is_forwarded_as_it_is(root):
    rules = [{"protocol": "tcp", "ip": "127.0.0.0/8"}]
    with Peer(tls_peer.answer, None) as peer:
        with device(root, {"to": peer.port, "rules": rules}) as wican:
            connection = http.client.HTTPConnection(
                "127.0.0.1", wican.ports["b"], timeout=DEADLINE
            )
            connection.request("POST", "/in", b"{}")
            assert connection.getresponse().read() == b"ok"
            connection.close()
    assert peer.received.endswith(b"{}")


def test_datagrams_are_forwarded_and_answers_find_their_way_back(root, udp, build):
    with device(root, udp, build=build) as wican:
        there = ("127.0.0.1", wican.ports["u"])
        clients = [udp_client() for _ in range(5)]  # more than the device remembers
        for number, client in enumerate(clients):
            client.sendto(b"query %d" % number, there)
            assert client.recv(4096) == b"QUERY %d" % number
        assert wican.tell("known", "u") == 3
        for number in (4, 0, 3):
            clients[number].sendto(b"again %d" % number, there)
            assert clients[number].recv(4096) == b"AGAIN %d" % number
        for client in clients:
            client.close()
        assert wican.log() == []


def test_strangers_and_large_datagrams_are_dropped(root, udp):
    with device(root, {**udp, "clients": ["127.0.0.9"]}) as wican:
        there = ("127.0.0.1", wican.ports["u"])
        with udp_client("127.0.0.12") as stranger, udp_client("127.0.0.9") as friend:
            stranger.sendto(b"let me in", there)
            friend.sendto(bytes(1473), there)
            friend.sendto(b"x" * 1472, there)
            assert friend.recv(4096) == b"X" * 1472
        first, second = wican.log()
        assert (first["direction"], second["direction"]) == ("local", "local")
        assert "127.0.0.12 is not on the list" in first["message"]
        assert "more than 1472 bytes" in second["message"]


def test_a_target_that_nobody_listens_at_is_told(root, udp):
    port = unix_device.free_port()
    rules = [{"protocol": "udp"}]
    with device(root, {**udp, "to": port, "rules": rules}) as wican, udp_client() as client:
        client.sendto(b"hello?", ("127.0.0.1", wican.ports["u"]))
        wait_until(lambda: bool(wican.log()))
        [entry] = wican.log()
        assert (entry["stage"], entry["direction"]) == ("read", "remote")
        assert f"127.0.0.1 port {port} cannot be reached" in entry["message"]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_nothing_is_forwarded_in_the_clear_without_a_rule(root, protocol):
    other = "udp" if protocol == "tcp" else "tcp"
    rules = [{"protocol": protocol, "ip": "198.51.100.7"}, {"protocol": other, "ip": "127.0.0.1"}]
    with pytest.raises(AssertionError, match=f"No passthrough rule lets {protocol} port"):
        with device(root, {"to": gone(), "protocol": protocol, "rules": rules}):
            pass
