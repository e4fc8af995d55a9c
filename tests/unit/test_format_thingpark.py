"""ThingPark's documents in their three forms."""

import binascii
import json

from delivery.formats import thingpark, thingpark_untyped, thingpark_xml
from delivery.vectors import VECTORS
from javascript import parse, stringify
from occasions import occasion_of
from samples import Parameter

ALL = (thingpark, thingpark_untyped, thingpark_xml)
CAR = (("ENGINE_RPM", "4147"), ("SPEED", "0"))
STATUS = [
    ("ssid", 'a"<b>&\x01'),
    ("time_synced", True),
    ("low", False),
    ("vpn_ip", None),
    ("n", 3),
]
CONFIG = '"config":{"FUEL":{"class":"none","unit":"%"}}'
HEAD = '"Time":"2024-10-27T03:33:20.000+00:00","DevEUI":"A1B2C3FFFED4E5F6"'


def text_of(format, *rows, **changes):
    text = format.document(occasion_of(*rows, number=17, **changes)).decode()
    if text and format is not thingpark_xml:
        assert stringify(parse(text)) == text
    return text


def test_an_uplink_carries_the_values():
    for format, name in zip(ALL, ("tp_body_json", "tp_body_untyped", "tp_body_xml")):
        body = [inputs[0] for known, _, inputs, _ in VECTORS if known == name][0]
        assert text_of(format, *CAR) == body


def test_the_first_document_of_a_boot_is_a_notification():
    rows = ((Parameter("FUEL", "%"), "62.35"),)
    reset = (
        '{"DevEUI_notification":{%s,"Type":"reset","Var1":"power_on","CustomerID":"100000001",'
        % HEAD
    )
    ssid = '"ssid":"a\\"<b>&\\u0001"'
    text = text_of(thingpark, *rows, status=STATUS, reset_cause="power_on")
    assert text == reset + (
        '"CustomerData":{%s,"status":{%s,"time_synced":true,"low":false,"vpn_ip":null,"n":3}}}}'
        % (CONFIG, ssid)
    )
    text = text_of(thingpark_untyped, *rows, status=STATUS, reset_cause="power_on")
    assert text == reset + (
        '"CustomerData":{%s,"status":{%s,"time_synced":"1","low":"0","n":"3"}}}}' % (CONFIG, ssid)
    )


def test_objects_are_text_within_xml():
    text = text_of(thingpark_xml, ("V", "1"), status=STATUS[:1])
    assert text.endswith(
        '<CustomerID>100000001</CustomerID><CustomerData>{"config":{"V":{"class":"none","unit":"none"}},'
        '"status":{"ssid":"a\\"&lt;b&gt;&amp;\\u0001"}}</CustomerData></DevEUI_notification>'
    )


def test_xml_holds_no_character_that_it_cannot():
    text = text_of(thingpark_xml, ("V", "1"), reset_cause="\x00a\x1f\ufffeb\uffff\t", status=[])
    assert "<Var1>\ufffda\ufffd\ufffdb\ufffd\t</Var1>" in text


def test_config_and_status_come_with_every_uplink_if_they_should():
    for format in ALL:
        text = text_of(format, *CAR, status=STATUS, boot="always")
        assert "DevEUI_uplink" in text and "CustomerData" in text and "payload_hex" in text


def test_values_may_be_told_readable_as_well():
    lights = Parameter("LIGHTS", binary=True)
    rows = (("10", "1.5"), ("SPEED", "0"), (lights, "on"), ("X", None))
    plain, untyped, xml = [text_of(format, *rows, decoded=True) for format in ALL]
    assert plain.endswith(',"payload":{"10":1.5,"SPEED":0,"LIGHTS":"on"}}}')
    assert untyped.endswith(',"payload":{"10":"1.5","SPEED":"0","LIGHTS":"on"}}}')
    assert xml.endswith('<payload>{"10":1.5,"SPEED":0,"LIGHTS":"on"}</payload></DevEUI_uplink>')


def test_the_payload_is_compact_json_of_what_was_read():
    text = text_of(thingpark, ("Öl", "1.25"), ("X", None))
    payload = json.loads(text)["DevEUI_uplink"]["payload_hex"]
    assert binascii.unhexlify(payload).decode() == '{"Öl":1.25}'


def test_no_document_before_the_first_value():
    for format in ALL:
        assert text_of(format, ("V", None)) == ""


def test_no_time_while_the_clock_is_not_set():
    for format in ALL:
        assert "Time" not in text_of(format, *CAR, unix_s=0)


def test_device_port_and_customer_can_be_chosen():
    text = text_of(thingpark, *CAR, dev_eui="0011223344556677", port=5, customer_id="7")
    assert '"DevEUI":"0011223344556677","FPort":5,' in text and '"CustomerID":"7"' in text
    assert thingpark.dev_eui("a1b2c3fffed4e5f6", "") == "A1B2C3FFFED4E5F6"


def test_the_counter_has_32_bits():
    sample = occasion_of(*CAR, number=2**32 + 5)
    assert b'"FCntUp":5,' in thingpark.document(sample)
