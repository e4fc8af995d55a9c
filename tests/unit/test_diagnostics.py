"""What a car is asked about its faults, and what is made of the answers: with the adapter, at the wire."""

from helper import raises, run
from obd import diagnostics
from obd.at import Link
from obd.elm327 import Elm327
from obd.errors import AdapterLost, Garbled, NegativeResponse, NoAnswer
from obd.readiness import Readiness
from wire import Wire

SILENT = b"NO DATA\r\r>"


def printed(*lines):
    """What the adapter prints."""
    return ("\r".join(lines).replace(" ", "") + "\r\r>").encode()


def slow(*messages):
    """The same of messages before CAN, to which length (ISO 14230) and checksum are added."""
    lines = []
    for message in messages:
        raw = bytearray(bytes.fromhex(message))
        raw[0] = raw[0] | len(raw) - 3 if raw[0] & 0x80 else raw[0]
        raw.append(sum(raw) & 0xFF)
        lines.append("".join(["%02X" % byte for byte in raw]))
    return printed(*lines)


HEALTHY = {
    "0101": printed("7E8 06 41 01 00 07 61 00"),
    "03": printed("7E8 02 43 00"),
    "07": printed("7E8 02 47 00"),
    "0A": printed("7E8 02 4A 00"),
    "020200": printed("7E8 05 42 02 00 00 00"),
}


def asked(wire, work, protocol="6"):
    """What `work(adapter, link)` returns, or the error it ends with."""

    async def session():
        adapter = Elm327(wire, wire, protocol=protocol)
        try:
            return await work(adapter, Link(()))
        except (NoAnswer, NegativeResponse, Garbled, AdapterLost, ValueError) as error:
            return error

    return run(session())


def car(**answers):
    """A healthy car that answers some requests differently; names begin with an underscore."""
    script = dict(HEALTHY)
    script.update({name[1:]: answer for name, answer in answers.items()})
    return Wire(script)


def found(wire, protocol="6"):
    return asked(wire, diagnostics.read, protocol)


# Trouble codes


def test_every_kind_of_code_is_asked_for_and_kept_apart():
    findings = found(
        car(
            _03=printed("7E8 06 43 02 01 33 04 20"),
            _07=printed("7E8 04 47 01 03 02"),
            _0A=printed("7E8 04 4A 01 04 20"),
        )
    )
    assert findings.ecus[0x7E8].codes == {
        "stored": ["P0133", "P0420"],
        "pending": ["P0302"],
        "permanent": ["P0420"],
    }
    assert findings.problems == []


def test_several_ecus_answer_one_of_them_in_several_frames():
    stored = printed(
        "7E8 04 43 01 03 01", "7E9 10 0A 43 04 07 00 07 30", "7E9 21 07 41 21 00 00 00 00"
    )
    findings = found(car(_03=stored))
    assert findings.ecus[0x7E8].codes["stored"] == ["P0301"]
    assert findings.ecus[0x7E9].codes == {"stored": ["P0700", "P0730", "P0741", "P2100"]}


def test_a_healthy_car_has_no_codes_and_no_freeze_frame():
    wire = car()
    findings = found(wire)
    assert findings.ecus[0x7E8].codes == {"stored": [], "pending": [], "permanent": []}
    assert findings.ecus[0x7E8].frame is None
    assert wire.requests() == ["0101", "03", "07", "0A", "020200"]


def test_what_no_ecu_tells_is_left_open_and_no_problem():
    findings = found(car(_07=SILENT, _0A=printed("7E8 03 7F 0A 11")))
    assert findings.ecus[0x7E8].codes == {"stored": []}
    assert findings.problems == []


def test_one_that_refuses_while_another_answers_is_told():
    findings = found(car(_03=printed("7E8 02 43 00", "7E9 03 7F 03 22")))
    assert findings.ecus[0x7E8].codes["stored"] == []
    ((what, sentence),) = findings.problems
    assert what == "stored" and sentence == "ECU 7E9 refused: conditions not correct (0x22)"


def test_a_spoiled_answer_does_not_pass_for_a_healthy_car():
    findings = found(car(_03=printed("7E8 10 06 43 02 01 33 04")))
    assert "stored" not in findings.ecus[0x7E8].codes
    assert [what for what, _ in findings.problems] == ["stored"]
    assert findings.ecus[0x7E8].codes["pending"] == []


def test_a_count_that_does_not_fit_is_a_problem_of_that_ecu_only():
    findings = found(car(_03=printed("7E8 04 43 03 01 33", "7E9 04 43 01 03 01")))
    assert findings.ecus[0x7E9].codes["stored"] == ["P0301"]
    assert "stored" not in findings.ecus[0x7E8].codes
    ((what, sentence),) = findings.problems
    assert what == "stored" and "7E8" in sentence


def test_codes_before_can_come_three_to_a_message():
    wire = Wire(
        {
            "03": slow("48 6B 10 43 01 33 04 20 01 71", "48 6B 10 43 03 01 00 00 00 00"),
            "0101": slow("48 6B 10 41 01 84 07 E5 E5"),
        }
    )
    ecu = found(wire, "3").ecus[0x10]
    assert ecu.codes == {"stored": ["P0133", "P0420", "P0171", "P0301"]}
    assert ecu.readiness.count == 4


def test_a_message_that_is_lost_is_noticed():
    damaged = slow("48 6B 10 43 01 33 04 20 01 71").replace(b"0133", b"0134")
    wire = Wire(
        {
            "03": damaged[:-2] + slow("48 6B 10 43 03 01 00 00 00 00"),
            "0101": slow("48 6B 10 41 01 84 07 E5 E5"),
        }
    )
    assert found(wire, "3").problems == [("stored", "ECU 10 has 4 codes, but told 1")]


def test_a_code_that_is_told_twice_counts_once():
    assert found(car(_03=printed("7E8 06 43 02 01 33 01 33"))).ecus[0x7E8].codes["stored"] == [
        "P0133"
    ]


def test_a_car_that_does_not_answer_is_an_error():
    wire = Wire({})
    assert isinstance(found(wire), NoAnswer)
    assert wire.requests() == ["0101", "03", "07", "0A"]


def test_damage_alone_is_not_taken_for_silence():
    damaged = Wire({"03": printed("7E8 10 06 43 02 01 33 04 20")})
    assert isinstance(found(damaged), Garbled)
    refused = Wire({"0101": printed("7E8 03 7F 01 22")})
    assert isinstance(found(refused), NegativeResponse)


def test_a_car_that_no_search_finds_is_not_searched_for_again():
    unable = b"SEARCHING...\rUNABLE TO CONNECT\r\r>"
    wire = Wire({"0100": unable, "0101": unable, "03": unable})
    assert isinstance(found(wire, "0"), NoAnswer)
    assert "03" not in wire.sent


def test_an_adapter_that_is_lost_is_not_taken_for_a_silent_ecu():
    wire = car(_03=b"")

    def unplug(line, command=wire._command):
        if line == "03":
            wire.unplug()
        else:
            command(line)

    wire._command = unplug
    assert isinstance(found(wire), AdapterLost)


# Readiness


def readiness(text):
    return Readiness(bytes.fromhex(text))


def test_the_lamp_and_the_number_of_codes():
    status = readiness("41018307E500")
    assert (status.lamp, status.count, status.compression) == (True, 3, False)
    assert readiness("410103000000").lamp is False


def test_self_tests_of_a_petrol_engine():
    status = readiness("41010007E521")
    assert status.monitors == [
        ("misfire", True),
        ("fuel system", True),
        ("components", True),
        ("catalyst", False),
        ("evaporative system", True),
        ("oxygen sensor", False),
        ("oxygen sensor heater", True),
        ("exhaust gas recirculation or valve timing", True),
    ]
    assert not status.complete
    assert readiness("41010007E500").complete


def test_self_tests_of_a_diesel_engine():
    status = readiness("4101006E4B08")
    assert status.compression
    assert status.monitors == [
        ("fuel system", False),
        ("components", False),
        ("NMHC catalyst", True),
        ("NOx aftertreatment", True),
        ("boost pressure", False),
        ("particulate filter", True),
    ]


def test_what_is_no_monitor_status_is_refused():
    for text in ("", "4101", "4101000761", "410200000000", "420100000000"):
        raises(ValueError, readiness, text)


# Freeze frame

FROZEN = {
    "0101": HEALTHY["0101"],
    "03": printed("7E8 04 43 01 01 33", "7E9 02 43 00"),
    "020200": printed("7E8 05 42 02 00 01 33", "7E9 05 42 02 00 00 00"),
    "020000": printed("7E8 07 42 00 00 40 18 00 01", "7E9 07 42 00 00 FF FF FF FF"),
    "022000": printed("7E8 07 42 20 00 00 00 00 00"),
    "020C00": printed("7E8 05 42 0C 00 22 88", "7E9 05 42 0C 00 11 11"),
    "020D00": printed("7E8 04 42 0D 00 44"),
}


def frame_of(answers):
    return found(Wire(answers)).ecus[0x7E8].frame


def test_the_frame_names_its_code_and_tells_what_was_measured():
    frame = frame_of(FROZEN)
    assert frame.code == "P0133"
    assert frame.values == [
        ("0C-EngineRPM", "2210", "rpm", None),
        ("0D-VehicleSpeed", "68", "km/h", None),
    ]
    assert frame.missing == []


def test_only_ecus_with_a_frame_are_looked_at():
    wire = Wire(dict(FROZEN))
    findings = found(wire)
    assert findings.ecus[0x7E9].frame is None
    assert [text for text in wire.requests() if text[:2] == "02"] == [
        "020200",
        "020000",
        "022000",
        "020C00",
        "020D00",
    ], "PIDs that only the other ECU has are not asked for"


def test_a_value_that_does_not_come_is_noted_and_the_others_are_kept():
    answers = dict(FROZEN)
    answers["020C00"] = SILENT
    frame = frame_of(answers)
    assert [value[0] for value in frame.values] == ["0D-VehicleSpeed"]
    assert frame.missing == [0x0C]


def test_numbers_that_stand_for_something_are_told_in_words():
    answers = dict(FROZEN)
    answers["020000"] = printed("7E8 07 42 00 00 20 00 00 00")
    answers["020300"] = printed("7E8 05 42 03 00 02 00")
    name, text, _, meaning = frame_of(answers).values[0]
    assert (name, text, meaning) == ("03-FuelSystemStatus", "2", "closed loop")


def test_the_same_before_can():
    wire = Wire(
        {
            "03": slow("80 F1 12 43 01 01 00 00 00 00"),
            "020200": slow("80 F1 12 42 02 00 01 01"),
            "020000": slow("80 F1 12 42 00 00 00 08 00 00"),
            "020D00": slow("80 F1 12 42 0D 00 0C"),
        }
    )
    frame = found(wire, "5").ecus[0x12].frame
    assert frame.code == "P0101"
    assert frame.values == [("0D-VehicleSpeed", "12", "km/h", None)]


# Identification number


def test_the_vin_of_the_ecus_that_have_one():
    answer = printed(
        "7E8 10 14 49 02 01 57 42 41",
        "7E9 03 49 02 00",
        "7E8 21 30 30 30 30 30 30 30",
        "7E8 22 30 30 30 30 33 39 37",
    )
    assert asked(Wire({"0902": answer}), diagnostics.vins) == {0x7E8: "WBA00000000000397"}


def test_the_vin_before_can():
    pieces = ("01 00000057", "02 42413030", "03 30303030", "04 30303030", "05 30333937")
    answer = slow(*["80 F1 12 49 02 " + piece for piece in pieces])
    wire = Wire({"0902": answer})
    assert asked(wire, diagnostics.vins, "5") == {0x12: "WBA00000000000397"}


def test_no_vin_is_an_error():
    assert isinstance(asked(Wire({}), diagnostics.vins), NoAnswer)
    unfit = Wire({"0902": printed("7E8 06 49 02 01 41 42 43")})
    assert str(asked(unfit, diagnostics.vins)) == "a VIN has 17 letters and digits"


# Clearing


def test_clearing_is_asked_for_once_and_tells_who_did_it():
    wire = Wire({"04": printed("7E8 01 44", "7E9 03 7F 04 22")})
    assert asked(wire, diagnostics.clear) == ([0x7E8], [(0x7E9, 0x22)])
    assert wire.requests() == ["04"]


def test_clearing_that_every_ecu_refuses_is_an_error():
    error = asked(Wire({"04": printed("7E8 03 7F 04 22")}), diagnostics.clear)
    assert isinstance(error, NegativeResponse) and error.code == 0x22


def test_reading_never_clears():
    wire = Wire(dict(FROZEN))
    found(wire)
    assert "04" not in wire.sent
