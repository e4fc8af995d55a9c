"""A device that runs bridges, as its own process, and what tests of it share."""

from __future__ import annotations

import json
import os
import platform
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import roots
import unix_device
from pki import Authority
from tls_peer import Peer, server_context

ROOT = Path(__file__).resolve().parent.parent.parent
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]
BUILD_NAMES = ["64", "32"][: len(BUILDS)]
DEADLINE = 60
AUTHORITY = Authority("Garage CA")


class Device:
    """The probe's process. `ports` are those that it listens on, by the bridge's name."""

    def __init__(self, process: subprocess.Popen, ports: dict[str, int]) -> None:
        self._process = process
        self.ports = ports

    def client(self, name: str = "b", source: str = "127.0.0.1") -> socket.socket:
        """A plain connection to the bridge."""
        return socket.create_connection(("127.0.0.1", self.ports[name]), DEADLINE, (source, 0))

    def tell(self, *command: object) -> object:
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        return self.heard()

    def heard(self) -> object:
        line = self._process.stdout.readline()
        assert line, "the device ended"
        return json.loads(line)

    def log(self) -> list[dict]:
        return self.tell("log")


@contextmanager
def device(
    root: Path, *bridges: dict, build: tuple[str, ...] = (), **more: object
) -> Iterator[Device]:
    """Runs a device with these bridges (see bridge_probe.py): "b" with the set "good" unless told otherwise."""
    made = []
    for settings in bridges:
        port = unix_device.free_port()
        whole = {"name": "b", "host": "127.0.0.1", "port": port, "set": "good"}
        made.append({**whole, **settings})
    command = [
        ROOT / "tools" / "micropython",
        *build,
        ROOT / "tests" / "device" / "bridge_probe.py",
    ]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen"}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        plan = {"root": str(root), "bridges": made, **more}
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        process.stdin.flush()
        running = Device(process, {settings["name"]: settings["port"] for settings in made})
        said = running.heard()
        assert said == "listening", said
        yield running
    finally:
        process.kill()
        process.wait()


def file_system(root: Path) -> Path:
    """One with cert sets, and a default bundle that knows the authority as well."""
    other = Authority("Other CA")
    sets = {
        "good": (AUTHORITY.pem, None),
        "other": (other.pem, None),
        "mutual": (AUTHORITY.pem, AUTHORITY.client("wican")),
        "stranger": (AUTHORITY.pem, Authority("Third CA").client("wican")),
    }
    for name, (ca, pair) in sets.items():
        folder = root / "certs" / name
        folder.mkdir(parents=True)
        (folder / "ca.pem").write_bytes(ca)
        if pair is not None:
            pair.write(folder, "client.crt", "client.key")
    bundle = roots.bundle(other.pem + AUTHORITY.pem, "20261018")
    roots.write(root / "certs" / "default" / "roots.bin", bundle)
    return root


def trusted(folder: Path, tls12: bool = False) -> ssl.SSLContext:
    """The TLS settings of a server that the set "good" verifies."""
    return server_context(folder, AUTHORITY.server("localhost", "127.0.0.1"), tls12)


def read_all(connection: socket.socket) -> bytes:
    """Everything up to the end."""
    data = bytearray()
    while piece := connection.recv(65536):
        data += piece
    return bytes(data)


def read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        assert piece, "it ended after %d bytes" % len(data)
        data += piece
    return data


def pattern(seed: int, size: int) -> bytes:
    """Bytes of which no piece can be lost, doubled or moved unseen."""
    return b"".join((seed + number).to_bytes(8, "big") for number in range(size // 8))


def wait_until(good: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not good():
        assert time.monotonic() < deadline, "it never came"


def in_background(work, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def greet(peer: Peer, connection: socket.socket) -> None:
    """Greets, and waits until the client is done."""
    connection.sendall(b"hi")
    connection.recv(1)
