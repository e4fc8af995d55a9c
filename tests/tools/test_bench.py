"""The benchmarks' report and the electric car they make; how fast anything is, is not tested here."""

import json
from pathlib import Path

import pytest
import simulator
from autopid import profile as profiles
from autopid.expression import Expression
from bench import destinations, ev, programs, provision, report, trusting
from obd import isotp


def test_a_target_is_a_number_or_a_multiple_of_the_peer():
    rows = [
        report.more_is_better("requests", "1/s", 25.0, 5.0, at_least=25),
        report.more_is_better("requests", "1/s", 24.9, 5.0, at_least=25),
        report.less_is_better("heap", "KB", 200.0, at_most=200),
        report.less_is_better("heap", "KB", 200.1, at_most=200),
        report.more_is_better("posts", "1/s", 100.0, 10.0, times_peer=10),
        report.less_is_better("sweep", "s", 2.0, 39.0, times_peer=20),
        report.less_is_better("imports", "ms", 40.0, 20.0),
    ]
    assert [row.ok for row in rows] == [True, False, True, False, True, False, True]
    assert [row.ratio for row in rows] == [5, 4.98, None, None, 10, 19.5, 0.5]
    assert report.missed(rows) == [rows[1], rows[3], rows[5]]


def test_a_peer_that_does_nothing_at_all_makes_no_ratio_and_meets_no_target():
    row = report.more_is_better("posts", "1/s", 100.0, 0.0, times_peer=10)
    assert (row.ratio, row.ok) == (None, False)


def test_the_file_is_a_list_of_objects_with_the_agreed_keys(tmp_path: Path):
    path = tmp_path / "build" / "bench.json"
    report.write([report.more_is_better("requests", "1/s", 42.34567, 6.0, at_least=25)], path)
    assert json.loads(path.read_text()) == [
        {
            "name": "requests",
            "unit": "1/s",
            "ours": 42.35,
            "peer": 6.0,
            "ratio": 7.058,
            "target": ">= 25",
            "ok": True,
        }
    ]


def test_the_table_has_a_line_a_row_and_names_what_is_missed():
    rows = [
        report.more_is_better("requests", "1/s", 42.0, 6.0, at_least=25),
        report.less_is_better("heap", "KB", 300.0, at_most=200),
    ]
    heading, first, second = report.table(rows).splitlines()
    assert heading.split() == ["ours", "unit", "peer", "ratio", "target"]
    assert first.split() == ["requests", "42", "1/s", "6", "7", "x", ">=", "25", "ok"]
    assert second.split() == ["heap", "300", "KB", "<=", "200", "MISSED"]


def test_the_profile_has_246_parameters_in_17_requests():
    profile = profiles.load(ev.profile())
    assert profile.problems == []
    assert len(profile.pids) == 17
    assert {len(pid.parameters) for pid in profile.pids} == {14, 15}
    assert len({parameter.name for pid in profile.pids for parameter in pid.parameters}) == 246


def test_every_parameter_has_a_value_in_the_answer_the_car_gives():
    answers = {}
    for ecu in ev.car()["ecus"]:
        answers.update(ecu["responses"])
    for entry in ev.profile()["pids"]:
        image = isotp.frame_image(bytes.fromhex(answers[entry["pid"]]))
        for parameter in profiles.load({"pids": [entry]}).pids[0].parameters:
            assert parameter.decode(image), (entry["pid"], parameter.name)


def test_the_simulator_takes_the_car():
    car = simulator.load_car(ev.car())
    assert car.profile == ev.profile()


def test_the_reference_sends_a_request_with_its_commands_for_every_parameter():
    plan = ev.reference_plan()
    assert plan["class_init"] == "ATTP6;ATST96;"
    assert len(plan["requests"]) == 246
    for commands, _ in plan["requests"]:
        # Without these three, what another request left behind would spoil this one.
        assert all(command in commands for command in ("ATSH", "ATFCSM", "ATCRA")), commands


def test_what_eval_gets_means_the_same_as_the_expression():
    for seed in range(4):
        images = [bytes.fromhex(image) for image in ev.images(seed)]
        for image, entry in zip(images, ev.profile()["pids"]):
            for parameter in entry["parameters"]:
                text = parameter["expression"]
                exact = float(Expression(text).value(image))
                floating = eval(ev.as_python(text), {"b": image})
                assert abs(exact - floating) < 0.0051, text


def report_of(late: list[int], **more) -> dict:
    """What the device reports of six destinations."""
    servers = {"dead": {"delivered": 0, "failed": 2}, "slow": {"delivered": 7}}
    return {"late": late, "missed": 0, **servers, **more}


def test_of_a_hundred_documents_the_latest_is_left_out():
    assert destinations.p99_lateness_ms(report_of([3] * 98 + [40, 900])) == 40
    assert destinations.p99_lateness_ms(report_of([3] * 89 + [40])) == 40  # of fewer, none is


def test_a_due_time_without_a_document_is_a_whole_cycle_late():
    assert destinations.p99_lateness_ms(report_of([3] * 90, missed=2)) == provision.CYCLE_MS


@pytest.mark.parametrize(
    "more",
    [
        {"late": [1] * 79},
        {"dead": {"delivered": 1, "failed": 2}},
        {"dead": {"delivered": 0, "failed": 0}},
        {"slow": {"delivered": 0}},
    ],
    ids=["too few", "the dead one lives", "nobody asked the dead one", "the slow one is dead"],
)
def test_nothing_is_claimed_where_there_is_nothing_to_judge_by(more):
    with pytest.raises(programs.BenchError):
        destinations.p99_lateness_ms(report_of(**{"late": [1] * 100, **more}))


def test_the_settings_of_the_benchmarks_are_complete():
    settings = provision.complete([provision.destination(4, 443, transport={"keep": False})])
    (found,) = settings
    assert (found["id"], found["cert_set"]) == (4, provision.CERT_SET)
    assert found["queue"]["mode"] == "none"
    assert (found["transport"]["allow_plain"], found["transport"]["keep"]) == (False, False)


def test_settings_that_a_device_would_refuse_are_not_measured():
    with pytest.raises(programs.BenchError):
        provision.complete([provision.destination(1, 443, cycle_ms=10)])


def test_a_reading_of_the_car_has_a_value_for_every_parameter():
    values = dict(ev.values(0))
    assert len(values) == 246
    assert values != dict(ev.values(1))
    assert all(json.loads(text) == float(text) for text in values.values())


def test_a_trace_of_the_c_library_tells_what_is_in_use_at_the_end_and_at_most():
    lines = [
        "= Start",
        "@ /usr/lib/libmbedtls.so.21:(setup+1b)[0x11] + 0xa0 0x4000",
        "@ /usr/lib/libmbedtls.so.21:(setup+2b)[0x12] + 0xb0 0x20",
        "@ /usr/lib/libc.so.6:(from before)[0x13] - 0x77",
        "@ /usr/lib/libmbedtls.so.21:(grow)[0x14] < 0xb0",
        "@ /usr/lib/libmbedtls.so.21:(grow)[0x14] > 0xc0 0x30",
        "@ /usr/lib/libmbedtls.so.21:(free+9)[0x15] - 0xa0",
        "[0x16] + 0xa0 0x8",
        "= End",
    ]
    assert trusting.trace("\n".join(lines)) == (0x30 + 0x8, 0x4000 + 0x30)


def test_nothing_is_in_use_when_all_was_given_back():
    assert trusting.trace("[0x1] + 0xa0 0x10\n[0x2] - 0xa0\n") == (0, 0x10)
