"""The pages about connectors show settings that are valid and requests that the firmware really makes."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from autopid.parameter import Parameter
from config import checks, schema
from delivery import ciphers, downlink, dynamic, presets
from delivery.formats import (
    digital_matter,
    flat,
    senml,
    thingpark,
    thingpark_untyped,
    thingpark_xml,
    wican,
)
from delivery.heads import Head
from delivery.occasion import Occasion
from delivery.signer import Signer
from delivery.vectors import VECTORS
from net import request
from samples import DEVICE, NOW_S, group_of
from web import downlinks

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAMES = ("connectors", "digital-matter", "thingpark", "kpn-things", "onomondo", "destinations")
PAGES = {name: (DOCS / (name + ".md")).read_text("utf-8") for name in NAMES}
EXPECTED = {name: expected for name, _, _, expected in VECTORS}

TWO = (("ENGINE_RPM", "4147", "rpm"), ("SPEED", "0", "km/h"))
FOUR = (*TWO, ("COOLANT_TMP", "155", "°C"), ("FUEL", "62.35", "%"))


def fenced(name: str, language: str) -> list[str]:
    """The blocks of a page that are in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[name], re.S | re.M)


def documents(name: str) -> list[dict]:
    """What stands in a page as JSON that is meant to be typed, not received."""
    found = [json.loads(block) for block in fenced(name, "json")]
    return [one for one in found if "name" in one or name != "destinations"]


class Example:
    """A destination as a page enters it: valid settings, secrets, and identity of the device."""

    def __init__(self, destination: dict, ids: dict | None = None) -> None:
        document = {"version": 1, "destinations": [destination], "ids": ids or {}}
        self._secrets: dict[str, str | None] = {}
        settings, self.problems = schema.validate(document, {}, checks.ALL, self._secrets)
        self.settings = settings["destinations"][0]
        self.ids = {name.upper(): text for name, text in settings["ids"].items()}

    def secret(self, name: str) -> str | None:
        return self._secrets.get("destinations.1." + name)

    def head(self) -> Head:
        """What stays the same in all its requests."""
        return Head(self.settings, self.secret, self.signer(), self.ids)

    def signer(self) -> Signer:
        return Signer(self.settings["sign"], self.secret, lambda: NOW_S, 1)

    def occasion(self, rows: tuple, number: int = 17) -> Occasion:
        """The car of the pages, at the moment of the pages."""
        group = group_of(*[(Parameter(name, None, unit), text) for name, text, unit in rows])
        body = self.settings["body"]
        return Occasion(list(group), 0, NOW_S, DEVICE, body, ids=self.ids, number=number)

    def request(self, body: bytes) -> str:
        """The request with that body, as the pages write it."""
        format = import_module("delivery.formats." + self.settings["body"]["format"])
        head, signer = self.head(), self.signer()
        fixed = [("User-Agent", "ESP32 WiCAN/1.0"), ("Content-Type", format.CONTENT_TYPE)]
        changing = [("X-Message-Id", DEVICE + "-3-17")]
        if head.tokens is not None:
            changing.append(("Authorization", head.tokens.header(NOW_S)))
        changing += signer.fields(DEVICE + "-3-17", body)
        target, query = head.target, signer.query(body)
        if query:
            target += ("&" if "?" in target else "?") + query
        writer = request.Writer(head.host, True)
        made = writer.message("POST", target, fixed + head.fields, body, changing)
        return made.decode().replace("\r\n", "\n") + "\n"


def example(name: str, index: int = 0) -> Example:
    """The destination of that number on a page, with the identity that the page enters."""
    found = documents(name)
    ids = [one["ids"] for one in found if "ids" in one]
    return Example([one for one in found if "name" in one][index], ids[0] if ids else None)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_says_to_type_is_valid(name: str) -> None:
    found = documents(name)
    for one in found:
        if "ids" in one:
            assert schema.validate({"version": 1, **one}, {}, checks.ALL)[1] == []
        else:
            made = Example(one)
            assert made.problems == [] and made.settings["enabled"], one["name"]
    assert found or name == "connectors"


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_that_is_named_exists(name: str) -> None:
    known = {path.replace("destinations[].", "") for path, _ in schema.describe()}
    sections = {path.partition(".")[0] for path in known if "." in path}
    named = re.findall(r"`([a-z_]+\.[a-z0-9_]+)`", PAGES[name])
    assert named
    wrong = [each for each in named if each not in known and each.partition(".")[0] in sections]
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_links_between_these_pages_lead_somewhere(name: str) -> None:
    for page, anchor in re.findall(r"\]\(([a-z-]*)(?:\.md)?(?:#([a-z-]+))?\)", PAGES[name]):
        assert not page or (DOCS / (page + ".md")).exists(), page
        target = PAGES.get(page or name)
        if target is None or not anchor:
            continue
        titles = re.findall(r"^#+ (.*)$", target, re.M)
        anchors = [re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-") for title in titles]
        assert anchor in anchors, (page, anchor)


def test_every_preset_of_a_connector_is_listed() -> None:
    shown = {one["preset"] for page in NAMES[1:5] for one in documents(page) if "name" in one}
    listed = re.findall(r"^\|.*\| `(\w+)` \| \[", PAGES["connectors"], re.M)
    assert set(listed) == shown | {"wican"} and set(listed) <= set(presets.PRESETS)


def test_digital_matter_gets_the_request_that_is_shown() -> None:
    made = example("digital-matter")
    occasion = made.occasion(TWO)
    occasion.ignition, occasion.supply_mv = True, 13840
    product = made.settings["body"]["product"]
    before, behind = digital_matter.frame(made.ids, DEVICE, product, "97.4.51.0")
    body = before + digital_matter.document(occasion) + behind
    assert dynamic.in_url(made.settings["url"], made.ids) == EXPECTED["dm_dyn_1"]
    assert fenced("digital-matter", "http")[0] == made.request(body)


def test_the_other_numbers_of_digital_matter_are_true() -> None:
    page = PAGES["digital-matter"]
    rows = (("SOC", "66.5", "%"), ("COOLANT_TMP", "15", "°C"))
    text = digital_matter.document(example("digital-matter", 1).occasion(rows)).decode()
    assert '"30":6650' in text and '"30":6650' in page
    assert '{"FType":6,"AnalogueData":{"3":1500}}' in text
    assert '"Ext":{"SOC":66.5' in text and '"Ext":{"SOC":66.5}' in page
    assert str(int(DEVICE[-6:], 16)) in page
    reasons = digital_matter._REASONS
    assert [reasons[event] for event in ("", "ignition on", "ignition off")] == [11, 1, 2]
    assert reasons["supply voltage low"] == 15 and digital_matter._OTHER == 47
    accepted = presets.PRESETS["digital_matter"]["settings"]["success"]["accept"]
    assert "| %s | Delivered" % ", ".join(map(str, accepted)) in page


def test_azure_gets_the_request_that_is_shown() -> None:
    made = example("digital-matter", 2)
    shown = fenced("digital-matter", "http")[1]
    assert shown == made.request(wican.document(made.occasion(TWO)))
    assert "Authorization: %s\n" % EXPECTED["az_3"] in shown


def test_a_certificate_takes_the_place_of_azures_key() -> None:
    made = example("digital-matter", 3)
    assert made.settings["url"] == example("digital-matter", 2).settings["url"]
    assert made.head().tokens is None and made.settings["cert_set"] != "default"


def test_kpns_receivers_get_the_request_that_is_shown() -> None:
    made = example("kpn-things")
    shown = fenced("kpn-things", "http")[0]
    assert shown == made.request(senml.document(made.occasion(FOUR)))
    assert "Things-Message-Token: %s\n" % EXPECTED["kpn_1"] in shown


def test_kpn_gets_the_request_that_is_shown() -> None:
    made = example("kpn-things", 1)
    shown = fenced("kpn-things", "http")[1]
    assert shown == made.request(senml.document(made.occasion((("speed", "0", "km/h"),))))
    assert "Things-Message-Token: %s\n" % EXPECTED["kpn_ip"] in shown


def test_the_attempts_of_kpn_are_as_told() -> None:
    settings = example("kpn-things").settings
    retry = settings["retry"]
    assert (retry["attempts"], retry["timeouts_s"], retry["first_s"]) == (3, [5, 10, 20], 5)
    assert settings["success"]["status"] == 200 and settings["queue"]["max_items"] == 8
    assert example("kpn-things", 1).settings["success"]["status"] == 0


def test_thingparks_receivers_get_the_request_that_is_shown() -> None:
    made = example("thingpark")
    shown = fenced("thingpark", "http")[0]
    assert shown == made.request(thingpark.document(made.occasion(TWO)))
    assert EXPECTED["tp_wire_s1"] in shown
    others = (thingpark_untyped, thingpark_xml)
    bodies = [format.document(made.occasion(TWO)).decode() + "\n" for format in others]
    assert fenced("thingpark", "text")[:2] == bodies
    assert "`%s`" % thingpark_xml.CONTENT_TYPE in PAGES["thingpark"]


def test_the_first_document_for_thingpark_is_built_as_told() -> None:
    occasion = example("thingpark").occasion(TWO)
    occasion.status = [("fw_version", "1.0")]
    found = json.loads(thingpark.document(occasion))
    shown = fenced("thingpark", "text")[2]
    assert re.findall(r'"(\w+)":', shown) == [
        *found,
        *found["DevEUI_notification"],
        *found["DevEUI_notification"]["CustomerData"],
    ]
    assert found["DevEUI_notification"]["Type"] == "reset"


def test_downlinks_are_made_as_shown_and_obeyed() -> None:
    page, made = PAGES["thingpark"], example("thingpark", 2)
    space: dict = {}
    exec(fenced("thingpark", "python")[0], space)
    payloads = re.findall(r'^\| `(\{"command".*?\})` \|', page, re.M)
    key, sign = made.secret("sign.secret") or "", made.settings["sign"]
    place = (thingpark.dev_eui("", DEVICE), made.settings["body"]["port"], sign["as_id"])
    time = "2024-10-27T03:33:20.000+00:00"
    queries = {text: space["downlink"](*place, time, text, key) for text in payloads}
    chosen = made.settings["downlink"]
    verifier = downlink.Verifier(
        place[0], place[2], place[1], [key], chosen["window_s"], chosen["allow"]
    )
    answers = [verifier.judge(query, NOW_S + chosen["window_s"]) for query in queries.values()]
    assert [status for status, _, _ in answers] == [200] * 4
    assert [command[0] for _, _, command in answers if command] == list(downlink.COMMANDS)
    assert verifier.judge(next(iter(queries.values())), NOW_S)[0] == 403  # not twice
    assert queries[payloads[2]] + "\n" == fenced("thingpark", "text")[3]
    assert downlink.carried(b'{"DevEUI_downlink":{"query":"DevEUI=1"}}') == "DevEUI=1"
    assert '`{"DevEUI_downlink":{"query":"DevEUI=…&Token=…"}}`' in page


def test_the_place_for_downlinks_and_its_answers_are_as_told() -> None:
    page = PAGES["thingpark"]
    assert "`POST http://wican.local%s?…`" % downlinks.PATH in page
    for status in (200, *downlinks._REASONS):
        assert f"| {status} | " in page, status
    assert "`Request queued by LRC`" in page and "Request queued by LRC" in downlinks._QUEUED


def test_the_ciphers_of_kpn_are_those_the_device_chooses_from() -> None:
    named = []
    for kinds, suites in re.findall(
        r"^\| (ECDHE-.*?) \| (AES-.*?) \|$", PAGES["kpn-things"], re.M
    ):
        for kind in kinds.split(", "):
            for suite in suites.split(", "):
                named.append(kind + "-WITH-" + suite)
    assert len(named) == 12
    assert {policy: sorted(suites) for policy, suites in ciphers._POLICIES.items()} == {
        "kpn": sorted(named),
        "strict": sorted([name for name in named if "-GCM-" in name]),
    }


def test_a_server_behind_onomondo_gets_the_request_that_is_shown() -> None:
    made = example("onomondo")
    assert made.settings["transport"]["connect_to"] == "1.2.3.4:80"
    body = wican.document(made.occasion(TWO))
    assert fenced("onomondo", "http")[0] == made.request(body)


def test_the_document_over_tcp_is_as_shown() -> None:
    body = flat.document(example("onomondo", 1).occasion(TWO)).decode()
    assert fenced("onomondo", "text")[0] == body + "\n"


def test_the_table_of_hosts_is_true() -> None:
    rows = re.findall(r"^\| (`https?://.*) \|$", PAGES["onomondo"], re.M)
    assert len(rows) == 5
    for row in rows:
        cells = [cell.strip().removeprefix("`").partition("`")[0] for cell in row.split("|")]
        address, connect_to, host_header, called, certificate, host = cells
        transport = {"allow_plain": True, "connect_to": connect_to, "host_header": host_header}
        made = Example({"name": "row", "url": address, "transport": transport})
        head = made.head()
        assert made.problems == [] and called == "%s:%d" % head.dial
        assert host == head.host
        assert certificate == (head.address.host if head.address.scheme == "https" else "")


def test_the_signatures_are_those_of_the_settings() -> None:
    choices = dict(schema.describe())
    page = PAGES["connectors"]
    for scheme in choices["destinations[].sign.scheme"]["enum"]:
        assert scheme == "none" or f"| `{scheme}`" in page, scheme
    for name in PAGES:
        for scheme in ("kpn", "thingpark", "azure_sas"):
            assert name not in ("connectors", "destinations") or f"`{scheme}`" in PAGES[name]


def test_the_secrets_on_the_pages_are_those_of_the_vectors() -> None:
    ours = {text for _, _, inputs, _ in VECTORS for text in inputs if isinstance(text, str)}
    for name in NAMES[1:5]:
        for one in (one for one in documents(name) if "name" in one):
            made = Example(one)
            for key in ("auth.token", "sign.secret"):
                assert made.secret(key) in (None, "s3cret", *ours), (name, key)
