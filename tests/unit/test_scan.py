"""The scan: which standard PIDs a car has."""

from car_fakes import Clock, FakeAdapter
from helper import run
from obd import errors, scan
from obd.at import Link


def scanned(answers):
    adapter = FakeAdapter(Clock(), answers)
    return run(scan.standard_pids(adapter, Link.parse("ATTP6"))), adapter.asked


def test_it_goes_on_as_long_as_a_bitmap_announces_the_next():
    pids, asked = scanned({"0100": "410098180001", "0120": "412080000001", "0140": "414040000000"})
    assert asked == ["0100", "0120", "0140"]
    assert pids == [0x01, 0x04, 0x05, 0x0C, 0x0D, 0x20, 0x21, 0x40, 0x42]


def test_it_joins_what_several_ecus_have():
    pids, asked = scanned({"0100": {0x7E8: "410008000000", 0x7E9: "410000100000"}})
    assert pids == [0x05, 0x0C] and asked == ["0100"]


def test_a_bitmap_that_is_announced_but_missing_ends_it():
    pids, asked = scanned({"0100": "410008000001"})
    assert asked == ["0100", "0120"] and pids == [0x05, 0x20]


def test_a_silent_car_is_an_error():
    try:
        scanned({})
    except errors.NoAnswer:
        return
    raise AssertionError("a silent car has no PIDs?")
