"""Negative response codes in words."""

from helper import raises
from obd import nrc


def test_standard_codes_have_their_iso_14229_name():
    assert nrc.name(0x11) == "service not supported (0x11)"
    assert nrc.name(0x78) == "request received, response pending (0x78)"
    assert nrc.name(0x31) == "request out of range (0x31)"
    assert nrc.name(0x7F) == ("service not supported in the active session (0x7F)")
    assert nrc.name(0x10) == "general reject (0x10)"
    assert nrc.name(0x94) == "resource temporarily not available (0x94)"
    assert nrc.name(0x00) == "positive response (0x00)"


def test_codes_without_a_name_say_whose_they_are():
    assert nrc.name(0xF0) == "manufacturer specific condition not correct (0xF0)"
    assert nrc.name(0xFE) == "manufacturer specific condition not correct (0xFE)"
    assert nrc.name(0x95) == "reserved: specific condition not correct (0x95)"
    assert nrc.name(0x20) == "reserved by ISO 14229-1 (0x20)"
    assert nrc.name(0xFF) == "reserved by ISO 14229-1 (0xFF)"


def test_every_byte_has_a_name_on_one_line():
    for code in range(256):
        text = nrc.name(code)
        assert text.endswith(f" (0x{code:02X})") and "\n" not in text and "=" not in text, text


def test_a_code_is_one_byte():
    raises(ValueError, nrc.name, 256)
    raises(ValueError, nrc.name, -1)
