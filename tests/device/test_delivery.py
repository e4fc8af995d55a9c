"""Destinations under Unix MicroPython, against the real collector."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from collector import Collector, background
from destinations import BUILDS, device, settings
from pki import Authority

VALUES = {"SPEED": "0", "FUEL": "62.35"}
CONFIG = {
    "SPEED": {"class": "speed", "unit": "km/h"},
    "FUEL": {"class": "none", "unit": "%"},
    "COOLANT_TMP": {"class": "temperature", "unit": "°C"},
}


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    with background(tmp_path / "pki") as running:
        yield running


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: "32" if build else "64")
def test_the_first_document_introduces_itself_and_all_use_one_connection(
    tmp_path, collector, build
):
    query = [{"key": "bus nr", "value": "7/ä&b"}]
    secrets = {"destinations.1.auth.token": "s3cret"}
    chosen = settings(collector.port, auth={"type": "bearer"}, query=query)
    with device(tmp_path, [chosen], build, secrets=secrets) as running:
        running.tell("values", VALUES)
        first, second, third = collector.wait(3, timeout=15)
        [state] = running.tell("report")
    telemetry = {"SPEED": 0, "FUEL": 62.35}
    status = {"fw_version": "1.0", "time_synced": True}
    assert first.json == {"autopid_data": telemetry, "config": CONFIG, "status": status}
    assert second.json == third.json == {"autopid_data": telemetry}
    for document in (first, second, third):
        compact = json.dumps(document.json, separators=(",", ":"), ensure_ascii=False)
        assert document.body == compact.encode()
        assert (document.method, document.path_qs) == ("POST", "/in?v=1&bus%20nr=7%2F%C3%A4%26b")
        assert document.header("Host") == f"localhost:{collector.port}"
        assert document.header("User-Agent") == "ESP32 WiCAN/1.0"
        assert document.header("Content-Type") == "application/json"
        assert document.header("Authorization") == "Bearer s3cret"
    assert collector.connections == 1
    assert 0.3 < second.at - first.at < 5 and 0.3 < third.at - second.at < 5
    assert (state["failed"], state["coalesced"], state["reason"]) == (0, 0, "")
    assert "s3cret" not in json.dumps(state)


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_dead_servers_delay_no_living_one(tmp_path, collector):
    with silent_server() as silent:
        chosen = [
            settings(silent),
            settings(closed_port(), id=2),
            settings(collector.port, id=3),
        ]
        with device(tmp_path, chosen) as running:
            running.tell("values", VALUES)
            documents = collector.wait(4, timeout=15)
            mute, refused, living = running.tell("report")
    gaps = [after.at - before.at for before, after in zip(documents, documents[1:])]
    assert all(gap < 5 for gap in gaps), gaps  # the mute one hangs for longer
    assert (living["failed"], mute["delivered"], mute["state"]) == (0, 0, "sending")
    assert refused["failed"] >= 1 and "refused the connection" in refused["attempts"][0]["cause"]


def test_servers_that_never_shake_hands_delay_no_handshake(tmp_path, collector):
    with ExitStack() as servers:
        silent = [servers.enter_context(silent_server()) for _ in range(5)]
        # Staggered starts: those with smaller numbers are all waiting for their servers by then.
        chosen = [settings(port, id=1 + index) for index, port in enumerate(silent)]
        with device(tmp_path, [*chosen, settings(collector.port, id=6)]) as running:
            running.tell("values", VALUES)
            collector.wait(1, timeout=15)
            *mute, living = running.tell("report")
            while not living["delivered"]:
                *mute, living = running.tell("report")
    assert [state["state"] for state in mute] == ["sending"] * 5
    assert living["attempts"][0]["latency_ms"] < 2400  # less than half a second for each of them


def test_a_new_address_need_not_wait_for_a_server_that_hangs(tmp_path, collector):
    with silent_server() as silent, device(tmp_path, [settings(silent)]) as running:
        [state] = running.tell("values", VALUES)
        while state["state"] != "sending":
            [state] = running.tell("report")
        running.tell("apply", [settings(collector.port)], True)
        [first, *_] = collector.wait(2, timeout=4)
        [state] = running.tell("report")
    assert "config" in first.json and state["failed"] == 0


def test_after_a_server_error_delivery_goes_on_and_config_is_not_lost(tmp_path, collector):
    collector.behaviour.status = 503
    with device(tmp_path, [settings(collector.port)]) as running:
        running.tell("values", VALUES)
        collector.wait(1, timeout=10)
        collector.behaviour.status = 200
        failed, delivered, later = collector.wait(3, timeout=10)
        [state] = running.tell("report")
    assert "config" in failed.json and "config" in delivered.json and "config" not in later.json
    assert (state["failed"], state["reason"]) == (1, "")
    first = state["attempts"][0]
    assert (first["stage"], first["status"]) == ("status", 503)
    assert "overloaded" in first["cause"] and first["advice"]


def test_nothing_is_sent_without_grouping_and_switching_it_on_needs_no_restart(
    tmp_path, collector
):
    chosen = [settings(collector.port)]
    with device(tmp_path, chosen, grouping=False) as running:
        [state] = running.tell("values", VALUES)
        assert state["state"] == "grouping_off" and "Grouping" in state["reason"]
        assert collector.connections == 0
        running.tell("apply", chosen, True)
        collector.wait(1, timeout=10)
        [state] = running.tell("apply", chosen, False)
        assert state["state"] == "grouping_off"


def test_a_redirect_is_not_followed(tmp_path, collector):
    elsewhere = f"https://localhost:{collector.port}/elsewhere?token=s3cret"
    collector.behaviour.status = 307
    collector.behaviour.headers = [("Location", elsewhere)]
    with device(tmp_path, [settings(collector.port)]) as running:
        running.tell("values", VALUES)
        documents = collector.wait(2, timeout=10)
        [state] = running.tell("report")
    assert {document.path_qs for document in documents} == {"/in?v=1"}
    cause = state["attempts"][0]["cause"]
    assert f"to https://localhost:{collector.port} (307)" in cause
    assert "s3cret" not in json.dumps(state)


def test_a_server_that_cannot_be_verified_gets_nothing(tmp_path, collector):
    other = tmp_path / "certs" / "other"
    Authority("Other CA").write(other)
    wrong = settings(collector.port, cert_set="other")
    unknown = settings(collector.port, id=2, cert_set="nowhere")
    with device(tmp_path, [wrong, unknown]) as running:
        states = running.tell("values", VALUES)
        while not all(state["failed"] for state in states):
            states = running.tell("report")
    assert [state["attempts"][0]["stage"] for state in states] == ["tls", "settings"]
    assert "does not trust" in states[0]["reason"] and "nowhere" in states[1]["reason"]
    assert collector.total == 0
