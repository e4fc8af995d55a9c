"""The collector verifies what arrives: all schemes together, digests of the content, and logins."""

import base64
import hashlib
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import collector
import collector.__main__ as collector_command
import pytest
from collector import (
    AzureSas,
    Basic,
    Bearer,
    ContentDigest,
    Github,
    Kpn,
    StandardWebhooks,
    Stripe,
    ThingPark,
    parse,
    verdict,
)
from collector_requests import (
    AS_KEY,
    BODY,
    HUB,
    INPUTS,
    KPN_SECRET,
    OUTPUTS,
    PLUG,
    SAS_KEY,
    WHSEC,
    check,
    request,
)
from test_collector import ROOT, client, post


def test_digests_of_the_content_are_compared() -> None:
    for name in ("cd_1", "cd_2"):
        body = INPUTS[name][0].encode()
        check(ContentDigest(), request(body, Content_Digest=OUTPUTS[name]), "ok")
        check(ContentDigest(), request(body + b" ", Content_Digest=OUTPUTS[name]), "white space")
    long = base64.b64encode(hashlib.sha512(BODY).digest()).decode()
    empty = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    for value, expected in (
        (f"unixsum=:30637:, sha-512=:{long}:", "ok"),
        (f"sha-256=:{hashlib.sha256(BODY).hexdigest()}:", "written as lower-case"),
        (f"sha-256=:{empty}:", "covers nothing instead of the body"),
        (OUTPUTS["cd_2"].replace(":", ""), "no colons"),
        ("md5=:AAAA:", "neither sha-256 nor sha-512"),
    ):
        check(ContentDigest(), request(Content_Digest=value), expected)


def test_basic_logins() -> None:
    for name in ("basic_1", "basic_2", "basic_3"):
        check(Basic(*INPUTS[name]), request(Authorization=OUTPUTS[name]), "ok")
    latin = base64.b64encode("test:123£".encode("latin-1")).decode()
    for value, expected in (
        ("Basic " + latin, "Latin-1 instead of UTF-8"),
        ("Basic test:123£", "not encoded as Base64"),
        ("Basic " + base64.b64encode(b"test:124").decode(), "The password is another one."),
        ("Basic " + base64.b64encode(b"toast:123").decode(), "The user is another one."),
        ("Basic " + base64.b64encode(b"test").decode(), "no colon"),
        ("Basic dGVzdDoxMjPCow", "no Base64"),
        ("Bearer dGVzdDoxMjPCow==", "has Bearer in front, not Basic."),
        ("dGVzdDoxMjPCow==", "has no scheme in front"),
    ):
        check(Basic("test", "123£"), request(Authorization=value), expected)
    check(Basic("a", "b"), request(), "The header Authorization is missing.")


def test_bearer_tokens() -> None:
    for value, expected in (
        ("Bearer s3cret", "ok"),
        ("bearer s3cret", "ok"),
        ('Bearer "s3cret"', "quotes or blanks"),
        ("Bearer Bearer s3cret", "once more"),
        ("Bearer other", "another one: 5 characters, not 6."),
        ("s3cret", "has no scheme in front"),
    ):
        check(Bearer("s3cret"), request(Authorization=value), expected)


ALL = (
    Kpn(KPN_SECRET),
    ThingPark(AS_KEY),
    StandardWebhooks(WHSEC),
    Github("s"),
    Stripe("s"),
    AzureSas(SAS_KEY),
    ContentDigest(),
    Basic("a", "b"),
    Bearer("a"),
)


def test_the_first_check_that_fails_decides() -> None:
    good = request(Authorization="Bearer a", Content_Digest=OUTPUTS["cd_2"])
    assert verdict(good, []) == ""
    assert verdict(good, [Bearer("a"), ContentDigest()]) == "ok"
    both = [Bearer("b"), Basic("a", "b"), ContentDigest()]
    assert verdict(good, both).startswith("bearer: ")
    assert verdict(good, both[1:]).startswith("basic: ")


def test_no_request_is_so_strange_that_a_check_breaks() -> None:
    values = (
        "",
        "=",
        ",",
        ":",
        "v1,",
        "t=,v1=",
        "sha-256=:",
        "\udcff",
        "Basic \udcff",
        "x" * 9000,
    )
    names = [
        "Authorization",
        "Things_Message_Token",
        "Things_Plug_UUID",
        "webhook_id",
        "webhook_timestamp",
        "webhook_signature",
        "X_Hub_Signature_256",
        "Stripe_Signature",
        "Content_Digest",
        "Host",
    ]
    bodies = (b"", b"{", b'{"DevEUI_uplink":[]}', b"\xff\xfe", b'"\\ud800"', b"<a>\xff</a>")
    paths = (
        "/",
        "/?&=&",
        "/in?" + OUTPUTS["tp_wire_s1"],
        "/devices/%zz/messages/events?",
        "/?Time=%ff",
    )
    for value, body, path in itertools.product(values, bodies, paths):
        sent = request(body, path, **dict.fromkeys(names, value))
        for verifier in ALL:
            assert verdict(sent, [verifier]) not in ("ok", "")


def test_command_line_names_are_understood() -> None:
    assert parse("kpn:a:b") == Kpn("a:b")
    assert parse(f"kpn:{PLUG}:a:b") == Kpn("a:b", PLUG)
    assert parse("thingpark:" + AS_KEY) == ThingPark(AS_KEY)
    assert parse("standard_webhooks:" + WHSEC) == StandardWebhooks(WHSEC)
    assert parse("github:a") == Github("a") and parse("stripe:a") == Stripe("a")
    assert parse("azure_sas:" + SAS_KEY) == AzureSas(SAS_KEY)
    assert parse(f"azure_sas:{HUB}:{SAS_KEY}") == AzureSas(SAS_KEY, HUB)
    assert parse("digest") == ContentDigest()
    assert parse("basic:a:b:c") == Basic("a", "b:c") and parse("bearer:a") == Bearer("a")
    for text in ("", "rot13:a", "github", "github:", "digest:a", "standard_webhooks:§"):
        with pytest.raises(ValueError):
            parse(text)


def test_the_collector_says_what_is_wrong_and_can_refuse(tmp_path: Path) -> None:
    good = "sha256=" + OUTPUTS["gh_2"]
    with collector.background(tmp_path, verify=[Github("wican-secret")]) as receiver:
        connection = client(tmp_path, receiver.port)
        assert post(connection, BODY, **{"X-Hub-Signature-256": good})[0] == 200
        assert post(connection, BODY)[0] == 200
        receiver.behaviour.refuse = 401
        assert post(connection, BODY, **{"X-Hub-Signature-256": good})[0] == 200
        status, said, _ = post(connection, BODY)
        connection.close()
        verdicts = [received.verdict for received in receiver.wait(4, timeout=5)]
    missing = "github: The header X-Hub-Signature-256 is missing."
    assert verdicts == ["ok", missing, "ok", missing]
    assert (status, said.decode()) == (401, missing)


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "collector", "--port", "0", "--pki", str(tmp_path)]
    command += ["--verify", "bearer:a", "--verify", "digest", "--refuse", "403"]
    process = subprocess.Popen(
        command,
        env=dict(os.environ, PYTHONPATH=str(ROOT / "tools")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = int(process.stderr.readline().rsplit(":", 1)[1].strip().rstrip("/"))
        connection = client(tmp_path, port)
        good = {"Authorization": "Bearer a", "Content-Digest": OUTPUTS["cd_2"]}
        assert post(connection, BODY, **good)[0] == 200
        assert post(connection, BODY, Authorization="Bearer a")[0] == 403
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        shown, notes = process.communicate(timeout=10)
    assert shown.splitlines() == [BODY.decode()] * 2
    assert notes.splitlines() == [
        "collector: POST /in?a=%20b: ok",
        "collector: POST /in?a=%20b: digest: The header Content-Digest is missing.",
    ]


def test_the_command_refuses_a_scheme_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["collector", "--pki", "x", "--verify", "rot13:a"])
    with pytest.raises(SystemExit):
        collector_command.main()
    assert "unknown scheme 'rot13'; there are kpn, thingpark," in capsys.readouterr().err
