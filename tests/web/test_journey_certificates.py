"""Certificates on the page: an authority and a client pair are uploaded, used, and mixed up on purpose."""

import browser
import pytest
from browser import elsewhere, expect, needed, started, visiting
from pki import Authority

from firmware import receiver, world

pytestmark = needed


@pytest.fixture(scope="module")
def chromium():
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def depot(tmp_path_factory, chromium):
    """A server with an authority of its own that asks who is calling: (its files, the server)."""
    folder = tmp_path_factory.mktemp("depot")
    with elsewhere(receiver(folder, mtls=True)) as server:
        yield folder / "pki", server


@pytest.fixture(scope="module")
def device(tmp_path_factory, chromium):
    with elsewhere(world(tmp_path_factory.mktemp("device"), "petrol", held=60.0)) as running:
        yield running


@pytest.fixture(scope="module")
def key(chromium, device):
    return browser.key(chromium, device.files.web_port)


@pytest.fixture
def visitor(chromium, device, key):
    with visiting(chromium, device.files.web_port, storage_state=key) as visitor:
        visitor.enter_the_page()
        visitor.turn("Certificates")
        yield visitor


def card(visitor, title):
    return visitor.page.locator(".card").filter(
        has=visitor.page.get_by_role("heading", name=title, exact=True)
    )


def choose_file(visitor, form, title, path):
    with visitor.page.expect_file_chooser() as chooser:
        visitor.press(f"Choose a file: {title}", form)
    chooser.value.set_files(path)


def add_set(visitor, name, files):
    """Fills the form of a new set in, by files, and sends it."""
    form = card(visitor, "New set")
    visitor.enter("Name of the set", name, form)
    for title, path in files.items():
        choose_file(visitor, form, title, path)
        expect(visitor.field(title, form)).to_have_value(path.read_text())
    visitor.press("Add the set", form)


def send_to(visitor, url, cert_set):
    """Points the first destination there, submits, and sends at once; returns where the result stands."""
    visitor.turn("Destinations")
    one = visitor.page.locator(".destination")
    if one.get_attribute("open") is None:
        one.locator("summary").first.click()
    visitor.enter("Destination (URL)", url, one)
    visitor.choose("Cert Set", cert_set, one)
    visitor.submit()
    visitor.press("Send now", one)
    return one.locator(".result")


def test_a_set_with_a_client_pair_opens_a_server_that_asks_who_is_calling(visitor, device, depot):
    pki, server = depot
    files = {
        "CA certificate": pki / "ca.pem",
        "Client certificate": pki / "client.crt",
        "Client key": pki / "client.key",
    }
    add_set(visitor, "depot", files)
    expect(card(visitor, "depot")).to_contain_text(
        "Mutual TLS: own authority, client certificate and key"
    )
    expect(card(visitor, "depot")).to_contain_text("days left")
    add_set(visitor, "half", {"CA certificate": pki / "ca.pem"})
    expect(card(visitor, "half")).to_contain_text("Own authority")
    assert visitor.barriers() == []

    address = f"https://127.0.0.1:{server.port}/ingest"
    result = send_to(visitor, address, "depot")
    expect(result).to_contain_text("The server accepted the document (200).")
    assert server.wait(1, timeout=15)[0].json["autopid_data"]
    for name in ("Find the server", "Connect", "Check its certificate", "Send", "Answer"):
        expect(result).to_contain_text(f"{name}: done")
    result.get_by_text("Request as sent").click()
    expect(result).to_contain_text("POST /ingest")

    result = send_to(visitor, address, "garage")
    expect(result).to_contain_text("Check its certificate: failed")
    expect(result.locator("strong")).to_have_text(
        "The server's certificate is from WiCAN collector CA, which the cert set does not trust."
    )
    result = send_to(visitor, address, "half")
    expect(result.locator("strong")).to_contain_text("asks for a client certificate")
    assert visitor.barriers() == []
    visitor.picture("wrong-cert-set")

    visitor.turn("Status")
    expect(visitor.page.locator("main")).to_contain_text("asks for a client certificate")
    assert visitor.page.locator("#delivery").text_content() == "delivery failing"
    assert b"PRIVATE KEY" not in visitor.heard
    secret_lines = (pki / "client.key").read_text().splitlines()[1:-1]
    assert not [line for line in secret_lines if line.encode() in visitor.heard]


def test_a_key_that_does_not_belong_to_its_certificate_is_refused_beside_its_field(
    visitor, depot, tmp_path
):
    Authority("Other CA").client("other").write(tmp_path, "other.crt", "other.key")
    files = {"Client certificate": tmp_path / "other.crt", "Client key": depot[0] / "client.key"}
    add_set(visitor, "mixed", {"CA certificate": depot[0] / "ca.pem", **files})
    form = card(visitor, "New set")
    key = visitor.field("Client key", form)
    expect(key).to_have_attribute("aria-invalid", "true")
    expect(form).to_contain_text("does not belong")
    expect(card(visitor, "mixed")).to_have_count(0)


def test_what_is_no_certificate_is_refused_in_words(visitor):
    form = card(visitor, "New set")
    visitor.enter("Name of the set", "nonsense", form)
    visitor.enter("CA certificate", "-----BEGIN NONSENSE-----", form)
    visitor.press("Add the set", form)
    expect(visitor.field("CA certificate", form)).to_have_attribute("aria-invalid", "true")
    expect(visitor.field("CA certificate", form)).to_be_focused()


def test_a_set_in_use_cannot_be_deleted(visitor):
    visitor.turn("Destinations")
    one = visitor.page.locator(".destination")
    one.locator("summary").first.click()
    visitor.choose("Cert Set", "garage", one)
    if visitor.page.locator("body.dirty").count():
        visitor.submit()
    visitor.turn("Certificates")
    garage = card(visitor, "garage")
    expect(garage).to_contain_text("Used by: Garage 1")
    visitor.press("Delete garage", garage)
    visitor.press("Delete", visitor.page.get_by_role("dialog"))
    expect(garage.get_by_role("alert").first).to_contain_text("Garage 1")


def test_the_device_makes_a_key_that_never_leaves_it(visitor):
    form = card(visitor, "New set")
    visitor.enter("Name of the set", "made", form)
    form.get_by_text("Or make a key and a request on the device").click()
    visitor.press("Make key and request", form)
    made = card(visitor, "made")
    expect(made).to_contain_text("A key waits for its certificate")
    expect(made).to_contain_text("BEGIN CERTIFICATE REQUEST")
    assert b"PRIVATE KEY" not in visitor.heard
