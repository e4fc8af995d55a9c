"""Live data for A Better Routeplanner."""

from delivery.formats import abrp
from net.url import percent_decode
from samples import Parameter, sample_of


def tlm(*rows):
    """The telemetry of these rows, without the wrapping and the time."""
    return telemetry(sample_of(*rows, unix_s=0))[1:-1]


def telemetry(sample):
    """The JSON of the form."""
    name, _, value = abrp.document(sample).decode().partition("=")
    assert name == "tlm" and "&" not in value
    return percent_decode(value)


def test_known_names_are_translated_and_others_left_out():
    sample = sample_of(
        ("LV_V", "14.4"),
        ("SPEED", "87"),
        ("SOC", "66"),
        ("SOH", None),
        (Parameter("CHARGING", binary=True), "off"),
        (Parameter("CHARGING_DC", binary=True), "on"),
    )
    assert telemetry(sample) == (
        '{"utc":1730000000,"soc":66,"speed":87,"is_charging":0,"is_dcfc":1}'
    )


def test_no_time_while_the_clock_is_not_set():
    assert abrp.document(sample_of(("SOC", "66"), unix_s=0)) == b"tlm=%7B%22soc%22%3A66%7D"


def test_no_document_without_a_known_value():
    assert abrp.document(sample_of(("LV_V", "14.4"), ("SOC", None))) == b""


def test_power_is_told_in_kilowatts():
    for unit, text, expected in (
        ("W", "-3576", "-3.576"),
        ("", "-3576", "-3.576"),
        ("none", "12000.25", "12.00025"),
        ("kW", "-3.58", "-3.58"),
        ("W", "0", "0"),
    ):
        assert tlm((Parameter("HV_W", unit), text)) == '"power":' + expected


def test_units_are_those_of_the_service():
    for name, unit, text, expected in (
        ("TYRE_P_FL", "psi", "32", '"tire_pressure_fl":220.632224'),
        ("TYRE_P_RR", "", "1", '"tire_pressure_rr":6.894757'),
        ("TYRE_P_FR", "kPa", "230", '"tire_pressure_fr":230'),
        ("TYRE_P_RL", "bar", "2.35", '"tire_pressure_rl":235'),
        ("SPEED", "mph", "10", '"speed":16.09344'),
        ("ODOMETER", "mi", "100", '"odometer":160.9344'),
        ("RANGE", "km", "412", '"est_battery_range":412'),
        ("TMP_A", "°F", "-40", '"ext_temp":-40'),
        ("BATT_TEMP", "°F", "77.5", '"batt_temp":25.28'),
        ("T_CAB", "°C", "-0.5", '"cabin_temp":-0.5'),
        ("elevation", "m", "512", '"elevation":512'),
    ):
        assert tlm((Parameter(name, unit), text)) == expected


def test_a_number_may_say_yes_and_no():
    assert tlm(("CHARGING", "1")) == '"is_charging":1'
