"""Runs destinations under Unix MicroPython, for the tests beside it."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]


class Device:
    """The probe in its own process."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def kill(self) -> None:
        """Pulls the plug."""
        self._process.kill()
        self._process.wait()

    def tell(self, *command: object) -> list[dict]:
        """Sends a command; returns the state of the destinations after it."""
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def device(
    folder: Path, destinations: list[dict], build: tuple[str, ...] = (), **plan: object
) -> Iterator[Device]:
    """Runs the destinations; `folder` holds the authority that the collector made."""
    certs = folder / "certs" / "garage"
    certs.mkdir(parents=True, exist_ok=True)
    (certs / "ca.pem").write_bytes((folder / "pki" / "ca.pem").read_bytes())
    plan = {
        "root": str(folder),
        "boot": 1,
        "secrets": {},
        "grouping": True,
        "connections": 6,
        **plan,
    }
    command = [ROOT / "tools" / "micropython", *build, ROOT / "tests/device/destination_probe.py"]
    environment = dict(os.environ, MICROPYPATH=f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen")
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            process.stdin.write(json.dumps({**plan, "destinations": destinations}) + "\n")
            process.stdin.flush()
            yield Device(process)
            if process.poll() is None:
                process.stdin.close()
                assert process.wait(10) == 0
        finally:
            process.kill()


def settings(port: int, **changes: object) -> dict:
    return {
        "id": 1,
        "name": f"Garage {changes.get('id', 1)}",
        "enabled": True,
        "url": f"https://localhost:{port}/in?v=1",
        "cycle_ms": 1000,
        "auth": {"type": "none"},
        "query": [],
        "cert_set": "garage",
        **changes,
    }
