"""A connector in the network, as Onomondo has them: who is called, what stands in Host, and bare documents over TCP."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from connectors import DAY_MS, NAME, Stage, secure_peer, staged
from tls_peer import Peer, answer

HINT = "enter its name as transport.host_header"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


class Documents:
    """What a server does that only listens; `refused` connections are reset as soon as something has come."""

    def __init__(self, refused: int = 0) -> None:
        self.refused = refused
        self.data: list[bytes] = []
        self._more = threading.Condition()

    def __call__(self, peer: Peer, connection: socket.socket) -> None:
        connection.settimeout(None)
        mine = len(self.data)
        self.data.append(b"")
        while piece := connection.recv(65536):
            with self._more:
                self.data[mine] += piece
                self._more.notify_all()
            if mine < self.refused:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return

    def wait_for(self, count: int, take: Callable[[bytes], list[bytes]]) -> list[bytes]:
        """The documents on the latest connection, at least so many."""
        with self._more:
            assert self._more.wait_for(lambda: len(take(self.data[-1])) >= count, 20), self.data
            return take(self.data[-1])


def lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")[:-1]


def with_lengths(data: bytes) -> list[bytes]:
    """Two bytes of length in front of each."""
    found = []
    while len(data) >= 2 and len(data) >= 2 + int.from_bytes(data[:2], "big"):
        end = 2 + int.from_bytes(data[:2], "big")
        found.append(data[2:end])
        data = data[end:]
    return found


def host_of(peer: Peer) -> str:
    """The field Host of the first request."""
    fields = peer.received.decode().split("\r\n")
    return next(each.partition(": ")[2] for each in fields if each.startswith("Host: "))


@pytest.mark.parametrize(
    ("url", "transport", "host"),
    [
        ("http://{here}/in", {"connect_to": ""}, "{here}"),
        (
            "http://{here}/in",
            {"connect_to": "", "host_header": "api.example.com"},
            "api.example.com",
        ),
        ("http://api.example.com/in", {"connect_to": "{here}"}, "api.example.com"),
        ("http://api.example.com:8080/in", {"connect_to": "{here}"}, "api.example.com:8080"),
    ],
)
def test_a_connector_that_adds_tls_gets_the_right_host(stage, url, transport, host):
    with Peer(answer, None) as peer:
        here = f"127.0.0.1:{peer.port}"
        told = {name: text.format(here=here) for name, text in transport.items()}
        chosen = stage.destination("onomondo", url=url.format(here=here), transport=told)
        with stage.device(chosen) as device:
            state = device.values()
    assert state["state"] == "ok" and peer.received.startswith(b"POST /in HTTP/1.1\r\n")
    assert host_of(peer) == host.format(here=here)


@pytest.mark.parametrize(
    ("url", "transport", "host", "asked"),
    [
        (f"https://{NAME}/in", {"connect_to": "{here}"}, NAME, NAME),
        (f"https://{NAME}:8443/in", {"connect_to": "{here}"}, f"{NAME}:8443", NAME),
        (
            f"https://{NAME}/in",
            {"connect_to": "{here}", "host_header": "api.example.com"},
            "api.example.com",
            NAME,
        ),
        ("https://{here}/in", {"connect_to": ""}, "{here}", None),
    ],
)
def test_another_address_is_called_and_the_servers_own_name_is_asked_for(
    stage, url, transport, host, asked
):
    with secure_peer(stage, answer) as (peer, names):
        here = f"127.0.0.1:{peer.port}"
        told = {name: text.format(here=here) for name, text in transport.items()}
        chosen = stage.destination("onomondo", url=url.format(here=here), transport=told)
        with stage.device(chosen) as device:
            state = device.values()
    assert state["state"] == "ok", state
    assert host_of(peer) == host.format(here=here)
    assert asked is None or names == [asked]  # an address has no name to ask for


def test_a_connector_that_leads_to_another_server_gets_nothing(stage):
    with secure_peer(stage, answer) as (peer, names):
        transport = {"connect_to": f"127.0.0.1:{peer.port}"}
        chosen = stage.destination("onomondo", url="https://a.example/in", transport=transport)
        with stage.device(chosen) as device:
            state = device.values()
    assert (names, peer.received, state["queued"]) == (["a.example"], b"", 1)
    assert state["attempts"][0]["stage"] == "tls" and "certificate" in state["reason"]


@pytest.mark.parametrize("status", [402, 403, 404, 421])
def test_a_refusal_of_a_host_that_is_an_address_comes_with_a_hint(stage, status):
    here = f"127.0.0.1:{stage.port}"
    chosen = stage.destination(
        "onomondo", url=f"https://{here}/in", transport={"connect_to": ""}, cycle_ms=DAY_MS
    )
    named = {**chosen, "transport": {**chosen["transport"], "host_header": NAME}}
    stage.behaviour.status = status
    with stage.device(chosen) as device:
        device.values()
        refused = device.send()
        assert device.save(destinations=[named]) == []
        as_well = device.send()
    assert (refused["status"], as_well["status"]) == (status, status)
    assert HINT in refused["advice"] and HINT not in as_well["advice"]
    assert [stage.documents[0].header("Host"), stage.documents[-1].header("Host")] == [here, NAME]


@pytest.mark.parametrize(("framing", "take"), [("newline", lines), ("len16", with_lengths)])
def test_documents_go_over_bare_tls_one_after_the_other(stage, framing, take):
    documents = Documents()
    with secure_peer(stage, documents) as (peer, names):
        chosen = stage.destination(
            "onomondo",
            type="tcp",
            url=f"tls://{NAME}:4321",
            transport={"connect_to": f"127.0.0.1:{peer.port}", "framing": framing},
            body={"format": "flat", "boot": "never"},
        )
        with stage.device(chosen) as device:
            device.values()
            device.values(SPEED="88")
            state = device.skip(60)
            found = documents.wait_for(2, take)
    assert [json.loads(each)["SPEED"] for each in found] == [0, 88]
    assert all(json.loads(each)["ENGINE_RPM"] == 4147 for each in found)
    assert (state["delivered"], state["failed"], state["queued"]) == (2, 0, 0)
    assert (names, peer.connections) == ([NAME], 1)


def test_records_of_digital_matter_go_over_tcp_as_over_http(stage):
    documents = Documents()
    with secure_peer(stage, documents) as (peer, _):
        chosen = stage.destination(
            "digital_matter",
            type="tcp",
            url=f"tls://{NAME}:4321",
            transport={"connect_to": f"127.0.0.1:{peer.port}"},
        )
        with stage.device(chosen, ids={"serial": "123456"}) as device:
            device.values()
            state = device.skip(60)
            found = [json.loads(each) for each in documents.wait_for(2, lines)]
    assert [each["SerNo"] for each in found] == [123456, 123456] and state["queued"] == 0
    assert [each["Records"][0]["SeqNo"] for each in found] == [0, 1]


def test_a_server_that_breaks_off_gets_the_document_again(stage):
    documents = Documents(refused=1)
    with secure_peer(stage, documents) as (peer, _):
        chosen = stage.destination(
            "onomondo",
            type="tcp",
            url=f"tls://{NAME}:4321",
            transport={"connect_to": f"127.0.0.1:{peer.port}"},
            body={"format": "flat"},
            cycle_ms=DAY_MS,
        )
        with stage.device(chosen) as device:
            state = device.values()
            assert (state["queued"], state["failed"]) == (1, 1)
            state = device.skip(60)
            found = documents.wait_for(1, lines)
    assert (state["queued"], state["delivered"]) == (0, 1)
    assert lines(documents.data[0]) == found and len(found) == 1


def test_plain_addresses_have_to_be_allowed(stage):
    with stage.device() as device:
        for url, type in (("http://1.2.3.4/in", "https"), ("tcp://1.2.3.4:4321", "tcp")):
            chosen = stage.destination("onomondo", url=url, type=type)
            chosen["transport"]["allow_plain"] = False
            problems = device.save(destinations=[chosen])
            found = [(problem["field"], problem["code"]) for problem in problems]
            assert found == [("destinations[0].url", "plaintext_not_allowed")]
