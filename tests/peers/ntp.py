"""NTP servers on UDP that tell the time, or misbehave: each of its own address, all on the same port.

with Ntp([honest], [off(3600)], [silent]) as peers:
    peers.hosts     # ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    peers.port
    …
    peers.asked     # {"127.0.0.1": 1, …}: how often
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
import time
from collections.abc import Callable

_1900_TO_1970_S = 2_208_988_800
_TRIES = 20


class Question:
    """A packet that came in, and the way back. `sock` is the server's, `asker` the device's address."""

    def __init__(self, sock: socket.socket, data: bytes, asker: tuple, ended: threading.Event):
        self.sock = sock
        self.data = data
        self.asker = asker
        self._ended = ended

    @property
    def cookie(self) -> bytes:
        return self.data[40:48]

    def send(self, packet: bytes) -> None:
        self.sock.sendto(packet, self.asker)

    def pause(self, seconds: float) -> None:
        """Lets time pass, unless the test is over."""
        self._ended.wait(seconds)


Script = Callable[[Question], None]


def packet(
    question: Question,
    off_s: float = 0,
    first: int = 0x24,
    stratum: int = 2,
    code: bytes = b"GPS\0",
    cookie: bytes | None = None,
    stamp: bytes | None = None,
) -> bytes:
    """An answer as of RFC 5905 7.3, from a clock that is that many seconds fast."""
    now = int((time.time() + off_s) * (1 << 32)) + (_1900_TO_1970_S << 32)
    told = struct.pack("!Q", now % (1 << 64)) if stamp is None else stamp
    head = struct.pack("!BBbbII4s8s", first, stratum, 6, -20, 0, 0, code, bytes(8))
    return head + (question.cookie if cookie is None else cookie) + told + told


def honest(question: Question) -> None:
    question.send(packet(question))


def silent(question: Question) -> None:
    pass


def off(seconds: float) -> Script:
    """A clock that is wrong."""
    return lambda question: question.send(packet(question, seconds))


def late(seconds: float) -> Script:
    """An honest answer after a while."""

    def script(question: Question) -> None:
        question.pause(seconds)
        honest(question)

    return script


def saying(**changes: object) -> Script:
    """An answer with other fields."""
    return lambda question: question.send(packet(question, **changes))


def short(question: Question) -> None:
    question.send(packet(question)[:47])


def echo(question: Question) -> None:
    """The question itself, as a broken reflector sends it."""
    question.send(question.data)


def noise(question: Question) -> None:
    """Nothing that makes sense, and then the truth."""
    for length in (0, 1, 47, 48, 60, 1400):
        question.send(os.urandom(length))
    question.send(packet(question, 3600, cookie=os.urandom(8)))
    honest(question)


def stranger(question: Question) -> None:
    """The right answer with a wrong time, from an address that was not asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.200", question.sock.getsockname()[1]))
        other.sendto(packet(question, 3600), question.asker)


def twice(question: Question) -> None:
    """A wrong time behind the right one."""
    honest(question)
    question.send(packet(question, 3600))


def honest_in_the_end(question: Question) -> None:
    """What comes from a stranger arrives first."""
    stranger(question)
    honest(question)


class Ntp:
    """One server for each script."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._sockets = _bound(len(scripts))
        self.hosts = [sock.getsockname()[0] for sock in self._sockets]
        self.port = self._sockets[0].getsockname()[1]
        self.asked = dict.fromkeys(self.hosts, 0)

    def __enter__(self) -> Ntp:
        for sock, script in zip(self._sockets, self._scripts):
            sock.settimeout(0.05)
            thread = threading.Thread(target=self._serve, args=(sock, script), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(5)
        for sock in self._sockets:
            sock.close()

    def _serve(self, sock: socket.socket, script: Script) -> None:
        while not self._ended.is_set():
            try:
                data, asker = sock.recvfrom(2048)
            except OSError:  # nothing came, or the device was gone before the last answer
                continue
            self.asked[sock.getsockname()[0]] += 1
            script(Question(sock, data, asker, self._ended))


def _bound(count: int) -> list[socket.socket]:
    """Sockets on 127.0.0.1 and the addresses that follow, with one port that is free on all of them."""
    for _ in range(_TRIES):
        sockets: list[socket.socket] = []
        port = 0
        try:
            for index in range(count):
                sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                sockets[-1].bind(("127.0.0.%d" % (index + 1), port))
                port = sockets[0].getsockname()[1]
            return sockets
        except OSError as error:
            for sock in sockets:
                sock.close()
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "no port is free on all addresses")
