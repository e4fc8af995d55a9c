"""What the device makes of servers that people run: nginx, OpenSSL's own, and some that speak no TLS, or an old one."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tls_peer
from believers import (
    BODY,
    BUILDS,
    CLIENTS,
    EC,
    NAME,
    OTHER,
    PUBLIC_ISSUER,
    RSA,
    WORKSHOP,
    Case,
    make_device,
    post,
)
from peers.nginx import nginx
from pki import Pair
from tls_peer import Peer

ROOT = Path(__file__).resolve().parent.parent.parent
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("device")
    make_device(root)
    return root


@pytest.fixture(params=BUILDS, ids=lambda build: "32" if build else "64")
def build(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


class OpenSsl:
    """`openssl s_server`, for one connection; `seen` is what it tells of it, with what it got of the document."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self.seen = b""
        while not (found := re.search(rb"ACCEPT \S+:(\d+)\n", self.seen)):
            piece = process.stdout.read1()
            assert piece, self.seen
            self.seen += piece
        self.port = int(found[1])
        self._reader = threading.Thread(target=self._answer)
        self._reader.start()

    def _answer(self) -> None:
        """Answers when the document is whole."""
        while piece := self._process.stdout.read1():
            self.seen += piece
            if self.seen.endswith(BODY):
                self._process.stdin.write(OK)
                self._process.stdin.flush()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._reader.join(10)


@contextmanager
def s_server(folder: Path, pair: Pair, *options: str) -> Iterator[OpenSsl]:
    pair.write(folder, "server.crt", "server.key")
    (folder / "clients.pem").write_bytes(CLIENTS.pem)
    command = [ROOT / "tools" / "peer", "openssl", "s_server", "-accept", "127.0.0.1:0"]
    command += ["-cert", folder / "server.crt", "-cert_chain", folder / "server.crt"]
    command += ["-key", folder / "server.key", "-CAfile", folder / "clients.pem"]
    process = subprocess.Popen(
        [*command, "-naccept", "1", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    server = OpenSsl(process)
    try:
        yield server
    finally:
        server.end()


TOO_OLD = "no version or cipher in common"
WANTED = ("-Verify", "1", "-verify_return_error")


@pytest.mark.parametrize(
    ("name", "pair", "options"),
    [
        ("TLS 1.3 only", WORKSHOP.server(NAME), ["-tls1_3"]),
        ("TLS 1.2 only", WORKSHOP.server(NAME), ["-tls1_2"]),
        ("AES-128-GCM", EC.server(NAME), ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]),
        ("AES-256-GCM", RSA.server(NAME), ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"]),
        ("AES-CBC", RSA.server(NAME), ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"]),
        ("AES-CCM", EC.server(NAME), ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM"]),
        ("P-384 only", EC.server(NAME), ["-tls1_2", "-curves", "P-384"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_openssl_gets_documents_in_the_ways_it_can_be_set_up(
    device, build, tmp_path, name, pair, options
):
    with s_server(tmp_path, pair, *options) as server:
        outcome = post(device, build, server.port, Case(name, pair))
    assert outcome.get("status") == 200, (outcome, server.seen)


@pytest.mark.parametrize("options", [["-tls1_2"], ["-tls1_3"]], ids=["1.2", "1.3"])
def test_openssl_that_asks_for_a_client_certificate(device, build, tmp_path, options):
    pair = EC.server(NAME)
    for certset, says in (
        ("mutual", ""),
        ("mutual-chain", ""),
        ("own", "asks for a client certificate"),
        ("stranger", "refused this device's client certificate"),
    ):
        with s_server(tmp_path, pair, *WANTED, *options) as server:
            outcome = post(device, build, server.port, Case(certset, pair, certset=certset))
        if says:
            assert (outcome["stage"], says in outcome["cause"]) == ("tls", True), outcome
            assert b"POST" not in server.seen
        else:
            assert outcome.get("status") == 200, (certset, outcome)


@pytest.mark.parametrize(
    ("name", "pair", "options", "says"),
    [
        ("TLS 1.1", EC.server(NAME), ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], TOO_OLD),
        ("no common cipher", RSA.server(NAME), ["-tls1_2", "-cipher", "ADH@SECLEVEL=0"], TOO_OLD),
        ("an unknown root", OTHER.server(NAME), [], "from Other CA"),
        ("another name", EC.server("a.example"), [], f"not for {NAME}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_openssl_that_cannot_be_believed_gets_nothing(
    device, build, tmp_path, name, pair, options, says
):
    with s_server(tmp_path, pair, *options) as server:
        outcome = post(device, build, server.port, Case(name, pair))
    assert (outcome["stage"], says in outcome["cause"]) == ("tls", True), outcome
    assert outcome["advice"] and b"POST" not in server.seen


SITES = {
    "TLS 1.2": "ssl_protocols TLSv1.2;",
    "TLS 1.3": "ssl_protocols TLSv1.3;",
    "client": "ssl_verify_client on;",
}
ANSWER = "location / { return 200; }"


@pytest.mark.parametrize(
    ("authority", "certset", "says"),
    [
        (WORKSHOP, "own", ""),
        (PUBLIC_ISSUER, "default", ""),
        (OTHER, "own", "from Other CA"),
        (OTHER, "default", "no authority of the default bundle"),
    ],
    ids=["own", "default", "own-refused", "default-refused"],
)
def test_nginx_with_a_chain(device, build, tmp_path, authority, certset, says):
    sites = {name: own + ANSWER for name, own in SITES.items() if name != "client"}
    with nginx(tmp_path, authority, "", sites) as server:
        for port in server.ports.values():
            case = Case("nginx", authority.pair, certset=certset, plan={"name": None})
            outcome = post(device, build, port, case)
            assert says in outcome["cause"] if says else outcome.get("status") == 200, outcome


def test_a_server_that_breaks_off_the_handshake_and_one_that_speaks_no_tls(device, build):
    for serve, says in (
        (lambda peer, connection: connection.recv(1), "closed the connection during the TLS"),
        (tls_peer.speak_plain_http, "does not speak TLS on this port"),
    ):
        for certset in ("own", "default"):
            with Peer(serve, None) as peer:
                case = Case("rude", EC.server(NAME), certset=certset)
                outcome = post(device, build, peer.port, case)
            assert (outcome["stage"], says in outcome["cause"]) == ("tls", True), outcome


def test_a_document_is_not_sent_while_the_server_only_shows_its_certificates(
    device, build, tmp_path
):
    """The first of the two connections of the default bundle ends before anything is said."""
    pair = PUBLIC_ISSUER.server(NAME)
    with Peer(tls_peer.answer, tls_peer.server_context(tmp_path, pair, True)) as peer:
        outcome = post(device, build, peer.port, Case("twice", pair, certset="default"))
        remembered = outcome["remembered"]
        assert peer.received.count(BODY) == peer.handshakes == 1
        plan = {"remembered": remembered}
        post(device, build, peer.port, Case("once", pair, certset="default", plan=plan))
    assert peer.received.count(BODY) == peer.handshakes == 2
    assert peer.connections == 3
