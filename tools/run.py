"""`make run`: a simulated car, the firmware under Unix MicroPython, and an HTTPS collector with a private CA.

Every document that was delivered is printed on one line. Environment: WEB_PORT (8080), COLLECTOR_PORT (8443), DURATION
(seconds, for ever if not given), STATE_DIR (the device's file system, build/run/state), ELM (host:port of an adapter to
use instead of the simulator), CAR (name of the simulated car, petrol).
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import collector
import on_cpython
import simulator

BUILD = on_cpython.ROOT / "build" / "run"
USER = "admin"


class RunError(Exception):
    """What stands in the way of the run, as one sentence."""


def main() -> int:
    """Runs until DURATION is over, Ctrl-C, or the firmware ends; 0 if a document was received or DURATION not set."""
    try:
        return run()
    except (RunError, simulator.CarError, OSError) as error:
        print(f"make run: {error}", file=sys.stderr)
        return 2


def run() -> int:
    state = Path(os.environ.get("STATE_DIR") or BUILD / "state").resolve()
    web_port, seconds = port("WEB_PORT", 8080), duration()
    car = simulator.load_car(os.environ.get("CAR") or "petrol")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        hub = stack.enter_context(
            collector.background(BUILD / "pki", port=port("COLLECTOR_PORT", 8443), on_received=show)
        )
        elm = os.environ.get("ELM") or f"127.0.0.1:{stack.enter_context(simulator.background(car)).port}"
        provision(state, car, elm, web_port, hub.port)
        print(f"page      http://127.0.0.1:{web_port}  user: {USER}  password: {password()}")
        print(f"car       {os.environ.get('ELM') or car.name}")
        print(f"collector https://127.0.0.1:{hub.port}", flush=True)
        process = stack.enter_context(firmware(state))
        ended = wait(process, stop, seconds)
    if ended:
        raise RunError(f"the firmware ended by itself (exit code {process.returncode})")
    print(f"{hub.total} documents received", flush=True)
    return 0 if hub.total or seconds is None else 1


def wait(process: subprocess.Popen, stop: threading.Event, seconds: float | None) -> bool:
    """Waits for the time or a signal; True if the firmware ended before that."""
    watcher = threading.Thread(target=lambda: (process.wait(), stop.set()), daemon=True)
    watcher.start()
    stop.wait(seconds)
    return process.poll() is not None


def show(received: collector.Received) -> None:
    """Prints a document on one line."""
    if received.json is None:
        print(f"not JSON: {received.body[:80]!r}", file=sys.stderr)
    else:
        print(json.dumps(received.json, separators=(",", ":"), ensure_ascii=False), flush=True)


def port(name: str, default: int) -> int:
    """A TCP port from the environment."""
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or int(text) > 65535:
        raise RunError(f"{name} must be a port number, not {text!r}")
    return int(text)


def duration() -> float | None:
    """Seconds to run, None for ever."""
    text = os.environ.get("DURATION")
    try:
        return float(text) if text else None
    except ValueError:
        raise RunError(f"DURATION must be a number of seconds, not {text!r}") from None


def password() -> str:
    """The page's password: made once and kept beside the device, which itself stores only a salted hash."""
    path = BUILD / "password"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(4))
    return path.read_text().strip()


def provision(state: Path, car: simulator.Car, elm: str, web_port: int, collector_port: int) -> None:
    """Writes settings, profile, certificates and secrets onto the device's file system.

    What is there already stays, but for what this run decides: adapter, car, page and the first destination.
    """
    config = state / "config"
    config.mkdir(parents=True, exist_ok=True)
    settings = load(config / "settings.json") or {"version": 1}
    settings["adapter"] = {"kind": "tcp", "address": elm}
    settings["web"] = {"enabled": True, "port": web_port}
    settings["autopid"] = {**settings.get("autopid", {}), "standard": standard(car)}
    others = [item for item in settings.get("destinations", []) if item.get("id") != 1]
    settings["destinations"] = [destination(collector_port), *others]
    kept = load(config / "secrets.json")
    save(config / "secrets.json", {**kept, "destinations.1.auth.token": "make-run", "web.password": record()})
    save(config / "settings.json", settings)
    save(config / "profile.json", car.profile or {})
    certificates = state / "certs" / "collector"
    certificates.mkdir(parents=True, exist_ok=True)
    shutil.copy(BUILD / "pki" / "ca.pem", certificates / "ca.pem")


def standard(car: simulator.Car) -> dict:
    """The standard PIDs that are polled of this car."""
    periods = car.standard_periods
    return {
        "enabled": bool(car.standard),
        "protocol": car.settings.get("ecu_protocol", "0"),
        "parameters": [{"name": name, "period_ms": periods.get(name, 2000)} for name in car.standard],
    }


def destination(collector_port: int) -> dict:
    """The collector as a destination of the device."""
    return {
        "id": 1,
        "name": "Collector on this PC",
        "enabled": True,
        "url": f"https://127.0.0.1:{collector_port}/ingest",
        "cycle_ms": 2000,
        "auth": {"type": "bearer"},
        "query": [{"key": "source", "value": "make run"}],
        "cert_set": "collector",
    }


def record() -> str:
    """The salted hash of the page's password, as the device stores it."""
    on_cpython.install()
    from web import auth

    return auth.make_record(password(), secrets.token_bytes(16))


def load(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def save(path: Path, data: dict) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False))


@contextmanager
def firmware(state: Path) -> Iterator[subprocess.Popen]:
    """Runs the firmware; its log goes to stderr."""
    root = on_cpython.ROOT
    process = subprocess.Popen(
        [root / "tools" / "micropython", "-X", "heapsize=8M", "main.py", str(state)],
        cwd=root,
        stdout=sys.stderr,
        env={**os.environ, "MICROPYPATH": f"{root}/lib:{root}/firmware/boards/unix"},
        start_new_session=True,  # Ctrl-C is ours to handle
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
