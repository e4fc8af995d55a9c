"""`make run`: a simulated car, the firmware under Unix MicroPython, and an HTTPS collector with a private CA.

Every document that was delivered is printed on one line. Environment: WEB_PORT (8080), COLLECTOR_PORT (8443), DURATION
(seconds, for ever if not given), STATE_DIR (the device's file system, build/run/state), ELM (host:port of an adapter to
use instead of the simulator), CAR (name of the simulated car, petrol). A port of 0 is any free one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import collector
import on_cpython
import simulator
from unix_device import DeviceFiles, StateError, firmware, free_port

BUILD = on_cpython.ROOT / "build" / "run"
USER = "admin"
LONGEST_S = 10 * 365 * 86_400


class RunError(Exception):
    """What stands in the way of the run, as one sentence."""


def main() -> int:
    """Runs until DURATION is over, Ctrl-C, or the firmware ends; 0 if a document was received or DURATION not set."""
    try:
        return run()
    except (RunError, StateError, simulator.CarError, OSError) as error:
        print(f"make run: {error}", file=sys.stderr)
        return 2


def run() -> int:
    state = Path(os.environ.get("STATE_DIR") or BUILD / "state").resolve()
    seconds, web_port = duration(), port("WEB_PORT", 8080) or free_port()
    if web_port == port("COLLECTOR_PORT", 8443):
        raise RunError(f"WEB_PORT and COLLECTOR_PORT are both {web_port}")
    claim("WEB_PORT", web_port)
    car = simulator.load_car(os.environ.get("CAR") or "petrol")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        hub = stack.enter_context(receiver())
        elm = address() or f"127.0.0.1:{stack.enter_context(simulator.background(car)).port}"
        provision(state, car, elm, web_port, hub.port)
        print(f"page      http://127.0.0.1:{web_port}  user: {USER}  password: {password()}")
        if address():
            print(f"adapter   {elm}, asked for the parameters of {car.name}")
        else:
            print(f"car       {car.name}: {car.description}")
        print(f"collector https://127.0.0.1:{hub.port}")
        print(
            "stop      Ctrl-C\n" if seconds is None else f"stop      after {seconds:g} s\n",
            flush=True,
        )
        process = stack.enter_context(firmware(state, sys.stderr))
        ended = wait(process, stop, seconds)
    if ended:
        raise RunError(f"the firmware ended by itself (exit code {process.returncode})")
    print(f"{hub.total} documents received", flush=True)
    return 0 if hub.total or seconds is None else 1


def wait(process: subprocess.Popen, stop: threading.Event, seconds: float | None) -> bool:
    """Waits for the time or a signal; True if the firmware ended before that."""

    def watch() -> None:
        process.wait()
        stop.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    stop.wait(seconds)
    return process.poll() is not None


def receiver() -> AbstractContextManager[collector.Collector]:
    """The collector, started."""
    number = port("COLLECTOR_PORT", 8443)
    if number:
        claim("COLLECTOR_PORT", number)
    return collector.background(BUILD / "pki", port=number, on_received=show)


def show(received: collector.Received) -> None:
    """Prints a document on one line."""
    if received.json is None:
        print(f"not JSON: {received.body[:80]!r}", file=sys.stderr)
    else:
        line = json.dumps(received.json, separators=(",", ":"), ensure_ascii=False)
        if sys.stdout.isatty():  # documents are long; a pipe gets them whole
            width = shutil.get_terminal_size().columns
            line = line if len(line) <= width else line[: width - 1] + "…"
        print(line, flush=True)


def port(name: str, default: int) -> int:
    """A TCP port from the environment."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise RunError(f"{name} must be a port number, not {text!r}")
    return int(text)


def claim(name: str, number: int) -> None:
    """Makes sure that the port can be had."""
    try:
        socket.create_server(("", number)).close()
    except OSError as error:
        raise RunError(
            f"port {number} cannot be had ({error.strerror}); choose another with {name}="
        ) from None


def address() -> str | None:
    """host:port of the adapter from the environment, None if the simulator is wanted."""
    text = os.environ.get("ELM")
    if not text:
        return None
    host, _, number = text.rpartition(":")
    if not host or not (number.isascii() and number.isdigit()) or not 0 < int(number) < 65536:
        raise RunError(f"ELM must be host:port, not {text!r}")
    return text


def duration() -> float | None:
    """Seconds to run, None for ever."""
    text = os.environ.get("DURATION")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_S:
        raise RunError(f"DURATION must be a number of seconds above 0, not {text!r}")
    return seconds


def password() -> str:
    """The page's password: made once and kept beside the device, which itself stores only a salted hash."""
    path = BUILD / "password"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(4))
    return path.read_text().strip()


def provision(
    state: Path, car: simulator.Car, elm: str, web_port: int, collector_port: int
) -> None:
    """Prepares the device's file system; what this run does not decide stays as it was."""
    files = DeviceFiles(state)
    private = {"destinations.1.auth.token": "make-run"}
    files.provision(car, elm, web_port, password(), [destination(collector_port)], private)
    files.add_cert_set("collector", (BUILD / "pki" / "ca.pem").read_bytes())
    files.add_public_roots((BUILD.parent / "roots.bin").read_bytes())


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


if __name__ == "__main__":
    sys.exit(main())
