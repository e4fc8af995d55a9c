"""ThingPark, from the car's values to an application server that verifies the tunnel's token; and commands back."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, quote
from xml.etree import ElementTree

import pytest
from collector import Basic, Received, ThingPark
from connectors import BUILDS, NAME, Device, Stage, name_of, staged
from delivery.vectors import VECTORS

KEY = next(inputs[0] for name, _, inputs, _ in VECTORS if name == "tp_up_s1")
EUI = "A1B2C3FFFED4E5F6"
XMLNS = "{http://uri.actility.com/lora}"
TYPES = {
    "thingpark": "application/json",
    "thingpark_untyped": "application/json",
    "thingpark_xml": "application/xml; charset=utf-8",
}
DOWNLINK = "/api/v1/downlink"
NO_WAITS = {"first_s": 1, "longest_s": 1}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        expect(stage)
        yield stage


def expect(stage: Stage) -> None:
    """Has the server refuse what is not signed."""
    stage.behaviour.verify, stage.behaviour.refuse = [ThingPark(KEY, "wican.as")], 403


def destination(stage: Stage, **changes: object) -> dict:
    body = {"customer_id": "100000001", **changes.pop("body", {})}
    return stage.destination("thingpark", sign={"secret": KEY}, body=body, **changes)


def content(received: Received) -> tuple[str, dict]:
    """Name of the root element, and the elements within as they were sent."""
    if received.json is not None:
        [(root, members)] = received.json.items()
        return root, members
    element = ElementTree.fromstring(received.body)
    assert element.tag.startswith(XMLNS)
    members = {child.tag.removeprefix(XMLNS): child.text for child in element}
    return element.tag.removeprefix(XMLNS), members


def signed(command: dict, key: str = KEY, device: str = EUI, age_s: int = 0) -> str:
    """The query of a downlink with that command, as ThingPark's servers sign it."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime(time.time() - age_s))
    pairs = {
        "DevEUI": device,
        "FPort": "2",
        "Payload": json.dumps(command).encode().hex(),
        "Confirmed": "1",
        "AS_ID": "wican.as",
        "Time": moment,
    }
    plain = "&".join(f"{name}={text}" for name, text in pairs.items())
    token = hashlib.sha256((plain + key).encode()).hexdigest()
    return "&".join(f"{name}={quote(text, safe='')}" for name, text in pairs.items()) + (
        f"&Token={token}"
    )


def counts(documents: list[Received]) -> list[int]:
    """FCntUp of the uplinks."""
    found = [content(each) for each in documents]
    return [int(members["FCntUp"]) for root, members in found if root == "DevEUI_uplink"]


@pytest.mark.parametrize("build", BUILDS, ids=name_of)
@pytest.mark.parametrize("format", TYPES)
def test_the_device_introduces_itself_and_then_sends_uplinks(stage, format, build):
    stage.build = build
    chosen = destination(stage, body={"format": format}, url=f"https://{NAME}/lrc?v=1")
    with stage.device(chosen) as device:
        device.values()
        state = device.skip(60)
    introduction, uplink = stage.documents
    assert {each.verdict for each in stage.documents} == {"ok"} and state["state"] == "ok"
    assert {each.header("Content-Type") for each in stage.documents} == {TYPES[format]}

    root, members = content(introduction)
    assert (root, members["Type"], members["DevEUI"]) == ("DevEUI_notification", "reset", EUI)
    assert members["CustomerID"] == "100000001" and "CustomerData" in members

    root, members = content(uplink)
    assert (root, members["DevEUI"]) == ("DevEUI_uplink", EUI)
    assert members["FPort"] == (2 if format == "thingpark" else "2")
    assert isinstance(members["FCntUp"], int if format == "thingpark" else str)
    payload = json.loads(bytes.fromhex(members["payload_hex"]))
    assert (payload["ENGINE_RPM"], payload["SPEED"], payload["IGNITION"]) == (4147, 0, "on")

    query = parse_qsl(uplink.path_qs.partition("?")[2], strict_parsing=True)
    names = ["v", "LrnDevEui", "LrnFPort", "LrnInfos", "AS_ID", "Time", "Token"]
    assert [name for name, _ in query] == names
    assert dict(query)["LrnInfos"] == "WICAN-1" and dict(query)["LrnFPort"] == "2"
    assert "LrnFPort=0&" in introduction.path_qs


def test_a_wrong_key_is_the_servers_to_find(stage):
    stage.behaviour.verify, stage.behaviour.refuse = [ThingPark(KEY[::-1])], None
    with stage.device(destination(stage)) as device:
        device.values()
    assert "another secret was used" in stage.documents[0].verdict


def test_uplinks_are_counted_over_restarts_and_no_number_comes_twice(stage):
    chosen = destination(stage, body={"boot": "never"}, retry=NO_WAITS)
    with stage.device(chosen) as device:
        device.values()
        stage.behaviour.status = 500
        device.skip(60)
        stage.behaviour.status = 200
        device.skip(60)
        device.kill()
    with stage.device() as device:
        device.values()
        device.skip(60)
    found = counts(stage.documents)
    assert found[:3] == [0, 1, 2] and len(found) == 5
    assert found == sorted(set(found)) and found[4] == found[3] + 1


def test_what_does_not_arrive_at_once_is_lost_and_the_fuse_opens(stage):
    stage.behaviour.status = 500
    chosen = destination(stage, body={"boot": "never"}, cycle_ms=10_000, retry=NO_WAITS)
    with stage.device(chosen) as device:
        state = device.values()
        for count in range(1, 5):
            assert (len(stage.documents), state["fuse"]) == (count, "closed")
            state = device.skip(10)
        assert (len(stage.documents), state["fuse"], state["dropped"]) == (5, "open", 5)
        state = device.skip(10)
        assert (len(stage.documents), state["throttled"]) == (5, 1)
        state = device.skip(25)  # it is open for 30 s, 15 % more or less
        assert (len(stage.documents), state["fuse"]) == (6, "open")
        state = device.skip(40)
        assert len(stage.documents) == 6  # twice as long this time
        stage.behaviour.status = 200
        state = device.skip(40)
        assert (len(stage.documents), state["fuse"], state["state"]) == (7, "closed", "ok")
    found = counts(stage.documents)
    assert found == sorted(set(found))
    assert len({each.header("X-Message-Id") for each in stage.documents}) == 7


def test_a_reset_and_silence_lose_one_document_each(tmp_path):
    with staged(tmp_path, relayed=True) as stage:
        expect(stage)
        retry = {**NO_WAITS, "timeouts_s": [3]}
        chosen = destination(stage, body={"boot": "never"}, retry=retry)
        stage.on_received = lambda _: stage.relay.reset()
        with stage.device(chosen) as device:
            device.values()
            stage.on_received = lambda _: stage.relay.hush()
            device.skip(60)
            stage.on_received = None
            state = device.skip(60)
    assert counts(stage.documents) == [0, 1, 2]
    assert (state["failed"], state["delivered"], state["dropped"]) == (2, 1, 2)


def test_one_attempt_is_one_request_also_on_a_connection_that_was_kept(tmp_path):
    with staged(tmp_path, relayed=True) as stage:
        expect(stage)
        with stage.device(destination(stage, body={"boot": "never"}, retry=NO_WAITS)) as device:
            device.values()
            stage.on_received = lambda _: stage.relay.reset()
            state = device.skip(60)
            assert (state["failed"], state["delivered"], state["dropped"]) == (1, 1, 1)
            stage.on_received = None
            device.skip(60)
    assert counts(stage.documents) == [0, 1, 2]


def test_a_login_in_the_address_wins(stage):
    stage.behaviour.verify = [ThingPark(KEY), Basic("fleet", "s3cret/1")]
    header = {"name": "Authorization", "value": "Bearer x"}
    url = f"https://fleet:s3cret%2F1@{NAME}/in"
    with stage.device(destination(stage, url=url, headers=[header])) as device:
        device.values()
    assert [each.verdict for each in stage.documents] == ["ok"]
    assert "s3cret" not in json.dumps(stage.settings())


def test_what_thingpark_would_not_take_is_refused_where_it_is_entered(stage):
    def header(name: str, value: str = "1") -> dict:
        return {"name": name, "value": value}

    five = [header(f"X-{number}") for number in range(5)]
    reserved = ("Accept", "host", "User-Agent", "Content-Length", "content-type", "Expect")
    refused = [([header(name)], "headers[0].name", "header_forbidden") for name in reserved]
    refused += [
        ([header("Proxy-Authorization")], "headers[0].name", "header_forbidden"),
        ([*five, header("X-6")], "headers", "headers_max"),
        ([header("X-A"), header("x-a")], "headers[1].name", "header_duplicate"),
        ([header("X-Long", "v" * 505)], "headers[0].value", "header_too_long"),
    ]
    with stage.device() as device:
        for headers, place, code in refused:
            problems = device.save(destinations=[destination(stage, headers=headers)])
            found = [(problem["field"], problem["code"]) for problem in problems]
            assert found == [(f"destinations[0].{place}", code)], headers
        longest = header("X-Long", "v" * 504)  # 510 together
        chosen = destination(stage, headers=[*five[:4], longest])
        assert device.save(destinations=[chosen]) == []
        device.values()
    [document] = stage.documents
    assert document.header("X-Long") == "v" * 504 and document.header("x-3") == "1"


def commands(device: Device) -> dict[str, int]:
    """How often each command was obeyed since the start."""
    told = json.loads(device.get(DOWNLINK))
    return {each["command"]: each["count"] for each in told["obeyed"]}


def listening(stage: Stage, mode: str, **changes: object) -> dict:
    downlink = {"mode": mode, "allow": ["ping", "send_now", "set_cycle"]}
    return destination(stage, body={"boot": "never"}, downlink=downlink, **changes)


def test_a_signed_command_is_obeyed_once_without_any_password(stage):
    with stage.device(listening(stage, "local")) as device:
        device.values()
        query = signed({"command": "send_now"})
        status, said = device.ask("POST", f"{DOWNLINK}?{query}", password="")
        assert (status, said) == (200, b"<html><body>Request queued by LRC</body></html>")
        device.state()
        assert len(stage.documents) == 2
        status, said = device.ask("POST", f"{DOWNLINK}?{query}", password="")
        assert status == 403, said
        device.state()
        assert len(stage.documents) == 2 and commands(device) == {"send_now": 1}
    assert [each.verdict for each in stage.documents] == ["ok", "ok"]
    assert counts(stage.documents) == [0, 1]


def test_a_command_that_was_obeyed_before_a_restart_is_not_obeyed_after_it(stage):
    query = signed({"command": "ping"}, age_s=5)
    with stage.device(listening(stage, "local")) as device:
        device.skip(30)  # else it would be from before the start
        assert device.ask("POST", f"{DOWNLINK}?{query}", password="")[0] == 200
        device.kill()
    with stage.device() as device:
        status, said = device.ask("POST", f"{DOWNLINK}?{query}", password="")
        assert status == 403 and b"before the device's start" in said
        assert commands(device) == {}


def test_a_command_changes_the_cycle_for_good(stage):
    with stage.device(listening(stage, "local")) as device:
        device.values()
        query = signed({"command": "set_cycle", "cycle_ms": 10_000})
        assert device.ask("POST", f"{DOWNLINK}?{query}", password="")[0] == 200
        device.state()
        before = len(stage.documents)
        device.skip(10)
        assert len(stage.documents) == before + 1
    assert stage.settings()["cycle_ms"] == 10_000


def test_what_is_not_signed_for_this_device_now_changes_nothing(stage):
    ping = {"command": "ping"}
    wrong = {
        "wrong key": signed(ping, key=KEY[::-1]),
        "no token": signed(ping).partition("&Token")[0],
        "old": signed(ping, age_s=120),
        "another device": signed(ping, device="A1B2C3FFFED4E5F7"),
        "not allowed": signed({"command": "request_config"}),
    }
    with stage.device(listening(stage, "local")) as device:
        device.values()
        for name, query in wrong.items():
            time_to_breathe(device)
            status, said = device.ask("POST", f"{DOWNLINK}?{query}", password="")
            assert status == 403, (name, said)
        assert commands(device) == {} and json.loads(device.get(DOWNLINK))["refused"] == 5
    assert len(stage.documents) == 1


def time_to_breathe(device: Device) -> None:
    """The route judges four a second: some pass, without a document becoming due."""
    device.skip(5)


def test_the_route_is_closed_unless_a_destination_wants_it(stage):
    with stage.device(listening(stage, "response")) as device:
        query = signed({"command": "ping"})
        assert device.ask("POST", f"{DOWNLINK}?{query}", password="")[0] == 401


def test_a_command_in_the_reply_is_obeyed_once(stage):
    query = signed({"command": "send_now"})
    stage.behaviour.body = json.dumps({"DevEUI_downlink": {"query": query}}).encode()
    with stage.device(listening(stage, "response")) as device:
        device.values()
        state = device.state()
        assert len(stage.documents) == 2  # the reply to the second one holds the same command
        assert commands(device) == {"send_now": 1}
        device.skip(60)
        assert len(stage.documents) == 3 and commands(device) == {"send_now": 1}
    assert state["failed"] == 0


@pytest.mark.parametrize("mode", ["off", "local"])
def test_a_command_in_the_reply_is_nothing_where_nobody_asked_for_it(stage, mode):
    query = signed({"command": "send_now"})
    stage.behaviour.body = json.dumps({"DevEUI_downlink": {"query": query}}).encode()
    with stage.device(listening(stage, mode)) as device:
        device.values()
        device.state()
        assert len(stage.documents) == 1 and commands(device) == {}


def test_the_key_before_counts_for_commands_while_it_is_named(stage):
    chosen = listening(stage, "local")
    chosen["sign"]["previous"] = KEY[::-1]
    with stage.device(chosen) as device:
        device.values()
        query = signed({"command": "ping"}, key=KEY[::-1])
        assert device.ask("POST", f"{DOWNLINK}?{query}", password="")[0] == 200
        assert commands(device) == {"ping": 1}
    assert [each.verdict for each in stage.documents] == ["ok"]  # signed with the new one


def test_the_first_key_can_be_made_here_before_the_destination_is_switched_on(stage):
    chosen = listening(stage, "off")
    del chosen["sign"]["secret"]
    with stage.device() as device:
        [problem] = device.save(destinations=[chosen])
        assert (problem["field"], problem["code"]) == (
            "destinations[0].sign.secret",
            "field_empty",
        )
        assert device.save(destinations=[dict(chosen, enabled=False)]) == []
        made = json.loads(device.ask("POST", "/api/v1/destinations/1/key")[1])["secret"]
        stage.behaviour.verify = [ThingPark(made, "wican.as")]
        assert device.save(destinations=[chosen]) == []
        device.values()
    assert [each.verdict for each in stage.documents] == ["ok"]


def test_a_key_that_is_made_anew_signs_at_once_and_the_one_before_still_commands(stage):
    with stage.device(listening(stage, "local")) as device:
        device.values()
        status, said = device.ask("POST", "/api/v1/destinations/1/key")
        made = json.loads(said)["secret"]
        assert status == 200 and re.fullmatch("[0-9a-f]{32}", made) and made != KEY
        stage.behaviour.verify = [ThingPark(made, "wican.as")]
        device.skip(60)
        for key in (made, KEY):
            query = signed({"command": "ping"}, key=key)
            assert device.ask("POST", f"{DOWNLINK}?{query}", password="")[0] == 200
    assert [each.verdict for each in stage.documents] == ["ok", "ok"]
    stored = json.dumps(stage.settings())
    assert made not in stored and KEY not in stored


def test_config_and_status_come_again_when_the_server_asks_for_them(stage):
    chosen = listening(stage, "local")
    chosen["downlink"]["allow"] = ["request_config"]
    with stage.device(chosen) as device:
        device.values()
        query = signed({"command": "request_config"})
        assert device.ask("POST", f"{DOWNLINK}?{query}", password="")[0] == 200
        device.skip(60)
        device.skip(60)
    roots = [content(each)[0] for each in stage.documents]
    assert roots == ["DevEUI_uplink", "DevEUI_notification", "DevEUI_uplink"]
