"""Somebody asks the car while the firmware polls it: both get right answers. The whole firmware, a simulated car."""

import base64
import concurrent.futures
import http.client
import json
import subprocess
import time
from collections.abc import Iterator

import pytest
import unix_device

from firmware import DEADLINE, PASSWORD, Device, destination, readings, value, world

HEADERS = {"Authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()}
RPM = {"pid": "010C", "expression": "[B3:B4]/4"}


def post(device: Device, path: str, **members: object) -> tuple[int, dict | list]:
    connection = http.client.HTTPConnection("127.0.0.1", device._web_port, timeout=60)
    try:
        connection.request("POST", "/api/v1/" + path, json.dumps(members), HEADERS)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text, parse_float=str, parse_int=str) if text else {}
    finally:
        connection.close()


def statuses(device: Device) -> Iterator[dict]:
    """The documents that the event stream tells, for ten seconds at most."""
    connection = http.client.HTTPConnection("127.0.0.1", device._web_port, timeout=10)
    try:
        connection.request("GET", "/api/v1/events", None, HEADERS)
        lines = iter(connection.getresponse().readline, b"")
        end = time.monotonic() + 10
        for line in lines:
            if line == b"event: status\n":
                yield json.loads(next(lines).partition(b": ")[2])
            assert time.monotonic() < end, device.log
    finally:
        connection.close()


def polled_afresh(device: Device, name: str) -> None:
    """Waits until a value was read after now."""
    now = int(device.status()["uptime_ms"])

    def fresh(status: dict) -> bool:
        age_ms = value(status, name)["age_ms"]
        return age_ms is not None and int(status["uptime_ms"]) - int(age_ms) > now

    device.until(fresh)


@pytest.fixture(scope="module")
def petrol(tmp_path_factory):
    """The petrol car five minutes after its start."""
    with world(tmp_path_factory.mktemp("petrol"), "petrol", held=300.0) as running:
        running.device.wait_for("ECU online")
        yield running


def test_a_scan_finds_what_the_car_has(petrol):
    status, found = post(petrol.device, "car/scan")
    assert status == 200
    has = {name for name in petrol.simulator.car.values() if "-" in name}
    assert has <= set(found["supported"])
    absent = {"5B-HybBatPackRemLife", "12-CommandedSecAir"}
    assert not absent & set(found["supported"]), "the car does not have these"
    first = found["ecus"][0]
    assert first["ecu"] == "7E8" and {"0C", "0D"} <= set(first["pids"])


def test_polling_goes_on_during_and_after_a_scan(petrol):
    name = "0D-VehicleSpeed"
    for _ in range(3):
        assert post(petrol.device, "car/scan")[0] == 200
    polled_afresh(petrol.device, name)
    status = petrol.device.status()
    expected = petrol.simulator.car.values()
    assert status["ecu"] == "online"
    for read, text in readings(status).items():
        assert expected[read] == text, read


def test_one_value_is_tried(petrol):
    status, found = post(petrol.device, "car/try", **RPM)
    assert (status, found["ok"]) == (200, True)
    assert found["value"] == petrol.simulator.car.values()["0C-EngineRPM"]
    assert found["frames"][0].startswith("7E8 04 41 0C ")


def test_what_the_car_does_not_have_is_told_and_nothing_breaks(petrol):
    status, [problem] = post(petrol.device, "car/try", pid="22F190", init="ATSH7E5;ATST10;")
    assert (status, problem["code"]) == (409, "no_answer")
    polled_afresh(petrol.device, "0C-EngineRPM")


def test_settings_of_the_link_that_polling_does_not_know_are_undone(petrol):
    before = petrol.adapter.counters["at"]
    assert post(petrol.device, "car/try", init="ATKW0;", **RPM)[0] == 200
    polled_afresh(petrol.device, "0C-EngineRPM")
    log = list(petrol.adapter.log)[-(petrol.adapter.counters["at"] - before + 50) :]
    sent = [line.strip().replace(" ", "") for line in log]
    assert "ATWS" in sent[sent.index("ATKW0") :], "the adapter was not set up anew"


def test_another_ecu_is_asked_between_the_requests_of_polling(tmp_path):
    """Polling and guest need different headers and timeouts, so each must find its own again."""
    with world(tmp_path, "ioniq5", held=60.0) as running:
        device = running.device
        polled_afresh(device, "SOC")
        expected = readings(device.status())
        soc = {"pid": "220101", "init": "ATSH7E4;ATST64;", "expression": "B10/2"}
        for _ in range(3):
            status, found = post(device, "car/try", **soc)
            assert (status, found["value"]) == (200, expected["SOC"])
            assert found["frames"][0].startswith("7EC 10 ") and len(found["frames"]) == 9
            status, [problem] = post(device, "car/try", pid="0100", init="ATSH7A5;ATST10;")
            assert problem["code"] == "no_answer"
        polled_afresh(device, "SOC")
        assert readings(device.status()) == expected and len(expected) == 14


def test_without_an_adapter_the_reason_is_told_and_later_it_works(tmp_path):
    with world(tmp_path, "petrol") as running:
        running.device.wait_for("ECU online")
        running.adapter.unplug()
        running.device.until(lambda status: status["ecu"] == "offline")
        status, [problem] = post(running.device, "car/try", **RPM)
        assert status == 409 and problem["code"] == "no_adapter" and len(problem["message"]) > 20
        mark = running.device.mark()
        running.adapter.plug()
        running.device.wait_for("ECU online", mark)
        assert post(running.device, "car/try", **RPM)[0] == 200


def test_a_car_that_does_not_answer_is_no_fault_of_the_adapter(tmp_path):
    with world(tmp_path, "petrol") as running:
        running.device.wait_for("ECU online")
        running.adapter.asleep = True
        status, [problem] = post(running.device, "car/scan")
        assert (status, problem["code"]) == (409, "no_answer")
        running.adapter.asleep = False
        assert post(running.device, "car/scan")[0] == 200


def test_one_at_a_time_asks_and_is_told_when_the_adapter_is_lost(tmp_path):
    with world(tmp_path, "petrol") as running:
        running.device.wait_for("ECU online")
        running.adapter.wedged = "never"
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: post(running.device, "car/try", **RPM), range(3)))
        codes = {(status, problem["code"]) for status, [problem] in answers}
        assert codes == {(503, "busy"), (409, "no_adapter")}, answers
        mark = running.device.mark()
        running.adapter.heal()
        running.device.wait_for("ECU online", mark)
        assert post(running.device, "car/try", **RPM)[0] == 200


def test_the_stream_is_silent_while_nothing_changes(tmp_path):
    def seldom(files, hub):
        settings = files.load("settings")
        settings["destinations"] = [destination(hub.port, cycle_ms=3_600_000)]
        files.save("settings", settings)

    with world(tmp_path, "ioniq5", seldom, held=60.0) as running:
        running.device.wait_for("ECU online")
        previous = 0
        for status in statuses(running.device):
            if status["uptime_ms"] - previous >= 4500 and previous:
                break
            previous = status["uptime_ms"]
        assert value(status, "SOC")["age_ms"] < 4000, "it was read meanwhile"


def test_a_reboot_and_a_factory_reset(tmp_path):
    with world(tmp_path, "petrol") as running:
        running.device.wait_for("ECU online")
        assert post(running.device, "reboot") == (202, {})
        assert running.device.process.wait(DEADLINE) == 1
        with running.files.run() as device:
            device.wait_for("ECU online")
            assert post(device, "factory-reset", confirm="wican") == (202, {})
            assert device.process.wait(DEADLINE) == 1
        state = tmp_path / "state"
        left = {str(path.relative_to(state)) for path in state.rglob("*") if path.is_file()}
        assert left == {"config/device_id"}, left
        (state / "config/settings.json").write_text("{}")
        (state / "config/erasing").touch()  # the power was cut in the middle of the next one
        with unix_device.firmware(state, subprocess.PIPE) as process:
            device = Device(process, 0)
            device.wait_for("factory reset that was interrupted")
            device.wait_for("firmware started")
        left = {path.name for path in (state / "config").iterdir()}
        assert not left & {"settings.json", "erasing"}, left
