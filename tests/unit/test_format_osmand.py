"""Traccar's OsmAnd protocol."""

from delivery.formats import osmand
from samples import Parameter, sample_of


def test_a_query_with_device_time_and_values():
    sample = sample_of(("SPEED", "0"), ("FUEL", "62.35"), ("RPM", None))
    assert osmand.document(sample) == b"id=a1b2c3d4e5f6&timestamp=1730000000&SPEED=0&FUEL=62.35"
    assert osmand.IN_QUERY and osmand.CONTENT_TYPE is None and osmand.SEPARATOR is None


def test_words_become_what_the_server_stores_as_yes_and_no():
    rows = ((Parameter("A", binary=True), "on"), (Parameter("B", binary=True), "off"))
    assert osmand.document(sample_of(*rows, unix_s=0)) == b"id=a1b2c3d4e5f6&A=true&B=false"


def test_names_are_percent_encoded():
    sample = sample_of(("Öl&x=1", "-2"), unix_s=0, device_id="bus 7/ä")
    assert osmand.document(sample) == b"id=bus%207%2F%C3%A4&%C3%96l%26x%3D1=-2"


def test_a_parameter_cannot_pose_as_another_device_or_time():
    sample = sample_of(("id", "1"), ("deviceid", "2"), ("timestamp", "3"), ("ID", "4"), unix_s=0)
    assert osmand.document(sample) == b"id=a1b2c3d4e5f6&ID=4"
