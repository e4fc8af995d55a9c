"""The server behind the collector: keeps what arrives, answers as told."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from collector.received import Received, parsed
from collector.store import client_pair, open_pki
from collector.verify import OK, Verifier, verdict


@dataclass
class Behaviour:
    """How requests are answered; may be changed at any time.

    `delay` is in seconds; `close` ends the connection after the reply; `retry_after` becomes that header;
    `chunked` sends the reply body in chunks; `raw` replaces the whole reply, after which the connection is closed.
    `verify` are the checks that every request has to pass, and `refuse` is the status for those that do not, with what
    is wrong as body; without it they are answered like the others.
    """

    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    delay: float = 0.0
    close: bool = False
    retry_after: str | None = None
    chunked: bool = False
    raw: bytes | None = None
    verify: Sequence[Verifier] = ()
    refuse: int | None = None


class Collector:
    """The receiver. `documents` holds the last `keep` requests; `total` and `connections` count all."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        keep: int = 1000,
        on_received: Callable[[Received], None] | None = None,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.documents: deque[Received] = deque(maxlen=keep)
        self.total = 0
        self.connections = 0
        self.port = 0
        self._on_received = on_received
        self._changed = threading.Condition()
        self._numbers: dict[int, int] = {}
        self._listener: asyncio.Server | None = None
        self._web: web.Server | None = None

    async def start(self, host: str, port: int, context: ssl.SSLContext) -> None:
        """Listens; with port 0 the system chooses one. `port` tells which."""
        loop = asyncio.get_running_loop()
        self._web = web.Server(self._answer, auto_decompress=False, access_log=None)
        self._listener = await loop.create_server(self._connected, host, port, ssl=context)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._listener is not None and self._web is not None:
            self._listener.close()
            await self._web.shutdown(0)

    def wait(self, count: int, timeout: float) -> list[Received]:
        """Blocks until `count` requests have come in all; returns those kept. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.total >= count, timeout):
                raise TimeoutError(f"{self.total} of {count} documents came in {timeout} s")
            return list(self.documents)

    def _connected(self) -> RequestHandler:
        if self._web is None:
            raise RuntimeError("the collector is not started")
        handler = self._web()
        self.connections += 1
        self._numbers[id(handler)] = self.connections
        return handler

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        received = await self._received(request)
        received = replace(received, verdict=verdict(received, self.behaviour.verify))
        self._keep(received)
        told = self.behaviour
        if told.refuse is not None and received.verdict not in ("", OK):
            return web.Response(status=told.refuse, text=received.verdict)
        if told.delay:
            await asyncio.sleep(told.delay)
        if told.raw is not None:
            return await _answer_raw(request, told.raw)
        response = web.Response(status=told.status, body=told.body, headers=told.headers)
        if told.retry_after is not None:
            response.headers["Retry-After"] = told.retry_after
        if told.chunked:
            response.enable_chunked_encoding()
        if told.close:
            response.force_close()
        return response

    async def _received(self, request: web.BaseRequest) -> Received:
        body = await request.read()
        return Received(
            method=request.method,
            path_qs=request.raw_path,
            headers=list(request.headers.items()),
            body=body,
            json=parsed(body, request.headers.get("Content-Encoding")),
            connection=self._numbers[id(request.protocol)],
            at=time.time(),
            peer=request.transport.get_extra_info("peername") if request.transport else None,
        )

    def _keep(self, received: Received) -> None:
        with self._changed:
            self.documents.append(received)
            self.total += 1
            self._changed.notify_all()
        if self._on_received is not None:
            self._on_received(received)


async def _answer_raw(request: web.BaseRequest, reply: bytes) -> web.StreamResponse:
    """Writes past aiohttp, which would mend what a test wants broken."""
    transport = request.transport
    if transport is not None:
        transport.write(reply)
        transport.close()
    return web.Response()


def server_context(folder: Path, mtls: bool = False, tls12: bool = False) -> ssl.SSLContext:
    """TLS for the collector, from the certificates in `folder` (made if missing).

    `mtls` asks for a client certificate of the same authority; `tls12` stays at TLS 1.2, as ESP32 clients do.
    """
    files = open_pki(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server_cert, files.server_key)
    if tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if mtls:
        client_pair(folder)
        context.load_verify_locations(files.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextmanager
def background(
    folder: Path,
    mtls: bool = False,
    tls12: bool = True,
    host: str = "127.0.0.1",
    port: int = 0,
    on_received: Callable[[Received], None] | None = None,
    **behaviour: Any,
) -> Iterator[Collector]:
    """A collector in a thread of its own, for as long as the block lasts. `behaviour`: see Behaviour."""
    collector = Collector(Behaviour(**behaviour), on_received=on_received)
    context = server_context(folder, mtls, tls12)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(collector.start(host, port, context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        asyncio.run_coroutine_threadsafe(_finish(collector), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _finish(collector: Collector) -> None:
    """Stops, and lets the transports go, so that none of them outlives the loop."""
    await collector.stop()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)
