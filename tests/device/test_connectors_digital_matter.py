"""Digital Matter's connector, from the car's values to the receiver: a record is the device's until it is confirmed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import Basic, Received
from connectors import BUILDS, DAY_MS, NAME, Stage, name_of, staged
from delivery.vectors import VECTORS

VECTOR = next(inputs[0] for name, _, inputs, _ in VECTORS if name == "dm_body")
FILLED = next(expected for name, _, _, expected in VECTORS if name == "dm_dyn_1")
IDS = {"serial": "123456", "imei": "353785725680796", "iccid": "89462046033000000000"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


def numbers(documents: list[Received]) -> list[list[int]]:
    """SeqNo of the records of each request."""
    return [[record["SeqNo"] for record in each.json["Records"]] for each in documents]


@pytest.mark.parametrize("build", BUILDS, ids=name_of)
def test_the_document_is_that_of_the_vector(stage, build):
    stage.build = build
    chosen = stage.destination("digital_matter", body={"product": 87})
    with stage.device(chosen, ids=IDS) as device:
        device.values()
    [document] = stage.documents
    changing = {"SeqNo": r"\d+", "DateUTC": r'"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"', "FW": '"[^"]+"'}
    pattern = re.escape(VECTOR)
    for name, form in changing.items():
        pattern = re.sub(
            rf'"{name}":("[^"]*"|\d+)', lambda _, n=name, f=form: f'"{n}":{f}', pattern
        )
    assert re.fullmatch(pattern, document.body.decode()), document.body
    assert (document.method, document.path_qs) == ("POST", "/in")
    assert document.header("Content-Type") == "application/json"
    assert document.header("Host") == NAME


def test_fields_are_filled_in_wherever_they_stand(stage):
    chosen = stage.destination(
        "digital_matter",
        url=f"https://{NAME}/in/[SERIAL]?a=[CUSTOM1]",
        query=[{"key": "imei", "value": "[IMEI]"}],
        headers=[
            {"name": "X-Asset", "value": "[CUSTOM1]"},
            {"name": "X-Sim", "value": "sim [ICCID]"},
            {"name": "Authorization", "value": "[CUSTOM3]"},
        ],
    )
    ids = {**IDS, "custom1": "bus 7/ä", "custom3": "SharedAccessSignature sr=a&sig=b%3D&se=1"}
    with stage.device(chosen, ids=ids) as device:
        device.values()
        attempt = device.send()
    first, again = stage.documents
    assert (
        first.path_qs == again.path_qs == FILLED.partition("h.example")[2] + "&imei=" + IDS["imei"]
    )
    assert first.header("X-Asset") == "bus 7/ä"
    assert first.header("X-Sim") == "sim " + IDS["iccid"]
    assert first.header("Authorization") == ids["custom3"]
    assert ids["custom3"] not in attempt["request"] and "Authorization: ***" in attempt["request"]


def test_an_empty_field_keeps_everything_here_until_it_is_entered(stage):
    header = {"name": "X-Asset", "value": "[CUSTOM1]"}
    with stage.device(stage.destination("digital_matter", headers=[header])) as device:
        device.values()
        state = device.skip(60)
        assert "[CUSTOM1] is used, but it is empty" in state["reason"] and state["queued"] > 0
        assert stage.documents == []
        assert device.save(ids={"custom1": "bus 7"}) == []
        state = device.skip(60)
        assert state["queued"] == 0
    sent = [number for each in numbers(stage.documents) for number in each]
    assert sent == list(range(len(sent))) and len(sent) >= 2
    assert {each.header("X-Asset") for each in stage.documents} == {"bus 7"}


def test_fields_that_do_not_exist_and_headers_of_two_lines_are_refused(stage):
    with stage.device() as device:
        for header, code in (
            ({"name": "X-Asset", "value": "[CUSTOM4]"}, "unknown_field"),
            ({"name": "X-Asset", "value": "a\r\nX-Other: b"}, "characters"),
        ):
            wrong = stage.destination("digital_matter", headers=[header])
            problems = device.save(destinations=[wrong])
            found = [(problem["field"], problem["code"]) for problem in problems]
            assert found == [("destinations[0].headers[0].value", code)]


def test_a_field_of_two_lines_is_refused_before_it_could_become_a_header(stage):
    with stage.device() as device:
        problems = device.save(ids={"custom1": "a\r\nX-Other: b"})
    assert [(problem["field"], problem["code"]) for problem in problems] == [
        ("ids.custom1", "characters")
    ]


def test_a_record_says_why_it_was_made(stage):
    chosen = stage.destination("digital_matter", events={"ignition": True}, cycle_ms=0)
    with stage.device(chosen) as device:
        device.values()
        device.values(IGNITION="off")
        device.values(IGNITION="on")
    records = [each.json["Records"][0] for each in stage.documents]
    assert [record["Reason"] for record in records] == [1, 2, 1]
    assert [record["Fields"][0]["DIn"] for record in records] == [1, 0, 1]


def test_a_record_is_sent_until_it_is_confirmed_and_before_those_after_it(stage):
    stage.behaviour.status = 500
    with stage.device(stage.destination("digital_matter")) as device:
        device.values()
        device.skip(60)
        stage.behaviour.status = 200
        state = device.skip(60)
    assert numbers(stage.documents) == [[0], [0], [0], [1, 2]]
    first, second, third, _ = stage.documents
    assert first.body == second.body == third.body
    assert first.header("X-Message-Id") == third.header("X-Message-Id")
    assert (state["queued"], state["dead"], state["dropped"], state["state"]) == (0, 0, 0, "ok")


def test_a_reset_and_a_silent_server_cost_no_record(tmp_path):
    with staged(tmp_path, relayed=True) as stage:
        stage.on_received = lambda _: stage.relay.reset()
        chosen = stage.destination(
            "digital_matter", cycle_ms=DAY_MS, retry={"timeouts_s": [10, 3]}
        )
        with stage.device(chosen) as device:
            device.values()
            stage.on_received = lambda _: stage.relay.hush()
            state = device.skip(60)
            stage.on_received = None
            assert state["queued"] == 1
            state = device.skip(60)
    bodies = [each.body for each in stage.documents]
    assert len(bodies) == 3 and len(set(bodies)) == 1 and state["queued"] == 0
    reset, silent, delivered = state["attempts"]
    assert (reset["stage"], silent["stage"], delivered["ok"]) == ("status", "status", True)
    assert "ECONNRESET" in reset["cause"] and "3 s" in silent["cause"]


def test_only_four_statuses_confirm_a_record(stage):
    with stage.device(stage.destination("digital_matter")) as device:
        for count, status in enumerate((200, 201, 202, 204)):
            stage.behaviour.status = status
            state = device.skip(60) if count else device.values()
            assert (state["queued"], state["delivered"], state["failed"]) == (0, count + 1, 0)
        for count, status in enumerate((203, 206, 307, 400), 1):
            stage.behaviour.status = status
            state = device.skip(60)
            if status == 203:
                assert "203, which does not count as a delivery" in state["reason"]
            if status != 400:
                assert (state["queued"], state["dead"], state["failed"]) == (count, 0, count)


def test_a_strict_receiver_confirms_with_200_only(stage):
    stage.behaviour.status = 201
    chosen = stage.destination("digital_matter", success={"accept": [200]}, cycle_ms=DAY_MS)
    with stage.device(chosen) as device:
        assert device.values()["queued"] == 1
        stage.behaviour.status = 200
        assert device.skip(60)["queued"] == 0
    assert numbers(stage.documents) == [[0], [0]]


def test_a_poison_record_is_put_aside_and_the_others_arrive_in_order(stage):
    stage.behaviour.status = 500
    arrived: list[int] = []

    def judge(received: Received) -> None:
        found = numbers([received])[0]
        stage.behaviour.status = 400 if 2 in found else 200
        arrived.extend([] if 2 in found else found)

    with stage.device(stage.destination("digital_matter")) as device:
        device.values()
        for _ in range(3):  # a fifth failure would open the fuse
            assert device.skip(60)["dead"] == 0
        stage.on_received = judge
        state = device.skip(60)
        letters = json.loads(device.get("/api/v1/destinations/1/dead"))
    assert (state["queued"], state["dead"], state["dropped"]) == (0, 1, 0)
    assert arrived == [0, 1, 3, 4]
    assert stage.documents[-3].json["Records"][0]["SeqNo"] == 2  # alone, to be sure
    assert "400" in str(letters)


def test_records_survive_a_pulled_plug_and_their_numbers_go_on(stage):
    stage.behaviour.status = 500
    with stage.device(stage.destination("digital_matter")) as device:
        device.values()
        for _ in range(3):  # what has waited for ten seconds is on flash
            state = device.skip(60)
        assert state["queued"] == 4
        device.kill()
    stage.behaviour.status = 200
    stage.collector.documents.clear()
    with stage.device() as device:
        device.values()
        state = device.skip(60)
    assert state["queued"] == 0
    sent = [number for each in numbers(stage.documents) for number in each]
    assert sent[:3] == [0, 1, 2] and sent == sorted(set(sent)) and sent[-1] > 3
    assert numbers(stage.documents)[0][:3] == [0, 1, 2]  # together


def test_user_and_password_are_those_of_the_receiver(stage):
    stage.behaviour.verify, stage.behaviour.refuse = [Basic("fleet", "s3cret")], 401
    auth = {"type": "basic", "user": "fleet", "token": "s3cret"}
    with stage.device(stage.destination("digital_matter", auth=auth)) as device:
        state = device.values()
    assert [each.verdict for each in stage.documents] == ["ok"] and state["queued"] == 0
