"""What is read from the car is chosen and tried on the page; values, log and bridges are watched there."""

import json

import browser
import pytest
from browser import elsewhere, expect, needed, started, visiting

from firmware import readings, world

pytestmark = needed

CAR = {"car_model": "Kia: e-Niro", "pids": [{"pid": "010D", "parameters": {"WHEELS": "B3"}}]}


@pytest.fixture(scope="module")
def chromium():
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def device(tmp_path_factory, chromium):
    folder = tmp_path_factory.mktemp("automate")
    with elsewhere(world(folder, "petrol", held=60.0, latency_ms=2)) as running:
        yield running


@pytest.fixture(scope="module")
def key(chromium, device):
    return browser.key(chromium, device.files.web_port)


@pytest.fixture
def visitor(chromium, device, key):
    with visiting(chromium, device.files.web_port, storage_state=key) as visitor:
        visitor.enter_the_page()
        yield visitor


def card(visitor, title):
    return visitor.page.locator(".card").filter(
        has=visitor.page.get_by_role("heading", name=title, exact=True)
    )


def test_what_the_car_supports_can_be_asked_and_chosen(visitor, device):
    visitor.turn("Automate")
    standard = card(visitor, "Standard PIDs")
    visitor.press("Scan", standard)
    expect(standard.get_by_role("status")).to_contain_text("the car supports")
    box = standard.get_by_role("checkbox", name="21-DistanceMILOn")
    expect(box).not_to_be_checked()
    box.check()
    visitor.submit()
    device.device.until(lambda status: "21-DistanceMILOn" in readings(status))
    visitor.turn("Status")
    expect(visitor.page.locator("main")).to_contain_text("21-DistanceMILOn")


def test_an_expression_is_tried_on_the_car_and_on_what_was_pasted(visitor):
    visitor.turn("Automate")
    custom = card(visitor, "Custom PIDs")
    visitor.press("Add custom PID", custom)
    visitor.enter("Name", "Speed", custom)
    visitor.enter("PID", "010D", custom)
    visitor.enter("Expression", "B3*2", custom)
    custom.get_by_text("Try it").click()
    visitor.field("Or paste what an adapter printed", custom).fill("7E8 03 41 0D 32")
    visitor.press("Read what is pasted", custom)
    result = custom.locator(".try").get_by_role("status")
    expect(result.locator("strong")).to_have_text("100")
    visitor.press("Ask the car", custom)
    expect(result.locator("pre")).to_contain_text("41 0D")
    visitor.enter("Expression", "B40", custom)
    visitor.press("Read what is pasted", custom)
    expect(result.locator(".error")).to_contain_text(
        "Expression: The answer (4 bytes) is too short"
    )
    expect(result.locator("pre")).to_contain_text("41 0D 32")
    visitor.enter("Expression", "B3*", custom)
    visitor.press("Read what is pasted", custom)
    expect(result.locator(".error")).to_contain_text("Expression:")


def test_a_profile_is_pasted_and_its_values_are_read(visitor, device):
    visitor.turn("Automate")
    profile = card(visitor, "Vehicle profile")
    profile.get_by_text("Paste it").click()
    visitor.field("Profile as text", profile).fill(json.dumps(CAR))
    visitor.press("Load", profile)
    expect(profile).to_contain_text("In use: Kia: e-Niro")
    expect(profile).to_contain_text("1 values: WHEELS")
    device.device.until(lambda status: "WHEELS" in readings(status))
    visitor.press("Remove", profile)
    visitor.press("Remove", visitor.page.get_by_role("dialog"))
    expect(profile).to_contain_text("No profile is loaded.")


def test_of_many_cars_one_is_searched_and_loaded(visitor):
    cars = [{**CAR, "car_model": f"Kia: model {number}"} for number in range(50)]
    visitor.turn("Automate")
    profile = card(visitor, "Vehicle profile")
    profile.get_by_text("Paste it").click()
    visitor.field("Profile as text", profile).fill(json.dumps({"cars": cars}))
    visitor.press("Load", profile)
    expect(profile).to_contain_text("30 of 50")
    visitor.enter("Search your car", "model 37", profile)
    visitor.press("Kia: model 37", profile)
    expect(profile).to_contain_text("In use: Kia: model 37")


def test_values_and_log_come_by_themselves(visitor, device):
    expect(visitor.page.locator("#link")).to_have_text("live")
    before = device.device.status()["destinations"][0]["delivered"]
    expect(visitor.page.locator("main")).not_to_contain_text(f" {before} delivered")
    visitor.turn("Logs")
    expect(visitor.page.locator("#log")).to_contain_text("firmware started")
    visitor.enter("Search the log", "firmware started")
    expect(visitor.page.locator("#log li")).to_have_count(1)


def test_a_page_that_hears_nothing_more_says_so(visitor):
    visitor.page.context.set_offline(True)
    visitor.page.evaluate("events.close(); poll()")
    expect(visitor.page.locator("#link")).to_have_text("no reply")
    visitor.page.context.set_offline(False)
    expect(visitor.page.locator("#link")).to_have_text("live")


def test_the_log_of_the_bridges_is_at_hand(visitor):
    visitor.turn("Network")
    visitor.page.get_by_text("Log of the bridges").click()
    expect(visitor.page.locator("main")).to_contain_text("Nothing has gone wrong since the start.")
