"""Azure IoT Hub, from a pasted connection string to the hub that verifies every token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import AzureSas, Received
from connectors import BUILDS, NAME, Stage, name_of, staged
from delivery.vectors import VECTORS

KEY = next(inputs[1] for name, _, inputs, _ in VECTORS if name == "az_3")
PATH = "/devices/wican-7/messages/events?api-version=2021-04-12"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        stage.behaviour.status = 204
        stage.behaviour.verify, stage.behaviour.refuse = [AzureSas(KEY)], 401
        yield stage


def destination(stage: Stage, **auth: object) -> dict:
    """A device as its hub names it, and nothing else: the address comes with it."""
    string = f"HostName={NAME};DeviceId=wican-7;SharedAccessKey={KEY}"
    found = stage.destination("azure_iot_hub", auth={"connection": string, **auth})
    del found["url"]
    return found


def tokens(stage: Stage) -> list[str | None]:
    return [each.header("Authorization") for each in stage.documents]


@pytest.mark.parametrize("build", BUILDS, ids=name_of)
def test_a_connection_string_is_all_that_is_entered(stage, build):
    stage.build = build
    with stage.device(destination(stage)) as device:
        state = device.values()
        attempt = device.send()
    assert [each.verdict for each in stage.documents] == ["ok", "ok"]
    assert {each.path_qs for each in stage.documents} == {PATH}
    assert {each.header("Host") for each in stage.documents} == {NAME}
    assert (state["state"], state["failed"], state["queued"]) == ("ok", 0, 0)
    shown = json.dumps(stage.settings())
    assert KEY not in shown and "SharedAccessKey" not in shown
    token = tokens(stage)[1]
    assert token is not None and token not in attempt["request"] and attempt["ok"]


def test_a_token_is_kept_and_renewed_before_it_ends(stage):
    with stage.device(destination(stage, life_s=1000)) as device:
        device.values()
        device.date(700)
        device.skip(60)
        device.date(150)
        state = device.skip(60)
    first, same, renewed = tokens(stage)
    assert first == same != renewed
    assert [each.verdict for each in stage.documents] == ["ok"] * 3 and state["failed"] == 0


def test_a_token_that_is_refused_once_is_replaced_at_once(stage):
    def refuse_the_first(received: Received) -> None:
        stage.behaviour.status = 401 if received.header("Authorization") == old else 204

    with stage.device(destination(stage)) as device:
        device.values()
        [old] = tokens(stage)
        stage.on_received = refuse_the_first
        device.date(60)
        state = device.skip(60)
    first, refused, taken = stage.documents
    assert tokens(stage)[:2] == [old, old] and tokens(stage)[2] != old
    assert refused.body == taken.body and refused.header("X-Message-Id") == taken.header(
        "X-Message-Id"
    )
    assert (state["failed"], state["delivered"], state["state"]) == (0, 2, "ok")


def test_a_hub_that_refuses_every_token_is_asked_twice_and_then_left_alone(stage):
    stage.behaviour.status = 401
    with stage.device(destination(stage)) as device:
        state = device.values()
        assert len(stage.documents) == 2 and state["state"] == "paused"
        state = device.skip(600)
        assert len(stage.documents) == 2 and state["queued"] > 0
        device.skip(400)  # a quarter of an hour is over: one new token had its chance
        assert len(stage.documents) == 3
        stage.behaviour.status = 204
        state = device.skip(1000)
    assert (state["state"], state["queued"]) == ("ok", 0)


def test_a_wrong_key_is_the_receivers_to_find(stage):
    stage.behaviour.verify = [AzureSas("b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3Q=")]
    with stage.device(destination(stage)) as device:
        device.values()
    assert {each.verdict.partition(":")[0] for each in stage.documents} == {"azure_sas"}


def test_a_busy_hub_is_given_time_and_loses_nothing(stage):
    stage.behaviour.status, stage.behaviour.retry_after = 429, "50"
    with stage.device(destination(stage)) as device:
        device.values()
        state = device.skip(40)
        assert len(stage.documents) == 1 and state["queued"] == 1
        stage.behaviour.status = 204
        state = device.skip(40)
    assert state["queued"] == 0
    first, again, *_ = stage.documents
    assert first.body == again.body
