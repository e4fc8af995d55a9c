"""The device's HTTP client in a process of its own (tests/device/wire_probe.py), told what to send."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]
HEAP_KB = {(): 448, ("-32",): 256}  # little, so that whatever is read without bound fails
_REQUEST = {
    "set": "good",
    "deadline": 20_000,
    "body": "{}",
    "times": 1,
    "base64": "",
    "headers": [],
    "method": "POST",
    "target": "/in",
    "close": False,
}


class Wire:
    """The client. `used` are the bytes of its heap that were in use after the latest requests."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self.used = 0

    def send(self, port: int, **changes: object) -> dict:
        """One request on the connection kept for that port; returns its outcome."""
        return self.send_together([{"port": port, **changes}])[0]

    def send_together(self, requests: list[dict]) -> list[dict]:
        full = [{**_REQUEST, "key": str(each["port"]), **each} for each in requests]
        self._process.stdin.write(json.dumps(full) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the probe ended"
        answer = json.loads(line)
        self.used = answer["used"]
        return answer["outcomes"]

    @property
    def files(self) -> int:
        """Files and sockets that the process has open."""
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))


@contextmanager
def wire(
    root: Path, build: tuple[str, ...] = (), cap: int = 2048, heap_kb: int = 0
) -> Iterator[Wire]:
    """Runs the client; `root` holds the cert sets, `cap` is what it keeps of a reply's body (bytes)."""
    heap = f"heapsize={heap_kb or HEAP_KB[build]}K"
    command = [ROOT / "tools" / "micropython", *build, "-X", heap]
    command += [ROOT / "tests" / "device" / "wire_probe.py"]
    environment = dict(os.environ, MICROPYPATH=f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen")
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            process.stdin.write(json.dumps({"root": str(root), "cap": cap}) + "\n")
            yield Wire(process)
            process.stdin.close()
            assert process.wait(10) == 0
        finally:
            process.kill()


def add_set(root: Path, name: str, ca: bytes, pair: object = None) -> None:
    """A cert set: the authorities, and a client pair (pki.Pair) if there is one."""
    folder = root / "certs" / name
    folder.mkdir(parents=True)
    (folder / "ca.pem").write_bytes(ca)
    if pair is not None:
        pair.write(folder, "client.crt", "client.key")
