"""Trouble codes in words, and the table they are in."""

import sys

from obd import dtc_text
from obd.dtc_text import Texts


def texts(*codes):
    with Texts() as table:
        return [table.of(code) for code in codes]


def lines():
    """The lines of the table."""
    for place in sys.path:
        try:
            with open(place + dtc_text.NAME) as file:
                return [line.rstrip() for line in file if line[0] != "#"]
        except OSError:
            continue
    raise AssertionError("there is no table")


def row(line):
    """The codes that a line is about."""
    first, kind = line.split(" ")[:2]
    size = 1
    if kind.isdigit():
        size = int(kind)
    elif kind != "-":
        (family,) = [family for family in dtc_text.FAMILIES if family[0] == kind]
        size = family.count("|") + 1
    return [first] + ["%s%02d" % (first[:3], int(first[3:]) + at) for at in range(1, size)]


def test_codes_that_stand_alone():
    assert texts("P0300", "P0420", "U0100", "P0A80", "C0035") == [
        "Misfire of random or several cylinders",
        "Catalyst efficiency too low, bank 1",
        "No communication with engine control A",
        "Hybrid or EV battery pack: replace",
        "Wheel speed sensor, left front: circuit",
    ]


def test_codes_in_a_row_are_told_apart():
    assert texts("P0130", "P0133", "P0135", "P0136", "P0141") == [
        "Oxygen sensor, bank 1 sensor 1: circuit",
        "Oxygen sensor, bank 1 sensor 1: slow response",
        "Oxygen sensor, bank 1 sensor 1: heater circuit",
        "Oxygen sensor, bank 1 sensor 2: circuit",
        "Oxygen sensor, bank 1 sensor 2: heater circuit",
    ]
    assert texts("P0102", "P0750", "P0752", "U0001") == [
        "Air flow sensor A: circuit low",
        "Shift solenoid A",
        "Shift solenoid A: stuck on",
        "High speed CAN bus",
    ]


def test_parts_are_numbered_or_lettered():
    assert texts("P0301", "P0312", "P0351", "P0362", "P0210", "U0074") == [
        "Misfire of cylinder 1",
        "Misfire of cylinder 12",
        "Ignition coil A: primary or secondary circuit",
        "Ignition coil L: primary or secondary circuit",
        "Injector, cylinder 10: circuit",
        "Control module bus B off",
    ]


def test_the_first_and_the_last_line_are_found():
    table = lines()
    first, last = table[0], table[-1]
    assert texts(first[:5], last[:5]) == [first.split(" ", 2)[2], last.split(" ", 2)[2]]


def test_codes_that_are_not_in_the_table_are_told_by_their_structure():
    assert texts("P0127", "P0399", "P0ADF", "P1234", "P3456", "P3000") == [
        "Powertrain, fuel and air metering (standard code)",
        "Powertrain, ignition or misfire (standard code)",
        "Powertrain, hybrid or electric drive (standard code)",
        "Powertrain, fuel and air metering (code of the car's maker)",
        "Powertrain, cylinder deactivation (standard code)",
        "Powertrain (code of the car's maker)",
    ]
    assert texts("B0000", "B1234", "C2000", "C3000", "U0299", "U3FFF") == [
        "Body (standard code)",
        "Body (code of the car's maker)",
        "Chassis (code of the car's maker)",
        "Chassis (reserved code)",
        "Network, communication (standard code)",
        "Network (standard code)",
    ]


def test_codes_with_letters_are_in_no_row():
    assert texts("P013A", "P030A") == [
        "Powertrain, fuel and air metering (standard code)",
        "Powertrain, ignition or misfire (standard code)",
    ]


def test_every_code_of_the_table_is_found_in_its_own_line():
    with Texts() as table:
        for line in lines():
            for code in row(line):
                assert table.of(code) == dtc_text.in_row(line, code), (line, code)


def test_the_table_is_sorted_and_names_no_code_twice():
    table = lines()
    heads = [line[:5] for line in table]
    assert heads == sorted(heads)
    codes = [code for line in table for code in row(line)]
    assert len(set(codes)) == len(codes)
    assert len(codes) > 800, "so many are known"


def test_lines_of_the_table_are_well_formed():
    for line in lines():
        assert line[0] in "PCBU" and line[5] == " " and len(line) < 110, line
        int(line[1:5], 16)
        kind, text = line.split(" ", 2)[1:]
        assert text == text.strip() and text[0].isupper(), line
        assert kind.isdigit() == ("#" in text or "@" in text), line


def test_without_the_table_codes_are_still_told():
    kept = list(sys.path)
    sys.path[:] = ["/nowhere"]
    try:
        assert texts("P0133") == ["Powertrain, fuel and air metering (standard code)"]
    finally:
        sys.path[:] = kept


def test_a_table_that_ends_in_the_middle_harms_nobody():
    assert dtc_text.in_row("", "P0133") is None
    assert dtc_text.in_row("P01", "P0133") is None
    assert dtc_text.in_row("P0133", "P0133") is None
    assert dtc_text.in_row("P0130 ", "P0133") is None
    assert dtc_text.in_row("P0130 O", "P0133") is None
    assert dtc_text.in_row("P0130 O Oxygen", "P0133") == "Oxygen: slow response"
