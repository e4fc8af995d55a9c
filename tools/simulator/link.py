"""A file descriptor with a host behind it."""

import asyncio
import os
from collections.abc import Callable

_CHUNK = 4096


class Link:
    """A socket or the master of a pseudo terminal, opened and closed by its owner."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        descriptor: int,
        received: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        self._loop, self._descriptor = loop, descriptor
        self._received, self._ended = received, ended
        self._pending = b""
        os.set_blocking(descriptor, False)
        loop.add_reader(descriptor, self._read)

    def write(self, data: bytes) -> None:
        """Sends now what fits and the rest as soon as it can."""
        self._pending += data
        self._flush()

    def close(self) -> None:
        """Lets go of the descriptor without closing it."""
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._received(data)
        else:
            self._ended()

    def _flush(self) -> None:
        try:
            sent = os.write(self._descriptor, self._pending)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._ended()
            return
        self._pending = self._pending[sent:]
        if self._pending:
            self._loop.add_writer(self._descriptor, self._flush)
        else:
            self._loop.remove_writer(self._descriptor)
