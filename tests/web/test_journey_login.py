"""Getting in, the first set-up, and what the System page keeps and brings back."""

import json

import browser
import pytest
from browser import PHONE, elsewhere, expect, needed, started, visiting

from firmware import PASSWORD, TOKEN, world

pytestmark = needed

NEW_PASSWORD = "an0ther horse"
PASSPHRASE = "battery staple"


@pytest.fixture(scope="module")
def chromium():
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def device(tmp_path_factory, chromium):
    with elsewhere(world(tmp_path_factory.mktemp("login"), "petrol", held=60.0)) as running:
        yield running


@pytest.fixture(scope="module")
def key(chromium, device):
    return browser.key(chromium, device.files.web_port)


@pytest.fixture
def stranger(chromium, device):
    with visiting(chromium, device.files.web_port) as visitor:
        yield visitor


@pytest.fixture
def visitor(chromium, device, key):
    with visiting(chromium, device.files.web_port, storage_state=key) as visitor:
        visitor.enter_the_page()
        yield visitor


def try_password(visitor, password):
    visitor.page.get_by_label("Password of this device").fill(password)
    visitor.press("Log in")


# Getting in


def test_a_wrong_password_is_told_and_opens_nothing(stranger):
    stranger.open()
    try_password(stranger, "wrong horse")
    expect(stranger.page.get_by_text("That is not the password.")).to_be_visible()
    expect(stranger.page.locator("nav")).to_be_hidden()
    assert b"EngineRPM" not in stranger.heard
    assert stranger.barriers() == []
    try_password(stranger, PASSWORD)
    stranger.heading("Status")
    expect(stranger.page.locator("main")).to_contain_text("EngineRPM")


def test_who_logs_out_needs_the_password_again(stranger):
    stranger.log_in()
    stranger.press("Log out")
    expect(stranger.page.get_by_label("Password of this device")).to_be_visible()
    stranger.open("system")
    stranger.page.reload()
    expect(stranger.page.get_by_label("Password of this device")).to_be_visible()
    expect(stranger.page.locator("nav")).to_be_hidden()


def test_a_session_that_ends_while_something_is_changed_loses_nothing(visitor, device):
    visitor.turn("Power")
    visitor.enter("Ignition", "0C-EngineRPM")
    visitor.page.context.clear_cookies()
    visitor.press("Submit Changes")
    expect(visitor.page.get_by_role("heading", name="Log in")).to_be_visible()
    assert visitor.barriers() == []
    try_password(visitor, "wrong horse")
    expect(visitor.page.get_by_role("alert").first).to_contain_text("not the password")
    try_password(visitor, PASSWORD)
    expect(visitor.page.locator("#toasts")).to_contain_text("Saved.")
    settings = json.loads(device.device.get("/api/v1/settings"))["settings"]
    assert settings["signals"]["ignition"] == "0C-EngineRPM"


def test_a_new_password_counts_at_once_and_the_browser_stays_in(visitor, chromium, device):
    visitor.turn("System")
    change_password(visitor, PASSWORD, NEW_PASSWORD)
    expect(visitor.page.locator("#toasts")).to_contain_text("The password is changed.")
    with visiting(chromium, device.files.web_port) as other:
        other.log_in(NEW_PASSWORD)
    change_password(visitor, "wrong horse", PASSWORD)
    expect(visitor.page.locator("#password-old-e")).to_contain_text("not the password")
    change_password(visitor, NEW_PASSWORD, PASSWORD)
    expect(visitor.page.locator("#toasts p")).to_have_count(2)
    for secret in (PASSWORD, NEW_PASSWORD):
        assert secret.encode() not in visitor.heard


def change_password(visitor, old, new):
    visitor.enter("Password until now", old)
    visitor.enter("New password", new)
    visitor.enter("New password again", new)
    visitor.press("Change the password")


# The first set-up


@pytest.fixture
def fresh(tmp_path, chromium):
    """A device that nobody has set up."""
    with elsewhere(world(tmp_path, "petrol", never_set_up, held=60.0)) as running:
        yield running


def never_set_up(files, _):
    files.change(device={"set_up": False})


def as_access_point(page):
    """Lets the page believe that it is visited through the device's own network, which this PC has not."""

    def answer(route):
        status = route.fetch().json()
        status["device"]["wifi_mode"] = "AP"
        route.fulfill(json=status)

    page.route("**/api/v1/status", answer)
    near = {"ssid": "Home", "rssi_dbm": -55, "security": "wpa2", "channel": 6}
    page.route("**/api/v1/wifi/scan", lambda route: route.fulfill(json=[near]))


def test_the_first_set_up_opens_in_the_devices_own_network(chromium, fresh):
    with visiting(chromium, fresh.files.web_port, PHONE) as visitor:
        as_access_point(visitor.page)
        visitor.open()
        try_password(visitor, PASSWORD)
        visitor.heading("Set up your WiCAN")
        visitor.enter("Password until now", PASSWORD)
        visitor.enter("New password", NEW_PASSWORD)
        visitor.enter("New password again", NEW_PASSWORD)
        visitor.press("Scan for networks")
        visitor.press("Use Home")
        visitor.enter("Password", "wifi s3cret", visitor.page.locator(".net"))
        visitor.enter("Name", "ioniq")
        assert visitor.barriers() == []
        visitor.picture("set-up")
        visitor.press("Finish")
        expect(visitor.page.locator("main")).to_contain_text("The device is set up.")
        expect(visitor.page.get_by_role("link", name="http://ioniq.local")).to_be_visible()
        visitor.page.get_by_role("link", name="Choose what to read from the car").click()
        visitor.heading("Automate")
        for secret in (PASSWORD, NEW_PASSWORD, "wifi s3cret"):
            assert secret.encode() not in visitor.heard
    kept, private = fresh.files.load("settings"), fresh.files.load("secrets")
    assert kept["device"] == {"name": "ioniq", "set_up": True}
    assert kept["network"]["wifi"][0]["ssid"] == "Home"
    assert private["network.wifi.1.password"] == "wifi s3cret"
    fresh.device.get("/api/v1/status", NEW_PASSWORD)


def test_elsewhere_the_set_up_is_offered_and_can_be_skipped(chromium, fresh):
    with visiting(chromium, fresh.files.web_port) as visitor:
        visitor.log_in()
        visitor.heading("Status")
        expect(visitor.page.locator("main")).to_contain_text("The first set-up is not done.")
        visitor.page.get_by_role("link", name="Set it up").click()
        visitor.heading("Set up your WiCAN")
        visitor.press("Scan for networks")
        expect(visitor.page.locator("main")).to_contain_text("no Wi-Fi")
        visitor.press("Skip the set-up")
        visitor.heading("Status")
        expect(visitor.page.get_by_text("The first set-up is not done.")).to_have_count(0)
    assert fresh.files.load("settings")["device"]["set_up"] is True


# Backup and restore


def downloaded(visitor, press):
    with visitor.page.expect_download() as download:
        press()
    return download.value.path()


def backup_card(visitor, title):
    return visitor.page.locator(".card").filter(
        has=visitor.page.get_by_role("heading", name=title, exact=True)
    )


def rename(visitor, name):
    visitor.turn("Network")
    visitor.enter("Name", name)
    visitor.submit()
    visitor.turn("System")


def test_a_backup_shows_what_it_would_change_before_it_is_restored(visitor, device):
    rename(visitor, "before")
    made, kept = backup_card(visitor, "Backup"), backup_card(visitor, "Restore")
    path = downloaded(visitor, lambda: visitor.press("Download", made))
    assert json.loads(path.read_text())["format"] == "wican-backup"
    rename(visitor, "after")
    choose(visitor, kept, path)
    expect(kept).to_contain_text("Device: Name")
    expect(kept).to_contain_text("after → before")
    assert saved_name(device) == "after"
    visitor.press("Restore", kept)
    visitor.press("Restore", visitor.page.get_by_role("dialog"))
    expect(visitor.page.locator("#toasts")).to_contain_text("The backup is restored.")
    assert saved_name(device) == "before"
    for secret in (TOKEN, PASSWORD, "pbkdf2"):
        assert secret.encode() not in visitor.heard + path.read_bytes()


def test_secrets_are_in_a_backup_only_under_a_passphrase(visitor, device):
    visitor.turn("System")
    made, kept = backup_card(visitor, "Backup"), backup_card(visitor, "Restore")
    visitor.enter("Passphrase", "short", made)
    visitor.press("Download", made)
    expect(made.get_by_role("alert")).to_contain_text("8 characters")
    visitor.enter("Passphrase", PASSPHRASE, made)
    path = downloaded(visitor, lambda: visitor.press("Download", made))
    assert "secrets" in json.loads(path.read_text())
    assert TOKEN not in path.read_text() and TOKEN.encode() not in visitor.heard
    visitor.enter("Passphrase of the file", PASSPHRASE, kept)
    choose(visitor, kept, path)
    expect(kept.get_by_role("status")).to_contain_text("Nothing would change.")


def test_a_file_that_is_no_backup_is_refused(visitor, tmp_path):
    (tmp_path / "holiday.json").write_text("{}")
    visitor.turn("System")
    kept = backup_card(visitor, "Restore")
    choose(visitor, kept, tmp_path / "holiday.json")
    expect(kept).to_contain_text("holiday.json is no backup of a WiCAN.")


def choose(visitor, card, path):
    with visitor.page.expect_file_chooser() as chooser:
        visitor.press("Choose a file", card)
    chooser.value.set_files(path)


def saved_name(device):
    return json.loads(device.device.get("/api/v1/settings"))["settings"]["device"]["name"]
