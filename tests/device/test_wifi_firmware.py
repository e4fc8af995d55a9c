"""The whole firmware under Unix MicroPython with a made-up radio: what joining a network has to do with the rest."""

from __future__ import annotations

import io
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import simulator
import unix_device

import firmware

ROOT = Path(__file__).resolve().parent.parent.parent
LINKED = "in the network Home as"


class Device(firmware.Device):
    """The probe, to which things happen."""

    def happen(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()


@contextmanager
def device(files: firmware.Files) -> Iterator[Device]:
    folders = ("lib", "firmware/boards/unix", "tests/fakes")
    process = subprocess.Popen(
        [
            ROOT / "tools" / "micropython",
            "-X",
            "heapsize=8M",
            ROOT / "tests" / "device" / "wifi_probe.py",
            str(files.root),
        ],
        env={**os.environ, "MICROPYPATH": ":".join(str(ROOT / each) for each in folders)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield Device(process, files.web_port)
    finally:
        process.kill()
        process.wait()
        assert isinstance(process.stdout, io.BufferedReader)


def made(folder: Path, hub_port: int, elm: str) -> firmware.Files:
    car = simulator.load_car("petrol")
    files = firmware.Files(folder / "state", elm, car, [firmware.destination(hub_port)])
    files.add_cert_set("garage", (folder / "pki" / "ca.pem").read_bytes())
    return files


def test_a_new_address_reopens_what_was_connected(tmp_path: Path) -> None:
    car = simulator.load_car("petrol")
    with firmware.receiver(tmp_path) as hub, simulator.background(car) as sim:
        files = made(tmp_path, hub.port, f"127.0.0.1:{sim.port}")
        port = unix_device.free_port()
        bridge = {"name": "one", "kind": "tls", "listen_port": port, "cert_set": "garage"}
        settings = files.load("settings")
        settings["network"] = {"wifi": [{"id": 1, "ssid": "Home"}]}
        key = "network.wifi.1.password"
        files.save("secrets", {**files.load("secrets"), key: "a password"})
        files.save(
            "settings",
            {**settings, "bridges": [{**bridge, "host": "127.0.0.1", "port": hub.port}]},
        )
        with device(files) as running:
            running.wait_for("is not in reach")
            assert "the access point" not in running.log, "it is early yet"
            assert "The network Home is not in reach." in running.status()["problems"]
            running.happen("come")
            running.wait_for(LINKED + " 127.0.0.1")
            hub.wait(1, timeout=firmware.DEADLINE)
            running.wait_for("listening on port")
            assert firmware.readings(running.until(lambda status: firmware.readings(status)))
            since = running.mark()
            running.happen("address 127.0.0.2")
            running.wait_for(LINKED + " 127.0.0.2", since)
            assert listens("127.0.0.2", port), "the bridge is in the new network"
            count = len(hub.wait(1, timeout=firmware.DEADLINE))
            hub.wait(count + 2, timeout=firmware.DEADLINE)
            status = running.status()
            assert status["ecu"] == "online" and status["device"]["rssi"] == "-60"
            assert status["problems"] == []
            running.happen("leave")
            running.wait_for("left the network Home", since)
            assert running.process.poll() is None


def listens(host: str, port: int) -> bool:
    """Whether somebody does within the deadline."""
    import socket

    deadline = time.monotonic() + firmware.DEADLINE
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), 5).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            return True
    return False
