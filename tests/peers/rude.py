"""A server that misbehaves on command: each connection follows a script of its own, over TLS or below it.

with Rude(context, send(b"HTTP/1.1 2", then=Visit.reset), well_behaved) as peer:
    …  # the first connection is reset in the middle of the status line, all later ones are served
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_PATIENCE_S = 60  # the client's own deadline ends every wait sooner


class Visit:
    """One connection: plain until `secure` or `request` is called for the first time."""

    def __init__(self, peer: Rude, sock: socket.socket) -> None:
        self.peer = peer
        self.sock = sock
        self.is_secure = False

    def secure(self) -> None:
        if not self.is_secure and self.peer.context is not None:
            self.sock = self.peer.context.wrap_socket(self.sock, server_side=True)
            self.is_secure = True

    def request(self) -> bytes:
        """The next request with its body; nothing if the client left."""
        self.secure()
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65536)
            if not piece:
                return b""
            data += piece
        length = int(data.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        missing = length - len(data.partition(b"\r\n\r\n")[2])
        while missing > 0 and (piece := self.sock.recv(65536)):
            data, missing = data + piece, missing - len(piece)
        self.peer.requests.append(data)
        return data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hold(self) -> None:
        """Says no more until the client leaves."""
        self.peer.silent.set()
        while self.sock.recv(65536):
            pass

    def leave(self) -> None:
        """Closes without a word of TLS."""
        self.sock.close()

    def say_goodbye(self) -> None:
        """Closes as TLS wants it."""
        try:
            self.sock.settimeout(0)  # whether the client says goodbye, too, is its business
            self.sock.unwrap()
        except (OSError, ValueError):
            pass
        self.sock.close()

    def reset(self) -> None:
        """Throws the connection away: the client gets a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def reset_later(self) -> None:
        """A reset takes away what was sent before it and not yet read; this one leaves some time for that."""
        self.pause(0.05)
        self.reset()

    def wait_told(self) -> None:
        """Waits for the test."""
        self.peer.told.wait(_PATIENCE_S)

    def pause(self, seconds: float) -> bool:
        """Lets time pass; False when the test is over."""
        return not self.peer.released.wait(seconds)


Script = Callable[[Visit], None]
Ending = Callable[[Visit], None]


class Rude:
    """Serves one connection after the other, the n-th by the n-th script and all later ones by the last.

    `requests` are those that were read in full. `silent` is set when a script is over or holds its connection; `told`
    goes on with one that waits for the test. A `crowded` server has its queue of connections full and accepts none
    until `open_doors`. Little fits into the connections of a `narrow` one: who sends more, waits until it is read.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None,
        *scripts: Script,
        crowded: bool = False,
        narrow: bool = False,
    ) -> None:
        self.context = context
        self.requests: list[bytes] = []
        self.released = threading.Event()
        self.silent = threading.Event()
        self.told = threading.Event()
        self._scripts = scripts
        self._visit: Visit | None = None
        self._listener = socket.socket()
        if narrow:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0 if crowded else 100)
        self.port = self._listener.getsockname()[1]
        self._crowd = _fill(self.port) if crowded else []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Rude:
        if not self._crowd:
            self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.released.set()
        self.told.set()
        _shut(self._listener)
        if self._visit is not None:
            _shut(self._visit.sock)
        if self._thread.ident is not None:
            self._thread.join(5)
        for each in (self._listener, *self._crowd):
            each.close()

    def open_doors(self) -> None:
        for each in self._crowd:
            each.close()
        self._thread.start()

    def wait_quiet(self, timeout: float = 10) -> None:
        """Blocks until the script at work is at its end, or holds the connection."""
        assert self.silent.wait(timeout), f"the server had more to say for {timeout} s"

    def _run(self) -> None:
        number = 0
        while not self.released.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(_PATIENCE_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is sent, arrives
            self._serve(Visit(self, sock), self._scripts[min(number, len(self._scripts) - 1)])
            number += 1

    def _serve(self, visit: Visit, script: Script) -> None:
        self._visit = visit
        try:
            script(visit)
        except OSError:  # the client went away, which is what most scripts are for
            pass
        finally:
            visit.sock.close()
            self.silent.set()


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:  # was closed already
        pass


def _fill(port: int) -> list[socket.socket]:
    """Connections until the system takes no more into the queue."""
    crowd: list[socket.socket] = []
    while True:
        sock = socket.socket()
        sock.setblocking(False)
        crowd.append(sock)
        sock.connect_ex(("127.0.0.1", port))
        if not select.select([], [sock], [], 0.3)[1]:
            return crowd


def well_behaved(visit: Visit) -> None:
    """Answers until the client leaves."""
    while visit.request():
        visit.send(OK)


def read_nothing(visit: Visit) -> None:
    """Shakes hands, and then lets the connection fill up until the test says so."""
    visit.secure()
    visit.wait_told()


def send(*pieces: bytes, then: Ending = Visit.hold) -> Script:
    """Reads a request, sends the pieces (each a TLS record of its own), ends as told."""

    def script(visit: Visit) -> None:
        if visit.request():
            for piece in pieces:
                visit.send(piece)
            then(visit)

    return script


def polite_once(script: Script) -> Script:
    """Answers the first request; the script is for what comes after it."""

    def both(visit: Visit) -> None:
        visit.request()
        visit.send(OK)
        script(visit)

    return both


def when_told(then: Ending, data: bytes = b"") -> Script:
    """Waits for the test, sends the data, ends as told."""

    def script(visit: Visit) -> None:
        visit.wait_told()
        visit.send(data)
        then(visit)

    return script


def endless(start: bytes, piece: bytes, gap_s: float = 0) -> Script:
    """Reads a request, sends `start` and then `piece` again and again until the client leaves."""

    def script(visit: Visit) -> None:
        visit.request()
        visit.send(start)
        while visit.pause(gap_s):
            visit.send(piece)

    return script


def drip(data: bytes, gap_s: float) -> Script:
    """Reads a request and sends the reply byte by byte."""

    def script(visit: Visit) -> None:
        visit.request()
        for index in range(len(data)):
            visit.send(data[index : index + 1])
            if not visit.pause(gap_s):
                return
        visit.hold()

    return script


def after_greeting(then: Ending, reply: bytes = b"") -> Script:
    """Reads what the client says first, answers with `reply` outside TLS, ends as told."""

    def script(visit: Visit) -> None:
        visit.sock.recv(65536)
        visit.send(reply)
        then(visit)

    return script


def half_a_handshake(then: Ending) -> Script:
    """Sends the first half of the server's part of the handshake."""

    def script(visit: Visit) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = visit.peer.context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(visit.sock.recv(65536))
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        flight = outgoing.read()
        visit.send(flight[: len(flight) // 2])
        then(visit)

    return script


def below_tls(data: bytes) -> Script:
    """Reads a request; answers with bytes that are no TLS on a connection that was."""

    def script(visit: Visit) -> None:
        visit.request()
        raw = socket.socket(fileno=visit.sock.detach())
        visit.sock = raw
        visit.send(data)
        visit.hold()

    return script
