"""The commands of docs/api.md, as somebody would copy them: against a device with a car, in the order of the page."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import signer

from firmware import PASSWORD, world

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDE = (ROOT / "docs" / "api.md").read_text("utf-8")
COMMANDS = [line[4:] for line in GUIDE.splitlines() if line.startswith("    curl ")]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each command printed; a token is taken from the answer that tells it."""
    told = {}
    token = ""
    here = tmp_path_factory.mktemp("here")
    (here / "wican_pro.wup").write_bytes(signer.archive(signer.NEW))

    def prepare(files, _):
        (files.root / "update.pub").write_bytes(signer.KEY)

    with world(tmp_path_factory.mktemp("guide"), "petrol", prepare, held=300.0) as running:
        device = running.device
        device.wait_for("ECU online")
        running.document_with("0C-EngineRPM")
        for line in COMMANDS:
            command = line.replace("http://wican.local", f"http://127.0.0.1:{device._web_port}")
            command = command.replace("-u admin ", "-u " + shlex.quote(f"admin:{PASSWORD}") + " ")
            done = subprocess.run(
                ["sh", "-c", command.replace("curl ", "curl -sS --max-time 60 ", 1)],
                cwd=here,
                env=dict(os.environ, TOKEN=token),
                capture_output=True,
                text=True,
                timeout=90,
            )
            # 28: the time that the guide gives the events is over.
            assert done.returncode in (0, 28), (line, done.stderr)
            told[line] = done.stdout
            if "/tokens" in line:
                token = json.loads(done.stdout)["token"]
    return told


def answer(answers, *parts):
    """The answer to the only command with all these parts."""
    [line] = [line for line in answers if all(part in line for part in parts)]
    return answers[line]


pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")


def test_values_and_settings_can_be_read_with_a_token(answers):
    assert json.loads(answer(answers, "Bearer", "v1/status"))["values"]
    settings = json.loads(answer(answers, "curl -H", "v1/settings"))
    assert settings["revision"] >= 0 and settings["settings"]["log"]["level"]
    assert [entry["path"] for entry in json.loads(answer(answers, "v1/schema"))]


def test_a_change_is_judged_then_made(answers):
    assert json.loads(answer(answers, "check=1")) == []
    assert "revision" in json.loads(answer(answers, "-X PATCH", "}}}' http"))


def test_the_car_is_asked_and_a_pasted_answer_read(answers):
    assert "0C-EngineRPM" in json.loads(answer(answers, "car/scan"))["supported"]
    asked = json.loads(answer(answers, "car/try", "/4\"}'"))
    assert asked["ok"] and asked["image"].startswith("04410C")
    pasted = json.loads(answer(answers, "7E8 04 41 0C 1A F8"))
    assert pasted["value"] == 1726


def test_the_car_tells_who_it_is_and_what_is_wrong_with_it(answers):
    assert json.loads(answer(answers, "car/vin"))["vin"] == "WVWZZZ1KZAW000123"
    [ecu, *_] = json.loads(answer(answers, 'TOKEN" http', "car/codes"))["ecus"]
    assert "P0133" in [one["code"] for one in ecu["stored"]]
    assert json.loads(answer(answers, "codes/clear"))["cleared"]


def test_an_update_is_taken_and_no_crash_is_known(answers):
    assert json.loads(answer(answers, 'TOKEN" http', "v1/update"))["board"] == "unix"
    assert json.loads(answer(answers, "restart=no")) == {"version": "1.4.0"}
    assert json.loads(answer(answers, "curl -H", "v1/crash"))["text"] == ""


def test_events_and_deliveries_are_told(answers):
    assert "event: status" in answer(answers, "v1/events")
    assert json.loads(answer(answers, "destinations/1/send"))["request"].startswith("POST /")
