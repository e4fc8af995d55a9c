"""Every page as it looks: by day at a desk, at night on a phone, and whether everybody can use it.

Pictures of all are kept below build/pictures.
"""

import browser
import pytest
from browser import DESKTOP, PAGES, PHONE, expect, needed, started, visiting

from firmware import world

pytestmark = needed

LOOKS = {"light": DESKTOP, "dark": PHONE}
# What each page shows once it has all that it asks the device for.
SHOWN = {
    "Status": "The server accepted the document",
    "Automate": "1 chosen",
    "Destinations": "The server accepted the document",
    "Certificates": "WiCAN collector CA",
    "Power": "What tells the state of the car",
    "Network": "It comes from",
    "Logs": "ECU online",
    "System": "running for",
}
CUSTOM = {"name": "Coolant", "pid": "0105", "expression": "B4-40", "unit": "°C"}


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    def prepare(files, _):
        files.change(autopid={"custom": {"parameters": [CUSTOM]}})

    with world(tmp_path_factory.mktemp("looks"), "ioniq5", prepare, held=60.0) as running:
        running.collector.wait(1, timeout=15)
        yield running


@pytest.fixture(scope="module")
def chromium(device):
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def key(chromium, device):
    return browser.key(chromium, device.files.web_port)


@pytest.fixture(scope="module", params=LOOKS)
def visitor(request, chromium, device, key):
    """Somebody who has logged in."""
    look = {"color_scheme": request.param, "storage_state": key}
    with visiting(chromium, device.files.web_port, LOOKS[request.param], **look) as visitor:
        visitor.look = request.param
        visitor.enter_the_page()
        yield visitor


def unfold(visitor):
    """Opens all that is folded, what is folded within that included."""
    while visitor.page.locator("main details:not([open])").count():
        visitor.page.evaluate(
            "document.querySelectorAll('main details').forEach(fold => { fold.open = true; })"
        )


@pytest.mark.parametrize("title", PAGES)
def test_everybody_can_use_the_page(visitor, title):
    visitor.turn(title)
    expect(visitor.page.locator("main")).to_contain_text(SHOWN[title])
    visitor.picture(f"{visitor.look}-{title.lower()}")
    unfold(visitor)
    assert visitor.barriers() == []
    assert visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_pages_differ_by_day_and_at_night(visitor):
    colour = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    levels = [int(part) for part in colour.strip("rgb()").split(",")]
    assert (min(levels) > 200) == (visitor.look == "light"), colour


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_log_in(chromium, device, look):
    port = device.files.web_port
    with visiting(chromium, port, LOOKS[look], color_scheme=look) as stranger:
        stranger.open()
        expect(stranger.page.get_by_role("heading", name="Log in")).to_be_visible()
        stranger.picture(f"{look}-login")
        assert stranger.barriers() == []


def test_a_keyboard_is_enough(visitor):
    page = visitor.page
    visitor.open("status")
    page.reload()
    visitor.heading("Status")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert focused
