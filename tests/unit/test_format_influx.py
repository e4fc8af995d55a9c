"""InfluxDB line protocol."""

from delivery.formats import influx
from samples import Parameter, sample_of


def test_one_line_with_all_values():
    rows = (("ENGINE_RPM", "4147"), ("SPEED", "0"), ("COOLANT_TMP", "155"), ("FUEL", "62.35"))
    body = (
        b"wican,device=a1b2c3d4e5f6 ENGINE_RPM=4147,SPEED=0,COOLANT_TMP=155,FUEL=62.35 1730000000"
    )
    assert influx.document(sample_of(*rows)) == body


def test_words_are_strings():
    sample = sample_of((Parameter("LIGHTS", binary=True), "on"))
    assert influx.document(sample) == b'wican,device=a1b2c3d4e5f6 LIGHTS="on" 1730000000'


def test_the_server_takes_its_own_time_while_the_clock_is_not_set():
    assert (
        influx.document(sample_of(("A", "-1.5"), unix_s=0)) == b"wican,device=a1b2c3d4e5f6 A=-1.5"
    )


def test_no_document_before_the_first_value():
    assert influx.document(sample_of(("A", None))) == b""
    assert influx.document(sample_of()) == b""


def test_what_separates_is_escaped():
    sample = sample_of(
        ("a b,c=d", "1"), unix_s=0, measurement="my car,too=1", device_id="bus 7,a=b"
    )
    assert influx.document(sample) == (b"my\\ car\\,too=1,device=bus\\ 7\\,a\\=b a\\ b\\,c\\=d=1")


def test_what_cannot_be_escaped_is_replaced():
    sample = sample_of(
        ("end\\", "1"), ("two\r\nlines", "2"), unix_s=0, measurement="#note\\", device_id="x\ty"
    )
    assert influx.document(sample) == b"_note_,device=x_y end_=1,two__lines=2"


def test_names_beyond_ascii_stay():
    assert influx.document(sample_of(("Öl", "1"), unix_s=0)) == (
        "wican,device=a1b2c3d4e5f6 Öl=1".encode()
    )


def test_documents_of_a_batch_are_lines():
    bodies = [influx.document(sample_of(("V", text), unix_s=int(text))) for text in ("1", "2")]
    joined = influx.OPEN + influx.SEPARATOR.join(bodies) + influx.CLOSE
    assert joined == b"wican,device=a1b2c3d4e5f6 V=1 1\nwican,device=a1b2c3d4e5f6 V=2 2"
