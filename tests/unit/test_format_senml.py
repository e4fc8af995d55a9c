"""SenML packs: exact values, registered units, legal names."""

from delivery import signing
from delivery.errors import RouteError
from delivery.formats import senml
from delivery.vectors import VECTORS
from helper import raises
from javascript import parse, stringify
from occasions import occasion_of
from samples import Parameter

BASE = '{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":1730000000'
CAR = (
    (Parameter("ENGINE_RPM", "rpm"), "4147"),
    (Parameter("SPEED", "km/h"), "0"),
    (Parameter("COOLANT_TMP", "°C"), "155"),
    (Parameter("FUEL", "%"), "62.35"),
)


def vector(name):
    return [(inputs, out) for known, _, inputs, out in VECTORS if known == name][0]


def pack(*rows, **settings):
    text = senml.document(occasion_of(*rows, **settings)).decode()
    if text:
        assert stringify(parse(text)) == text
    return text


def measured(name, unit, text, units="native"):
    """Unit and value of one parameter's record."""
    found = pack((Parameter(name, unit), text), units=units)
    return found[len('[%s,"n":"' % BASE) + len(name) + 2 : -2]


def test_base_values_stand_in_the_first_record():
    assert pack(*CAR) == vector("senml_enc_1")[1] == vector("kpn_1")[0][0]


def test_old_receivers_get_the_base_values_apart():
    text = pack(*CAR, style="split")
    (body, secret), token = vector("kpn_2")
    assert text == body and signing.kpn_token(text.encode(), secret) == token


def test_words_are_booleans():
    lights, fan = Parameter("LIGHTS", binary=True), Parameter("FAN", binary=True)
    assert pack((lights, "on"), (fan, "off")) == (
        "[%s" % BASE + ',"n":"LIGHTS","vb":true},{"n":"FAN","vb":false}]'
    )


def test_nothing_read_is_no_pack():
    assert pack(("SPEED", None)) == pack() == pack(("SPEED", None), style="split") == ""


def test_no_time_while_the_clock_is_not_set():
    assert pack(("V", "1"), unix_s=0) == '[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","n":"V","v":1}]'
    expected = '[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:"},{"n":"V","v":1}]'
    assert pack(("V", "1"), unix_s=0, style="split") == expected


def test_ages_are_times_before_the_base_time():
    text = pack(("A", "1"), ("B", "2"), ages=True, age_ms=1540)
    assert text == "[%s" % BASE + ',"n":"A","v":1,"t":-1.54},{"n":"B","v":2,"t":-1.54}]'
    assert '"t"' not in pack(("A", "1"), ages=True, age_ms=0)
    assert '"t"' not in pack(("A", "1"), age_ms=1540)


def test_units_are_registered_ones():
    for unit, text, expected in (
        ("°C", "-40", '"u":"Cel","v":-40'),
        ("°F", "77", '"u":"Cel","v":25'),
        ("°F", "-40", '"u":"Cel","v":-40'),
        ("°F", "77.5", '"u":"Cel","v":25.277778'),
        ("mph", "10", '"u":"km/h","v":16.09344'),
        ("rpm", "650.25", '"u":"1/min","v":650.25'),
        ("%", "62.35", '"u":"/100","v":62.35'),
        ("L", "41.5", '"u":"l","v":41.5'),
        ("kPa", "101.3", '"u":"hPa","v":1013'),
        ("bar", "2.35", '"u":"hPa","v":2350'),
        ("psi", "32", '"u":"hPa","v":2206.32224'),
        ("kWh", "64.8", '"u":"kWh","v":64.8'),
        ("V", "13.84", '"u":"V","v":13.84'),
        ("dBm", "-67", '"u":"dBm","v":-67'),
        ("Nm", "120", '"v":120'),
        ("g/s", "3.12", '"v":3.12'),
        ("none", "5", '"v":5'),
        ("", "5", '"v":5'),
        ('odd"unit', "5", '"v":5'),
    ):
        assert measured("X", unit, text) == expected, unit


def test_si_means_primary_units_alone():
    for unit, text, expected in (
        ("km/h", "36", '"u":"m/s","v":10'),
        ("km/h", "50", '"u":"m/s","v":13.888889'),
        ("km/h", "-50", '"u":"m/s","v":-13.888889'),
        ("mph", "100", '"u":"m/s","v":44.704'),
        ("%", "62.35", '"u":"/","v":0.6235'),
        ("kPa", "101.3", '"u":"Pa","v":101300'),
        ("bar", "1", '"u":"Pa","v":100000'),
        ("kW", "-3.58", '"u":"W","v":-3580'),
        ("kWh", "64.8", '"u":"J","v":233280000'),
        ("Ah", "2", '"u":"C","v":7200'),
        ("km", "16777217.01", '"u":"m","v":16777217010'),
        ("ms", "0.25", '"u":"s","v":0.00025'),
        ("min", "1.5", '"u":"s","v":90'),
        ("mV", "-5", '"u":"V","v":-0.005'),
        ("dBm", "-67", '"u":"dBW","v":-97'),
        ("°C", "20", '"u":"Cel","v":20'),
        ("rpm", "800", '"u":"1/min","v":800'),
        ("Nm", "120", '"v":120'),
    ):
        assert measured("X", unit, text, "si") == expected, unit


def test_positions_have_units_of_their_own():
    assert measured("lat", "°", "52.3702157") == '"u":"lat","v":52.3702157'
    assert measured("Longitude", "", "4.8951679") == '"u":"lon","v":4.8951679'
    assert measured("HEADING", "°", "90") == '"v":90'
    assert measured("lat", "ms", "3") == '"u":"ms","v":3'


def test_no_digit_of_a_value_is_touched():
    assert measured("N", "km", "123456789012345678.25") == '"u":"km","v":123456789012345678.25'


def names(*given):
    text = pack(*[(name, "1") for name in given])
    return [piece.split('"')[0] for piece in text.split('"n":"')[1:]]


def test_names_hold_only_what_the_standard_allows():
    assert names("0C-EngineRPM", "a.b/c:d_e") == ["0C-EngineRPM", "a.b/c:d_e"]
    assert names('q"uo te', "Köln", "🚗") == ["q_uo_te", "K__ln", "____"]


def test_names_that_become_equal_are_told_apart():
    assert names("a b", "a_b", "a+b", "a_b_2") == ["a_b", "a_b_2", "a_b_3", "a_b_2_2"]


def test_a_name_does_not_depend_on_what_was_read():
    text = pack(("a b", None), ("a_b", "1"))
    assert '"n":"a_b_2"' in text


def test_the_base_name_may_hold_dynamic_fields():
    text = pack(("V", "1"), base_name="urn:dev:IMEI:[IMEI]:", ids={"IMEI": "353785725680796"})
    assert text.startswith('[{"bn":"urn:dev:IMEI:353785725680796:","bt":')


def test_new_ids_make_a_new_base_name():
    for imei in ("1", "2"):
        text = pack(("V", "1"), base_name="urn:dev:IMEI:[IMEI]:", ids={"IMEI": imei})
        assert '"urn:dev:IMEI:%s:"' % imei in text


def test_a_base_name_that_cannot_be_sent_is_refused():
    for template, ids in (
        ("urn:dev:IMEI:[IMEI]:", {}),
        ("urn:[NO]:", {"NO": "1"}),
        (":x:", {}),
        ("a b", {}),
        ("[CUSTOM1]", {"CUSTOM1": 'a"b'}),
    ):
        error = raises(RouteError, pack, ("V", "1"), base_name=template, ids=ids)
        assert str(error).endswith(".") and error.advice.endswith("."), template
