"""Azure IoT Hub: connection strings and tokens."""

from delivery import azure
from delivery.errors import RouteError
from delivery.vectors import VECTORS
from helper import raises

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
STRING = "HostName=wicanhub.azure-devices.net;DeviceId=wican-a1b2c3d4e5f6;SharedAccessKey=" + KEY
HEADER = [out for name, _, _, out in VECTORS if name == "az_3"][0]
NOW_S = 1730000000


def refusal(text):
    error = raises(ValueError, azure.parse, text)
    assert str(error).endswith("."), text
    assert KEY[:8] not in str(error)
    return str(error)


def tokens(life_s=3600):
    return azure.Tokens(azure.parse(STRING).resource, KEY, life_s)


def test_a_connection_string_says_everything():
    for text in (STRING, "  %s;\n" % STRING, ";".join(reversed(STRING.split(";")))):
        device = azure.parse(text)
        assert (device.host, device.id, device.key) == (
            "wicanhub.azure-devices.net",
            "wican-a1b2c3d4e5f6",
            KEY,
        )
    assert device.url == (
        "https://wicanhub.azure-devices.net/devices/wican-a1b2c3d4e5f6/messages/events"
        "?api-version=2021-04-12"
    )


def test_a_device_with_a_certificate_has_no_key():
    device = azure.parse("HostName=h.azure-devices.net;DeviceId=a;x509=true")
    assert device.key == "" and device.id == "a"


def test_a_device_id_is_encoded():
    device = azure.Device("h.example", "a/b%c", "")
    assert "/devices/a%2Fb%25c/messages" in device.url


def test_what_is_missing_is_named():
    for name in ("HostName", "DeviceId", "SharedAccessKey"):
        parts = [part for part in STRING.split(";") if not part.startswith(name + "=")]
        assert name in refusal(";".join(parts))
        assert name in refusal(";".join(parts + [name + "="]))


def test_strings_of_others_are_told_apart():
    assert "policy" in refusal(
        "HostName=h.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=" + KEY
    )
    for name in ("ModuleId", "GatewayHostName", "SharedAccessSignature"):
        assert name in refusal("%s;%s=x" % (STRING, name))


def test_what_is_no_connection_string_is_refused():
    for text in ("", "hello", "a;b", STRING + ";" + STRING, STRING + "x" * 1024):
        refusal(text)
    for old, new in (
        ("wicanhub.azure-devices.net", "https://wicanhub.azure-devices.net"),
        ("wicanhub.azure-devices.net", "wican hub"),
        ("wicanhub.azure-devices.net", "wicanhub"),
        ("wicanhub.azure-devices.net", "h.net:443"),
        ("wicanhub.azure-devices.net", "h.net/x"),
        ("wican-a1b2c3d4e5f6", "a b"),
        ("wican-a1b2c3d4e5f6", "a" * 129),
        ("wican-a1b2c3d4e5f6", "ä"),
        (KEY, KEY[:-1]),
        (KEY, "no key"),
        (KEY, "!" + KEY),
    ):
        refusal(STRING.replace(old, new))


def test_a_token_is_what_azure_expects():
    assert tokens().header(NOW_S) == HEADER


def test_a_token_is_kept_for_four_fifths_of_its_life():
    made = tokens()
    for later in (0, 1, 2879):
        assert made.header(NOW_S + later) == HEADER, later
    renewed = made.header(NOW_S + 2880)
    assert renewed.endswith("&se=%d" % (NOW_S + 2880 + 3600))
    assert made.header(NOW_S + 2881) == renewed


def test_a_clock_that_was_set_back_makes_a_new_token():
    made = tokens()
    made.header(NOW_S + 100_000)
    assert made.header(NOW_S) == HEADER


def test_without_a_clock_there_is_no_token():
    error = raises(RouteError, tokens().header, 0)
    assert "clock" in str(error) and error.advice


def test_a_refused_token_is_renewed_once():
    made = tokens()
    made.header(NOW_S)
    assert made.refused()
    assert made.header(NOW_S + 5).endswith("&se=%d" % (NOW_S + 5 + 3600))
    assert not made.refused()
    made.header(NOW_S + 6)
    assert not made.refused()
    made.accepted()
    assert made.refused()
