"""Somebody looks at the car's trouble codes, and has them cleared."""

import re

import pytest
from browser import expect, needed, started, visiting

from firmware import world

pytestmark = needed


@pytest.fixture
def petrol(tmp_path):
    with world(tmp_path, "petrol", held=300.0) as running:
        running.device.wait_for("ECU online")
        yield running


@pytest.fixture
def visitor(petrol):
    """Somebody who is where the codes are."""
    with started() as chromium, visiting(chromium, petrol.files.web_port) as visitor:
        visitor.log_in()
        visitor.turn("Automate")
        yield visitor


def services(running):
    """What the car has been asked for, besides values."""
    lines = {line.strip()[:2] for line in running.adapter.log}
    return lines & {"02", "03", "04", "07", "09", "0A"}


def trouble(visitor):
    heading = visitor.page.get_by_role("heading", name="Trouble codes")
    return visitor.page.locator("section", has=heading)


def row(visitor, code):
    return trouble(visitor).get_by_role("row").filter(has_text=code)


def test_codes_are_read_on_demand_and_cleared_after_a_question(petrol, visitor):
    place = trouble(visitor)
    assert services(petrol) == set(), "nobody has asked yet"
    visitor.press("Read", place)
    expect(row(visitor, "P0420")).to_contain_text("Catalyst efficiency too low, bank 1")
    expect(row(visitor, "P0420")).to_contain_text("stored, permanent")
    expect(row(visitor, "P0302")).to_contain_text("pending")
    expect(place).to_contain_text("WVWZZZ1KZAW000123")
    expect(place).to_contain_text("all self-tests through")
    place.get_by_text("When P0133 was noted down").click()
    expect(place).to_contain_text("2210.25 rpm")
    visitor.picture("trouble-codes")
    assert visitor.barriers() == []

    visitor.press("Clear", place)
    visitor.press("Cancel")
    assert "04" not in services(petrol), "the question was answered with no"
    visitor.press("Clear", place)
    visitor.press("Clear", visitor.page.get_by_role("dialog"))
    expect(visitor.page.locator("#toasts")).to_contain_text("Cleared by ECU 7E8 (engine).")
    expect(row(visitor, "P0133")).to_have_count(0)
    expect(row(visitor, "P0420")).to_contain_text(re.compile("permanent$"))
    expect(place).to_contain_text("5 of 8 self-tests not through")


def test_a_car_that_sleeps_is_told_in_a_sentence(petrol, visitor):
    petrol.adapter.asleep = True
    visitor.press("Read", trouble(visitor))
    expect(trouble(visitor)).to_contain_text("is the ignition on?", timeout=30_000)
