"""The made-up page in a process of its own, and clients for it."""

import base64
import contextlib
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "correct:horse"
HOST = "127.0.0.1"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(
    stall_ms: int = 5000,
    failures: int = 0,
    work_ms: int = 60_000,
    send_ms: int = 45_000,
    root: Path | None = None,
):
    """Runs the page, which drops a client that stands still for that long; yields its port.

    `failures` is how many clients come before the site can be built;
    `work_ms` is how long a request may take, `send_ms` how long a client waits for an attempt; `root` is the folder
    that plays the device's file system, a new one if none is given.
    """
    if root is None:
        with tempfile.TemporaryDirectory() as folder:
            with serving(stall_ms, failures, work_ms, send_ms, Path(folder)) as port:
                yield port
        return
    port = free_port()
    command = [
        ROOT / "tools/micropython",
        ROOT / "tests/web/made_up_page.py",
        str(port),
        PASSWORD,
        str(stall_ms),
        str(work_ms),
        str(send_ms),
        str(failures),
        str(root),
    ]
    paths = f"{ROOT / 'lib'}:{ROOT / 'firmware/boards/unix'}"
    environment = {**os.environ, "MICROPYPATH": paths}
    process = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(ConnectionRefusedError), connect(port):
                break
            assert process.poll() is None and time.monotonic() < deadline, "the page did not start"
            time.sleep(0.02)
        yield port
        assert process.poll() is None, "the page has died"
    finally:
        process.kill()
        process.wait()


def connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=10)


def ask(
    port: int,
    path: str = "/",
    headers: dict | None = None,
    method: str = "GET",
    body: bytes | None = None,
):
    """One request with the password; returns (response, its body)."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(method, path, body, BASIC if headers is None else headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def raw(port: int, request: bytes) -> bytes:
    """What the server answers to these bytes until it closes."""
    with connect(port) as client:
        client.sendall(request)
        return answer(client)


def request_for(path: str) -> bytes:
    headers = f"Host: {HOST}\r\nAuthorization: {BASIC['Authorization']}"
    return f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode()


def answer(client: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(4096):
            received += chunk
    return received


def told(
    port: int,
    path: str,
    method: str = "GET",
    headers: dict | None = None,
    body: bytes | None = None,
):
    """(status, the JSON document) of one request with the password."""
    response, body = ask(port, path, {**BASIC, **(headers or {})}, method, body)
    assert response.headers["Content-Type"].startswith("application/json"), body
    return response.status, json.loads(body)
