"""A browser for the tests of the page: Chromium, steered by Playwright, and a record of what the device said to it.

with started() as chromium, visiting(chromium, device_port) as visitor:
    visitor.log_in()
    visitor.turn("Automate")
    visitor.choose("Auth", "Bearer Token")
    visitor.submit()
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Locator, Page, expect, sync_playwright
from relay import Relay, relay

from firmware import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = ROOT / "build" / "pictures"
CHROMIUM = shutil.which("chromium")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
PAGES = ("Status", "Automate", "Destinations", "Certificates")
PAGES += ("Power", "Network", "Logs", "System")
needed = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to drive")

_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
_OPTIONS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
_PATIENCE_MS = 15_000
# What the console says of every status from 400 on, and of the script that only those get who are logged in.
_REFUSED = ("Failed to load resource", "Refused to execute script")
_SERIOUS = ("serious", "critical")
_T = TypeVar("_T")

expect.set_options(timeout=_PATIENCE_MS)


@contextmanager
def started() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def elsewhere(context: AbstractContextManager[_T]) -> Iterator[_T]:
    """A context that is entered in another thread: in this one Playwright has an event loop running."""
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        yield pool.submit(stack.enter_context, context).result()


class Visitor:
    """Somebody who uses the page, by the words that stand there.

    Attributes:
        page: Playwright's.
        errors: what the browser's console has complained about.
    """

    def __init__(self, page: Page, tap: Relay) -> None:
        self.page = page
        self.url = f"http://127.0.0.1:{tap.port}"
        self.errors: list[str] = []
        self._tap = tap
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith(_REFUSED):
            self.errors.append(text)

    @property
    def heard(self) -> bytes:
        """Every byte that the device has sent to this browser."""
        return bytes(self._tap.heard)

    def open(self, place: str = "") -> None:
        """Enters the address, again if the device is too busy; `place` is what stands behind the #."""
        deadline = time.monotonic() + _PATIENCE_MS / 1000
        while True:
            answer = self.page.goto(self.url + (f"/#/{place}" if place else "/"))
            if answer is None or answer.status != 503 or time.monotonic() > deadline:
                return

    def enter_the_page(self) -> None:
        """Opens the page with a `key`."""
        self.open()
        expect(self.page.locator("#link")).to_have_text("live")

    def log_in(self, password: str = PASSWORD) -> None:
        """Opens the page and enters the password."""
        self.open()
        self.page.get_by_label("Password of this device").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.locator("#link")).to_have_text("live")

    def turn(self, title: str) -> None:
        """Goes to a page by its name in the navigation."""
        menu = self.page.get_by_role("button", name="Menu")
        if menu.is_visible():
            menu.click()
        self.page.locator("nav").get_by_role("link", name=title, exact=True).click()
        self.heading(title)

    def heading(self, title: str) -> None:
        """Waits until the page of that name is shown."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """A button."""
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def field(self, label: str, within: Locator | None = None) -> Locator:
        return (within or self.page.locator("main")).get_by_label(label, exact=True)

    def enter(self, label: str, text: str, within: Locator | None = None) -> None:
        self.field(label, within).fill(text)

    def choose(self, label: str, option: str, within: Locator | None = None) -> None:
        self.field(label, within).select_option(label=option)

    def submit(self) -> None:
        """Submits the changes, which are right."""
        self.press("Submit Changes")
        expect(self.page.locator("#changed")).to_have_text("Nothing has been changed")
        expect(self.page.locator("#toasts")).to_contain_text("Saved.")

    def leave(self) -> list[str]:
        """Loads the page anew; the kinds of questions the browser asks before that, which are agreed to."""
        asked: list[str] = []

        def agree(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        self.page.on("dialog", agree)
        self.page.reload()
        self.page.remove_listener("dialog", agree)
        return asked

    def picture(self, name: str) -> None:
        """Keeps what is seen, all of it, below build/pictures."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": height})
        self.page.screenshot(path=PICTURES / f"{name}.png")
        self.page.set_viewport_size(size)

    def barriers(self) -> list[str]:
        """What axe finds that keeps people from using what is shown: serious or critical."""
        found = Axe().run(self.page).response["violations"]
        return [_told(one) for one in found if one["impact"] in _SERIOUS]


def _told(violation: dict[str, Any]) -> str:
    places = ", ".join(str(node["target"]) for node in violation["nodes"])
    return f"{violation['id']} ({violation['help']}): {places}"


def key(chromium: Browser, device_port: int) -> dict[str, Any]:
    """What makes further browsers of the same person be let in: `storage_state` of `visiting`."""
    with visiting(chromium, device_port) as visitor:
        visitor.log_in()
        return visitor.page.context.storage_state()


@contextmanager
def visiting(
    chromium: Browser, device_port: int, size: dict[str, int] | None = None, **options: Any
) -> Iterator[Visitor]:
    """A browser of its own, with its own cookies; fails if it had to complain about the page."""
    with relay(device_port) as tap:
        context = chromium.new_context(
            viewport=size or DESKTOP, reduced_motion="reduce", **options
        )
        context.set_default_timeout(_PATIENCE_MS)
        visitor = Visitor(context.new_page(), tap)
        try:
            yield visitor
            assert visitor.errors == []
        finally:
            context.close()
