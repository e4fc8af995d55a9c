"""Stands between a browser and the device, and keeps every byte that the device says."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

_PIECE = 65536


class Relay:
    """Listens on `port`. `heard` is what the device has said so far, all connections together."""

    def __init__(self, device_port: int) -> None:
        self.heard = bytearray()
        self._device = ("127.0.0.1", device_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(browser,), daemon=True).start()

    def _carry(self, browser: socket.socket) -> None:
        with browser, contextlib.suppress(OSError):
            with socket.create_connection(self._device) as device:
                ends = {browser: device, device: browser}
                while True:
                    for end in select.select(list(ends), [], [])[0]:
                        data = end.recv(_PIECE)
                        if not data:
                            return
                        if end is device:
                            self.heard += data
                        ends[end].sendall(data)


@contextlib.contextmanager
def relay(device_port: int) -> Iterator[Relay]:
    """A relay for as long as the block lasts."""
    running = Relay(device_port)
    try:
        yield running
    finally:
        running.close()
