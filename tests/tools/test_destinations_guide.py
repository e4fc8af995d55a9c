"""The guide to destinations shows what the firmware really makes."""

import hashlib
import hmac
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from autopid.group import Group
from autopid.parameter import Parameter
from config import schema
from delivery import presets, signing, states
from delivery.formats import abrp, flat, influx, osmand, template, thingsboard, wican
from delivery.sample import Sample

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "destinations.md").read_text("utf-8")

FORMATS = {
    "wican": wican,
    "flat": flat,
    "template": template,
    "influx": influx,
    "abrp": abrp,
    "thingsboard": thingsboard,
    "osmand": osmand,
}
VALUES = (
    ("SPEED", "57", "km/h", "speed"),
    ("SOC", "66.5", "%", "battery"),
    ("HV_W", "8420", "W", "power"),
    ("CHARGING", "off", "none", "none"),
)
TEMPLATE = '{{"car":"{device_id}","at":{timestamp},"soc":{SOC},"soc_age_ms":{age:SOC}}}'


def made(name: str, text: str, unit: str, device_class: str) -> Parameter:
    """A parameter of that kind."""
    return Parameter(name, None, unit, device_class, binary=text in ("on", "off"))


def example(name: str, introduces: bool = False) -> str:
    """A document of the car in the guide."""
    group = Group(SimpleNamespace(ms=lambda: 1000))
    group.configure([made(*value) for value in VALUES])
    for parameter, value in zip(group, VALUES, strict=True):
        group.update(parameter, value[1])
    body = {"template": TEMPLATE, "measurement": "wican", "timestamps": False, "ages": False}
    status = [("fw_version", "1.0")] if introduces else None
    sample = Sample(list(group), 1120, 1_730_000_000, "a1b2c3d4e5f6", body, status)
    return FORMATS[name].document(sample).decode()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_example_of_a_format_is_what_it_makes(name: str) -> None:
    assert example(name) in GUIDE
    assert f"`{name}`" in GUIDE


def test_the_first_document_is_shown_with_its_beginning() -> None:
    assert example("wican", introduces=True).partition(',"status"')[0] in GUIDE


def test_the_example_of_a_verification_takes_our_signatures_and_no_others() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.S)
    space = {"hmac": hmac, "hashlib": hashlib}
    exec(code, space)
    body = example("wican").encode()
    good = signing.github("a shared secret", body)
    for header, taken in ((good, True), (signing.github("another", body), False), ("", False)):
        request = SimpleNamespace(body=body, headers={"X-Hub-Signature-256": header})
        assert space["is_from_my_car"](request, b"a shared secret") is taken


def test_the_shortest_destination_is_complete() -> None:
    document = json.loads(re.findall(r"```json\n(.*?)```", GUIDE, re.S)[0])
    secrets: dict = {}
    settings, problems = schema.validate(
        {"version": 1, "destinations": [document]}, secrets=secrets
    )
    assert problems == []
    assert settings["destinations"][0]["enabled"]
    assert list(secrets) == ["destinations.1.auth.token"]


def test_every_setting_that_is_named_exists() -> None:
    known = {path.removeprefix("destinations[].") for path, _ in schema.describe()}
    sections = {path.partition(".")[0] for path in known if "." in path}
    named = re.findall(r"`([a-z_]+\.[a-z_]+)`", GUIDE)
    assert len(named) > 20
    assert [
        name for name in named if name.partition(".")[0] in sections and name not in known
    ] == []


def test_every_preset_and_every_state_is_explained() -> None:
    words = [vars(states)[name] for name in vars(states) if name.isupper()]
    words = [word for word in words if isinstance(word, str) and word != states.NO_EVENTS]
    assert len(words) > 5
    for name in [*presets.PRESETS, *words]:
        assert f"`{name}`" in GUIDE, name
