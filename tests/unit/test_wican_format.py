"""The default body: exact, compact, and stable under JavaScript's parse and stringify."""

import json

import jsontext
from autopid import parameter
from autopid.group import Group
from delivery.formats import wican
from helper import raises
from uptime import Uptime


def Parameter(name, unit="", device_class="", binary=False):  # noqa: N802
    """A parameter whose value the test sets."""
    return parameter.Parameter(name, None, unit, device_class, binary=binary)


def group_of(*rows):
    """A group from (parameter, text or None) rows."""
    group = Group(Uptime())
    group.configure([parameter for parameter, _ in rows])
    for entry, (_, text) in zip(group, rows):
        if text is not None:
            group.update(entry, text)
    return group


def is_index(key):
    return key.isdigit() and str(int(key)) == key and int(key) < 2**32 - 1


def stringify(item):
    """ECMAScript's JSON.stringify for what a body may hold; `item` comes from `parse`."""
    if isinstance(item, Pairs):
        numbered = sorted(
            [pair for pair in item.pairs if is_index(pair[0])], key=lambda p: int(p[0])
        )
        named = [pair for pair in item.pairs if not is_index(pair[0])]
        return (
            "{" + ",".join([stringify(k) + ":" + stringify(v) for k, v in numbered + named]) + "}"
        )
    if isinstance(item, Literal):
        return item.text
    return '"' + "".join([escape(character) for character in item]) + '"'


def escape(character):
    short = {
        '"': '\\"',
        "\\": "\\\\",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
    }
    if character in short:
        return short[character]
    return "\\u%04x" % ord(character) if ord(character) < 32 else character


class Pairs:
    def __init__(self, pairs):
        self.pairs = pairs


class Literal:
    """A number, true, false or null; a number must stand as JavaScript would print it."""

    def __init__(self, text):
        self.text = text
        if text not in ("true", "false", "null"):
            whole, point, decimals = text.partition(".")
            digits = whole[1:] if whole[0] == "-" else whole
            assert digits.isdigit() and (digits == "0" or digits[0] != "0"), text
            assert not point or (decimals.isdigit() and decimals[-1] != "0"), text
            assert text != "-0", text


def parse(text):
    """A strict JSON reader: keeps the order of keys, refuses blanks and duplicate keys."""
    item, end = parse_at(text, 0)
    assert end == len(text), text[end:]
    return item


def parse_at(text, at):
    if text[at] == "{":
        return parse_object(text, at)
    end = at
    if text[at] == '"':
        end += 1
        while text[end] != '"':
            end += 2 if text[end] == "\\" else 1
        return json.loads(text[at : end + 1]), end + 1
    while text[end] not in ",}":
        end += 1
    return Literal(text[at:end]), end


def parse_object(text, at):
    pairs = []
    at += 1
    while text[at] != "}":
        assert not pairs or text[at] == ",", text[at:]
        key, at = parse_at(text, at + 1 if pairs else at)
        assert text[at] == ":" and key not in [known for known, _ in pairs], key
        item, at = parse_at(text, at + 1)
        pairs.append((key, item))
    return Pairs(pairs), at + 1


def test_later_document_holds_only_the_values_in_the_order_of_the_group():
    group = group_of(
        (Parameter("TestCustom"), "127.5"),
        (Parameter("0C-EngineRPM"), "4147"),
        (Parameter("STFT"), "-100"),
        (Parameter("LIGHTS", binary=True), "on"),
    )
    body = b'{"autopid_data":{"TestCustom":127.5,"0C-EngineRPM":4147,"STFT":-100,"LIGHTS":"on"}}'
    assert wican.document(group) == body


def test_a_parameter_never_read_is_absent_but_described():
    group = group_of((Parameter("A", "V", "voltage"), None), (Parameter("B", "", ""), "1"))
    assert wican.document(group) == b'{"autopid_data":{"B":1}}'
    assert wican.document(group, []) == (
        b'{"autopid_data":{"B":1},"config":{"A":{"class":"voltage","unit":"V"},'
        b'"B":{"class":"none","unit":"none"}},"status":{}}'
    )


def test_first_document_carries_config_and_status():
    group = group_of((Parameter("COOLANT_TMP", "°C", "temperature"), "155"))
    status = [("fw_version", "4.50"), ("time_synced", True), ("uptime", 12), ("vpn_ip", None)]
    text = (
        '{"autopid_data":{"COOLANT_TMP":155},"config":{"COOLANT_TMP":{"class":"temperature","unit":"°C"}},'
        '"status":{"fw_version":"4.50","time_synced":true,"uptime":12,"vpn_ip":null}}'
    )
    assert wican.document(group, status) == text.encode()


def test_digits_of_a_value_are_never_touched():
    # More digits than a single-precision float holds, as an odometer in metres has.
    group = group_of(
        (Parameter("ODOMETER"), "16777217.01"), (Parameter("N"), "123456789012345678901")
    )
    assert (
        wican.document(group)
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
    text = wican.document(group_of(*rows), [("ssid", 'a"b\x00'), ("n", 3)]).decode()
    item = parse(text)
    assert stringify(item) == text
    assert len(item.pairs[0][1].pairs) == len(names)


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
