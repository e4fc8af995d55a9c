"""What a script can do with settings: read, replace, change a part of them, judge them; and that no secret comes back.

A real server under the Unix port of MicroPython, with a real store.
"""

import json

import pytest
from page_server import BASIC, ask, connect, serving, told

PATH = "/api/v1/settings"
SCHEMA = "/api/v1/schema"
LIMIT = 192 * 1024
TOKEN = "T0P-S3CRET"


@pytest.fixture
def port():
    """A page for each test: they change it."""
    with serving() as port:
        yield port


@pytest.fixture(scope="module")
def shared_port():
    """A page for tests that change nothing."""
    with serving() as port:
        yield port


def put(port, document, method="PUT", query="", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return told(port, PATH + query, method, headers, json.dumps(document).encode())


def patch(port, settings, revision=None, **more):
    document = {"settings": settings}
    if revision is not None:
        document["revision"] = revision
    return put(port, document, "PATCH", **more)


def shown(port):
    return told(port, PATH)[1]


def codes(problems):
    return sorted((problem["field"], problem["code"]) for problem in problems)


def home(**changes):
    return {"name": "Home", "url": "https://receiver.example/in", **changes}


def with_bearer(token, **changes):
    return home(auth={"type": "bearer", "token": token}, **changes)


# Reading


def test_settings_are_shown_complete_and_in_the_declared_order(shared_port):
    document = shown(shared_port)
    settings = document["settings"]
    assert settings["device"] == {"name": "made-up", "set_up": True}
    assert settings["clock"]["servers"][0] == "pool.ntp.org"
    assert settings["network"]["max_connections"] == 6
    declared = [entry["path"] for entry in told(shared_port, SCHEMA)[1]]
    assert list(settings) == [path for path in declared if "." not in path]
    queue = [path[21:] for path in declared if path.startswith("destinations[].queue.")]
    assert list(settings["destinations"][0]["queue"]) == queue


def test_in_the_place_of_a_secret_stands_whether_it_is_set(shared_port):
    response, body = ask(shared_port, PATH)
    first, second, *_ = json.loads(body)["settings"]["destinations"]
    assert first["sign"]["secret"] == {"set": True}
    assert second["sign"]["secret"] == {"set": False}
    assert b"00112233445566778899aabbccddeeff" not in body and b"pbkdf2" not in body


def test_the_revision_is_also_the_entity_tag(shared_port):
    response, body = ask(shared_port, PATH)
    assert response.headers["ETag"] == '"%d"' % json.loads(body)["revision"]


# Writing


def test_what_was_shown_can_be_put_back_and_changes_nothing(port):
    before = shown(port)
    assert put(port, before) == (200, {"revision": before["revision"]})
    assert shown(port) == before


def test_a_whole_document_gives_everything_it_leaves_out_its_default(port):
    before = shown(port)
    status, done = put(port, {"settings": {"device": {"name": "van"}}})
    assert (status, done) == (200, {"revision": before["revision"] + 1})
    after = shown(port)
    assert after["revision"] == done["revision"]
    assert after["settings"]["device"] == {"name": "van", "set_up": False}
    assert after["settings"]["destinations"] == []


def test_a_patch_changes_only_what_it_holds(port):
    before = shown(port)["settings"]
    assert patch(port, {"device": {"name": "van"}, "log": {"level": "debug"}})[0] == 200
    after = shown(port)["settings"]
    assert after["device"]["name"] == "van" and after["log"]["level"] == "debug"
    before["device"]["name"], before["log"]["level"] = "van", "debug"
    assert after == before


def test_null_in_a_patch_stands_for_the_default(port):
    patch(port, {"log": {"level": "debug"}})
    assert patch(port, {"log": {"level": None}, "clock": None})[0] == 200
    assert shown(port)["settings"]["log"]["level"] == "info"


def test_lists_are_patched_as_a_whole(port):
    assert patch(port, {"destinations": [home(id=2)], "passthrough": [], "bridges": []})[0] == 200
    [left] = shown(port)["settings"]["destinations"]
    assert (left["id"], left["name"]) == (2, "Home")


def test_a_secret_is_set_by_text_cleared_by_null_and_kept_by_what_is_shown(port):
    def is_set():
        return shown(port)["settings"]["destinations"][0]["auth"]["token"]["set"]

    assert (
        patch(port, {"destinations": [with_bearer(TOKEN, id=2)], "ids": {"custom3": "x"}})[0]
        == 200
    )
    assert is_set() and shown(port)["settings"]["ids"]["custom3"] == {"set": True}
    document = shown(port)
    document["settings"]["destinations"][0]["name"] = "Other"
    assert put(port, document)[0] == 200 and is_set()
    assert patch(port, {"destinations": [home(id=2, auth={"token": None})]})[0] == 200
    assert not is_set()
    assert patch(port, {"ids": {"custom3": None}})[0] == 200
    assert shown(port)["settings"]["ids"]["custom3"] == {"set": False}


def test_passwords_of_networks_stay_with_their_network(port):
    wifi = [{"ssid": "Home", "password": "12345678"}, {"ssid": "Café", "priority": 9}]
    assert patch(port, {"network": {"wifi": wifi}})[0] == 200
    stored = shown(port)["settings"]["network"]["wifi"]
    assert [(one["ssid"], one["password"]["set"]) for one in stored] == [
        ("Home", True),
        ("Café", False),
    ]
    assert patch(port, {"network": {"wifi": stored[::-1]}})[0] == 200
    again = shown(port)["settings"]["network"]["wifi"]
    assert [(one["ssid"], one["password"]["set"]) for one in again] == [
        ("Café", False),
        ("Home", True),
    ]
    assert patch(port, {"network": {"wifi": [{"ssid": "New"}, again[0]]}})[0] == 200
    assert not any(one["password"]["set"] for one in shown(port)["settings"]["network"]["wifi"])


# Two at once


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_who_does_not_know_of_a_change_cannot_overwrite_it(port, method):
    first = shown(port)
    assert patch(port, {"device": {"name": "theirs"}}, first["revision"])[0] == 200
    first["settings"]["device"]["name"] = "mine"
    status, problems = put(port, first, method)
    assert (status, codes(problems)) == (409, [("revision", "stale")])
    assert shown(port)["settings"]["device"]["name"] == "theirs"


def test_the_revision_may_stand_in_if_match(port):
    before = ask(port, PATH)[0].headers["ETag"]
    assert patch(port, {"device": {"name": "one"}}, If_Match=before)[0] == 200
    assert patch(port, {"device": {"name": "two"}}, If_Match=before)[0] == 409
    assert patch(port, {"device": {"name": "two"}}, If_Match="nonsense")[0] == 409
    assert patch(port, {"device": {"name": "two"}}, If_Match="*")[0] == 200


def test_scripts_need_not_know_the_revision(port):
    assert patch(port, {"device": {"name": "one"}})[0] == 200


# Refusing


def test_all_problems_are_told_and_nothing_is_changed(port):
    before = shown(port)
    wrong = {"device": {"name": ""}, "destinations": [home(cycle_ms=5), home(url="http://x")]}
    status, problems = patch(port, wrong)
    assert (status, codes(problems)) == (
        422,
        [
            ("destinations[0].cycle_ms", "cycle_range"),
            ("destinations[1].name", "name_duplicate"),
            ("destinations[1].url", "plaintext_not_allowed"),
            ("device.name", "field_empty"),
        ],
    )
    assert shown(port) == before


def test_settings_can_be_judged_without_being_changed(port):
    before = shown(port)
    assert put(port, before, query="?check=1") == (200, [])
    assert patch(port, {"device": {"name": "van"}}, query="?check=1") == (200, [])
    status, problems = patch(port, {"web": {"port": 0}}, query="?check=1")
    assert (status, codes(problems)) == (422, [("web.port", "range")])
    assert shown(port) == before


@pytest.mark.parametrize("name", ["password", "tokens"])
@pytest.mark.parametrize("value", ["pbkdf2-sha256$1$00$00", None])
def test_what_opens_the_page_is_not_changed_here(port, name, value):
    for query in ("", "?check=1"):
        status, problems = patch(port, {"web": {name: value}}, query=query)
        assert (status, codes(problems)) == (422, [("web." + name, "elsewhere")])
    assert ask(port, PATH)[0].status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"[]", ""),
        (b'{"settings":{"log":{}', ""),
        (b'{"settings":{},"revision":1', ""),
        (b"\xff", ""),
        (b"{}", "settings"),
        (b'{"settings":[]}', "settings"),
        (b'{"settings":{},"revision":"1"}', "revision"),
        (b'{"settings":{},"revision":true}', "revision"),
        (b'{"settings":{},"colour":1}', "colour"),
        (b'{"settings":{},1:2}', ""),
        (b'{"settings":{"web":{null:2}}}', ""),
        (b'{"settings":{"destinations":[{1:2}]}}', ""),
        (b'{"settings":{"log":{"level":1e999}}}', ""),
    ],
)
def test_what_is_no_document_is_refused(shared_port, body, field):
    for method in ("PUT", "PATCH"):
        status, problems = told(shared_port, PATH, method, {}, body)
        assert (status, [problem["field"] for problem in problems]) == (400, [field]), problems


def test_a_patch_of_any_depth_is_only_wrong(shared_port):
    deep = b'{"settings":{"web":' + b'{"x":' * 2000 + b"1" + b"}" * 2002
    status, problems = told(shared_port, PATH, "PATCH", {}, deep)
    assert (status, codes(problems)) == (400, [("", "json")])


def test_the_largest_document_is_taken_and_no_larger_one(port):
    parameter = {
        "pid": "22F190",
        "expression": "[B4:B5]/10",
        "init": "ATSH7E0;" + "ATFCSD300000;" * 18,
    }
    many = [dict(parameter, name="parameter %d" % number) for number in range(256)]
    document = shown(port)
    document["settings"]["autopid"]["custom"]["parameters"] = many
    body = json.dumps(document).encode()
    assert 90_000 < len(body) < LIMIT
    body += b" " * (LIMIT - len(body))
    assert told(port, PATH, "PUT", {}, body)[0] == 200
    assert len(shown(port)["settings"]["autopid"]["custom"]["parameters"]) == 256
    assert ask(port, PATH, BASIC, "PUT", body + b" ")[0].status == 413


def test_a_document_that_does_not_arrive_whole_changes_nothing(port):
    before = shown(port)
    head = "PUT %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\r\nContent-Length: 99\r\n\r\n"
    with connect(port) as client:
        client.sendall((head % (PATH, BASIC["Authorization"])).encode() + b'{"settings":{}}')
    assert shown(port) == before


# What is declared


def test_everything_declared_is_told_of_every_setting(shared_port):
    about = {entry.pop("path"): entry for entry in told(shared_port, SCHEMA)[1]}
    cycle = about["destinations[].cycle_ms"]
    assert cycle.pop("description").startswith("Time between two deliveries")
    assert cycle == {
        "type": "integer",
        "default": 5000,
        "minimum": 1000,
        "maximum": 86400000,
        "also": [0],
    }
    assert about["destinations"]["maxItems"] == 6
    assert about["network.wifi[].password"]["writeOnly"] is True
    assert about["destinations[].body.template"]["multiline"] is True
    assert about["clock.servers"]["default"][0] == "pool.ntp.org"


def test_what_is_declared_is_sent_once_for_each_firmware(shared_port):
    response, _ = ask(shared_port, SCHEMA)
    assert (response.headers["ETag"], response.headers["Cache-Control"]) == ('"0.1.0"', "no-cache")
    response, body = ask(shared_port, SCHEMA, {**BASIC, "If-None-Match": '"0.1.0"'})
    assert (response.status, body) == (304, b"")
    response, body = ask(shared_port, SCHEMA, {**BASIC, "If-None-Match": '"0.0.9"'})
    assert response.status == 200 and json.loads(body)


def test_a_destination_made_of_a_preset_is_what_the_preset_says(port):
    presets = {preset["name"]: preset["settings"] for preset in told(port, "/api/v1/presets")[1]}
    assert presets["mqtt"]["type"] == "mqtt" and presets["wican"] == {}
    added = dict(presets["influxdb"], name="Influx", url="https://x.example/", preset="influxdb")
    added["auth"] = dict(added["auth"], token=TOKEN)
    assert patch(port, {"destinations": [added]})[0] == 200
    [stored] = shown(port)["settings"]["destinations"]
    assert stored["body"]["format"] == "influx" and stored["auth"]["prefix"] == "Token "
    assert stored["query"] == [{"key": "precision", "value": "s"}]
