"""Whose turn it is to shake hands: one TLS handshake at a time, without letting a dead server stop the others."""

import asyncio

from micropython import const

_PATIENCE_MS = const(500)
_SLICES = const(5)


class Turn:
    """Holds a lock for as long as it makes sense.

        async with Turn(lock):
            …the handshake…

    Ways out: the block ends (done, failed or cancelled); or it waits longer than `patience_ms` because the peer is
    silent: then the lock is passed on while the block still waits. Without a lock, everybody's turn is now.
    """

    def __init__(self, lock: "asyncio.Lock | None", patience_ms: int = _PATIENCE_MS) -> None:
        self._lock = lock
        self._patience_ms = patience_ms
        self._timer: asyncio.Task[None] | None = None
        self._held = False

    async def __aenter__(self) -> None:
        if self._lock is not None:
            await self._lock.acquire()
            self._held = True
            self._timer = asyncio.create_task(self._pass_on())

    async def __aexit__(self, *details: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._release()

    async def _pass_on(self) -> None:
        for _ in range(_SLICES):  # while the device itself computes, at most one of them passes
            await asyncio.sleep_ms(self._patience_ms // _SLICES)
        self._timer = None
        self._release()

    def _release(self) -> None:
        if self._held and self._lock is not None:
            self._held = False
            self._lock.release()
