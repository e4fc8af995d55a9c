"""The whole firmware with bridges in its settings: what others say in plain goes out over verified TLS."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import simulator
import tls_peer
import unix_device
from bridges import AUTHORITY, DEADLINE, ROOT, greet, read, read_all, trusted, wait_until
from pki import Authority
from tls_peer import Peer

import firmware


class Device(firmware.Device):
    """The firmware, whose settings can be changed while it runs."""

    def __init__(self, process: subprocess.Popen, files: firmware.Files) -> None:
        super().__init__(process, files.web_port)
        self._files = files

    def save(self, **sections: object) -> None:
        """Puts the settings into force, with these sections."""
        document = {**self._files.load("settings"), **sections}
        since = self.mark()
        self.process.stdin.write(json.dumps(document).encode() + b"\n")
        self.process.stdin.flush()
        assert self.wait_for("problems:", since) == "problems: []"

    def bridges(self) -> dict[str, dict]:
        """What the API tells of bridges, by name."""
        return {each["name"]: each for each in json.loads(self.get("/api/v1/bridges"))}

    def bridge_log(self) -> list[dict]:
        return json.loads(self.get("/api/v1/bridges/log"))

    def is_listening(self, *names: str) -> bool:
        found = self.bridges()
        return sorted(found) == sorted(names) and all(one["listening"] for one in found.values())

    def put_ca(self, name: str, ca: bytes) -> None:
        """Stores a cert set through the API."""
        address = f"http://127.0.0.1:{self._files.web_port}/api/v1/certificates/{name}"
        body = json.dumps({"ca": ca.decode()}).encode()
        request = urllib.request.Request(address, body, method="PUT")
        request.add_header("Content-Type", "application/json")
        key = base64.b64encode(f"admin:{firmware.PASSWORD}".encode()).decode()
        request.add_header("Authorization", "Basic " + key)
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            assert answer.status == 200


@contextmanager
def running(folder: Path, **sections: object) -> Iterator[Device]:
    """The firmware with these sections in its settings, an adapter that does not answer, and the cert set "garage"."""
    nobody = f"127.0.0.1:{unix_device.free_port()}"
    files = firmware.Files(folder / "state", nobody, simulator.load_car("petrol"), [])
    files.add_cert_set("garage", AUTHORITY.pem)
    files.save("settings", {**files.load("settings"), **sections})
    command = [ROOT / "tools" / "micropython", "-X", "heapsize=8M"]
    command += [ROOT / "tests" / "device" / "bridge_probe.py", str(files.root)]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen"}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        device = Device(process, files)
        device.wait_for("listening on port")
        yield device
    finally:
        process.kill()
        process.wait()


def bridge(port: int, **changes: object) -> dict:
    """Settings of a bridge to a server on this PC."""
    return {
        "name": "cloud",
        "listen_port": unix_device.free_port(),
        "host": "127.0.0.1",
        "port": port,
        "cert_set": "garage",
        **changes,
    }


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    return trusted(tmp_path)


def post(port: int) -> bytes:
    """An ordinary request of a client that knows nothing of TLS."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("POST", "/in", b"{}", {"Host": "api.example.com"})
        return connection.getresponse().read()
    finally:
        connection.close()


def test_a_plain_http_client_reaches_a_verified_server(tmp_path, context):
    with Peer(tls_peer.answer, context) as peer:
        settings = bridge(peer.port)
        with running(tmp_path, bridges=[settings]) as device:
            wait_until(lambda: device.is_listening("cloud"))
            assert post(settings["listen_port"]) == b"ok"
            wait_until(lambda: device.bridges()["cloud"]["sessions"] == 0)
            told = device.bridges()["cloud"]
            assert (told["kind"], told["enabled"], told["served"]) == ("tls", True, 1)
            assert (told["bytes_in"], told["bytes_out"]) == (len(tls_peer.OK), len(peer.received))
            assert device.bridge_log() == []
    assert b"Host: api.example.com\r\n" in peer.received
    assert peer.handshakes == 1


def test_a_server_that_is_not_verified_gets_nothing_until_its_authority_is_known(
    tmp_path, context
):
    with Peer(tls_peer.answer, context) as peer:
        settings = bridge(peer.port, cert_set="van")
        with running(tmp_path, bridges=[settings]) as device:
            wait_until(lambda: device.bridge_log() != [])
            [missing] = device.bridge_log()
            assert (missing["stage"], missing["direction"]) == ("config", "local")
            assert missing["message"].startswith("There is no cert set named van. Choose another")
            assert not device.bridges()["cloud"]["listening"]

            device.put_ca("van", Authority("Other CA").pem)
            wait_until(lambda: device.is_listening("cloud"))
            with socket.create_connection(("127.0.0.1", settings["listen_port"])) as client:
                client.settimeout(DEADLINE)
                client.sendall(b"a secret")
                with suppress(ConnectionResetError):  # it was closed with bytes of ours unread
                    assert client.recv(1) == b""
            wait_until(lambda: len(device.bridge_log()) == 2)
            refused = device.bridge_log()[1]
            assert (refused["bridge"], refused["stage"]) == ("cloud", "tls")
            assert "Garage CA, which the cert set does not trust" in refused["message"]
            assert refused["message"] in device.get("/api/v1/bridges/log.txt").decode()
            assert peer.received == b""

            device.put_ca("van", AUTHORITY.pem)
            wait_until(lambda: device.is_listening("cloud"))
            assert post(settings["listen_port"]) == b"ok"


def stay(peer: Peer, connection: socket.socket) -> None:
    """Greets, and answers one byte when it is told to."""
    connection.sendall(b"hi")
    connection.sendall(connection.recv(1))


def test_a_change_moves_a_port_and_leaves_the_other_bridge_alone(tmp_path, context):
    with Peer(greet, context) as peer, Peer(stay, context) as other:
        moving, staying = bridge(peer.port), bridge(other.port, name="other")
        with running(tmp_path, bridges=[moving, staying]) as device:
            wait_until(lambda: device.is_listening("cloud", "other"))
            session = socket.create_connection(("127.0.0.1", staying["listen_port"]), DEADLINE)
            assert read(session, 2) == b"hi"
            moved = {**moving, "listen_port": unix_device.free_port()}
            device.save(bridges=[staying, moved])
            wait_until(lambda: device.bridges()["cloud"]["listen_port"] == moved["listen_port"])
            wait_until(lambda: device.is_listening("cloud", "other"))
            with socket.create_connection(("127.0.0.1", moved["listen_port"]), DEADLINE) as client:
                assert read(client, 2) == b"hi"
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", moving["listen_port"]), DEADLINE)
            session.sendall(b"!")
            assert read_all(session) == b"!"
            session.close()
            assert device.bridge_log() == []


def test_a_change_of_the_way_keeps_the_port(tmp_path, context):
    """The old one has to let go of it first; its session ends."""
    with Peer(greet, context) as first, Peer(tls_peer.answer, context) as second:
        settings = bridge(first.port)
        with running(tmp_path, bridges=[settings]) as device:
            wait_until(lambda: device.is_listening("cloud"))
            session = socket.create_connection(("127.0.0.1", settings["listen_port"]), DEADLINE)
            assert read(session, 2) == b"hi"
            device.save(bridges=[{**settings, "port": second.port}])
            assert read_all(session) == b""
            session.close()
            wait_until(lambda: device.bridges()["cloud"]["port"] == second.port)
            wait_until(lambda: device.is_listening("cloud"))
            assert post(settings["listen_port"]) == b"ok"
            assert device.bridge_log() == []


def test_a_bridge_that_is_gone_stops_listening(tmp_path, context):
    with Peer(greet, context) as peer:
        settings = bridge(peer.port)
        with running(tmp_path) as device:
            assert device.bridges() == {}
            device.save(bridges=[settings])
            wait_until(lambda: device.is_listening("cloud"))
            device.save(bridges=[{**settings, "enabled": False}])
            wait_until(lambda: not device.bridges()["cloud"]["enabled"])
            wait_until(lambda: is_refused(settings["listen_port"]))
            device.save(bridges=[])
            wait_until(lambda: device.bridges() == {})


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), DEADLINE).close()
    except ConnectionRefusedError:
        return True
    return False


def test_what_a_rule_lets_through_goes_in_the_clear_as_long_as_the_rule_stands(tmp_path):
    with Peer(tls_peer.answer, None) as peer:
        settings = bridge(peer.port, kind="tcp")
        rule = {"protocol": "tcp", "ip": "127.0.0.1", "port": peer.port}
        with running(tmp_path, bridges=[settings], passthrough=[rule]) as device:
            wait_until(lambda: device.is_listening("cloud"))
            assert post(settings["listen_port"]) == b"ok"
            device.save(bridges=[], passthrough=[])
            wait_until(lambda: is_refused(settings["listen_port"]))


def test_tcp_and_udp_can_have_the_same_port(tmp_path):
    with Peer(tls_peer.answer, None) as peer, udp_socket() as server, udp_socket() as client:
        port = server.getsockname()[1]
        tcp = bridge(peer.port, name="plain", kind="tcp")
        udp = bridge(port, name="datagrams", kind="udp", listen_port=tcp["listen_port"])
        rules = [{"protocol": kind, "ip": "127.0.0.1"} for kind in ("tcp", "udp")]
        with running(tmp_path, bridges=[tcp, udp], passthrough=rules) as device:
            wait_until(lambda: device.is_listening("plain", "datagrams"))
            device.save(bridges=[udp, {**tcp, "idle_s": 30}], passthrough=rules)
            wait_until(lambda: [*device.bridges()] == ["datagrams", "plain"])
            wait_until(lambda: device.is_listening("plain", "datagrams"))
            assert post(tcp["listen_port"]) == b"ok"
            client.sendto(b"when?", ("127.0.0.1", udp["listen_port"]))
            data, source = server.recvfrom(100)
            server.sendto(data + b" now", source)
            assert client.recv(100) == b"when? now"
            told = device.bridges()["datagrams"]
            assert (told["bytes_in"], told["bytes_out"], told["sessions"]) == (9, 5, 1)


def udp_socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(DEADLINE)
    return sock


def test_a_file_that_lacks_the_rule_switches_the_bridge_off(tmp_path):
    with Peer(tls_peer.answer, None) as peer:
        settings = bridge(peer.port, kind="tcp")
        with running(tmp_path, bridges=[settings]) as device:
            [problem] = device.status()["problems"]
            assert problem.startswith("bridges[0].kind: No passthrough rule lets tcp")
            assert not device.bridges()["cloud"]["enabled"]
            assert is_refused(settings["listen_port"])
    assert peer.connections == 0
