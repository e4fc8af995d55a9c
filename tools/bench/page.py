"""The device's page: what a browser has to fetch until it can be used, and in all."""

from __future__ import annotations

import base64
import gzip
import re
import socket
import statistics
import subprocess
import time
from contextlib import suppress

import simulator
import unix_device

from bench import programs
from bench.report import Row, less_is_better

_KB = 1024
_HOST = "127.0.0.1"
_PASSWORD = "bench-page"
_USABLE_KB, _ALL_KB = 15, 40
# The reference firmware's page is one file: homepage.html and homepage_full.html, compressed with gzip.
_PEER_SMALL_KB, _PEER_FULL_KB, _PEER_REQUESTS = 18.5, 22.3, 1
_LOADS = 9
_START_S = 20.0
_SCRIPTS = re.compile(r'(?:src|data-more)="?([^"\s>]+)')


def rows() -> list[Row]:
    """Kilobytes on the wire, heads of the answers included; requests; the median time of several loads."""
    port = unix_device.free_port()
    files = unix_device.DeviceFiles(programs.BUILD / "page")
    files.provision(simulator.load_car("petrol"), f"{_HOST}:9", port, _PASSWORD, [], {})
    with unix_device.firmware(files.root, subprocess.DEVNULL):
        _await(port)
        spells = [_load(port) for _ in range(_LOADS)]
        shell, first, rest = [len(answer) / _KB for answer in _answers(port)]
    usable, requests = shell + first, 2
    name = "page until usable"
    return [
        less_is_better(name, "KB", usable, _PEER_SMALL_KB, at_most=_USABLE_KB),
        less_is_better(f"{name}, requests", "", requests, _PEER_REQUESTS),
        less_is_better(f"{name}, time", "ms", 1000 * statistics.median(spells)),
        less_is_better("page, all of it", "KB", usable + rest, _PEER_FULL_KB, at_most=_ALL_KB),
    ]


def _load(port: int) -> float:
    """Seconds until the shell and the script that makes it usable are there."""
    began = time.perf_counter()
    _get(port, _scripts(_get(port, "/"))[0])
    return time.perf_counter() - began


def _answers(port: int) -> list[bytes]:
    """The shell, the script that makes it usable, and the one with the other pages."""
    shell = _get(port, "/")
    return [shell, *(_get(port, place) for place in _scripts(shell))]


def _scripts(shell: bytes) -> list[str]:
    """Where the shell says that its scripts are."""
    return _SCRIPTS.findall(gzip.decompress(shell.partition(b"\r\n\r\n")[2]).decode())


def _get(port: int, path: str) -> bytes:
    """A whole answer. Raises BenchError if it is not the file."""
    key = base64.b64encode(f"bench:{_PASSWORD}".encode()).decode()
    with socket.create_connection((_HOST, port), _START_S) as client:
        request = f"GET {path} HTTP/1.1\r\nHost: {_HOST}\r\nAuthorization: Basic {key}\r\n\r\n"
        client.sendall(request.encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    if b" 200 " not in answer.partition(b"\r\n")[0]:
        raise programs.BenchError(f"the page does not send {path}: {answer[:80]!r}")
    return answer


def _await(port: int) -> None:
    """Waits until the firmware listens. Raises BenchError."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((_HOST, port), _START_S):
            return
        time.sleep(0.05)
    raise programs.BenchError("the firmware does not open its page")
