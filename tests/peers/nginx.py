"""nginx with sites of the test's choice, every one on a port of its own, all with TLS."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pki import Authority

ROOT = Path(__file__).resolve().parent.parent.parent
_CONFIG = """
daemon off;
user root root;  # for tests that run as root: the worker may read what they made
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_certificate {folder}/server.crt;
    ssl_certificate_key {folder}/server.key;
    ssl_client_certificate {folder}/ca.pem;
    {common}
    {servers}
}}
"""


class Nginx:
    """`ports` tells which port a site is on."""

    def __init__(self, process: subprocess.Popen, ports: dict[str, int]) -> None:
        self._process = process
        self.ports = ports

    def reload(self) -> None:
        """Reads the configuration again: another worker takes over, and the old one closes its idle connections."""
        self._process.send_signal(signal.SIGHUP)


@contextmanager
def nginx(
    folder: Path, authority: Authority, common: str, sites: dict[str, str]
) -> Iterator[Nginx]:
    """Serves as long as the block lasts. `common` are directives of the http block, `sites` those of each server.

    nginx takes over sockets that listen already, as when it upgrades itself: no port can be lost to somebody else, and
    nobody has to wait until it has started.
    """
    authority.server("127.0.0.1").write(folder, "server.crt", "server.key")
    (folder / "ca.pem").write_bytes(authority.pem)
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in sites]
        ports = {name: sock.getsockname()[1] for name, sock in zip(sites, sockets)}
        servers = "\n".join(
            "server { listen 127.0.0.1:%d ssl http2; %s }" % (ports[name], directives)
            for name, directives in sites.items()
        )
        config = _CONFIG.format(folder=folder, common=common, servers=servers)
        (folder / "nginx.conf").write_text(config)
        with _run(folder, [sock.fileno() for sock in sockets]) as process:
            stack.close()  # they are nginx's now: if it ends, they refuse connections
            yield Nginx(process, ports)


@contextmanager
def _run(folder: Path, inherited: list[int]) -> Iterator[subprocess.Popen]:
    log = folder / "error.log"
    command = [
        ROOT / "tools" / "peer",
        "nginx",
        "-p",
        folder,
        "-e",
        log,
        "-c",
        folder / "nginx.conf",
    ]
    environment = dict(os.environ, NGINX="".join("%d;" % each for each in inherited))
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, pass_fds=inherited, stdout=output, stderr=output
        )
    try:
        yield process
        ended = process.poll()
        words = (folder / "output.log").read_text() + (log.read_text() if log.exists() else "")
        assert ended is None, words
    finally:
        process.terminate()
        process.wait(10)
