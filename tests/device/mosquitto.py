"""A real MQTT broker and a listener to it, each in its own process.

with mosquitto.broker(folder) as broker, mosquitto.listener(broker) as listener:
    …
    listener.wait_for("car/rx", "{}")
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import unix_device
from pki import Pair

ROOT = Path(__file__).resolve().parent.parent.parent
PEER = ROOT / "tools" / "peer"
DEADLINE = 30.0


class Lines:
    """What a process writes, line by line, as it comes."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.lines: list[str] = []
        self._source = process.stdout
        self._ended = False
        self._grown = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._source:
            with self._grown:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def first(self, good: Callable[[str], bool], since: int = 0) -> int:
        """The index of the first good line from `since` on; waits for it, fails with all of them at the deadline."""

        def found() -> list[int]:
            return [at for at in range(since, len(self.lines)) if good(self.lines[at])]

        with self._grown:
            self._grown.wait_for(lambda: found() or self._ended, DEADLINE)
            assert found(), "\n".join(["it never came:", *self.lines])
            return found()[0]


class Broker:
    """A mosquitto on one port. `log` is what it says, as Lines, of its latest start."""

    def __init__(self, folder: Path, secure: bool, lines: list[str]) -> None:
        self.port = unix_device.free_port()
        self.secure = secure
        self._config = folder / "mosquitto.conf"
        head = [f"listener {self.port} 127.0.0.1", "log_type all", "log_dest stderr"]
        if os.geteuid() == 0:
            head.append("user root")
        self._config.write_text("\n".join([*head, *lines, ""]))
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Returns when it listens."""
        self._process = subprocess.Popen(
            [PEER, "mosquitto", "-c", self._config],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.log = Lines(self._process)
        self.wait_for(" running")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def wait_for(self, text: str, since: int = 0) -> str:
        """The first line of its log that holds the text."""
        return self.log.lines[self.log.first(lambda line: text in line, since)]


class Listener:
    """Gets everything that is published below wican/ and car/, and first what the broker has retained of that."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._lines = Lines(process)

    def wait_for(self, topic: str, payload: str, after: dict | None = None) -> dict:
        """The first message of that topic and payload, later than one found before: "qos", "retain", "index"."""

        def good(line: str) -> bool:
            message = json.loads(line)
            return (message["topic"], message["payload"]) == (topic, payload)

        index = self._lines.first(good, 0 if after is None else after["index"] + 1)
        return {**json.loads(self._lines.lines[index]), "index": index}


@contextmanager
def broker(
    folder: Path,
    pair: Pair | None = None,
    client_ca: bytes | None = None,
    users: dict[str, str] | None = None,
    tls12: bool = False,
) -> Iterator[Broker]:
    """Runs a broker: over TLS with a pair, for clients of `client_ca` only, for `users` (name: password) only."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["allow_anonymous " + ("false" if users else "true")]
    if users:
        lines.append(f"password_file {_passwords(folder / 'passwords', users)}")
    if pair is not None:
        pair.write(folder, "server.crt", "server.key")
        lines += [f"certfile {folder}/server.crt", f"keyfile {folder}/server.key"]
        if tls12:
            lines.append("tls_version tlsv1.2")
    if client_ca is not None:
        (folder / "clients.pem").write_bytes(client_ca)
        lines += [f"cafile {folder}/clients.pem", "require_certificate true"]
    running = Broker(folder, pair is not None, lines)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@contextmanager
def listener(to: Broker, *options: str) -> Iterator[Listener]:
    """Listens to a plain broker; `options` are more of mosquitto_sub."""
    since = len(to.log.lines)
    command = [PEER, "mosquitto_sub", "-h", "127.0.0.1", "-p", str(to.port), *options]
    command += ["-i", "listener", "-q", "1", "-t", "wican/#", "-t", "car/#"]
    command += ["-F", "%j"]  # one line of JSON a message
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    try:
        to.wait_for("Sending SUBACK to listener", since)
        yield Listener(process)
    finally:
        process.kill()
        process.wait()


def _passwords(path: Path, users: dict[str, str]) -> Path:
    path.touch(mode=0o600)
    for user, password in users.items():
        command = [PEER, "mosquitto_passwd", "-b", path, user, password]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    return path
