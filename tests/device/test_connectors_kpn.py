"""KPN Things, from the car's values to a receiver that verifies the token: three attempts, then the next document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import Kpn
from connectors import BUILDS, NAME, Stage, name_of, secure_peer, staged
from delivery.vectors import VECTORS
from tls_peer import answer

SECRET = next(inputs[1] for name, _, inputs, _ in VECTORS if name == "kpn_1b")
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
HASTY = {"timeouts_s": [10, 10, 3]}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        expect(stage)
        yield stage


def expect(stage: Stage) -> None:
    """Has the receiver refuse what is not signed."""
    stage.behaviour.verify, stage.behaviour.refuse = [Kpn(SECRET)], 401


def destination(stage: Stage, **changes: object) -> dict:
    sign = {"secret": SECRET, **changes.pop("sign", {})}
    select = {"include": ["ENGINE_RPM", "SPEED"]}
    return stage.destination("kpn_things", sign=sign, select=select, **changes)


def ids(stage: Stage) -> list[str | None]:
    return [each.header("X-Message-Id") for each in stage.documents]


@pytest.mark.parametrize("build", BUILDS, ids=name_of)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_document_is_senml_with_a_token_over_what_is_sent(stage, method, build):
    stage.build = build
    header = {"name": "Test-header", "value": "Hello world"}
    chosen = destination(
        stage, method=method, headers=[header], url=f"https://{NAME}:443/thingsdata?v=1"
    )
    with stage.device(chosen) as device:
        state = device.values()
        [document] = stage.documents
        plug = stage.settings()["sign"]["plug_uuid"]
    assert document.verdict == "ok" and (state["state"], state["queued"]) == ("ok", 0)
    assert (document.method, document.path_qs) == (method, "/thingsdata?v=1")
    assert re.fullmatch(
        r'\[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":\d{10},"n":"ENGINE_RPM","u":"1/min","v":4147},'
        r'{"n":"SPEED","u":"km/h","v":0}\]',
        document.body.decode(),
    )
    assert document.header("Host") == NAME
    assert document.header("Content-Type") == "application/json"
    assert document.header("Test-header") == "Hello world"
    assert document.header("Things-Plug-UUID") == plug and re.fullmatch(UUID, plug)


def test_a_wrong_secret_is_the_receivers_to_find(stage):
    stage.behaviour.verify, stage.behaviour.refuse = [Kpn(SECRET[:-1] + "y")], None
    with stage.device(destination(stage)) as device:
        device.values()
    assert "another secret was used" in stage.documents[0].verdict


def test_the_connection_keeps_its_name_whatever_else_changes(stage):
    with stage.device(destination(stage)) as device:
        device.values()
        plug = stage.settings()["sign"]["plug_uuid"]
        stage.behaviour.verify = [Kpn(SECRET, plug)]
        changed = {**stage.settings(), "url": f"https://{NAME}/elsewhere", "cycle_ms": 30_000}
        assert device.save(destinations=[changed]) == []
        device.skip(60)
    with stage.device() as device:
        device.values()
    assert len(stage.documents) >= 3 and stage.documents[-2].path_qs == "/elsewhere"
    assert {each.verdict for each in stage.documents} == {"ok"}
    assert {each.header("Things-Plug-UUID") for each in stage.documents} == {plug}


@pytest.mark.parametrize("status", [500, 404, 401, 302])
def test_whatever_is_no_2xx_gets_three_attempts_and_then_the_next_document_goes(stage, status):
    stage.behaviour.status = status
    with stage.device(destination(stage)) as device:
        device.values()
        device.skip(8)  # the first wait is 5 s, 15 % more or less
        assert len(stage.documents) == 2
        device.skip(14)  # and the second one twice that
        assert len(stage.documents) == 3
        state = device.skip(30)
        assert len(stage.documents) == 3 and state["queued"] == 0
        stage.behaviour.status = 200
        state = device.skip(20)
    first, second, third, following = ids(stage)
    assert first == second == third != following
    assert len({each.body for each in stage.documents[:3]}) == 1
    assert {each.verdict for each in stage.documents} == {"ok"}
    assert (state["state"], state["queued"], state["failed"], state["delivered"]) == (
        "ok",
        0,
        3,
        1,
    )


def test_a_reset_an_error_and_silence_are_three_attempts_as_well(tmp_path):
    with staged(tmp_path, relayed=True) as stage:
        expect(stage)
        stage.on_received = lambda _: stage.relay.reset()
        with stage.device(destination(stage, retry=HASTY)) as device:
            device.values()
            stage.on_received, stage.behaviour.status = None, 500
            device.skip(8)
            stage.on_received = lambda _: stage.relay.hush()
            state = device.skip(14)
            stage.on_received, stage.behaviour.status = None, 200
            assert len(stage.documents) == 3 and state["queued"] == 0
            state = device.skip(50)
    first, second, third, following = ids(stage)
    assert first == second == third != following
    reset, error, silent, delivered = state["attempts"]
    assert "ECONNRESET" in reset["cause"] and error["status"] == 500
    assert "3 s" in silent["cause"] and delivered["ok"]


def test_another_2xx_than_expected_is_a_delivery_with_a_remark(stage):
    stage.behaviour.status = 201
    with stage.device(destination(stage)) as device:
        state = device.values()
    [attempt] = state["attempts"]
    assert (attempt["ok"], attempt["status"], state["queued"], state["failed"]) == (
        True,
        201,
        0,
        0,
    )
    assert "though not with 200 as expected" in attempt["cause"] and attempt["advice"]
    assert len(stage.documents) == 1


@pytest.mark.parametrize(
    ("suite", "policy", "is_taken"),
    [
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "kpn", True),
        ("ECDHE-ECDSA-AES128-SHA256", "kpn", True),
        ("ECDHE-ECDSA-AES128-SHA", "kpn", False),
        ("ECDHE-ECDSA-AES128-SHA", "default", True),
        ("ECDHE-ECDSA-AES128-SHA256", "strict", False),
    ],
)
def test_only_cipher_suites_of_the_policy_are_agreed_on(stage, suite, policy, is_taken):
    with secure_peer(stage, answer, suite) as (peer, _):
        transport = {"connect_to": f"127.0.0.1:{peer.port}"}
        chosen = destination(stage, tls={"ciphers": policy}, transport=transport)
        with stage.device(chosen) as device:
            state = device.values()
    assert (state["state"] == "ok", peer.handshakes > 0, peer.received != b"") == (is_taken,) * 3
    assert state["attempts"][0]["stage"] == ("body" if is_taken else "tls")


def test_a_device_on_the_internet_names_itself_as_kpn_does(stage):
    secret = "0123456789abcdefghijABCDEFGHIJ"
    stage.behaviour.verify = [Kpn(secret)]
    name = "urn:dev:IMEI:[IMEI]:"
    url = f"https://{NAME}/ingestion/ip/senml/v1"
    chosen = stage.destination(
        "kpn_things_ip", url=url, sign={"secret": secret}, body={"base_name": name}
    )
    with stage.device(chosen, ids={"imei": "353785725680796"}) as device:
        state = device.values()
    [document] = stage.documents
    assert (document.verdict, document.path_qs) == ("ok", "/ingestion/ip/senml/v1")
    assert document.json[0]["bn"] == "urn:dev:IMEI:353785725680796:" and b" " not in document.body
    assert (state["state"], state["queued"]) == ("ok", 0)


def test_what_kpn_would_not_take_is_refused_where_it_is_entered(stage):
    refused = [
        ({"url": f"https://{NAME}:8443/in"}, "url", "port_not_allowed"),
        ({"method": "PUT"}, "method", "choice"),
        ({"headers": [{"name": "X Y", "value": "1"}]}, "headers[0].name", "header_name_space"),
        (
            {"headers": [{"name": "Things-Plug-UUID", "value": "1"}]},
            "headers[0].name",
            "header_forbidden",
        ),
        ({"sign": {"secret": SECRET[:29]}}, "sign.secret", "secret_too_short"),
    ]
    with stage.device() as device:
        for changes, place, code in refused:
            problems = device.save(destinations=[destination(stage, **changes)])
            found = [(problem["field"], problem["code"]) for problem in problems]
            assert (f"destinations[0].{place}", code) in found, changes
    assert stage.documents == []
