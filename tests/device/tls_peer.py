"""A TLS server with a script: what it does with each connection is up to the test, and it remembers what it saw."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from pki import Pair

TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """Serves connections one after the other.

    `received` is every application byte in the order read, `connections` counts those that were accepted, `handshakes`
    those that were finished.
    """

    def __init__(
        self, serve: Callable[[Peer, socket.socket], None], context: ssl.SSLContext | None
    ):
        self._serve = serve
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = self._listener.getsockname()[1]
        self.received = b""
        self.connections = self.handshakes = 0
        self.released = threading.Event()

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def request(self, connection: socket.socket) -> bytes:
        """Reads one request with its body; nothing at the end of the connection."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            self.received += piece
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        while len(body) < length:
            piece = connection.recv(65536)
            self.received += piece
            body += piece
        return head + b"\r\n\r\n" + body

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(5)
            try:
                self._handle(connection)
            except (
                OSError
            ):  # the client went away, or refused: what it refused is the test's business
                pass
            finally:
                connection.close()

    def _handle(self, connection: socket.socket) -> None:
        if self._context is None:
            return self._serve(self, connection)
        with self._context.wrap_socket(connection, server_side=True) as secure:
            self.handshakes += 1
            return self._serve(self, secure)


def server_context(
    folder: Path,
    pair: Pair,
    tls12: bool,
    client_ca: bytes | None = None,
    ciphers: str | None = None,
) -> ssl.SSLContext:
    """TLS with this pair; `tls12` caps it at the chip's version; `client_ca` demands a client certificate; `ciphers`
    are in OpenSSL's words."""
    pair.write(folder, "server.crt", "server.key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if ciphers is not None:
        context.set_ciphers(ciphers)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    if tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if client_ca is not None:
        context.load_verify_locations(cadata=client_ca.decode())
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def answer(peer: Peer, connection: socket.socket) -> None:
    """A well-behaved server: answers until the client leaves."""
    while peer.request(connection):
        connection.sendall(OK)


def answer_once_then_close(peer: Peer, connection: socket.socket) -> None:
    if peer.request(connection):
        connection.sendall(OK)


def close_at_second_request(peer: Peer, connection: socket.socket) -> None:
    if peer.request(connection):
        connection.sendall(OK)
        peer.request(connection)


def begin_to_answer_second_request(peer: Peer, connection: socket.socket) -> None:
    if peer.request(connection):
        connection.sendall(OK)
        if peer.request(connection):
            connection.sendall(b"HTTP/1.1 2")


def close_in_the_middle_of_the_body(peer: Peer, connection: socket.socket) -> None:
    if peer.request(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")


def refuse_before_the_body(peer: Peer, connection: socket.socket) -> None:
    """Refuses after the head and closes with the rest unread."""
    connection.recv(1000)
    connection.sendall(TOO_LARGE)


def say_nothing(peer: Peer, connection: socket.socket) -> None:
    peer.released.wait(5)


def read_and_say_nothing(peer: Peer, connection: socket.socket) -> None:
    peer.request(connection)
    peer.released.wait(5)


def speak_plain_http(peer: Peer, connection: socket.socket) -> None:
    connection.recv(4096)  # a TLS greeting, not counted as application bytes
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
