"""The flat body: values, device and time side by side."""

from delivery.formats import flat
from javascript import parse, stringify
from samples import Parameter, sample_of


def test_values_stand_beside_device_and_time():
    sample = sample_of(("SPEED", "0"), (Parameter("ON", binary=True), "on"), ("RPM", None))
    body = b'{"SPEED":0,"ON":"on","device_id":"a1b2c3d4e5f6","ts":1730000000}'
    assert flat.document(sample) == body


def test_no_time_while_the_clock_is_not_set():
    body = b'{"SPEED":0,"device_id":"a1b2c3d4e5f6"}'
    assert flat.document(sample_of(("SPEED", "0"), unix_s=0)) == body


def test_a_parameter_cannot_pose_as_device_or_time():
    sample = sample_of(("ts", "1"), ("SPEED", "2"), ("device_id", "3"))
    assert flat.document(sample) == b'{"SPEED":2,"device_id":"a1b2c3d4e5f6","ts":1730000000}'


def test_without_values_it_tells_who_is_there():
    assert flat.document(sample_of(("SPEED", None), unix_s=0)) == b'{"device_id":"a1b2c3d4e5f6"}'


def test_numbers_as_names_come_first_as_javascript_wants_them():
    text = flat.document(sample_of(("b", "1"), ("10", "2"), ("9", "3"))).decode()
    assert text.startswith('{"9":3,"10":2,"b":1,"device_id"')
    assert stringify(parse(text)) == text
