"""The default body: exact, compact, and stable under JavaScript's parse and stringify."""

import jsontext
from delivery.formats import wican
from helper import raises
from javascript import parse, stringify
from samples import Parameter, sample_of


def test_later_document_holds_only_the_values_in_the_order_of_the_group():
    sample = sample_of(
        (Parameter("TestCustom"), "127.5"),
        (Parameter("0C-EngineRPM"), "4147"),
        (Parameter("STFT"), "-100"),
        (Parameter("LIGHTS", binary=True), "on"),
    )
    body = b'{"autopid_data":{"TestCustom":127.5,"0C-EngineRPM":4147,"STFT":-100,"LIGHTS":"on"}}'
    assert wican.document(sample) == body


def test_a_parameter_never_read_is_absent_but_described():
    sample = sample_of((Parameter("A", "V", "voltage"), None), (Parameter("B", "", ""), "1"))
    assert wican.document(sample) == b'{"autopid_data":{"B":1}}'
    sample.status = []
    assert wican.document(sample) == (
        b'{"autopid_data":{"B":1},"config":{"A":{"class":"voltage","unit":"V"},'
        b'"B":{"class":"none","unit":"none"}},"status":{}}'
    )


def test_first_document_carries_config_and_status():
    sample = sample_of((Parameter("COOLANT_TMP", "°C", "temperature"), "155"))
    sample.status = [
        ("fw_version", "4.50"),
        ("time_synced", True),
        ("uptime", 12),
        ("vpn_ip", None),
    ]
    text = (
        '{"autopid_data":{"COOLANT_TMP":155},"config":{"COOLANT_TMP":{"class":"temperature","unit":"°C"}},'
        '"status":{"fw_version":"4.50","time_synced":true,"uptime":12,"vpn_ip":null}}'
    )
    assert wican.document(sample) == text.encode()


def test_digits_of_a_value_are_never_touched():
    # More digits than a single-precision float holds, as an odometer in metres has.
    sample = sample_of(
        (Parameter("ODOMETER"), "16777217.01"), (Parameter("N"), "123456789012345678901")
    )
    assert (
        wican.document(sample)
        == b'{"autopid_data":{"ODOMETER":16777217.01,"N":123456789012345678901}}'
    )


def test_body_survives_javascript_parse_and_stringify():
    names = [
        'q"uote',
        "back\\slash",
        "a/b",
        "tab\there",
        "bell\x07",
        "line\nfeed",
        "Köln",
        "\u2028",
        "🚗",
        "한",
        "del\x7f",
    ]
    names += ["10", "9", "0", "007", "4294967294", "4294967295", "-1", "1.5", ""]
    rows = [(Parameter(name, "°/" + name, name), "-1.25") for name in names]
    status = [("ssid", 'a"b\x00'), ("n", 3)]
    text = wican.document(sample_of(*rows, status=status, timestamps=True, ages=True)).decode()
    item = parse(text)
    assert stringify(item) == text
    assert len(item.pairs[0][1].pairs) == len(names)


def test_time_and_ages_are_added_if_the_settings_want_them():
    rows = (("SPEED", "0"), ("RPM", None), (Parameter("LIGHTS", binary=True), "off"))
    values = b'{"autopid_data":{"SPEED":0,"LIGHTS":"off"}'
    times = b',"timestamp":1730000000'
    ages = b',"ages":{"SPEED":120,"LIGHTS":120}'
    for settings, expected in (
        ({"timestamps": True}, values + times + b"}"),
        ({"ages": True}, values + ages + b"}"),
        ({"timestamps": True, "ages": True}, values + times + ages + b"}"),
        ({"timestamps": True, "unix_s": 0}, values + b"}"),
    ):
        assert wican.document(sample_of(*rows, age_ms=120, **settings)) == expected


def test_nothing_read_yet_is_an_empty_document():
    assert wican.document(sample_of(("A", None), ages=True)) == b'{"autopid_data":{},"ages":{}}'
    assert wican.document(sample_of(status=[])) == b'{"autopid_data":{},"config":{},"status":{}}'


def test_a_name_that_looks_like_a_word_is_no_value():
    on = Parameter("on", binary=True)
    body = b'{"autopid_data":{"on":"on","off":1,"B":"off","C":"on"}}'
    rows = ((on, "on"), ("off", "1"), (Parameter("B", binary=True), "off"))
    assert wican.document(sample_of(*rows, (Parameter("C", binary=True), "on"))) == body


def test_documents_of_a_batch_form_an_array():
    bodies = [wican.document(sample_of(("SPEED", text))) for text in ("1", "2")]
    joined = wican.OPEN + wican.SEPARATOR.join(bodies) + wican.CLOSE
    assert joined == b'[{"autopid_data":{"SPEED":1}},{"autopid_data":{"SPEED":2}}]'


def test_keys_like_array_indexes_come_first_and_ascending():
    pairs = [("b", "1"), ("10", "2"), ("9", "3"), ("09", "4"), ("a", "5")]
    assert jsontext.members(pairs) == '{"9":3,"10":2,"b":1,"09":4,"a":5}'


def test_strings_are_escaped_as_javascript_does():
    for text, quoted in (
        ("", '""'),
        ("a/b", '"a/b"'),
        ('"', '"\\""'),
        ("\\", '"\\\\"'),
        ("\b\f\n\r\t", '"\\b\\f\\n\\r\\t"'),
        ("\x00\x1f\x7f", '"\\u0000\\u001f\x7f"'),
        ("°C", '"°C"'),
        ("🚗", '"🚗"'),
        ("\ue000", '"\ue000"'),
    ):
        assert jsontext.quote(text) == quoted, repr(text)


def test_surrogates_a_parser_left_behind_are_mended():
    high, low = chr(0xD83D), chr(0xDE00)
    for text, quoted in (
        (high + low, '"\U0001f600"'),
        ("a" + high + low + "b", '"a\U0001f600b"'),
        (high, '"\\ud83d"'),
        (low + high, '"\\ude00\\ud83d"'),
        (high + "x" + low, '"\\ud83dx\\ude00"'),
        (high + high + low, '"\\ud83d\U0001f600"'),
    ):
        assert jsontext.quote(text) == quoted, quoted


def test_no_float_gets_in():
    for item in (1.5, [1], {"a": 1}, b"a"):
        raises(TypeError, jsontext.value, item)
