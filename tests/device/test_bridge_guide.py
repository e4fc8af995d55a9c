"""The guide to bridges shows settings that the firmware takes, and what its API really answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from config import schema
from net.bridge_log import STAGES
from net.bridges import Bridged

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "bridge.md").read_text("utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]
SETTINGS = [example for example in EXAMPLES if isinstance(example, dict)]


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_the_settings_shown_are_accepted(number: int) -> None:
    settings, problems = schema.validate(SETTINGS[number])
    assert problems == []
    assert settings["bridges"]


def test_the_answer_shown_has_the_members_of_the_real_one() -> None:
    [[shown]] = [example for example in EXAMPLES if isinstance(example, list)]
    settings, _ = schema.validate(SETTINGS[0])
    told = dict(Bridged(settings["bridges"][0], [], None).pairs())
    assert list(shown) == list(told)
    for name in ("name", "kind", "enabled", "listen_port", "host", "port"):
        assert shown[name] == told[name]


def test_every_stage_is_explained() -> None:
    table = GUIDE.split("| stage |")[1].split("\n\n")[0]
    assert sorted(re.findall("`([a-z]+)`(?=[,| ])", table)) == sorted([*STAGES])
