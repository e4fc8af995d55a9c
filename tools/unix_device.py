"""The firmware on this PC: a folder as its file system, and its process under Unix MicroPython."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import on_cpython
from simulator import Car

ROOT = on_cpython.ROOT


class StateError(Exception):
    """Why a device's file system cannot be provisioned, as one sentence."""


class DeviceFiles:
    """The device's file system below the folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "config"

    def provision(
        self,
        car: Car,
        elm: str,
        web_port: int,
        password: str,
        destinations: list[dict],
        private: dict[str, str],
    ) -> None:
        """Writes settings, secrets and vehicle profile; what these do not mention stays as it is.

        `elm` is the adapter's host:port, `private` holds secrets by key ("destinations.1.auth.token"). A destination
        replaces the one of the same id. Raises StateError if what is there cannot be read.
        """
        self.config.mkdir(parents=True, exist_ok=True)
        settings = self.load("settings") or {"version": 1}
        settings["device"] = {**settings.get("device", {}), "set_up": True}
        settings["adapter"] = {"kind": "tcp", "address": elm}
        settings["web"] = {"enabled": True, "port": web_port}
        settings["autopid"] = {
            "cycle_ms": 2000,
            **settings.get("autopid", {}),
            "standard": standard(car),
        }
        settings["destinations"] = _merged(settings.get("destinations", []), destinations)
        kept = self.load("secrets")
        self.save("secrets", {**kept, **private, "web.password": record(password)})
        self.save("settings", settings)
        self.save("profile", car.profile or {})

    def add_public_roots(self, bundle: bytes) -> None:
        """Writes the default bundle of public authorities."""
        folder = self.root / "certs" / "default"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "roots.bin").write_bytes(bundle)

    def add_cert_set(self, name: str, ca: bytes, pair: tuple[bytes, bytes] | None = None) -> None:
        """Writes a cert set: the authorities (PEM) and, if given, the client's certificate and key (PEM)."""
        folder = self.root / "certs" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_bytes(ca)
        for file, data in zip(("client.crt", "client.key"), pair or (), strict=False):
            (folder / file).touch(mode=0o600)
            (folder / file).write_bytes(data)

    def load(self, name: str) -> dict[str, Any]:
        """The object in config/`name`.json, empty if there is no such file; StateError if it is damaged."""
        path = self.config / (name + ".json")
        try:
            data = json.loads(path.read_bytes()) if path.exists() else {}
        except ValueError as error:
            raise StateError(f"{path} is damaged ({error}); delete it") from None
        if not isinstance(data, dict):
            raise StateError(f"{path} is damaged (no JSON object); delete it")
        return data

    def save(self, name: str, data: dict[str, Any]) -> None:
        """Writes config/`name`.json; only the owner may read it."""
        path = self.config / (name + ".json")
        path.touch(mode=0o600)
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False), "utf-8")


def standard(car: Car) -> dict[str, Any]:
    """The standard PIDs that are polled of this car, as settings."""
    periods = car.standard_periods
    return {
        "enabled": bool(car.standard),
        "protocol": car.settings.get("ecu_protocol", "0"),
        "parameters": [
            {"name": name, "period_ms": periods.get(name, 2000)} for name in car.standard
        ],
    }


def record(password: str) -> str:
    """The salted hash of the page's password, as the device stores it."""
    on_cpython.install()
    from web import auth

    return auth.make_record(password, secrets.token_bytes(16))


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _merged(old: list[dict], new: list[dict]) -> list[dict]:
    taken = [item["id"] for item in new]
    return new + [item for item in old if item.get("id") not in taken]


@contextmanager
def firmware(root: Path, output: IO | int) -> Iterator[subprocess.Popen]:
    """Runs the firmware on the file system below `root`; its log goes to `output`.

    A process group of its own keeps Ctrl-C away from it: it is ended by the end of the block.
    """
    process = subprocess.Popen(
        [ROOT / "tools" / "micropython", "-X", "heapsize=8M", "main.py", str(root)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output == subprocess.PIPE else None,
        env={**os.environ, "MICROPYPATH": f"{ROOT}/lib:{ROOT}/firmware/boards/unix"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
