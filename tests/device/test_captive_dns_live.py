"""The access point's name server under Unix MicroPython, asked over UDP."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROBE = ROOT / "tests" / "device" / "captive_probe.py"
PATIENCE_S = 10.0


@contextmanager
def server() -> Iterator[tuple[subprocess.Popen, int]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [ROOT / "tools" / "micropython", PROBE, str(port)],
        env={**os.environ, "MICROPYPATH": f"{ROOT}/lib:.frozen"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout and process.stdout.readline() == "ready\n"
        yield process, port
    finally:
        process.kill()
        process.communicate()


def query(name: str, kind: int = 1, number: int = 7) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    head = number.to_bytes(2, "big") + b"\x01\x00\x00\x01" + bytes(6)
    return head + labels + b"\0" + kind.to_bytes(2, "big") + b"\0\1"


def asker(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(PATIENCE_S)
    sock.connect(("127.0.0.1", port))
    return sock


def test_answers_whoever_asks_and_ends_when_told() -> None:
    with server() as (process, port), asker(port) as one, asker(port) as two:
        for number in range(50):
            for sock in (one, two):
                sock.send(query("connectivitycheck.gstatic.com", number=number))
        for number in range(50):
            for sock in (one, two):
                answer = sock.recv(512)
                assert answer[:2] == number.to_bytes(2, "big")
                assert answer.endswith(bytes([127, 0, 0, 1]))
        assert process.stdin and process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ended\n"


def test_rubbish_is_not_answered_and_does_no_harm() -> None:
    with server() as (_, port), asker(port) as sock:
        for rubbish in (b"", b"x", bytes(12), b"\xff" * 2000, query("a")[:-1]):
            sock.send(rubbish)
        with asker(port) as gone:
            gone.send(query("a"))
        sock.send(query("example.com", number=9))
        assert sock.recv(512)[:2] == b"\0\x09"
