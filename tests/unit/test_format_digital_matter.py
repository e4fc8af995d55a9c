"""Digital Matter's records and what stands around them."""

from delivery.formats import digital_matter
from delivery.message import Message, Parcel
from delivery.vectors import VECTORS
from javascript import parse, stringify
from occasions import occasion_of
from samples import Parameter

IDS = {"SERIAL": "123456", "IMEI": "353785725680796", "ICCID": "89462046033000000000"}
DEVICE = "a1b2c3d4e5f6"
BODY = [inputs[0] for name, _, inputs, _ in VECTORS if name == "dm_body"][0].encode()
HEAD = '{"SeqNo":17,"DateUTC":"2024-10-27 03:33:20","Reason":11,"Fields":['


def record(*rows, **settings):
    text = digital_matter.document(occasion_of(*rows, number=17, **settings)).decode()
    if text:
        assert stringify(parse(text)) == text
    return text


def fields(*rows, **settings):
    text = record(*rows, **settings)
    assert text.startswith(HEAD) and text.endswith("]}")
    return text[len(HEAD) : -2]


def framed(body, ids=IDS):
    opening, closing = digital_matter.frame(ids, DEVICE, 87, "97.4.51.0")
    return opening + body + closing


CAR = (("ENGINE_RPM", "4147"), ("SPEED", "0"))
RECORD = record(*CAR, ignition=True, supply_mv=13840).encode()


def test_one_message_is_one_record_in_the_document():
    assert framed(RECORD) == BODY


def test_a_batch_is_one_document_with_several_records():
    messages = [Message(str(n), b'{"SeqNo":%d}' % n, 1, 1) for n in (1, 2)]
    body = Parcel(messages, digital_matter).body
    assert framed(body).endswith(b',"Records":[{"SeqNo":1},{"SeqNo":2}]}')
    assert stringify(parse(framed(body).decode())) == framed(body).decode()


def test_the_serial_is_a_number_whatever_was_entered():
    for serial, expected in (
        ("123456", 123456),
        ("007", 7),
        ("2147483647", 2147483647),
        ("2147483648", 0xD4E5F6),
        ("12a", 0xD4E5F6),
        ("-5", 0xD4E5F6),
        ("", 0xD4E5F6),
        ("9" * 30, 0xD4E5F6),
    ):
        assert framed(b"", {"SERIAL": serial}).startswith(b'{"SerNo":%d,' % expected), serial


def test_missing_identifiers_are_empty_strings():
    assert framed(b"", {}) == (
        b'{"SerNo":13952502,"IMEI":"","ICCID":"","ProdId":87,"FW":"97.4.51.0","Records":[]}'
    )


def test_the_reason_is_what_made_the_record_due():
    for event, reason in (
        ("", 11),
        ("ignition on", 1),
        ("ignition off", 2),
        ("supply voltage low", 15),
        ("values changed", 47),
        ("ECU online", 47),
    ):
        assert '"Reason":%d,' % reason in record(*CAR, event=event), event


def test_what_is_not_known_is_left_out():
    assert fields(*CAR) == '{"FType":7,"AnalogueData":{"100":4147,"101":0}}'
    assert fields(*CAR, ignition=False).startswith('{"FType":2,"DIn":0,"DOut":0,"DevStat":0},')


def test_without_date_or_values_there_is_no_record():
    assert record(*CAR, unix_s=0) == record(("SPEED", None)) == record(supply_mv=12000) == ""


def test_a_parameter_keeps_its_number():
    assert fields(("A", None), ("B", "2")) == '{"FType":7,"AnalogueData":{"101":2}}'


def test_signals_are_not_told_twice():
    volts = Parameter("LV_V", "V")
    rows = (("A", "1"), (volts, "13.84"), ("B", "2"))
    expected = '{"FType":6,"AnalogueData":{"2":1384}},{"FType":7,"AnalogueData":{"100":1,"101":2}}'
    assert fields(*rows, supply_mv=13840, signals=(volts.key,)) == expected


def test_values_become_whole_numbers():
    lights = Parameter("LIGHTS", binary=True)
    rows = (("A", "62.35"), ("B", "-0.5"), ("C", "2.5"), (lights, "on"))
    expected = '{"FType":7,"AnalogueData":{"100":62,"101":-1,"102":3,"103":1}}'
    assert fields(*rows) == expected
    assert fields((lights, "off")) == '{"FType":7,"AnalogueData":{"100":0}}'


def test_what_does_not_fit_into_32_bits_is_left_out():
    rows = (("A", "2147483647"), ("B", "2147483648"), ("C", "-2147483648"), ("D", "-2147483649"))
    expected = '{"FType":7,"AnalogueData":{"100":2147483647,"102":-2147483648}}'
    assert fields(*rows) == expected


def test_field_6_has_16_bits():
    names = "ABCD"
    chosen = [
        {"name": name, "field": 6, "number": 10 + number, "scale": "1"}
        for number, name in enumerate(names)
    ]
    rows = tuple(zip(names, ("32767", "32768", "-32768", "-32769")))
    assert fields(*rows, map=chosen) == '{"FType":6,"AnalogueData":{"10":32767,"12":-32768}}'
    assert fields(("A", "1"), supply_mv=327680) == '{"FType":7,"AnalogueData":{"100":1}}'


def test_the_map_chooses_field_number_and_scale():
    chosen = [
        {"name": "TEMP", "field": 6, "number": 3, "scale": "100"},
        {"name": "FUEL", "field": 7, "number": 20, "scale": "0.5"},
    ]
    rows = (("TEMP", "21.37"), ("RPM", "800"), ("FUEL", "62.35"))
    expected = (
        '{"FType":6,"AnalogueData":{"3":2137}},{"FType":7,"AnalogueData":{"20":31,"100":800}}'
    )
    assert fields(*rows, map=chosen) == expected


def test_names_may_be_told_with_exact_values():
    text = record(("10", "1"), ("FUEL", "62.35"), ("X", None), names=True)
    assert text.endswith(',"Ext":{"10":1,"FUEL":62.35}}')
