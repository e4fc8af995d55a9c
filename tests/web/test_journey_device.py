"""Somebody looks after the device: updates, its last crash, when it sleeps, its address, frames that it listens to."""

import pytest
import signer
from browser import PHONE, expect, needed, started, visiting

from firmware import world

pytestmark = needed
CRASH = "The firmware ended with an error.\nTraceback\nValueError: made up"


@pytest.fixture
def device(tmp_path):
    def prepare(files, _):
        signer.fill(str(files.root), "a", signer.OLD, version="1.3.0")
        (files.root / "update.pub").write_bytes(signer.KEY)
        (files.config / "crash.txt").write_text(CRASH)

    with world(tmp_path, "petrol", prepare, held=300.0) as running:
        yield running


@pytest.fixture
def chromium():
    with started() as browser:
        yield browser


@pytest.fixture
def visitor(device, chromium):
    with visiting(chromium, device.files.web_port) as visitor:
        visitor.log_in()
        yield visitor


def place(visitor, title):
    heading = visitor.page.get_by_role("heading", name=title, exact=True)
    return visitor.page.locator("section", has=heading)


def install(visitor, data):
    """Chooses a file with an update and agrees to it."""
    with visitor.page.expect_file_chooser() as chooser:
        visitor.press("Choose a file", place(visitor, "Update"))
    chooser.value.set_files({"name": "new.wup", "mimeType": "", "buffer": data})
    visitor.press("Install", visitor.page.get_by_role("dialog"))


def test_an_update_is_installed_and_the_device_starts_again(device, visitor):
    visitor.turn("System")
    update = place(visitor, "Update")
    expect(update).to_contain_text("1.3.0")
    install(visitor, signer.archive(signer.NEW, board="wican_pro"))
    expect(update).to_contain_text("The update is for the board wican_pro; this is unix.")
    assert visitor.barriers() == []
    install(visitor, signer.archive(signer.NEW))
    expect(visitor.page.get_by_role("dialog")).to_contain_text("The device starts again")
    device.device.process.wait(15)
    assert signer.content(str(device.files.root / "app_b")) == signer.NEW
    with device.files.run():
        visitor.heading("Log in")


def test_an_address_that_gives_no_update_is_told(device, visitor):
    visitor.turn("System")
    update = place(visitor, "Update")
    update.get_by_text("From an address").click()
    visitor.enter("Address of the file", "http://127.0.0.1/new.wup", update)
    visitor.press("Fetch it", update)
    visitor.press("Install", visitor.page.get_by_role("dialog"))
    expect(update).to_contain_text("write https://")


@pytest.mark.parametrize(
    "slots, sentence",
    [
        ("a b 0 -", "Version 1.4.0 is stored and is tried when the device starts again."),
        ("a b? 0 -", "It is kept once everything has worked for three minutes."),
        ("a - 0 1.4.0", "Version 1.4.0 was tried and failed, so version 1.3.0 came back."),
    ],
)
def test_what_comes_of_an_update_is_told_in_words(device, visitor, slots, sentence):
    signer.fill(str(device.files.root), "b", signer.NEW, version="1.4.0")
    (device.files.root / "slots").write_text(slots)
    visitor.turn("System")
    expect(place(visitor, "Update")).to_contain_text(sentence)


def test_how_far_an_update_is_can_be_seen(device, visitor):
    job = {"busy": True, "version": "1.4.0", "written": 30, "size": 120, "code": "", "message": ""}
    found = {"board": "unix", "version": "1.3.0", "slot": "a", "state": "confirmed", "next": ""}
    found |= {"failed": "", "oldest": "0", "key": "0" * 16, "job": job}
    visitor.page.route("**/api/v1/update", lambda route: route.fulfill(json=found))
    visitor.turn("System")
    update = place(visitor, "Update")
    expect(update).to_contain_text("Storing version 1.4.0: 25 %.")
    expect(update.get_by_role("progressbar")).to_have_js_property("value", 30)
    expect(update.get_by_role("button", name="Choose a file")).to_be_hidden()


def test_a_device_without_a_key_says_so(device, visitor):
    (device.files.root / "update.pub").unlink()
    visitor.turn("System")
    expect(place(visitor, "Update")).to_contain_text("it is updated by cable")
    expect(place(visitor, "Update").get_by_role("button")).to_have_count(0)


def test_the_last_crash_is_shown_until_it_is_deleted(device, visitor):
    expect(place(visitor, "Problems")).to_contain_text("The firmware crashed: The firmware ended")
    visitor.turn("System")
    crash = place(visitor, "Last crash")
    expect(crash).to_contain_text("ValueError: made up")
    visitor.press("Delete the last crash", crash)
    expect(crash).to_contain_text("None is known.")
    visitor.turn("Status")
    expect(place(visitor, "Problems")).to_have_count(0)


def test_power_tells_the_rule_that_counts_and_takes_limits(device, visitor):
    expect(place(visitor, "Device")).to_contain_text("Awake.")
    visitor.turn("Power")
    expect(place(visitor, "Now")).to_contain_text("Awake.")
    visitor.enter("Engine off below (V)", "12.7")
    visitor.submit()
    assert device.files.load("settings")["power"]["sleep_volts"] == "12.7"
    assert visitor.barriers() == []


def test_a_network_gets_a_fixed_address_and_apps_the_adapter(device, visitor):
    visitor.turn("Network")
    visitor.press("Enter a name")
    visitor.enter("Network name (SSID)", "Home")
    visitor.page.locator("summary", has_text="Fixed address").click()
    visitor.enter("Address", "192.168.1.50")
    expect(place(visitor, "Wi-Fi")).to_contain_text("the length of its network, such as")
    visitor.enter("Address", "192.168.1.50/24")
    visitor.page.get_by_label("Share the OBD chip").check()
    visitor.submit()
    saved = device.files.load("settings")
    assert saved["network"]["wifi"][0]["address"] == "192.168.1.50/24"
    assert saved["sharing"]["enabled"] is True


def test_frames_to_listen_to_are_added(device, chromium):
    with visiting(chromium, device.files.web_port, PHONE) as visitor:
        visitor.log_in()
        visitor.turn("Automate")
        frames = place(visitor, "Broadcast frames")
        visitor.press("Add frame", frames)
        visitor.enter("Identifier", "3A0", frames)
        visitor.press("Add value", frames)
        value = frames.locator("details details")
        visitor.enter("Name", "WheelSpeed", value)
        visitor.press("Submit Changes")
        expect(value).to_contain_text("Must not be empty.")
        visitor.enter("Expression", "[B0:B1]/100", value)
        assert visitor.barriers() == []
        visitor.submit()
        [saved] = device.files.load("settings")["autopid"]["filters"]
        assert saved["frame_id"] == "3A0" and saved["parameters"][0]["name"] == "WheelSpeed"


def test_every_setting_can_be_reached(device, visitor):
    visitor.turn("System")
    every = place(visitor, "All settings")
    for summary in every.locator(":scope > details > summary").all():
        summary.click()
    schema = visitor.page.evaluate("[...entries].map(([path, { type }]) => [path, type])")
    places = [path for path, type in schema if type != "object" and "[]" not in path]
    shown = set(
        every.locator("[data-field]").evaluate_all("all => all.map(one => one.dataset.field)")
    )
    assert len(places) > 60
    assert set(places) - shown == {"version", "web.password", "web.tokens"}
