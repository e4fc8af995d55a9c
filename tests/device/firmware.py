"""The whole firmware as tests meet it: a file system, its process, its log, its page, and a world around it.

with world(tmp_path, car="ioniq5") as w:        # simulated car and adapter, collector, firmware
    [first] = w.collector.wait(1, timeout=10)
    w.device.wait_for("ECU online")
    value(w.device.status(), "SOC")
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import collector
import simulator
import unix_device

PASSWORD = "correct horse 7"
TOKEN = "t0ken/+=~s3cret"
DEADLINE = 15.0


class Device:
    """The firmware in its own process. `lines` is its log so far."""

    def __init__(self, process: subprocess.Popen, web_port: int) -> None:
        self.process = process
        self.lines: list[str] = []
        self._web_port = web_port
        self._ended = False
        self._grown = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in io.TextIOWrapper(self.process.stdout, "utf-8", errors="replace"):
            with self._grown:
                self.lines.append(line.rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def mark(self) -> int:
        """Where the log ends now: `wait_for` looks no further back than to a mark given to it."""
        return len(self.lines)

    def wait_for(self, text: str, since: int = 0, timeout: float = DEADLINE) -> str:
        """The first log line after the mark that holds `text`; waits for it, fails with the log at the deadline."""

        def found() -> list[str]:
            return [line for line in self.lines[since:] if text in line]

        with self._grown:
            self._grown.wait_for(lambda: found() or self._ended, timeout)
            assert found(), f"no {text!r} in the log:\n{self.log}"
            return found()[0]

    def get(self, path: str, password: str | None = PASSWORD) -> bytes:
        """What the page answers; raises HTTPError for anything but 200."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._web_port}{path}")
        if password is not None:
            key = base64.b64encode(f"admin:{password}".encode()).decode()
            request.add_header("Authorization", "Basic " + key)
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                # On a very busy computer the page may ask to come back later.
                if error.code != 503 or time.monotonic() > deadline:
                    raise

    def status(self) -> dict[str, Any]:
        """The API's status; numbers are text, exactly as they were sent."""
        return json.loads(self.get("/api/v1/status"), parse_float=str, parse_int=str)

    def until(self, good: Callable[[dict], object], timeout: float = DEADLINE) -> dict[str, Any]:
        """The first status that is good. Asks again whenever the log grows, four times a second at least."""
        deadline = time.monotonic() + timeout
        while True:
            size, status = self.mark(), self.status()
            if good(status):
                return status
            assert time.monotonic() < deadline, f"last status: {status}\nlog:\n{self.log}"
            with self._grown:
                self._grown.wait_for(lambda size=size: len(self.lines) > size, 0.25)


def value(status: dict, name: str) -> dict[str, Any]:
    """One value of the API's status."""
    return next(item for item in status["values"] if item["name"] == name)


def readings(status: dict) -> dict[str, str]:
    """All values that have been read, by name."""
    return {v["name"]: v["value"] for v in status["values"] if v["value"] is not None}


def telemetry(received: collector.Received) -> dict[str, str]:
    """The `autopid_data` of a document; numbers are text, exactly as they were sent."""
    return json.loads(received.body, parse_float=str, parse_int=str)["autopid_data"]


def destination(port: int, **changes: object) -> dict[str, Any]:
    """Settings of a destination on this PC that posts every second."""
    return {
        "id": 1,
        "name": f"Garage {changes.get('id', 1)}",
        "enabled": True,
        "url": f"https://127.0.0.1:{port}/ingest",
        "cycle_ms": 1000,
        "auth": {"type": "bearer"},
        "query": [],
        "cert_set": "garage",
        **changes,
    }


class Files(unix_device.DeviceFiles):
    """A provisioned file system: this car, this adapter, these destinations, and the cert set "garage"."""

    def __init__(self, root: Path, elm: str, car: simulator.Car, destinations: list[dict]) -> None:
        super().__init__(root)
        self.web_port = unix_device.free_port()
        tokens = {f"destinations.{item['id']}.auth.token": TOKEN for item in destinations}
        self.provision(car, elm, self.web_port, PASSWORD, destinations, tokens)

    def change(self, **sections: dict) -> None:
        """Puts other members into sections of the settings."""
        settings = self.load("settings")
        for name, members in sections.items():
            settings[name] = {**settings.get(name, {}), **members}
        self.save("settings", settings)

    @contextmanager
    def run(self) -> Iterator[Device]:
        """Runs the firmware on this file system."""
        with unix_device.firmware(self.root, subprocess.PIPE) as process:
            device = Device(process, self.web_port)
            device.wait_for("listening on port")
            yield device


@dataclass
class World:
    """A car with its adapter, a collector, and the firmware between them."""

    simulator: simulator.TcpServer
    collector: collector.Collector
    files: Files
    device: Device

    @property
    def adapter(self) -> simulator.Adapter:
        return self.simulator.adapter

    def document_with(self, *names: str, last: int = 10) -> collector.Received:
        """The first document that has all these values, among the first few."""
        for count in range(1, last + 1):
            received = self.collector.wait(count, timeout=DEADLINE)[count - 1]
            if set(names) <= set(telemetry(received)):
                return received
        raise AssertionError(f"no document with {names}; the last: {received.body!r}")


@contextmanager
def receiver(folder: Path, **options: Any) -> Iterator[collector.Collector]:
    """A collector with an authority of its own in `folder`/pki."""
    with collector.background(folder / "pki", **options) as running:
        yield running


@contextmanager
def world(
    folder: Path,
    car: str = "petrol",
    prepare: Callable[[Files, collector.Collector], None] | None = None,
    held: float | None = None,
    **options: Any,
) -> Iterator[World]:
    """Everything at work in `folder`.

    `prepare(files, collector)` changes the file system before the firmware starts; `held` stops the car's clock at so
    many seconds after the start; `options` are the adapter's.
    """
    model = simulator.load_car(car)
    model.hold(held)
    with receiver(folder) as hub, simulator.background(model, **options) as sim:
        files = Files(folder / "state", f"127.0.0.1:{sim.port}", model, [destination(hub.port)])
        files.add_cert_set("garage", (folder / "pki" / "ca.pem").read_bytes())
        if prepare is not None:
            prepare(files, hub)
        with files.run() as device:
            yield World(sim, hub, files, device)
