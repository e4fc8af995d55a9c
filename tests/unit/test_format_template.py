"""The user's own text."""

from delivery.formats import template
from delivery.formats.template import problem
from helper import raises
from samples import Parameter, sample_of


def filled(text, *rows, **circumstances):
    return template.document(sample_of(*rows, template=text, **circumstances)).decode()


def test_values_are_put_in_with_their_exact_digits():
    rows = (("ODOMETER", "16777217.01"), (Parameter("ON", binary=True), "on"))
    text = '{{"km":{ODOMETER},"on":{ON}}}'
    assert filled(text, *rows) == '{"km":16777217.01,"on":"on"}'


def test_the_circumstances_have_names():
    text = "[{device_id},{timestamp},{age:SPEED}]"
    assert filled(text, ("SPEED", "7"), age_ms=120) == '["a1b2c3d4e5f6",1730000000,120]'


def test_what_is_not_known_is_null():
    text = "[{SPEED},{NO_SUCH},{timestamp},{age:SPEED},{age:NO_SUCH}]"
    assert filled(text, ("SPEED", None), unix_s=0) == "[null,null,null,null,null]"


def test_within_quotes_stands_the_bare_text():
    rows = (("SPEED", "7.5"), (Parameter("ON", binary=True), "off"))
    text = '"{SPEED} km/h, {ON}, {device_id}, {age:SPEED}, {timestamp}, {NO_SUCH}." {ON}'
    expected = '"7.5 km/h, off, a1b2c3d4e5f6, 5, 1730000000, ." "off"'
    assert filled(text, *rows, age_ms=5) == expected


def test_escaped_quotes_do_not_end_a_string():
    row = (Parameter("ON", binary=True), "on")
    assert filled('"a\\"{ON}\\\\" {ON}', row) == '"a\\"on\\\\" "on"'


def test_nothing_put_in_ends_a_string_or_a_line():
    name = 'x",\n"y\\'
    assert filled('"{device_id}"', device_id=name) == '"x\\",\\n\\"y\\\\"'
    assert filled("{device_id}", device_id=name) == '"x\\",\\n\\"y\\\\"'


def test_braces_are_written_twice():
    assert filled("{{}}") == "{}"
    assert filled('{{"a":{{"b":{V}}}}}', ("V", "1")) == '{"a":{"b":1}}'
    assert filled("{{V}}", ("V", "1")) == "{V}"


def test_any_text_will_do():
    assert filled("") == ""
    assert filled("speed={V}\nlight={V}", ("V", "1")) == "speed=1\nlight=1"
    assert filled("Öl {Öl Temp.}", ("Öl Temp.", "90")) == "Öl 90"


def test_mistakes_are_found_with_their_place():
    for text, sentence in (
        ("a}b", "A lone } at character 2; write }} for the brace itself."),
        ("{V}}", "A lone } at character 4; write }} for the brace itself."),
        ("{{V}", "A lone } at character 4; write }} for the brace itself."),
        ('{"a":1', "The { at character 1 is not closed; write {{ for the brace itself."),
        ('{"a":{V}}', "A { within braces at character 6; write {{ for the brace itself."),
        ("ab{}", "A name is missing between the braces at character 3."),
        ("{age:}", "A name is missing between the braces at character 1."),
        ('"a\\{V}"', "The backslash at character 3 has nothing to escape."),
        ('"a\\', "The backslash at character 3 has nothing to escape."),
    ):
        assert problem(text) == sentence, problem(text)
        assert str(raises(ValueError, filled, text)) == sentence
    assert problem('{{"a":{V},"b":"{age:V}"}}') is None
    assert problem("") is None


def test_more_templates_than_destinations_do_not_pile_up():
    for number in range(40):
        assert filled("%d {V}" % number, ("V", "1")) == "%d 1" % number
        assert len(template._known) <= 6
    assert filled("0 {V}", ("V", "2")) == "0 2"
