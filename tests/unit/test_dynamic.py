"""Dynamic fields in addresses and headers."""

from delivery import dynamic
from delivery.errors import RouteError
from delivery.vectors import VECTORS
from helper import raises

IDS = {
    "SERIAL": "123456",
    "CUSTOM1": "bus 7/ä",
    "CUSTOM2": "Hub-1",
    "CUSTOM3": "two\r\nlines",
    "IMEI": "",
}
ADDRESS = "https://h.example/in/"


def refusal(function, text, ids=IDS):
    error = raises(RouteError, function, text, ids)
    assert str(error).endswith(".") and error.advice.endswith("."), text
    return str(error)


def test_fields_are_encoded_in_the_address():
    for name, _, inputs, expected in VECTORS:
        if name == "dm_dyn_1":
            assert dynamic.in_url(inputs[0], dict(inputs[1])) == expected


def test_a_field_cannot_break_out_of_its_place():
    ids = {"CUSTOM1": "a&b=c#d?e/../f%[SERIAL]"}
    assert dynamic.in_url(ADDRESS + "[CUSTOM1]", ids) == (
        ADDRESS + "a%26b%3Dc%23d%3Fe%2F..%2Ff%25%5BSERIAL%5D"
    )


def test_in_the_host_a_field_must_make_a_host_name():
    assert dynamic.in_url("https://[CUSTOM2].azure.example/in", IDS) == (
        "https://Hub-1.azure.example/in"
    )
    assert dynamic.in_url("https://h.example:[SERIAL]/x".replace("[SERIAL]", "8443"), IDS)
    for text in ("a/b", "a b", "a@b", "a:1", "a#", "ä", "a\nb", "a%41"):
        refusal(dynamic.in_url, "https://[CUSTOM1].example/", {"CUSTOM1": text})
    for text in ("-", ".", "a..b", "x-"):
        refusal(dynamic.in_url, "https://[CUSTOM1].example/", {"CUSTOM1": text})


def test_headers_take_them_as_they_are():
    assert dynamic.in_header("[CUSTOM1]", IDS) == "bus 7/ä"
    assert dynamic.in_header("no. [SERIAL] of [CUSTOM2]!", IDS) == "no. 123456 of Hub-1!"


def test_no_field_ends_a_header():
    refusal(dynamic.in_header, "[CUSTOM3]")
    for text in ("a\r", "a\n", "a\0", "\x7f"):
        refusal(dynamic.in_header, "x[CUSTOM1]", {"CUSTOM1": text})


def test_the_query_is_encoded_by_others():
    assert dynamic.in_text("[SERIAL] [CUSTOM1]", IDS) == "123456 bus 7/ä"


def test_an_empty_field_is_never_sent():
    for function in (dynamic.in_url, dynamic.in_header, dynamic.in_text):
        for name in ("IMEI", "ICCID"):
            assert name in refusal(function, ADDRESS + "[%s]" % name)


def test_an_unknown_field_is_never_sent():
    for name in ("SERIALS", "NO_SUCH_1", "CUSTOM4", "serial", "Imei"):
        assert dynamic.problem("a[%s]b" % name)[0] == "unknown_field", name
        assert "[SERIAL]" in dynamic.problem("[%s]" % name)[1]
        for function in (dynamic.in_url, dynamic.in_header, dynamic.in_text):
            refusal(function, ADDRESS + "[%s]" % name)


def test_other_brackets_stay():
    for text in (
        "",
        "[]",
        "[",
        "]",
        "[SERIAL",
        "a[1]",
        "[::1]",
        "[a, b]",
        "[text]",
        "[ SERIAL ]",
        "[[x]",
    ):
        assert dynamic.problem(text) is None, text
        assert dynamic.in_header(text, {}) == dynamic.in_text(text, {}) == text
    address = "https://[::1]:8443/[SERIAL]"
    assert dynamic.in_url(address, IDS) == "https://[::1]:8443/123456"


def test_brackets_before_a_field_do_not_hide_it():
    assert dynamic.in_text("[[SERIAL]]", IDS) == "[123456]"


def test_an_address_can_be_checked_before_the_fields_are_known():
    assert (
        dynamic.stand_in("https://[CUSTOM2].example/[SERIAL]?a=[X]") == "https://x.example/x?a=x"
    )
    assert dynamic.stand_in("https://[::1]/") == "https://[::1]/"
