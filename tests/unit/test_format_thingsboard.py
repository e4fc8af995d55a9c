"""Telemetry for ThingsBoard."""

from delivery.formats import thingsboard
from samples import Parameter, sample_of


def test_values_with_their_time_in_milliseconds():
    sample = sample_of(("SPEED", "0"), ("FUEL", "62.35"), (Parameter("ON", binary=True), "off"))
    body = b'{"ts":1730000000000,"values":{"SPEED":0,"FUEL":62.35,"ON":"off"}}'
    assert thingsboard.document(sample) == body


def test_bare_values_while_the_clock_is_not_set():
    assert thingsboard.document(sample_of(("SPEED", "0"), unix_s=0)) == b'{"SPEED":0}'


def test_no_document_before_the_first_value():
    assert thingsboard.document(sample_of(("SPEED", None))) == b""


def test_documents_of_a_batch_form_an_array():
    bodies = [thingsboard.document(sample_of(("V", text))) for text in ("1", "2")]
    joined = thingsboard.OPEN + thingsboard.SEPARATOR.join(bodies) + thingsboard.CLOSE
    assert joined == (
        b'[{"ts":1730000000000,"values":{"V":1}},{"ts":1730000000000,"values":{"V":2}}]'
    )
