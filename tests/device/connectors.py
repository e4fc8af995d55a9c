"""The whole firmware and the collector as the system that a connector talks to, for the tests beside it.

with stage.device(stage.destination("kpn_things", …)) as device:
    device.values()                     # the first document is made and sent
    device.skip(60)                     # and the next one, a minute later for the device
    assert stage.documents[1].verdict == "ok"

Every call returns when nothing is under way any more, so that what has arrived until then is all that will.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import platform
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import unix_device
from collector import Behaviour, Collector, Received, background, server_context
from tls_peer import Peer

ROOT = Path(__file__).resolve().parent.parent.parent
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]
DEVICE_ID = "a1b2c3d4e5f6"
NAME = "wican-collector.local"  # of the collector, in its certificate
PASSWORD = "correct horse 7"
VALUES = {"ENGINE_RPM": "4147", "SPEED": "0", "IGNITION": "on", "BATTERY_VOLTAGE": "13.84"}
DAY_MS = 86_400_000


class Device:
    """The probe in its own process."""

    def __init__(self, process: subprocess.Popen, web_port: int) -> None:
        self._process = process
        self.web_port = web_port

    def kill(self) -> None:
        """Pulls the plug."""
        self._process.kill()
        self._process.wait()

    def tell(self, *command: object) -> dict[str, Any]:
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the device ended"
        return json.loads(line)

    def save(self, **sections: object) -> list[dict]:
        """Puts these sections of the settings into force; returns the problems."""
        return self.tell("save", sections)["problems"]

    def values(self, **changes: str) -> dict[str, Any]:
        """The car gave values; returns the state of the first destination, as the others do."""
        return self.tell("values", {**VALUES, **changes})["states"][0]

    def skip(self, seconds: int) -> dict[str, Any]:
        return self.tell("skip", seconds)["states"][0]

    def date(self, seconds: int) -> None:
        self.tell("date", seconds)

    def state(self) -> dict[str, Any]:
        return self.tell("report")["states"][0]

    def get(self, path: str) -> bytes:
        """What the device's API answers."""
        return self.ask("GET", path)[1]

    def ask(self, method: str, path: str, password: str = PASSWORD) -> tuple[int, bytes]:
        """Status and answer of the device's API; without a password if that is empty."""
        headers = {}
        if password:
            key = base64.b64encode(f"admin:{password}".encode()).decode()
            headers["Authorization"] = "Basic " + key
        connection = self._connected()
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        """To the page, which may just be starting."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=20)
        deadline = time.monotonic() + 20
        while True:
            try:
                connection.connect()
                return connection
            except ConnectionRefusedError:
                self.tell("report")
                assert time.monotonic() < deadline, "the page did not start"

    def send(self) -> dict[str, Any]:
        """What became of a document that is sent on demand."""
        return self.tell("send", 1)["attempt"]


class Stage:
    """A device's file system, a collector, and the way between them.

    `on_received` is called with each request before it is answered, and may change how. `build` is MicroPython's.
    """

    relay: Relay
    build: tuple[str, ...] = ()
    on_received: Callable[[Received], None] | None = None

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self, collector: Collector, relay: Relay | None) -> None:
        self.collector = collector
        self.port = collector.port if relay is None else relay.port
        if relay is not None:
            self.relay = relay

    def received(self, request: Received) -> None:
        if self.on_received is not None:
            self.on_received(request)

    @property
    def documents(self) -> list[Received]:
        return list(self.collector.documents)

    @property
    def behaviour(self) -> Behaviour:
        return self.collector.behaviour

    def destination(self, preset: str, **changes: Any) -> dict[str, Any]:
        """A document of that preset for the collector, which is called by its name; one document a minute."""
        transport = {"connect_to": f"127.0.0.1:{self.port}", **changes.pop("transport", {})}
        return {
            "id": 1,
            "name": "Fleet",
            "preset": preset,
            "url": f"https://{NAME}/in",
            "cert_set": "garage",
            "cycle_ms": 60_000,
            "transport": transport,
            **changes,
        }

    @contextmanager
    def device(self, *destinations: dict, **sections: object) -> Iterator[Device]:
        """Runs the firmware; with destinations as they are saved there, else with those that it has."""
        web_port = unix_device.free_port()
        self._provision(web_port)
        interpreter = [ROOT / "tools" / "micropython", *self.build, "-X", "heapsize=8M"]
        probe = ROOT / "tests" / "device" / "connector_probe.py"
        path = f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen"
        process = subprocess.Popen(
            [*interpreter, probe, str(self.root)],
            env={**os.environ, "MICROPYPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                device = Device(process, web_port)
                if destinations:
                    problems = device.save(destinations=list(destinations), **sections)
                    assert problems == [], problems
                yield device
                if process.poll() is None:
                    process.stdin.close()
                    assert process.wait(10) == 0
            finally:
                process.kill()

    def settings(self) -> dict[str, Any]:
        """The first destination as the device has stored it."""
        stored = json.loads((self.root / "config" / "settings.json").read_text())
        return stored["destinations"][0]

    def _provision(self, web_port: int) -> None:
        files = unix_device.DeviceFiles(self.root)
        files.config.mkdir(parents=True, exist_ok=True)
        (files.config / "device_id").write_text(DEVICE_ID)
        settings = files.load("settings") or {"version": 1}
        settings["web"] = {"enabled": True, "port": web_port}
        files.save("settings", settings)
        secrets = files.load("secrets")
        if "web.password" not in secrets:
            files.save("secrets", {**secrets, "web.password": unix_device.record(PASSWORD)})


def name_of(build: tuple[str, ...]) -> str:
    """What a build is called in the names of tests."""
    return "32" if build else "64"


@contextmanager
def staged(folder: Path, relayed: bool = False) -> Iterator[Stage]:
    """A collector, and the file system of a device that knows its authority; `relayed`: with a relay between them."""
    stage = Stage(folder / "device")
    with ExitStack() as parts:
        hub = parts.enter_context(background(folder / "pki", on_received=stage.received))
        relay = parts.enter_context(Relay(hub.port)) if relayed else None
        stage.begin(hub, relay)
        ca = (folder / "pki" / "ca.pem").read_bytes()
        unix_device.DeviceFiles(stage.root).add_cert_set("garage", ca)
        yield stage


@contextmanager
def secure_peer(
    stage: Stage, serve: Callable[[Peer, socket.socket], None], ciphers: str | None = None
) -> Iterator[tuple[Peer, list[str | None]]]:
    """A server with a script and the collector's certificate, and the names that its clients asked for.

    `ciphers` are those it has, in OpenSSL's words.
    """
    names: list[str | None] = []
    context = server_context(stage.root.parent / "pki", tls12=True)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    if ciphers is not None:
        context.set_ciphers(ciphers)
    with Peer(serve, context) as peer:
        yield peer, names


class Relay:
    """A TCP connection's way to a server, which can be broken. `port` is where it begins."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._writers: list[asyncio.StreamWriter] = []
        self._hushed: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        starting = asyncio.start_server(self._carry, "127.0.0.1", 0)
        self._server = self._loop.run_until_complete(starting)
        self.port = self._server.sockets[0].getsockname()[1]

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def reset(self) -> None:
        """Throws the connections away: the device gets a TCP reset."""
        asyncio.run_coroutine_threadsafe(self._reset(), self._loop).result(5)

    def hush(self) -> None:
        """What the server says on the connections there are, never arrives."""
        self._hushed.update(self._writers)

    async def _reset(self) -> None:
        for writer in self._writers:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._drop()
        await asyncio.sleep(0)

    def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _end(self) -> None:
        self._server.close()
        self._drop()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(
            self._pump(reader, there_writer),
            self._pump(there_reader, writer),
            return_exceptions=True,
        )

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Copies until one side ends, and passes that on."""
        try:
            while piece := await reader.read(65536):
                if writer not in self._hushed:
                    writer.write(piece)
                    await writer.drain()
        finally:
            writer.close()
