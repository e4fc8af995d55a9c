"""Random names, values and circumstances: what connectors send keeps the rules of those who receive it."""

import json
import re
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

from delivery import downlink, dynamic, lrn, moment, signing
from delivery.errors import RouteError
from delivery.formats import digital_matter, senml, thingpark, thingpark_untyped, thingpark_xml
from hypothesis import given
from hypothesis import strategies as st
from javascript import parse, stringify
from occasions import occasion_of
from samples import Parameter
from test_host_formats import NUMBERS, TEXTS

NAMES = st.one_of(
    TEXTS,
    st.integers(0, 999).map(str),
    st.sampled_from(("FPort", "FCntUp", "DevEUI", "lat", "CustomerID")),
)
UNITS = st.sampled_from(("", "none", "km/h", "°F", "psi", "%", "rpm", "°", '"', "<u>"))
ROWS = st.lists(
    st.tuples(NAMES, UNITS, st.one_of(NUMBERS, st.sampled_from(("on", "off", None)))),
    max_size=8,
    unique_by=lambda row: row[0],
)
KEY = "00112233445566778899aabbccddeeff"


def occasion(drawn, **changes):
    rows = [(Parameter(n, u, binary=t in ("on", "off")), t) for n, u, t in drawn]
    return occasion_of(*rows, **changes)


def loaded(text):
    return json.loads(text, parse_int=str, parse_float=str)


@given(
    ROWS, st.sampled_from(("native", "si")), st.sampled_from(("merged", "split")), st.booleans()
)
def test_a_pack_follows_rfc_8428(drawn, units, style, ages):
    text = senml.document(occasion(drawn, units=units, style=style, ages=ages, age_ms=70)).decode()
    read = [row for row in drawn if row[2] is not None]
    assert bool(text) == bool(read)
    if not text:
        return
    assert stringify(parse(text)) == text
    records = loaded(text)
    assert ("n" in records[0]) == (style == "merged")
    base = records[0]["bn"]
    measured = [record for record in records if "n" in record]
    assert [name for record in records[1:] for name in record if name[0] == "b"] == []
    for record in measured:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*", base + record["n"])
        assert ("v" in record) != ("vb" in record)
        assert set(record) <= {"bn", "bt", "n", "u", "v", "vb", "t"}
    assert len({record["n"] for record in measured}) == len(measured) == len(read)


@given(ROWS, st.sampled_from(("", "ignition on")), st.booleans())
def test_records_survive_javascript_and_hold_32_bits(drawn, event, names):
    text = digital_matter.document(occasion(drawn, event=event, names=names)).decode()
    if not text:
        return
    assert stringify(parse(text)) == text
    record = json.loads(text)
    for field in record["Fields"]:
        for value in field["AnalogueData"].values():
            assert isinstance(value, int) and -(2**31) <= value < 2**31
    if names:
        assert loaded(text)["Ext"] == {name: text for name, _, text in drawn if text is not None}


@given(ROWS, TEXTS, st.booleans(), st.sampled_from(("once", "always")), st.booleans())
def test_all_forms_of_a_document_carry_the_same_token(drawn, ssid, first, boot, decoded):
    changes = {
        "status": [("ssid", ssid), ("n", 1)] if first else None,
        "boot": boot,
        "decoded": decoded,
    }
    sample = occasion(drawn, **changes)
    bodies = [form.document(sample) for form in (thingpark, thingpark_untyped, thingpark_xml)]
    if not bodies[0]:
        assert bodies == [b"", b"", b""]
        return
    for body in bodies[:2]:
        assert stringify(parse(body.decode())) == body.decode()
    (root,) = json.loads(bodies[0])
    inner = json.loads(bodies[0])[root]
    document = ElementTree.fromstring(bodies[2])
    assert document.tag == "{http://uri.actility.com/lora}" + root
    names = lrn._SIGNED[root]
    expected = [str(inner[name]) for name in ("CustomerID", "DevEUI", *names)]
    queries = {lrn.Lrn("WICAN-1", "as", KEY).query(body, 1730000000) for body in bodies}
    assert [lrn.elements_of(body) for body in bodies] == [expected] * 3 and len(queries) == 1


@given(TEXTS, TEXTS)
def test_a_field_stays_in_its_place(path, value):
    ids = {"SERIAL": path, "CUSTOM1": value}
    filled = dynamic.in_url("https://h.example/in/[SERIAL]/x?a=[CUSTOM1]&b=1", ids)
    parts = urlsplit(filled)
    assert parts.netloc == "h.example" and unquote(parts.path) == "/in/%s/x" % path
    assert parse_qsl(parts.query, keep_blank_values=True) == [("a", value), ("b", "1")]


@given(TEXTS)
def test_a_host_is_a_host_name_or_refused(value):
    try:
        filled = dynamic.in_url("https://[CUSTOM1].example/in", {"CUSTOM1": value})
    except RouteError:
        return
    assert urlsplit(filled).hostname == (value + ".example").lower() and value.isascii()


@given(TEXTS)
def test_a_header_stays_one_line(value):
    try:
        filled = dynamic.in_header("a [CUSTOM1] b", {"CUSTOM1": value})
    except RouteError:
        return
    assert filled == "a %s b" % value and not set("\r\n\0") & set(filled)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_query_breaks_the_verifier(query):
    verifier = downlink.Verifier("A1B2C3FFFED4E5F6", "as", 2, (KEY,), 60, downlink.COMMANDS)
    signed = query + "&Token=" + signing.thingpark_token((), unquote(query), KEY)
    for text in (query, signed):
        status, sentence, command = verifier.judge(text, 1730000000)
        assert status in (400, 403) and sentence.endswith(".") and command is None


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader_of_moments(text):
    found = moment.unix_seconds(text)
    assert found is None or moment.iso(found)
