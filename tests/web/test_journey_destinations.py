"""Changing settings on the page: what Submit Changes does, what it refuses, and that nobody loses anything."""

import json

import browser
import pytest
from browser import elsewhere, expect, needed, started, visiting

from firmware import PASSWORD, TOKEN, destination, world

pytestmark = needed

BEARER, NEW_PASSWORD = "MY_SUPER_TOKEN", "an0ther horse"


@pytest.fixture(scope="module")
def chromium():
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def device(tmp_path_factory, chromium):
    folder = tmp_path_factory.mktemp("destinations")
    with elsewhere(world(folder, "petrol", held=60.0)) as running:
        yield running


@pytest.fixture(scope="module")
def key(chromium, device):
    return browser.key(chromium, device.files.web_port)


@pytest.fixture
def visitor(chromium, device, key):
    """Somebody who has logged in to a device with one destination."""
    with visiting(chromium, device.files.web_port, storage_state=key) as visitor:
        visitor.enter_the_page()
        one = destination(device.collector.port, auth={"type": "bearer", "token": TOKEN})
        settings = {"destinations": [one], "device": {"name": "wican", "set_up": True}}
        change(visitor, settings)
        yield visitor


def change(visitor, settings):
    """Changes settings past the page, as a script or another browser does."""
    status = visitor.page.evaluate(
        """settings => fetch("/api/v1/settings", {
            method: "PATCH", body: JSON.stringify({ settings }),
            headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" },
        }).then(answer => answer.status)""",
        settings,
    )
    assert status == 200


def saved(device):
    return json.loads(device.device.get("/api/v1/settings"))["settings"]


def submit_button(visitor):
    return visitor.page.get_by_role("button", name="Submit Changes")


def cards(visitor):
    return visitor.page.locator(".destination")


def unfold(visitor):
    """Opens the first destination's card."""
    card = cards(visitor).first
    fold(card)
    return card


def fold(card):
    """Opens it, or closes it."""
    card.locator("summary").first.click()


def test_submit_changes_wakes_up_only_when_something_was_changed(visitor):
    visitor.turn("Destinations")
    expect(submit_button(visitor)).to_be_disabled()
    card = unfold(visitor)
    name = visitor.field("Name", card)
    expect(name).to_be_visible()
    fold(card)
    expect(name).to_be_hidden()
    expect(submit_button(visitor)).to_be_disabled()
    fold(card)
    name.fill("Garage 2")
    expect(submit_button(visitor)).to_be_enabled()
    name.fill("Garage 1")
    expect(submit_button(visitor)).to_be_disabled()


def test_what_was_changed_can_be_looked_at_and_taken_back(visitor):
    visitor.turn("Destinations")
    card = unfold(visitor)
    visitor.enter("Cycle (ms)", "9000", card)
    visitor.enter("Auth Value", BEARER, card)
    visitor.press("Show changes")
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog).to_contain_text("1000 → 9000")
    expect(dialog).to_contain_text("Garage 1: Auth Value")
    expect(dialog).not_to_contain_text(BEARER)
    visitor.press("Close", dialog)
    visitor.press("Discard")
    visitor.press("Discard", visitor.page.get_by_role("dialog"))
    expect(visitor.field("Cycle (ms)", card)).to_have_value("1000")
    expect(submit_button(visitor)).to_be_disabled()


def test_there_is_a_warning_before_changes_are_lost(visitor):
    visitor.turn("Destinations")
    assert visitor.leave() == []
    visitor.enter("Name", "Barn", unfold(visitor))
    visitor.turn("Power")  # within the page nothing is lost
    assert visitor.leave() == ["beforeunload"]


def test_six_destinations_are_served_and_a_seventh_is_refused_kindly(visitor, device):
    visitor.turn("Destinations")
    for number in range(2, 7):
        visitor.press("Add Destination")
        card = cards(visitor).nth(number - 1)
        visitor.enter("Name", f"Garage {number}", card)
        visitor.enter("Destination (URL)", f"https://127.0.0.1:{device.collector.port}/", card)
        visitor.enter("Cycle (ms)", "60000", card)
        visitor.choose("Cert Set", "garage", card)
    visitor.submit()
    visitor.press("Add Destination")
    expect(visitor.page.locator("#toasts")).to_contain_text(
        "There are 6 destinations already, which is all a device can serve: delete one first."
    )
    expect(cards(visitor)).to_have_count(6)
    expect(submit_button(visitor)).to_be_disabled()
    names = [item["name"] for item in device.device.status()["destinations"]]
    assert names == [f"Garage {number}" for number in range(1, 7)]


def test_a_destination_is_deleted_after_a_question(visitor, device):
    visitor.turn("Destinations")
    card = unfold(visitor)
    visitor.press("Delete Garage 1", card)
    visitor.press("Cancel", visitor.page.get_by_role("dialog"))
    expect(cards(visitor)).to_have_count(1)
    visitor.press("Delete Garage 1", card)
    visitor.press("Delete", visitor.page.get_by_role("dialog"))
    expect(cards(visitor)).to_have_count(0)
    visitor.submit()
    assert saved(device)["destinations"] == []


def test_destinations_are_duplicated_without_their_secrets_and_put_in_order(visitor, device):
    visitor.turn("Destinations")
    visitor.press("Duplicate", unfold(visitor))
    copy = cards(visitor).nth(1)
    expect(visitor.field("Name", copy)).to_have_value("Garage 1 2")
    expect(visitor.field("Auth Value", copy)).to_have_attribute("placeholder", "")
    visitor.enter("Auth Value", BEARER, copy)
    visitor.press("Move Garage 1 2 up", copy)
    visitor.submit()
    assert [one["name"] for one in saved(device)["destinations"]] == ["Garage 1 2", "Garage 1"]
    secrets = device.files.load("secrets")
    assert sorted(secrets[key] for key in secrets if key.startswith("dest")) == [BEARER, TOKEN]


def test_what_is_wrong_stands_beside_its_field_on_whatever_page_that_is(visitor, device):
    visitor.turn("Destinations")
    card = unfold(visitor)
    visitor.enter("Destination (URL)", "http://127.0.0.1/ingest", card)
    visitor.turn("Network")
    visitor.press("Submit Changes")
    visitor.heading("Destinations")
    url = visitor.field("Destination (URL)", cards(visitor))
    expect(url).to_be_focused()
    expect(url).to_have_attribute("aria-invalid", "true")
    expect(url.locator("xpath=..").locator(".error")).to_contain_text("https://")
    assert visitor.barriers() == []
    assert saved(device)["destinations"][0]["url"].startswith("https://")
    visitor.enter("Destination (URL)", "https://127.0.0.1/ingest", cards(visitor))
    visitor.submit()
    expect(visitor.page.locator("[aria-invalid]")).to_have_count(0)


def test_two_browsers_cannot_overwrite_each_other_silently(visitor, device):
    visitor.turn("Destinations")
    visitor.enter("Name", "Mine", unfold(visitor))
    theirs = destination(device.collector.port, cycle_ms=7000)
    theirs["auth"]["token"] = {"set": True}
    change(visitor, {"destinations": [theirs]})
    visitor.press("Submit Changes")
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog).to_contain_text("The settings were changed elsewhere")
    expect(dialog).to_contain_text("1000 → 7000")
    expect(dialog).to_contain_text("Garage 1 → Mine")
    assert visitor.barriers() == []
    visitor.press("Keep mine on top", dialog)
    expect(visitor.page.locator("#changed")).to_have_text("1 change not saved yet")
    assert saved(device)["destinations"][0]["name"] == "Garage 1"
    visitor.submit()
    [one] = saved(device)["destinations"]
    assert (one["name"], one["cycle_ms"]) == ("Mine", 7000)


def test_after_a_conflict_changes_are_still_told_from_what_is_saved(visitor, device):
    visitor.turn("Destinations")
    visitor.enter("Name", "Mine", unfold(visitor))
    change(visitor, {"signals": {"ignition": "SPEED"}})
    visitor.press("Submit Changes")
    visitor.press("Keep mine on top", visitor.page.get_by_role("dialog"))
    visitor.turn("Power")
    visitor.enter("Ignition", "0C-EngineRPM")
    expect(visitor.page.locator("#changed")).to_have_text("2 changes not saved yet")
    visitor.press("Discard")
    visitor.press("Discard", visitor.page.get_by_role("dialog"))
    expect(visitor.field("Ignition")).to_have_value("SPEED")


def test_theirs_can_be_taken_instead(visitor, device):
    visitor.turn("Destinations")
    visitor.enter("Name", "Mine", unfold(visitor))
    change(visitor, {"device": {"name": "van"}})
    visitor.press("Submit Changes")
    visitor.press("Load theirs", visitor.page.get_by_role("dialog"))
    expect(cards(visitor).locator("h2")).to_have_text("Garage 1")
    expect(submit_button(visitor)).to_be_disabled()
    assert saved(device)["device"]["name"] == "van"


def test_what_changes_no_settings_is_no_conflict(visitor, device):
    visitor.turn("Destinations")
    visitor.enter("Name", "Barn", unfold(visitor))
    change(visitor, {"device": {"name": "van"}})
    change(visitor, {"device": {"name": "wican"}})  # two revisions later it is as it was
    visitor.submit()
    assert saved(device)["destinations"][0]["name"] == "Barn"


def test_settings_that_do_not_load_are_told_and_asked_for_again(chromium, device, key):
    with visiting(chromium, device.files.web_port, storage_state=key) as visitor:
        visitor.enter_the_page()
        visitor.page.route("**/api/v1/settings", lambda route: route.abort())
        visitor.turn("Power")
        alert = visitor.page.locator("main").get_by_role("alert")
        expect(alert).to_have_text("This page could not be loaded. The device did not reply.")
        visitor.page.unroute("**/api/v1/settings")
        visitor.press("Retry")
        expect(visitor.field("Ignition")).to_be_visible()


def test_no_secret_ever_reaches_the_browser(visitor, device):
    visitor.turn("Destinations")
    visitor.enter("Auth Value", BEARER, unfold(visitor))
    visitor.submit()
    visitor.turn("System")
    token = made_token(visitor)
    visitor.turn("Network")
    visitor.press("Enter a name")
    visitor.enter("Network name (SSID)", "Home")
    visitor.enter("Password", "wifi s3cret", visitor.page.locator(".net"))
    visitor.submit()
    for title in ("Status", "Destinations", "Network", "Logs", "System"):
        visitor.turn(title)
    assert visitor.leave() == []
    expect(visitor.page.locator("#link")).to_have_text("live")
    assert visitor.heard.count(token.encode()) == 1  # when it was made
    for secret in (BEARER, "wifi s3cret", TOKEN, PASSWORD, NEW_PASSWORD, "pbkdf2"):
        assert secret.encode() not in visitor.heard
    settings = saved(device)
    assert settings["destinations"][0]["auth"]["token"] == {"set": True}
    assert settings["network"]["wifi"][0]["password"] == {"set": True}


def made_token(visitor):
    """An API token, made on the page."""
    visitor.press("New token")
    dialog = visitor.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("script")
    visitor.press("Make it", dialog)
    return visitor.page.locator("output code").inner_text()
