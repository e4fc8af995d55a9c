"""Polling: what is asked when, what becomes of the answers, and how a sleeping car is treated."""

from autopid import profile as profiles
from car_fakes import Bench, autopid
from helper import run
from obd import errors

RPM, SPEED, COOLANT = "0C-EngineRPM", "0D-VehicleSpeed", "05-EngineCoolantTemp"
PROFILE = {
    "car_model": "Test",
    "init": "ATSH7E4;",
    "pids": [
        {"pid": "2201", "parameters": {"A": "B3", "B": "B4/2", "C": "B9"}},
        {"pid": "2202", "pid_init": "ATSH7E6;", "parameters": {"D": "B3"}},
        {"pid": "2203", "parameters": {"E": "B3*3"}},
    ],
}


def test_all_parameters_of_a_pid_come_from_one_request():
    bench = Bench(
        autopid(cycle_ms=60_000),
        {"2201": "620105FF", "2202": "620209", "2203": "620302"},
        profiles.load(PROFILE),
    )
    run(bench.run(500))
    assert bench.adapter.asked == ["2201", "2203", "2202"], (
        "one request each, the link changed once"
    )
    assert [bench.text(name) for name in "ABDE"] == ["5", "127.5", "9", "6"]
    assert bench.text("C") is None and "too short" in bench.error("C")


def test_standard_pids_are_asked_six_at_a_time():
    names = (
        RPM,
        SPEED,
        COOLANT,
        "0F-IntakeAirTemperature",
        "11-ThrottlePosition",
        "2F-FuelTankLevel",
        "33-AbsBaroPres",
    )
    bench = Bench(
        autopid([(name, 60_000) for name in names]),
        {"010C0D050F112F": "410C1AF80D3C057B0F41118F2FFF", "0133": "413365"},
    )
    run(bench.run(500))
    assert bench.adapter.asked == ["010C0D050F112F", "0133"]
    assert (bench.text(RPM), bench.text(SPEED), bench.text(COOLANT)) == ("1726", "60", "83")
    assert bench.text("2F-FuelTankLevel") == "100" and bench.text("33-AbsBaroPres") == "101"


def test_an_ecu_that_does_not_batch_is_asked_one_by_one():
    answers = {"010C0D": "410C1AF8", "010C": "410C1AF8", "010D": "410D3C"}
    bench = Bench(autopid([RPM, SPEED]), answers)
    run(bench.run(3000))
    assert bench.adapter.count("010C0D") == 1, bench.adapter.asked
    assert (bench.text(RPM), bench.text(SPEED)) == ("1726", "60")
    assert bench.adapter.count("010D") == 3


def test_a_refused_batch_is_asked_one_by_one():
    answers = {
        "010C0D": errors.NegativeResponse(0x7E8, 0x12),
        "010C": "410C1AF8",
        "010D": "410D3C",
    }
    bench = Bench(autopid([RPM, SPEED]), answers)
    run(bench.run(500))
    assert (bench.text(RPM), bench.text(SPEED)) == ("1726", "60")


def test_a_batch_that_was_garbled_once_is_asked_one_by_one_and_batched_again():
    outcomes = [errors.Garbled("a character is missing")]
    answers = {
        "010C0D": lambda: outcomes.pop() if outcomes else "410C1AF80D3C",
        "010C": "410C1AF8",
        "010D": "410D3C",
    }
    bench = Bench(autopid([RPM, SPEED]), answers)
    run(bench.run(500))
    assert (bench.text(RPM), bench.text(SPEED)) == ("1726", "60")
    run(bench.run(3000))
    assert bench.adapter.count("010C0D") == 4 and bench.adapter.count("010C") == 1, (
        bench.adapter.asked
    )


def test_batches_that_are_garbled_every_time_are_given_up():
    answers = {"010C0D": errors.Garbled("never right"), "010C": "410C1AF8", "010D": "410D3C"}
    bench = Bench(autopid([RPM, SPEED]), answers)
    run(bench.run(9500))
    assert bench.adapter.count("010C0D") == 3, bench.adapter.asked
    assert bench.adapter.count("010C") == 10 and bench.error(RPM) is None


def test_a_pid_the_ecu_does_not_have_is_kept_out_of_batches():
    answers = {
        "010C": "410C1AF8",
        "010D": "410D3C",
        "010C0D": "410C1AF80D3C",
    }  # silent if 05 is among them
    bench = Bench(autopid([(COOLANT, 1000), (RPM, 1000), (SPEED, 1000)]), answers)
    run(bench.run(9500))
    assert (bench.text(RPM), bench.text(SPEED), bench.text(COOLANT)) == ("1726", "60", None)
    assert bench.adapter.count("01050C0D") == 1, bench.adapter.asked
    assert bench.adapter.count("010C0D") >= 8 and bench.adapter.count("010C") == 1


def test_an_ecu_that_leaves_batches_unanswered_is_asked_one_by_one():
    answers = {"010C": "410C1AF8", "010D": "410D3C"}
    bench = Bench(autopid([(RPM, 1000), (SPEED, 2000)]), answers)
    run(bench.run(9500))
    assert bench.adapter.count("010C0D") == 1, bench.adapter.asked
    assert bench.adapter.count("010C") == 10 and bench.adapter.count("010D") == 5
    assert bench.error(RPM) is None and bench.error(SPEED) is None


def test_values_that_were_read_stay_fresh_when_their_batch_is_answered_no_more():
    batch = ["410C1AF80D3C"]
    silence = errors.NoAnswer("too much at once")
    answers = {
        "010C": "410C1B58",
        "010D": "410D3D",
        "010C0D": lambda: batch.pop() if batch else silence,
    }
    bench = Bench(autopid([RPM, SPEED]), answers)
    run(bench.run(2500))
    assert (bench.text(RPM), bench.text(SPEED)) == ("1750", "61") and bench.error(RPM) is None


def test_legacy_protocols_are_never_asked_in_batches():
    bench = Bench(
        autopid([RPM, SPEED], protocol="5"), {"010C": "410C1AF8", "010D": "410D3C"}, protocol="5"
    )
    run(bench.run(500))
    assert bench.adapter.asked == ["010C", "010D"]


def test_the_lowest_ecu_that_has_a_value_gives_it():
    bench = Bench(autopid([COOLANT]), {"0105": {0x7E9: "410550", 0x7E8: "410577"}})
    run(bench.run(100))
    assert bench.text(COOLANT) == "79"


def test_periods_are_kept_without_drift_although_requests_take_time():
    bench = Bench(autopid(custom=[("A", "2201", "B3", 1000, "")]), {"2201": "620105"}, cost_ms=137)
    run(bench.run(20_000))
    assert len(bench.adapter.times) == 20
    assert all([time % 1000 == 0 for time in bench.adapter.times]), bench.adapter.times


def test_nothing_starves_when_there_is_more_to_ask_than_time():
    custom = [("A%d" % n, "22%02d" % n, "B3", 0 if n == 0 else 100, "") for n in range(10)]
    answers = {"22%02d" % n: "62%02d05" % n for n in range(10)}
    bench = Bench(autopid(custom=custom), answers, cost_ms=50)
    run(bench.run(10_000))
    counts = [bench.adapter.count("22%02d" % n) for n in range(10)]
    assert min(counts) >= 19 and max(counts) - min(counts) <= 1, counts


def test_a_value_out_of_range_is_an_error_and_the_old_value_keeps_its_age():
    answers = iter(["620105", "6201FF"])
    settings = autopid(custom=[("A", "2201", "B3", 1000, "")])
    settings["custom"]["parameters"][0]["max"] = "100"
    bench = Bench(settings, {"2201": lambda: next(answers)})
    run(bench.run(1100))
    entry = bench.group.get("A")
    assert entry.text == "5" and "255 is out of range" in entry.error
    assert entry.age_ms(bench.clock.now) >= 1000


def test_a_negative_response_is_an_error_never_a_value_and_is_asked_more_rarely():
    refusal = errors.NegativeResponse(0x7E8, 0x31)
    bench = Bench(
        autopid(custom=[("A", "2201", "B3", 1000, ""), ("B", "2202", "B3", 1000, "")]),
        {"2201": "620105", "2202": refusal},
    )
    run(bench.run(20_000))
    assert bench.text("B") is None and "out of range" in bench.error("B").lower()
    assert bench.adapter.count("2201") == 20 and bench.adapter.count("2202") <= 5
    assert bench.poller.online


def test_what_one_ecu_does_not_have_does_not_slow_the_others():
    custom = [
        ("A", "2201", "B3", 1000, "ATSH7E4"),
        ("B", "2209", "B3", 1000, "ATSH7E6"),
        ("C", "2208", "B3", 1000, "ATSH7E4"),
    ]
    bench = Bench(autopid(custom=custom), {"2201": "620105"})
    run(bench.run(20_000))
    assert bench.adapter.count("2201") == 20, bench.adapter.count("2201")
    assert bench.adapter.count("2209") <= 8 and bench.adapter.count("2208") <= 6
    assert bench.poller.online and bench.error("B")


def test_a_sleeping_car_is_asked_ever_more_rarely_and_recovers_at_the_first_answer():
    asleep = [True]
    silence = errors.NoAnswer("no ECU answered")
    custom = [("A%d" % n, "220%d" % n, "B3", 1000, "ATSH7E%d" % n) for n in range(4)]
    answers = {
        "220%d" % n: (lambda n=n: silence if asleep[0] else "620%d05" % n) for n in range(4)
    }
    bench = Bench(autopid(custom=custom), answers)
    run(bench.run(120_000))
    assert not bench.poller.online and bench.poller.ecu_status == "offline"
    assert len(bench.adapter.asked) < 25, len(bench.adapter.asked)
    assert all([bench.error("A%d" % n) for n in range(4)])
    asleep[0] = False
    count = len(bench.adapter.asked)
    run(bench.run(31_000))
    assert bench.poller.online
    assert all([bench.text("A%d" % n) == "5" and bench.error("A%d" % n) is None for n in range(4)])
    assert len(bench.adapter.asked) > count + 4


def test_an_expression_may_refer_to_other_parameters():
    custom = [
        ("VOLT", "2201", "B3", 1000, ""),
        ("AMP", "2202", "B3", 1000, ""),
        ("WATT", "2202", "VOLT*AMP", 1000, ""),
    ]
    bench = Bench(autopid(custom=custom), {"2201": "62010C", "2202": "620203"})
    run(bench.run(500))
    assert bench.text("WATT") == "36"


def test_a_bad_expression_is_a_problem_with_its_field_and_the_others_are_polled():
    custom = [("A", "2201", "B3+", 1000, ""), ("B", "2201", "B3", 1000, "")]
    bench = Bench(autopid(custom=custom), {"2201": "620105"})
    run(bench.run(500))
    assert bench.plan.problems[0][0] == "autopid.custom.parameters[0].expression"
    assert bench.text("B") == "5"


def test_a_lost_adapter_is_the_error_of_every_value():
    bench = Bench(autopid([RPM]), {"010C": "410C1AF8"})
    run(bench.run(500))
    bench.poller.disconnected("the adapter is unplugged")
    assert bench.text(RPM) == "1726" and bench.error(RPM) == "the adapter is unplugged"
    assert not bench.poller.online


def test_a_line_of_nothing_but_garbage_ends_in_a_new_start_of_the_adapter():
    bench = Bench(autopid([RPM]), {"010C": errors.Garbled("garbage")})
    try:
        run(bench.run(60_000))
    except errors.AdapterLost:
        assert len(bench.adapter.asked) < 10
        return
    raise AssertionError("polled on")


def test_payload_and_image_bytes_are_told_apart_with_extended_addressing():
    init = "ATSH6F1;ATCEA07"
    custom = [
        ("A", "2201", "P2", 1000, init),
        ("B", "2201", "B4", 1000, init),
        ("C", "2202", "P7", 1000, init),
    ]
    bench = Bench(autopid(custom=custom), {"2201": "620155", "2202": "6202" + "01020304050607"})
    run(bench.run(500))
    assert (bench.text("A"), bench.text("B"), bench.text("C")) == ("85", "85", "6")


def test_a_bad_adapter_command_is_a_problem_of_its_parameter_only():
    custom = [("A", "2201", "B3", 1000, "ATSTG0"), ("B", "2202", "B3", 1000, "")]
    bench = Bench(autopid(custom=custom), {"2201": "620105", "2202": "620206"})
    run(bench.run(500))
    assert bench.text("B") == "6" and bench.group.get("A") is None
    assert "ATSTG0" in bench.plan.problems[0][1]


def test_a_new_adapter_is_used_at_once_after_a_long_silence():
    silent = [True]
    silence = errors.NoAnswer("no ECU answered")
    bench = Bench(autopid([RPM]), {"010C": lambda: silence if silent[0] else "410C1AF8"})
    run(bench.run(120_000))
    assert not bench.poller.online
    silent[0] = False
    run(bench.run(100))
    assert bench.text(RPM) == "1726"


def test_a_reference_without_a_value_is_named():
    custom = [("WATT", "2202", "VOLT*2", 1000, ""), ("VOLT", "2201", "B9", 1000, "")]
    bench = Bench(autopid(custom=custom), {"2201": "620105", "2202": "620203"})
    run(bench.run(500))
    assert bench.error("WATT") == "it is computed from VOLT, which has no value"


def test_polling_that_is_held_asks_nothing_and_goes_on_with_everything():
    bench = Bench(autopid(standard=((RPM, 1000), (SPEED, 60_000))), {"010C0D": "410C1AF80D28"})
    run(bench.run(200))
    assert bench.poller.online and len(bench.adapter.asked) == 1
    bench.poller.hold("the engine is off")
    run(bench.run(60_000))
    assert len(bench.adapter.asked) == 1 and bench.poller.ecu_status == "offline"
    assert "ECU offline: the engine is off" in bench.log.lines
    bench.poller.hold("the engine is still off")
    bench.poller.hold("")
    run(bench.run(200))
    assert bench.adapter.asked[1:] == ["010C0D"], "all of it is due at once"
    assert bench.poller.online


def test_a_hold_ends_a_round_that_has_begun():
    bench = Bench(
        autopid(cycle_ms=60_000),
        {"2201": lambda: bench.poller.hold("stop") or "620105FF"},
        profiles.load(PROFILE),
    )
    run(bench.run(5000))
    assert bench.adapter.asked == ["2201"]


def test_a_car_that_does_not_answer_is_asked_as_rarely_as_is_wanted():
    bench = Bench(autopid(standard=(RPM,)), {})
    bench.poller.longest_probe_ms = 120_000
    run(bench.run(3_600_000))
    gaps = [b - a for a, b in zip(bench.adapter.times[-4:], bench.adapter.times[-3:])]
    assert gaps and all([120_000 <= gap <= 121_500 for gap in gaps]), gaps
