"""The quick start of a minute, as the guide's words say it, at the size of a phone and of a desk."""

import pytest
from browser import DESKTOP, PHONE, elsewhere, expect, needed, started, visiting

from firmware import PASSWORD, value, world

pytestmark = needed

BEARER = "MY_SUPER_TOKEN"


@pytest.fixture(scope="module")
def chromium():
    with started() as running:
        yield running


def without_destinations(files, _):
    """A device as it is before the quick start: it reads the car and sends nothing."""
    settings = files.load("settings")
    settings["destinations"] = []
    settings["autopid"]["grouping"] = False
    files.save("settings", settings)
    files.save("secrets", {"web.password": files.load("secrets")["web.password"]})


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_quick_start_brings_a_document_to_the_server(tmp_path, chromium, size):
    with elsewhere(world(tmp_path, "ioniq5", without_destinations, held=60.0)) as running:
        with visiting(chromium, running.files.web_port, size) as visitor:
            visitor.log_in()
            follow_the_guide(visitor, f"https://127.0.0.1:{running.collector.port}/ingest")
            [first, *_] = running.collector.wait(1, timeout=15)
            assert first.header("Authorization") == f"Bearer {BEARER}"
            assert first.json["autopid_data"]["SOC"] == 66
            visitor.turn("Status")
            expect(visitor.page.locator("main")).to_contain_text(
                "The server accepted the document"
            )
            visitor.picture(f"quick-start-{size['width']}")
            for secret in (BEARER, PASSWORD, "pbkdf2"):
                assert secret.encode() not in visitor.heard
        assert value(running.device.status(), "SOC")["value"] == "66"


def follow_the_guide(visitor, url):
    page = visitor.page
    visitor.turn("Automate")
    page.get_by_role("radiogroup", name="Grouping").get_by_label("Enable").check()
    visitor.press("Add Destination")
    card = page.locator(".destination")
    visitor.choose("Type", "HTTPS POST", card)
    visitor.enter("Destination (URL)", url, card)
    visitor.enter("Cycle (ms)", "5000", card)
    visitor.choose("Auth", "Bearer Token", card)
    visitor.enter("Auth Value", BEARER, card)
    visitor.choose("Cert Set", "garage", card)
    visitor.field("Enabled", card).check()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_role("button", name="Submit Changes")).to_be_in_viewport()
    visitor.submit()


def test_what_the_guide_says_of_the_fields_is_there(tmp_path, chromium):
    with elsewhere(world(tmp_path, "petrol", held=60.0)) as running:
        with visiting(chromium, running.files.web_port, PHONE) as visitor:
            visitor.log_in()
            visitor.turn("Automate")
            card = visitor.page.locator(".destination")
            visitor.press("Add Destination")
            fresh = card.last
            assert options(visitor, "Auth", fresh)[:2] == ["None", "Bearer Token"]
            assert options(visitor, "Cert Set", fresh) == ["default", "garage"]
            visitor.press("Add param", fresh)
            visitor.enter("Key", "source", fresh)
            visitor.enter("Value", "wican_pro", fresh)
            expect(visitor.page.locator("main")).to_contain_text("2 of 6")
            visitor.turn("System")
            visitor.page.locator("main").get_by_role("link", name="Certificates").click()
            visitor.heading("Certificates")
            expect(visitor.field("Name of the set")).to_be_visible()


def options(visitor, label, card):
    """What a choice offers, once the device has told."""
    choice = visitor.field(label, card)
    expect(choice.locator("option").nth(1)).to_be_attached()
    return choice.locator("option").all_text_contents()
