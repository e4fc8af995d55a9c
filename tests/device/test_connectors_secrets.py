"""What connectors know to keep to themselves: no answer of the device and no line of its log holds a secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from connectors import NAME, Stage, staged

SECRETS = {
    "custom3": "cust0m-Three/Q",
    "password": "pass-W0rd/Q",
    "azure": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "thingpark": "00112233445566778899aabbccddeeff",
    "kpn": "C03fajLBWj$nbvOnQlV9N49zVFEobV#x",
}
PATHS = (
    "/",
    "/api/v1/status",
    "/api/v1/destinations",
    *[f"/api/v1/destinations/{number}" for number in (1, 2, 3, 4)],
    *[f"/api/v1/destinations/{number}/dead" for number in (1, 2, 4)],
    "/api/v1/downlink",
    "/api/v1/presets",
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


def destinations(stage: Stage) -> list[dict]:
    """One of each."""
    auth = {"type": "basic", "user": "fleet", "token": SECRETS["password"]}
    header = {"name": "X-Key", "value": "[CUSTOM3]"}
    string = f"HostName={NAME};DeviceId=wican-7;SharedAccessKey={SECRETS['azure']}"
    azure = stage.destination("azure_iot_hub", auth={"connection": string})
    del azure["url"]
    found = [
        stage.destination("digital_matter", auth=auth, headers=[header]),
        azure,
        stage.destination("thingpark", sign={"secret": SECRETS["thingpark"]}),
        stage.destination("kpn_things", sign={"secret": SECRETS["kpn"]}),
    ]
    return [{**each, "id": id, "name": f"Fleet {id}"} for id, each in enumerate(found, 1)]


@pytest.mark.parametrize("status", [200, 400])
def test_no_answer_and_no_line_of_the_log_holds_a_secret(stage, capfd, status):
    stage.behaviour.status = status
    with stage.device(*destinations(stage), ids={"custom3": SECRETS["custom3"]}) as device:
        device.values()
        device.skip(5)  # not all of them begin at once
        told = [device.get(path) for path in PATHS]
        told += [device.ask("POST", f"/api/v1/destinations/{id}/send")[1] for id in (1, 2, 3, 4)]
    assert len(stage.documents) == 8
    told.append(capfd.readouterr().err.encode())
    told.append((stage.root / "config" / "settings.json").read_bytes())
    for name, secret in SECRETS.items():
        assert not [text for text in told if secret.encode() in text], name
    sent = [each.header("Authorization") for each in stage.documents]
    for token in sent:
        assert token is None or not [text for text in told if token.encode() in text]
    assert any(sent) and b"***" in b"".join(told)
