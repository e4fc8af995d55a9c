"""The device's HTTPS client under Unix MicroPython against real TLS servers: what is delivered, and what is refused.

Nothing may leave the device before the server has been verified, and every refusal has a sentence of its own.
"""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tls_peer
from pki import Authority, Pair, self_signed
from tls_peer import Peer, server_context

ROOT = Path(__file__).resolve().parent.parent.parent
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]
BODY = '{"autopid_data":{"SPEED":5}}'


def days(count: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=count)


class Device:
    """A file system with cert sets, and the probe that runs on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.build: tuple[str, ...] = ()

    def add_set(self, name: str, ca: bytes, pair: Pair | None = None) -> None:
        folder = self.root / "certs" / name
        folder.mkdir(parents=True)
        (folder / "ca.pem").write_bytes(ca)
        if pair is not None:
            pair.write(folder, "client.crt", "client.key")

    def post(self, port: int, certset: str = "good", **plan: object) -> list[dict]:
        """Sends requests in one process and returns their outcomes."""
        plan = {"requests": 1, "deadline": 5000, "body": BODY, "times": 1, "name": None, **plan}
        plan = {"root": str(self.root), "set": certset, "host": "127.0.0.1", "port": port, **plan}
        command = [ROOT / "tools" / "micropython", *self.build]
        command += [ROOT / "tests" / "device" / "https_probe.py", json.dumps(plan)]
        environment = dict(
            os.environ, MICROPYPATH=f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen"
        )
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Garage CA")


@pytest.fixture(scope="module")
def rsa_authority() -> Authority:
    return Authority("RSA CA", kind="rsa")


@pytest.fixture(scope="module")
def device(
    authority: Authority, rsa_authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Device:
    device = Device(tmp_path_factory.mktemp("device"))
    device.add_set("good", authority.pem)
    device.add_set("rsa", rsa_authority.pem)
    device.add_set("other", Authority("Other CA").pem)
    device.add_set("mutual", authority.pem, authority.client("wican"))
    device.add_set("stranger", authority.pem, Authority("Third CA").client("wican"))
    return device


@pytest.fixture(params=BUILDS, ids=lambda build: "32" if build else "64")
def any_build(device: Device, request: pytest.FixtureRequest) -> Device:
    device.build = request.param
    yield device
    device.build = ()


@pytest.fixture(params=[True, False], ids=["tls1.2", "newest"])
def tls12(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.mark.parametrize("name", [None, "localhost"])
def test_a_document_is_delivered_to_a_verified_server(any_build, authority, tmp_path, tls12, name):
    context = server_context(tmp_path, authority.server("localhost", "127.0.0.1"), tls12)
    with Peer(tls_peer.answer, context) as peer:
        [outcome] = any_build.post(peer.port, name=name)
    assert (outcome["status"], outcome["body"]) == (200, "ok")
    assert peer.received.startswith(b"POST /in?a=b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % peer.port)
    assert peer.received.endswith(b"\r\n\r\n" + BODY.encode())


def test_an_intermediate_authority_is_followed(device, authority, tmp_path):
    pair = authority.intermediate("Workshop CA").server("127.0.0.1")
    with Peer(tls_peer.answer, server_context(tmp_path, pair, True)) as peer:
        [outcome] = device.post(peer.port)
    assert outcome["status"] == 200


@pytest.mark.parametrize(
    ("kind", "tls12"),
    [("ec", True), ("rsa", True), ("rsa", False)],
)
def test_rsa_authorities_are_trusted(any_build, rsa_authority, tmp_path, kind, tls12):
    context = server_context(tmp_path, rsa_authority.server("127.0.0.1", kind=kind), tls12)
    with Peer(tls_peer.answer, context) as peer:
        [outcome] = any_build.post(peer.port, "rsa")
    assert outcome["status"] == 200


def test_large_bodies_arrive_whole(any_build, authority, tmp_path, tls12):
    context = server_context(tmp_path, authority.server("127.0.0.1"), tls12)
    with Peer(tls_peer.answer, context) as peer:
        outcomes = any_build.post(peer.port, body="x", times=50_000, requests=2)
    assert [outcome["status"] for outcome in outcomes] == [200, 200]
    assert peer.received.count(b"x") == 100_000


def refusals(authority: Authority) -> list[tuple[str, str, Pair, str]]:
    """Case, cert set, the server's pair, what the sentence says."""
    return [
        ("wrong CA", "other", authority.server("127.0.0.1"), "from Garage CA, which the cert set"),
        ("wrong name", "good", authority.server("a.example"), "for a.example, not for 127.0.0.1."),
        (
            "expired",
            "good",
            authority.server("127.0.0.1", not_before=days(-9), not_after=days(-3)),
            "expired on " + days(-3).date().isoformat(),
        ),
        (
            "not yet valid",
            "good",
            authority.server("127.0.0.1", not_before=days(3)),
            "not valid before " + days(3).date().isoformat(),
        ),
        ("self-signed", "good", self_signed("127.0.0.1"), "signed by itself"),
    ]


def test_servers_that_cannot_be_verified_get_nothing(any_build, authority, tmp_path, tls12):
    sentences = []
    for case, certset, pair, expected in refusals(authority):
        with Peer(tls_peer.answer, server_context(tmp_path, pair, tls12)) as peer:
            [outcome] = any_build.post(peer.port, certset)
        assert outcome.get("stage") == "tls", case
        assert expected in outcome["cause"], case
        assert outcome["advice"], case
        assert peer.received == b"", case
        sentences.append(outcome["cause"])
    assert len(set(sentences)) == len(sentences)


def test_a_chain_without_its_intermediate_is_refused(device, authority, tmp_path):
    pair = authority.intermediate("Workshop CA").server("127.0.0.1")
    leaf = pair.cert_pem.partition(b"-----END CERTIFICATE-----\n")
    alone = Pair(leaf[0] + leaf[1], pair.key_pem)
    with Peer(tls_peer.answer, server_context(tmp_path, alone, True)) as peer:
        [outcome] = device.post(peer.port)
    assert "from Workshop CA, which" in outcome["cause"]
    assert peer.received == b""


def test_plain_http_on_the_port_is_named(any_build):
    with Peer(tls_peer.speak_plain_http, None) as peer:
        [outcome] = any_build.post(peer.port)
    assert outcome["stage"] == "tls"
    assert "does not speak TLS" in outcome["cause"]
    assert "443" in outcome["advice"] and "8883" in outcome["advice"]


@pytest.mark.parametrize(
    ("certset", "expected"),
    [("good", "asks for a client certificate"), ("stranger", "refused this device's client")],
)
def test_a_server_that_wants_another_client_certificate_gets_nothing(
    any_build, authority, tmp_path, tls12, certset, expected
):
    pair = authority.server("127.0.0.1")
    with Peer(tls_peer.answer, server_context(tmp_path, pair, tls12, authority.pem)) as peer:
        [outcome] = any_build.post(peer.port, certset)
    assert outcome["stage"] == "tls"
    assert expected in outcome["cause"]
    assert peer.received == b""


def test_the_client_certificate_of_the_set_is_shown(any_build, authority, tmp_path, tls12):
    pair = authority.server("127.0.0.1")
    with Peer(tls_peer.answer, server_context(tmp_path, pair, tls12, authority.pem)) as peer:
        [outcome] = any_build.post(peer.port, "mutual")
    assert outcome["status"] == 200


def test_a_server_that_never_shakes_hands_is_given_up_at_the_deadline(device):
    with Peer(tls_peer.say_nothing, None) as peer:
        [outcome] = device.post(peer.port, deadline=300)
    assert outcome["stage"] == "tls"
    assert outcome["cause"] == "127.0.0.1 did not finish the TLS handshake within 300 ms."


def test_a_server_that_never_answers_is_given_up_at_the_deadline(device, authority, tmp_path):
    context = server_context(tmp_path, authority.server("127.0.0.1"), True)
    with Peer(tls_peer.read_and_say_nothing, context) as peer:
        [outcome] = device.post(
            peer.port, deadline=2500
        )  # a busy computer needs some of it for the handshake
    assert outcome["stage"] == "status"
    assert outcome["cause"] == "127.0.0.1 did not answer within 2500 ms."


def test_a_port_that_nobody_listens_on_is_a_connect_error(any_build):
    with Peer(tls_peer.answer, None) as peer:
        port = peer.port
    [outcome] = any_build.post(port)
    assert outcome["stage"] == "connect"
    assert outcome["cause"] == f"127.0.0.1 refused the connection on port {port}."


def test_a_name_that_does_not_exist_is_a_dns_error(device):
    [outcome] = device.post(443, host="no-such-host.invalid", deadline=15000)
    assert outcome["stage"] == "dns"
    assert outcome["cause"] == "The name no-such-host.invalid could not be looked up."


def test_a_reply_that_ends_in_the_middle_is_a_body_error(any_build, authority, tmp_path):
    context = server_context(tmp_path, authority.server("127.0.0.1"), True)
    with Peer(tls_peer.close_in_the_middle_of_the_body, context) as peer:
        [outcome] = any_build.post(peer.port)
    assert (outcome["stage"], outcome["status"]) == ("body", 200)
    assert "in the middle of its reply" in outcome["cause"]


def test_a_cut_under_a_large_body_is_not_blamed_on_the_certificate(
    any_build, authority, tmp_path, tls12
):
    context = server_context(tmp_path, authority.server("127.0.0.1"), tls12)
    with Peer(tls_peer.refuse_before_the_body, context) as peer:
        [outcome] = any_build.post(peer.port, body="x", times=20_000)
    if outcome["status"] != 413:  # whether the reply survives the cut is up to the system
        assert outcome["stage"] in ("write", "status")
        assert "broke" in outcome["cause"]


def test_requests_share_one_handshake(any_build, authority, tmp_path, tls12):
    context = server_context(tmp_path, authority.server("127.0.0.1"), tls12)
    with Peer(tls_peer.answer, context) as peer:
        outcomes = any_build.post(peer.port, requests=10)
    assert [outcome["status"] for outcome in outcomes] == [200] * 10
    assert peer.handshakes == outcomes[-1]["handshakes"] == 1


def test_a_connection_the_server_closed_is_opened_again(any_build, authority, tmp_path, tls12):
    context = server_context(tmp_path, authority.server("127.0.0.1"), tls12)
    with Peer(tls_peer.answer_once_then_close, context) as peer:
        outcomes = any_build.post(peer.port, requests=3)
    assert [outcome["status"] for outcome in outcomes] == [200] * 3
    assert peer.handshakes == 3


def test_a_request_lost_with_a_kept_connection_is_sent_once_more(any_build, authority, tmp_path):
    context = server_context(tmp_path, authority.server("127.0.0.1"), True)
    with Peer(tls_peer.close_at_second_request, context) as peer:
        outcomes = any_build.post(peer.port, requests=2)
    assert [outcome["status"] for outcome in outcomes] == [200, 200]
    assert outcomes[-1]["retries"] == 1
    assert peer.received.count(b"POST ") == 3


def test_a_request_that_was_being_answered_is_not_sent_again(any_build, authority, tmp_path):
    context = server_context(tmp_path, authority.server("127.0.0.1"), True)
    with Peer(tls_peer.begin_to_answer_second_request, context) as peer:
        outcomes = any_build.post(peer.port, requests=2)
    assert outcomes[1]["stage"] == "status"
    assert outcomes[1]["retries"] == 0
    assert peer.received.count(b"POST ") == 2
