"""What stands in the address of a ThingPark document."""

from delivery.formats import thingpark, thingpark_untyped, thingpark_xml
from delivery.lrn import Lrn, elements_of
from delivery.vectors import VECTORS
from helper import raises
from net.url import percent_decode
from occasions import occasion_of
from samples import NOW_S, Parameter

ALL = (thingpark, thingpark_untyped, thingpark_xml)
OUT = {name: out for name, _, _, out in VECTORS}
KEY = "00112233445566778899aabbccddeeff"
LRN = Lrn("WICAN-1", "wican.as", KEY)
# Parameters called like elements, which must not be taken for them.
POSERS = [
    (Parameter(name, '"FPort":9'), "on") for name in ("FPort", "FCntUp", "DevEUI", "CustomerID")
]


def token(body, lrn=LRN):
    return lrn.query(body, NOW_S).partition("&Token=")[2]


def documents(*rows, **changes):
    return [format.document(occasion_of(*rows, number=17, **changes)) for format in ALL]


def test_the_query_is_that_of_the_lrc_whatever_the_form_of_the_body():
    for body in documents(("ENGINE_RPM", "4147"), ("SPEED", "0")):
        assert LRN.query(body, NOW_S) == OUT["tp_wire_s1"]
        assert token(body) == OUT["tp_up_s1"] != OUT["tp_up_neg"]


def test_the_elements_are_those_of_the_document():
    expected = [inputs[1] for name, _, inputs, _ in VECTORS if name == "tp_up_s1"][0]
    for body in documents(("ENGINE_RPM", "4147"), ("SPEED", "0")):
        assert tuple(elements_of(body)) == expected


def test_without_port_and_payload_their_defaults_are_signed():
    body = b'{"DevEUI_uplink":{"DevEUI":"A1B2C3FFFED4E5F6","FCntUp":18,"CustomerID":"100000001"}}'
    assert token(body) == OUT["tp_up_s2"]


def test_a_notification_names_port_0_and_signs_none():
    for body in documents(("V", "1"), status=[]):
        assert token(body) == OUT["tp_note_s"]
        assert "&LrnFPort=0&" in LRN.query(body, NOW_S)


def test_a_sent_downlink_signs_its_own_counter():
    body = (
        b'{"DevEUI_downlink_Sent":{"DevEUI":"A1B2C3FFFED4E5F6","FPort":"2","FCntDn":"5",'
        b'"CustomerID":"100000001"}}'
    )
    assert token(body) == OUT["tp_sent_s"]


def test_names_of_parameters_cannot_pose_as_elements():
    for body in documents(*POSERS, boot="always", status=[("FPort", 9)], decoded=True):
        assert elements_of(body)[:4] == ["100000001", "A1B2C3FFFED4E5F6", "2", "17"]
    for body in documents(*POSERS, status=[("FPort", 9)]):
        assert elements_of(body) == ["100000001", "A1B2C3FFFED4E5F6"]
        assert token(body) == OUT["tp_note_s"]


def test_what_was_entered_is_encoded():
    query = Lrn("Bus 7&x=ä+", "a/b", KEY).query(documents(("V", "1"))[0], NOW_S)
    assert "LrnInfos=Bus%207%26x%3D%C3%A4%2B&AS_ID=a%2Fb&Time=" in query
    assert percent_decode(query).count("Token=") == 1 and " " not in query


def test_time_and_key_change_the_token():
    body = documents(("V", "1"))[0]
    assert LRN.query(body, NOW_S).partition("&Token=")[2] == token(body)
    assert LRN.query(body, NOW_S + 1).partition("&Token=")[2] != token(body)
    assert token(body, Lrn("WICAN-1", "wican.as", KEY[:-1] + "e")) != token(body)


def test_other_documents_are_refused():
    for body in (
        b"",
        b"{}",
        b'{"autopid_data":{}}',
        b'[{"DevEUI_uplink":{}}]',
        b"<DevEUI_uplink >",
    ):
        raises(ValueError, elements_of, body)
