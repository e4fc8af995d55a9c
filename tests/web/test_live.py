"""What the page follows, and what can be asked of car and device: a real server under the Unix port of MicroPython.

There is no adapter behind it: what a car answers is in tests/device/test_asking.py.
"""

import contextlib
import json

import pytest
from page_server import BASIC, HOST, PASSWORD, answer, ask, connect, serving, told


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


@contextlib.contextmanager
def listening(port, **headers):
    """A client of the event stream; yields a function that returns its next event as {field: text}."""
    with connect(port) as client:
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**BASIC, **headers}.items())
        client.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n".encode())
        stream = client.makefile("rb")
        head = iter(stream.readline, b"\r\n")
        assert b" 200 " in next(head)
        assert b"Content-Type: text/event-stream\r\n" in list(head)

        def event():
            fields = {}
            for line in iter(stream.readline, b"\n"):
                assert line, "the stream has ended"
                name, _, text = line.decode().rstrip("\n").partition(": ")
                fields[name] = text
            return fields

        yield event


def next_of(event, kind):
    while (found := event()).get("event") != kind:
        pass
    return json.loads(found["data"]), found


def test_the_first_event_is_the_status_without_the_log(port):
    with listening(port) as event:
        assert event() == {"retry": "3000"}
        status, _ = next_of(event, "status")
    _, whole = told(port, "/api/v1/status")
    assert set(whole) - set(status) == {"log"} and len(status["values"]) == len(whole["values"])


def test_an_event_follows_a_change_and_the_stream_goes_on():
    with serving() as port, listening(port) as event:
        status, _ = next_of(event, "status")
        assert status["destinations"][3]["state"] == "paused"
        assert told(port, "/api/v1/destinations/4/reset", "POST")[0] == 200
        while status["destinations"][3]["state"] != "waiting":
            status, _ = next_of(event, "status")


def test_a_stream_ends_with_the_session_that_began_it(port):
    session = "/api/v1/session"
    password = json.dumps({"password": PASSWORD}).encode()
    begun, body = ask(port, session, {}, "POST", password)
    cookie = {"Cookie": begun.headers["Set-Cookie"].partition(";")[0]}
    with connect(port) as client, listening(port) as other:
        lines = f"Host: {HOST}\r\nCookie: {cookie['Cookie']}\r\n"
        client.sendall(f"GET /api/v1/events HTTP/1.1\r\n{lines}\r\n".encode())
        assert b"event: status" in client.recv(4096) + client.recv(4096)
        ended, _ = ask(
            port, session, {**cookie, "X-CSRF-Token": json.loads(body)["csrf"]}, "DELETE"
        )
        assert ended.status == 204
        answer(client)  # until it is closed
        next_of(other, "status")


def test_what_is_logged_arrives_and_a_client_that_comes_back_misses_nothing():
    with serving() as port:
        with listening(port) as event:
            next_of(event, "status")
            ask(port, "/broken")
            news, fields = next_of(event, "log")
        assert [record["level"] for record in news["records"]] == ["error"]
        assert "/broken" in news["records"][0]["text"]
        assert fields["id"] == str(news["last"])
        ask(port, "/broken")
        with listening(port, **{"Last-Event-ID": fields["id"]}) as event:
            later, _ = next_of(event, "log")
        assert later["records"][0]["n"] == news["last"] + 1


def test_the_log_is_told_from_a_number_and_a_level_on():
    with serving() as port:
        for _ in range(3):
            ask(port, "/broken")
        _, log = told(port, "/api/v1/log")
        errors = [record for record in log["records"] if record["level"] == "error"]
        assert len(errors) == 3 and log["last"] == log["records"][-1]["n"]
        assert set(errors[0]) == {"n", "at_ms", "level", "name", "text"}
        _, later = told(port, f"/api/v1/log?after={errors[1]['n']}&level=error")
        assert later["records"] == errors[2:]
        _, started_again = told(port, "/api/v1/log?after=99999")
        assert started_again["records"][0] == log["records"][0]
        response, text = ask(port, "/api/v1/log.txt")
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert text.decode().count("/broken") == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [("after=-1", "after"), ("after=x", "after"), ("after=1e9", "after"), ("level=loud", "level")],
)
def test_a_wrong_question_to_the_log_is_refused(port, query, field):
    status, problems = told(port, "/api/v1/log?" + query)
    assert status == 400 and [problem["field"] for problem in problems] == [field]


def test_the_status_tells_the_state_of_the_device(port):
    _, status = told(port, "/api/v1/status")
    assert status["memory"]["free"] > 0 and status["memory"]["used"] > 0
    assert status["supply_mv"] is None and status["wifi"]["sta_ip"] == "127.0.0.1"
    assert status["revision"] == told(port, "/api/v1/settings")[1]["revision"]


def test_the_latest_errors_stand_apart():
    with serving() as port:
        for _ in range(7):
            ask(port, "/broken")
        _, status = told(port, "/api/v1/status")
        assert len(status["last_errors"]) == 5 and "/broken" in status["last_errors"][-1]


def test_all_standard_parameters_are_listed(port):
    _, rows = told(port, "/api/v1/standard")
    speed = {"name": "0D-VehicleSpeed", "pid": "0D", "unit": "km/h", "class": "speed"}
    assert speed in rows and len(rows) > 300
    assert [row["pid"] for row in rows] == sorted(row["pid"] for row in rows)


def attempt(port, **members):
    return told(port, "/api/v1/car/try", "POST", body=json.dumps(members).encode())


def test_a_pasted_answer_is_decoded(port):
    status, found = attempt(
        port, pid="010C", expression="[B3:B4]/4", response="7E8 04 41 0C 1A F8 AA\r\n>"
    )
    assert (status, found["ok"], found["value"]) == (200, True, 1726)
    assert found["frames"] == ["7E8 04 41 0C 1A F8"] and found["image"] == "04410C1AF8"
    assert found["bytes"][3] == {"i": 3, "hex": "1A"}


def test_an_expression_may_refer_to_what_is_read(port):
    _, found = attempt(port, pid="010C", expression="{0C-EngineRPM}+B3", response="7E804410C0107")
    assert found["value"] == 2413 + 1


def test_a_pasted_answer_can_be_looked_at_without_an_expression(port):
    lines = "7EC 10 0A 62 01 01 EF FB E7\n7EC 21 AA BB CC DD"
    status, found = attempt(port, pid="220101", response=lines)
    assert status == 200 and found["value"] is None and found["frames"] == lines.split("\n")


def test_a_value_that_cannot_be_computed_is_told_beside_the_answer(port):
    _, found = attempt(port, pid="010C", expression="B9", response="7E8 04 41 0C 1A F8")
    assert found["ok"] is False and found["value"] is None and found["frames"]
    [problem] = found["problems"]
    assert problem["field"] == "expression" and "too short" in problem["message"]


@pytest.mark.parametrize(
    ("members", "fields"),
    [
        ({"pid": ""}, ["pid"]),
        ({"pid": "01 xx"}, ["pid"]),
        ({"pid": "010C", "init": "HELLO", "expression": "1+"}, ["init", "expression"]),
        ({"pid": "010C", "receive_header": "7E"}, ["receive_header"]),
        ({"pid": "010C", "protocol": "Z"}, ["protocol"]),
        ({"pid": "010C", "protocol": "12"}, ["protocol"]),
        ({"pid": 12, "colour": "red"}, ["pid", "colour"]),
        ({"pid": "010C", "response": "7E8 04 41 0D 1A F8"}, ["response"]),
        ({"pid": "22F190", "response": "7E8 03 7F 22 31"}, ["response"]),
        (
            {"pid": "010C", "expression": "Nobody*2", "response": "7E8 04 41 0C 1A F8"},
            ["expression"],
        ),
    ],
)
def test_what_is_wrong_with_an_attempt_is_told_by_field(port, members, fields):
    status, problems = attempt(port, **members)
    assert status == 422 and [problem["field"] for problem in problems] == fields
    assert all(problem["message"][-1] == "." for problem in problems)


def test_a_long_answer_may_be_pasted_and_a_longer_one_is_refused(port):
    lines = "\n".join("7EC 2%X AA AA AA AA AA AA AA" % (i % 16) for i in range(1, 101))
    status, found = attempt(port, pid="220101", response="7EC 12 C2 62 01 01 AA AA AA\n" + lines)
    assert status == 200 and len(found["bytes"]) == 0x2C2 + 1 + 101
    assert len(found["frames"]) == 101
    response, _ = ask(port, "/api/v1/car/try", method="POST", body=b"x" * 5000)
    assert response.status == 413


@pytest.mark.parametrize("path", ["/api/v1/car/scan", "/api/v1/car/try"])
def test_without_an_adapter_the_car_cannot_be_asked(port, path):
    body = b'{"pid":"010C"}' if path.endswith("try") else b""
    status, [problem] = told(port, path, "POST", body=body)
    assert (status, problem["code"]) == (409, "no_adapter")
    assert problem["message"] == "The adapter is not connected yet."


def test_networks_are_listed_once_each_and_strongest_first(tmp_path):
    (tmp_path / "wifi").touch()
    with serving(root=tmp_path) as port:
        _, found = told(port, "/api/v1/wifi/scan")
    assert [(one["ssid"], one["rssi_dbm"]) for one in found] == [
        ('Home "5"', -48),
        ("Garage", -55),
        ("Café", -80),
    ]
    assert found[1] == {"ssid": "Garage", "rssi_dbm": -55, "security": "wpa2", "channel": 11}


def test_a_board_without_wifi_says_so(port):
    status, [problem] = told(port, "/api/v1/wifi/scan")
    assert (status, problem["code"]) == (409, "no_wifi")


@pytest.mark.parametrize("body", [b"", b'{"confirm":"wican"}', b'{"confirm":true}', b"[]", b"{"])
def test_a_factory_reset_wants_the_name_of_the_device(port, body):
    status, _ = told(port, "/api/v1/factory-reset", "POST", body=body)
    assert status == 400
    assert told(port, "/api/v1/status")[0] == 200


def test_home_assistant_finds_nothing_until_it_is_switched_on():
    with serving() as port:
        paths = ("/check_status", "/load_car_config", "/autopid_data")
        assert [ask(port, path)[0].status for path in paths] == [404] * 3
        assert [ask(port, path, {})[0].status for path in paths] == [401] * 3
        change = b'{"settings":{"web":{"home_assistant":true}}}'
        assert told(port, "/api/v1/settings", "PATCH", body=change)[0] == 200
        status, meanings, values = [json.loads(ask(port, path, {})[1]) for path in paths]
        assert status["protocol"] == "auto_pid" and status["device_id"] == "30aea4000001"
        assert meanings["0D-VehicleSpeed"] == {"class": "speed", "unit": "km/h"}
        assert values["0D-VehicleSpeed"] == 87 and values["Lights"] == "on"
        assert "TyrePressure" in meanings and "TyrePressure" not in values
        assert ask(port, "/api/v1/status", {})[0].status == 401
