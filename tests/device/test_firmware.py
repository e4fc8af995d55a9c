"""The whole firmware at work: cars and adapters on one side, a collector on the other, the page in between."""

import json
import urllib.error

import pytest
import simulator
import unix_device

from firmware import PASSWORD, TOKEN, Files, destination, readings, telemetry, value, world

# What the cars' own documentation gives as their values; whatever else they answer is compared with the simulator.
IONIQ5 = {"SOC": "66", "HV_A": "-4.8", "LV_V": "14.4", "HV_C_V_MAX": "3.88", "CHARGING": "0"}
ENYAQ = {"SOC": "84", "SOC_D": "86.73", "HV_V": "355"}
TWIN = {"COOLANT_TMP": "79"}
SPRINTER = {"MAF": "2.41", "COOLANT_TMP": "82"}

CLONE = {
    "personality": "elm327",
    "quirks": ("no_at2", "no_pp", "no_flow_setup", "no_receive_filter", "no_count_digit")
    + ("keeps_echo", "keeps_spaces"),
}
ADAPTERS = {
    "stn": {"personality": "stn"},
    "mic3624": {"personality": "mic3624"},
    "elm327-2.3": {"personality": "elm327-2.3", "linefeeds": True, "joined_ids": True},
    "elm327-1.5": {"personality": "elm327"},
    "clone": CLONE,
}
CARS = {"ioniq5": IONIQ5, "enyaq": ENYAQ, "twin": TWIN, "sprinter": SPRINTER}


def every_standard_value(files, hub):
    """All standard values the petrol car has instead of a choice of them, and a query that needs encoding."""
    from simulator import load_car

    names = [name for name in load_car("petrol").values() if "-" in name]
    parameters = [{"name": name, "period_ms": 1000} for name in names]
    files.change(autopid={"standard": {"protocol": "6", "parameters": parameters}})
    query = [{"key": "bus nr", "value": "7/ä&b"}]
    settings = files.load("settings")
    settings["destinations"] = [destination(hub.port, query=query)]
    files.save("settings", settings)


@pytest.fixture(scope="module")
def petrol(tmp_path_factory):
    """The petrol car five minutes after its start, asked for all it has."""
    folder = tmp_path_factory.mktemp("petrol")
    with world(folder, "petrol", every_standard_value, held=300.0, latency_ms=2) as running:
        expected = running.simulator.car.values()
        running.device.until(lambda status: len(readings(status)) == len(expected))
        running.collector.wait(running.collector.total + 2, timeout=10)
        yield running


def test_all_values_arrive_digit_by_digit(petrol):
    expected = petrol.simulator.car.values()
    assert len(expected) > 60
    assert telemetry(petrol.collector.documents[-1]) == expected


def test_the_page_shows_the_values_that_are_delivered_and_their_age(petrol):
    status = petrol.device.status()
    assert readings(status) == petrol.simulator.car.values()
    assert all(0 <= int(item["age_ms"]) < 5000 and not item["error"] for item in status["values"])
    assert (status["ecu"], status["delivery"], status["destinations"][0]["reason"]) == (
        "online",
        "ok",
        "",
    )


def test_only_the_first_document_carries_config_and_status(petrol):
    first, *later = petrol.collector.documents
    assert list(first.json) == ["autopid_data", "config", "status"]
    assert set(first.json["config"]) == set(petrol.simulator.car.values())
    assert first.json["config"]["0D-VehicleSpeed"] == {"class": "speed", "unit": "km/h"}
    assert first.json["status"]["ecu_status"] == "online"
    assert later and all(list(document.json) == ["autopid_data"] for document in later)
    for document in petrol.collector.documents:
        compact = json.dumps(document.json, separators=(",", ":"), ensure_ascii=False)
        assert document.body == compact.encode()


def test_requests_carry_token_query_and_user_agent_on_one_connection(petrol):
    for document in petrol.collector.documents:
        assert document.method == "POST"
        assert document.path_qs == "/ingest?bus%20nr=7%2F%C3%A4%26b"
        assert document.header("Authorization") == f"Bearer {TOKEN}"
        assert document.header("User-Agent") == "ESP32 WiCAN/1.0"
        assert document.header("Content-Type") == "application/json"
    assert petrol.collector.connections == 1


def test_no_secret_leaves_the_device_but_in_its_own_header(petrol):
    shown = [petrol.device.get(path).decode() for path in ("/api/v1/status", "/api/v1/settings")]
    bodies = [document.body.decode() for document in petrol.collector.documents]
    for text in [*shown, *bodies, petrol.device.log]:
        assert TOKEN not in text and PASSWORD not in text


@pytest.mark.parametrize("password", [None, "", "wrong"])
def test_nothing_is_shown_without_the_password(petrol, password):
    for path in ("/", "/api/v1/status", "/static/app.js"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            petrol.device.get(path, password)
        assert refused.value.code in (401, 429)
        assert b"EngineRPM" not in refused.value.read()


def check_values(car, model, found):
    """All that was found is right, and all the car is known for was found."""
    expected = {**model.values(), **CARS[car]}
    assert found == {name: expected[name] for name in found}
    assert set(CARS[car]) <= set(found)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("car", CARS)
def test_every_car_is_read_through_every_adapter(tmp_path, car, adapter):
    with world(tmp_path, car, held=60.0, **ADAPTERS[adapter]) as running:
        status = running.device.until(lambda status: set(CARS[car]) <= set(readings(status)))
        check_values(car, running.simulator.car, readings(status))


@pytest.mark.parametrize("car", ["enyaq", "sprinter"])
def test_a_car_with_29_bit_addresses_and_one_on_the_k_line_are_delivered(tmp_path, car):
    with world(tmp_path, car, held=60.0, personality="mic3624") as running:
        sent = telemetry(running.document_with(*CARS[car]))
        check_values(car, running.simulator.car, sent)


def test_a_value_out_of_range_is_not_sent_and_the_page_says_why(tmp_path):
    with world(tmp_path, "ioniq5", held=60.0) as running:
        sent = telemetry(running.document_with("SOC"))
        check_values("ioniq5", running.simulator.car, sent)
        assert "HV_V" not in sent
        volts = value(running.device.status(), "HV_V")
        assert volts["value"] is None and volts["error"] == "745 is out of range (200 to 480)"


def test_without_a_password_of_its_own_the_page_takes_the_one_on_the_label(tmp_path):
    files = Files(tmp_path / "state", "127.0.0.1:1", simulator.load_car("petrol"), [])
    files.save("secrets", {})  # as a factory reset leaves them
    own = {"password": unix_device.record("on the label"), "access_point": "12345678"}
    (files.root / "own.json").write_text(json.dumps(own))
    with files.run() as device:
        assert json.loads(device.get("/api/v1/status", "on the label"))
        assert "password of the page" not in device.log
