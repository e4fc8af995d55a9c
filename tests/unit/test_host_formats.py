"""Random names, values and circumstances: no format ever lets one of them break out of its place."""

import json
import re
from urllib.parse import parse_qsl, unquote

from delivery.formats import abrp, flat, influx, osmand, template, thingsboard, wican
from hypothesis import given
from hypothesis import strategies as st
from javascript import parse, stringify
from net.url import percent_decode
from samples import Parameter, sample_of

NASTY = st.sampled_from(
    ['"', "\\", "\n", "\r", ",", "=", " ", "&", "#", "%", "{", "}", ":", "\0", "é", "🚗"]
)
TEXTS = st.text(
    st.one_of(NASTY, st.characters(exclude_categories=("Cs",))), min_size=1, max_size=12
)
NAMES = st.one_of(
    TEXTS,
    st.integers(0, 2**33).map(str),
    st.sampled_from(("id", "ts", "device_id", "SOC", "HV_W")),
)
NUMBERS = st.from_regex(r"(0|-?[1-9][0-9]{0,11})(\.[0-9]{0,3}[1-9])?", fullmatch=True)
ROWS = st.lists(
    st.tuples(NAMES, st.one_of(NUMBERS, st.sampled_from(("on", "off", None)))),
    max_size=8,
    unique_by=lambda row: row[0],
)
CLOCKS = st.sampled_from((0, 1, 1730000000))


def rows_of(drawn):
    return [(Parameter(name, binary=text in ("on", "off")), text) for name, text in drawn]


def read(drawn):
    return {name: text for name, text in drawn if text is not None}


def loaded(body):
    """What the JSON says, numbers as their digits."""
    return json.loads(body, parse_int=str, parse_float=str)


@given(ROWS, CLOCKS, TEXTS, st.booleans(), st.booleans())
def test_json_bodies_survive_javascript(drawn, unix_s, device_id, wants_times, is_first):
    sample = sample_of(
        *rows_of(drawn),
        unix_s=unix_s,
        device_id=device_id,
        status=[("ssid", device_id), ("7", 1)] if is_first else None,
        timestamps=wants_times,
        ages=wants_times,
    )
    bodies = [form.document(sample).decode() for form in (wican, flat, thingsboard)]
    bodies.append(percent_decode(abrp.document(sample).decode()[len("tlm=") :]))
    for text in bodies:
        if text:
            assert stringify(parse(text)) == text


@given(ROWS)
def test_values_arrive_under_their_names(drawn):
    assert loaded(wican.document(sample_of(*rows_of(drawn))))["autopid_data"] == read(drawn)


@given(ROWS, CLOCKS, TEXTS)
def test_what_a_template_puts_in_stays_in_its_place(drawn, unix_s, device_id):
    names = [
        name
        for name, _ in drawn
        if not set("{}:") & set(name) and name not in ("device_id", "timestamp")
    ]
    places = ["{%s}" % name for name in names] + ["{age:%s}" % name for name in names]
    places += ["{device_id}", "{timestamp}", "{NO SUCH}"]
    text = "[%s]" % ",".join(places + ['"%s"' % place for place in places])
    assert template.problem(text) is None
    sample = sample_of(*rows_of(drawn), unix_s=unix_s, device_id=device_id, template=text)
    filled = template.document(sample).decode()
    assert "\n" not in filled and "\r" not in filled
    items = loaded(filled)
    values = read(drawn)
    assert items[: len(names)] == [values.get(name) for name in names]
    assert items[2 * len(names)] == device_id
    half = len(places)
    assert items[half:] == ["" if item is None else item for item in items[:half]]


@given(
    st.text(st.one_of(st.sampled_from('{}":\\aV\n'), st.characters(exclude_categories=("Cs",)))),
    TEXTS,
)
def test_any_template_is_refused_or_filled(text, device_id):
    sample = sample_of(("V", "1"), ("a", None), device_id=device_id, template=text)
    if template.problem(text) is None:
        assert template.document(sample).count(b"\n") == text.count("\n")


@given(ROWS, CLOCKS, TEXTS, TEXTS)
def test_an_influx_line_is_one_line_with_one_field_a_value(drawn, unix_s, device_id, measurement):
    sample = sample_of(
        *rows_of(drawn), unix_s=unix_s, device_id=device_id, measurement=measurement
    )
    line = influx.document(sample).decode()
    values = read(drawn)
    assert bool(line) == bool(values)
    if not line:
        return
    assert not set("\n\r\t\0") & set(line) and line[0] != "#"
    parts = re.split(r"(?<!\\) ", line)
    assert len(parts) == (3 if unix_s else 2)
    assert len(re.split(r"(?<!\\),", parts[0])) == 2
    fields = [re.split(r"(?<!\\)=", field) for field in re.split(r"(?<!\\),", parts[1])]
    assert [len(field) for field in fields] == [2] * len(values)
    assert sorted(value.strip('"') for _, value in fields) == sorted(values.values())


@given(ROWS, CLOCKS, TEXTS)
def test_a_query_holds_nothing_but_its_own_separators(drawn, unix_s, device_id):
    query = osmand.document(
        sample_of(*rows_of(drawn), unix_s=unix_s, device_id=device_id)
    ).decode()
    assert re.fullmatch(r"[A-Za-z0-9\-._~%&=]+", query)
    words = {"on": "true", "off": "false"}
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    assert pairs[0] == ("id", device_id) and unquote(query.split("&")[0][3:]) == device_id
    values = {name: words.get(text, text) for name, text in read(drawn).items()}
    for taken in ("id", "deviceid", "timestamp"):
        values.pop(taken, None)
    assert dict(pairs[2 if unix_s else 1 :]) == values
