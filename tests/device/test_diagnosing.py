"""Somebody asks for trouble codes while the firmware polls the car. The whole firmware, simulated cars."""

import base64
import http.client
import json

import pytest

from firmware import PASSWORD, Device, world

HEADERS = {"Authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()}


def ask(device: Device, method: str, path: str, body: dict | None = None):
    """Status and document of an answer of the API."""
    connection = http.client.HTTPConnection("127.0.0.1", device._web_port, timeout=60)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, "/api/v1/car/" + path, text, HEADERS)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def petrol(tmp_path_factory):
    """The petrol car five minutes after its start; these tests leave its codes alone."""
    with world(tmp_path_factory.mktemp("petrol"), "petrol", held=300.0) as running:
        running.device.wait_for("ECU online")
        yield running


def test_the_vin(petrol):
    vin = "WVWZZZ1KZAW000123"
    told = {"vin": vin, "ecus": [{"ecu": "7E8", "vin": vin}]}
    assert ask(petrol.device, "GET", "vin") == (200, told)


def test_codes_in_words_self_tests_and_freeze_frame(petrol):
    status, told = ask(petrol.device, "GET", "codes")
    (ecu,) = told["ecus"]
    assert (status, told["problems"], ecu["ecu"]) == (200, [], "7E8")
    assert ecu["stored"][0] == {
        "code": "P0133",
        "text": "Oxygen sensor, bank 1 sensor 1: slow response",
    }
    assert [one["code"] for one in ecu["stored"]] == ["P0133", "P0420"]
    assert [one["code"] for one in ecu["pending"]] == ["P0302"]
    assert [one["code"] for one in ecu["permanent"]] == ["P0420"]
    readiness = ecu["readiness"]
    assert readiness["lamp"] and readiness["complete"] and readiness["ignition"] == "spark"
    assert {"name": "misfire", "complete": True} in readiness["monitors"]
    frame = ecu["freeze_frame"]
    assert frame["code"] == "P0133" and frame["missing"] == []
    rpm = {"name": "0C-EngineRPM", "value": 2210.25, "unit": "rpm", "meaning": None}
    assert rpm in frame["values"]


@pytest.mark.parametrize("body", [{}, {"confirm": "yes"}, {"confirm": "clear", "all": "yes"}])
def test_clearing_wants_to_be_confirmed(petrol, body):
    status, [problem, *_] = ask(petrol.device, "POST", "codes/clear", body)
    assert status == 422 and problem["field"] in ("confirm", "all")
    assert ask(petrol.device, "GET", "codes")[1]["ecus"][0]["stored"], "nothing was cleared"


def test_clearing_and_nothing_of_it_by_itself(tmp_path):
    with world(tmp_path, "petrol", held=300.0) as running:
        running.document_with("0C-EngineRPM", "ODOMETER")
        lines = [line.strip() for line in running.adapter.log]
        assert {line[:2] for line in lines if line[:1].isdigit()} <= {"01", "22"}
        told = ask(running.device, "POST", "codes/clear", {"confirm": "clear"})
        assert told == (200, {"cleared": ["7E8"], "refused": []})
        (ecu,) = ask(running.device, "GET", "codes")[1]["ecus"]
        assert ecu["stored"] == ecu["pending"] == []
        assert [one["code"] for one in ecu["permanent"]] == ["P0420"]
        assert ecu["freeze_frame"] is None and not ecu["readiness"]["complete"]
        running.device.wait_for("trouble codes cleared by 7E8")


def test_a_van_on_a_k_line(tmp_path):
    with world(tmp_path, "sprinter", held=60.0) as running:
        running.device.wait_for("ECU online")
        status, told = ask(running.device, "GET", "codes")
        (ecu,) = told["ecus"]
        assert (status, ecu["ecu"]) == (200, "12")
        assert [one["code"] for one in ecu["stored"]] == ["P0101"] and ecu["pending"] == []
        assert ecu["permanent"] is None and ecu["readiness"] is None
        assert ecu["freeze_frame"]["code"] == "P0101"
        assert ask(running.device, "GET", "vin")[1]["vin"] == "WDB90366210000451"


def test_a_car_without_these_services_is_told_as_such(tmp_path):
    with world(tmp_path, "enyaq", held=60.0) as running:
        running.device.wait_for("ECU online")
        assert ask(running.device, "GET", "vin")[1]["vin"] == "TMBJB9NY0NF000001"
        status, [problem] = ask(running.device, "GET", "codes")
        assert (status, problem["code"]) == (409, "no_answer")
        assert problem["message"].startswith("No ECU tells of trouble codes")
        status, [problem] = ask(running.device, "POST", "codes/clear", {"confirm": "clear"})
        assert (status, problem["code"]) == (409, "no_answer")
