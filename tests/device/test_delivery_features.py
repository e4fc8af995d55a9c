"""What a destination can be told to do, as its server sees it."""

import base64
import gzip
import hashlib
import hmac
import json
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import Collector, background
from destinations import device, settings

SPEED = '{"autopid_data":{"SPEED":0}}'
WEBHOOK_KEY = b"0123456789abcdef0123456789abcdef"
OLDER_KEY = b"fedcba9876543210fedcba9876543210"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    with background(tmp_path / "pki") as running:
        yield running


def first(tmp_path: Path, collector: Collector, secrets: dict | None = None, **changes: object):
    """The first document of a destination with these settings."""
    chosen = settings(collector.port, **changes)
    with device(tmp_path, [chosen], secrets=secrets or {}) as running:
        running.tell("values", {"SPEED": "0", "FUEL": "62.35"})
        return collector.wait(1, timeout=15)[0]


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def test_every_request_has_an_id_that_names_device_boot_and_number(tmp_path, collector):
    with device(tmp_path, [settings(collector.port)], boot=7) as running:
        running.tell("values", {"SPEED": "0"})
        documents = collector.wait(2, timeout=15)
    ids = [document.header("X-Message-Id") for document in documents]
    assert ids == ["a1b2c3d4e5f6-7-1", "a1b2c3d4e5f6-7-2"]


def test_a_document_that_is_sent_again_keeps_its_id_and_its_bytes(tmp_path, collector):
    collector.behaviour.status = 500
    queue = {"mode": "ram"}
    with device(tmp_path, [settings(collector.port, queue=queue)]) as running:
        running.tell("values", {"SPEED": "0"})
        collector.wait(1, timeout=15)
        collector.behaviour.status = 200
        running.tell("reset")
        one, again, *_ = collector.wait(2, timeout=15)
    assert one.header("X-Message-Id") == again.header("X-Message-Id") and one.body == again.body


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_method_headers_and_selection_are_as_chosen(tmp_path, collector, method):
    headers = [{"name": "X-Fleet", "value": "bus 7"}, {"name": "Accept-Language", "value": "de"}]
    select = {"include": ["S*", "F*"], "exclude": ["FUEL"]}
    got = first(
        tmp_path, collector, method=method, headers=headers, select=select, body={"boot": "never"}
    )
    assert (got.method, got.body.decode()) == (method, SPEED)
    assert (got.header("X-Fleet"), got.header("Accept-Language")) == ("bus 7", "de")


def test_ages_and_timestamps_come_on_request(tmp_path, collector):
    body = {"boot": "never", "ages": True, "timestamps": True}
    got = first(tmp_path, collector, body=body).json
    assert set(got) == {"autopid_data", "ages", "timestamp"}
    assert set(got["ages"]) == {"SPEED", "FUEL"} and 0 <= got["ages"]["SPEED"] < 60_000
    assert abs(got["timestamp"] - time.time()) < 60


@pytest.mark.parametrize(
    ("auth", "secret", "header", "value"),
    [
        ({"type": "basic", "user": "fleet"}, "s3cret", "Authorization", "Basic ZmxlZXQ6czNjcmV0"),
        ({"type": "api_key"}, "k3y", "x-api-key", "k3y"),
        (
            {"type": "api_key", "header": "Authorization", "prefix": "Token "},
            "k3y",
            "Authorization",
            "Token k3y",
        ),
    ],
)
def test_credentials_stand_where_the_server_looks(
    tmp_path, collector, auth, secret, header, value
):
    secrets = {"destinations.1.auth.token": secret}
    assert first(tmp_path, collector, secrets, auth=auth).header(header) == value


def test_a_key_can_travel_in_the_query(tmp_path, collector):
    auth = {"type": "api_key", "place": "query", "header": "key"}
    got = first(tmp_path, collector, {"destinations.1.auth.token": "a b&c"[2:]}, auth=auth)
    assert got.path_qs == "/in?v=1&key=b%26c"


def test_a_login_of_the_address_wins(tmp_path, collector):
    secrets = {"destinations.1.auth.token": "t0ken", "destinations.1.auth.login": "fleet:s3cret"}
    got = first(tmp_path, collector, secrets, auth={"type": "bearer"})
    assert [value for name, value in got.headers if name == "Authorization"] == [
        "Basic ZmxlZXQ6czNjcmV0"
    ]


def test_a_compressed_document_is_signed_as_it_is_sent(tmp_path, collector):
    secrets = {"destinations.1.sign.secret": "s3cret"}
    got = first(
        tmp_path,
        collector,
        secrets,
        body={"gzip": True, "boot": "never"},
        sign={"scheme": "github", "digest": True},
    )
    assert got.header("Content-Encoding") == "gzip"
    assert json.loads(gzip.decompress(got.body)) == {"autopid_data": {"SPEED": 0, "FUEL": 62.35}}
    signature = hmac.new(b"s3cret", got.body, hashlib.sha256).hexdigest()
    assert got.header("X-Hub-Signature-256") == "sha256=" + signature
    digest = base64.b64encode(hashlib.sha256(got.body).digest()).decode()
    assert got.header("Content-Digest") == f"sha-256=:{digest}:"


def test_standard_webhooks_are_signed_with_both_secrets_during_a_rotation(tmp_path, collector):
    secrets = {
        "destinations.1.sign.secret": whsec(WEBHOOK_KEY),
        "destinations.1.sign.previous": whsec(OLDER_KEY),
    }
    got = first(tmp_path, collector, secrets, sign={"scheme": "standard_webhooks"})
    stamp = got.header("webhook-timestamp")
    assert abs(int(stamp) - time.time()) < 60
    signed = f"{got.header('webhook-id')}.{stamp}.".encode() + got.body
    expected = [
        "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for key in (WEBHOOK_KEY, OLDER_KEY)
    ]
    assert got.header("webhook-signature").split(" ") == expected


def test_sending_on_demand_returns_the_request_with_its_secrets_masked(tmp_path, collector):
    secrets = {"destinations.1.auth.token": "s3cret", "destinations.1.sign.secret": "h1dden"}
    chosen = settings(
        collector.port,
        enabled=False,
        auth={"type": "bearer"},
        sign={"scheme": "github"},
    )
    with device(tmp_path, [chosen], secrets=secrets) as running:
        running.tell("values", {"SPEED": "0"})
        record = running.tell("send", 1)
        collector.behaviour.status = 404
        refused = running.tell("send", 1)
    assert (record["ok"], record["status"], record["stage"]) == (True, 200, "body")
    assert record["request"].startswith("POST /in?v=1 HTTP/1.1\r\n")
    assert "Authorization: Bearer ***\r\n" in record["request"]
    assert record["request"].endswith(collector.documents[0].body.decode())
    assert (refused["ok"], refused["status"]) == (False, 404) and "path" in refused["advice"]
    assert "s3cret" not in str((record, refused)) and "h1dden" not in str((record, refused))


def test_a_yes_that_says_no_is_no_delivery(tmp_path, collector):
    collector.behaviour.body = b'{"status":"error"}'
    success = {"json_path": "status", "json_value": "ok"}
    with device(tmp_path, [settings(collector.port, success=success)]) as running:
        running.tell("values", {"SPEED": "0"})
        record = running.tell("send", 1)
        collector.behaviour.body = b'{"status":"ok"}'
        accepted = running.tell("send", 1)
    assert not record["ok"] and "status = error" in record["cause"] and accepted["ok"]


def test_documents_on_flash_survive_a_pulled_plug_and_arrive_in_order(tmp_path, collector):
    collector.behaviour.status = 503
    chosen = settings(collector.port, queue={"mode": "flash"})
    with device(tmp_path, [chosen]) as running:
        running.tell("values", {"SPEED": "0"})
        wait_for(running, "queued", 3)
        segment = tmp_path / "outbox" / "1" / "00000000"
        deadline = time.monotonic() + 20
        while not segment.exists():  # what has waited for ten seconds is written
            running.tell("report")
            assert time.monotonic() < deadline
        running.tell("report")  # whoever answers has finished writing
        running.kill()
    collector.behaviour.status = 200
    before = collector.total
    with device(tmp_path, [chosen], boot=2):
        arrived = collector.wait(before + 3, timeout=30)[before:]
    ids = [document.header("X-Message-Id") for document in arrived[:3]]
    assert ids == [f"a1b2c3d4e5f6-1-{number}" for number in (1, 2, 3)]


def wait_for(running, key: str, value: object) -> dict:
    """Asks again and again until the destination shows that value."""
    deadline = time.monotonic() + 20
    [state] = running.tell("report")
    while state[key] != value:
        assert time.monotonic() < deadline, state
        [state] = running.tell("report")
    return state


def test_a_destination_gone_for_good_is_left_alone(tmp_path, collector):
    collector.behaviour.status = 410
    with device(tmp_path, [settings(collector.port)]) as running:
        running.tell("values", {"SPEED": "0"})
        state = wait_for(running, "state", "gone")
    assert "gone for good" in state["reason"] and collector.total == 1


def test_six_destinations_take_turns_on_two_connections(tmp_path, collector):
    chosen = [settings(collector.port, id=1 + index) for index in range(6)]
    with device(tmp_path, chosen, connections=2) as running:
        running.tell("values", {"SPEED": "0"})
        states = running.tell("report")
        deadline = time.monotonic() + 30
        while not all(state["delivered"] > 1 for state in states):
            assert time.monotonic() < deadline, states
            states = running.tell("report")
    assert all(state["failed"] == 0 for state in states)
    assert collector.connections > 6  # they had to give way to each other


@pytest.mark.parametrize(
    ("format", "content_type", "text"),
    [
        ("influx", "text/plain; charset=utf-8", "wican,device=a1b2c3d4e5f6 SPEED=0,FUEL=62.35 "),
        ("thingsboard", "application/json", '"values":{"SPEED":0,"FUEL":62.35}}'),
        ("abrp", "application/x-www-form-urlencoded", "tlm=%7B"),
    ],
)
def test_other_formats_have_their_own_type(tmp_path, collector, format, content_type, text):
    got = first(tmp_path, collector, body={"format": format})
    assert got.header("Content-Type") == content_type and text in got.body.decode()


def test_the_key_of_a_form_is_put_in_when_it_is_sent(tmp_path, collector):
    auth = {"type": "api_key", "place": "body", "header": "token"}
    secrets = {"destinations.1.auth.token": "k&y"}
    got = first(tmp_path, collector, secrets, auth=auth, body={"format": "abrp"})
    fields = urllib.parse.parse_qs(got.body.decode(), strict_parsing=True)
    assert fields["token"] == ["k&y"] and json.loads(fields["tlm"][0])["speed"] == 0


def test_traccar_gets_its_values_in_the_query(tmp_path, collector):
    got = first(tmp_path, collector, body={"format": "osmand"})
    assert got.body == b"" and "&id=a1b2c3d4e5f6" in got.path_qs and "FUEL=62.35" in got.path_qs


def test_a_template_is_filled_with_exact_values(tmp_path, collector):
    template = '{{"v":{SPEED},"fuel":{FUEL},"by":"{device_id}"}}'
    got = first(tmp_path, collector, body={"format": "template", "template": template})
    assert got.body == b'{"v":0,"fuel":62.35,"by":"a1b2c3d4e5f6"}'


def test_a_plain_server_is_used_only_if_that_is_allowed(tmp_path, collector):
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:
        received = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/in"
        chosen = settings(collector.port, url=url, transport={"allow_plain": True})
        with device(tmp_path, [chosen]) as running:
            running.tell("values", {"SPEED": "0"})
            thread.join(15)
            wait_for(running, "state", "ok")
    assert received[0].startswith(b"POST /in HTTP/1.1\r\n")
