"""Answers that somebody copied from a terminal."""

from binascii import hexlify

from helper import raises
from obd import pasted
from obd.errors import NegativeResponse
from obd.request import Request


def payload(text, command="010C", init="", ecu=None):
    return hexlify(pasted.read(text, Request(command, init)).payload(ecu)).decode()


def test_one_line_is_read_with_and_without_blanks_in_any_case():
    for text in ("7E8 04 41 0C 1A F8", "7E804410C1AF8", "7e8 04 41 0c 1a f8\r\n\r\n>"):
        assert payload(text) == "410c1af8", text


def test_padding_is_no_part_of_the_answer():
    assert payload("7E8 04 41 0C 1A F8 AA AA AA") == "410c1af8"


def test_echo_remarks_and_prompt_are_passed_over():
    assert payload(">010C1\rSEARCHING...\r7E8 04 41 0C 1A F8\r\r>") == "410c1af8"


def test_several_frames_become_one_message():
    lines = "7EC 10 0A 62 01 01 EF FB E7\n7EC 21 AA BB CC DD"
    assert payload(lines, "220101") == "620101effbe7aabbccdd"
    image = pasted.read(lines, Request("220101")).image()
    assert hexlify(image) == b"100a620101effbe721aabbccdd"


def test_identifiers_of_29_bits_are_known_as_one_word_or_four():
    for text in ("18 DA F1 10 04 41 0C 1A F8", "18DAF110 04 41 0C 1A F8"):
        reply = pasted.read(text, Request("010C"))
        assert reply.ecus == [0x18DAF110], text


def test_each_ecu_has_its_answer():
    text = "7E8 03 41 05 77\n7E9 03 41 05 78"
    assert payload(text, "0105", ecu=0x7E9) == "410578"
    assert payload(text, "0105") == "410577"


def test_lines_of_older_cars_are_known_by_their_checksums():
    assert payload("84 F1 12 41 10 00 F1 C9", "0110") == "411000f1"
    assert payload("48 6B 10 41 0C 1A F8 62", "010C") == "410c1af8"


def test_an_address_byte_stands_first_if_the_init_says_so():
    reply = pasted.read("612 F1 03 41 05 77", Request("0105", "ATCEA12"))
    assert (reply.address, hexlify(reply.payload())) == (0xF1, b"410577")


def test_headers_may_be_off():
    assert payload("41 0C 1A F8") == "410c1af8"
    lines = "00A\r0: 62 01 01 EF FB E7\r1: AA BB CC DD 00 00 00"
    assert payload(lines, "220101") == "620101effbe7aabbccdd"


def test_a_refusal_is_told_as_such():
    error = raises(NegativeResponse, payload, "7E8 03 7F 22 31", "22F190")
    assert "request out of range" in str(error), error


def test_what_is_no_answer_says_why():
    for text, reason in (
        ("hello", "none of these lines answers 010C"),
        ("7E8 04 41 0D 1A F8", "none of these lines answers 010C"),
        ("7E8 10 0A 41 0C 1A F8 00 00", "ends in the middle"),
        ("", "none of these lines"),
        ("NO DATA", "none of these lines"),
        ("0: zz\r1:", "none of these lines"),
    ):
        error = raises(ValueError, payload, text)
        assert reason in str(error), (text, error)
