"""Vehicle profiles: every public form, inheritance, and what is said about a bad one."""

import gc
import json
import sys

from autopid.expression import Expression
from autopid.group import Group
from autopid.parameter import OutOfRange, Parameter
from autopid.profile import ProfileError, load
from car_fakes import Clock
from helper import raises

IONIQ = bytes.fromhex(
    "103E620101EFFBE721EF84204001720022FFD01D1A191718231918181800"
    "3FC22416C10E000090002500F1D50000EDDF260000B4D50000AD2712008D9C5F000228E7000000000707"
)
SOURCE = {
    "car_model": "Hyundai: Ioniq 5",
    "init": "ATSP6;ATST96;",
    "note": "unknown keys are welcome",
    "pids": [
        {
            "pid": "220101",
            "pid_init": "ATSH7E4;",
            "parameters": {"SOC": "B10/2", "HV_A": "((S17*256)+B18)/10", "HV_V": "[B19:B20]/10"},
        },
        {"pid": "220105", "pid_init": "ATSH7E4;", "parameters": {"SOH": "[B28:B29]/10"}},
    ],
}


def entry(name, expression, **settings):
    settings.update({"name": name, "expression": expression})
    return settings


def car(*pids):
    return {"car_model": "Car", "init": "", "pids": list(pids)}


def pid(code, parameters, **settings):
    settings.update({"pid": code, "parameters": parameters})
    return settings


def names(profile):
    return [[p.pid, p.init, sorted([x.name for x in p.parameters])] for p in profile.pids]


def parameter(profile, name):
    for request in profile.pids:
        for candidate in request.parameters:
            if candidate.name == name:
                return candidate
    raise AssertionError(name)


def refused(data, resolve=None):
    return raises(ProfileError, load, data, resolve).problems


def test_source_form():
    profile = load(SOURCE)
    assert (profile.car_model, profile.init) == ("Hyundai: Ioniq 5", "ATSP6;ATST96;")
    assert names(profile) == [
        ["220101", "ATSH7E4;", ["HV_A", "HV_V", "SOC"]],
        ["220105", "ATSH7E4;", ["SOH"]],
    ]
    assert profile.problems == []
    soc = parameter(profile, "SOC")
    assert soc.decode(IONIQ) == "66"
    assert (soc.unit, soc.device_class, soc.period_ms) == ("none", "none", 0)
    assert (soc.minimum, soc.maximum, soc.enabled, soc.binary) == (None, None, True, False)
    assert parameter(profile, "HV_A").decode(IONIQ) == "-4.8"


def test_merged_form_with_metadata():
    settings = {"unit": "%", "class": "battery", "min": "0", "max": "100"}
    charging = entry("CHARGING", "B15:7", type="binary_sensor", unit="none")
    data = {"cars": [car(pid("220101", [entry("SOC", "B10/2", **settings), charging]))]}
    profile = load(data)
    soc = parameter(profile, "SOC")
    assert (soc.unit, soc.device_class, soc.minimum, soc.maximum) == ("%", "battery", "0", "100")
    assert not soc.binary
    assert parameter(profile, "CHARGING").binary
    assert parameter(profile, "CHARGING").decode(IONIQ) == "off"


def test_stored_form_has_one_entry_a_parameter():
    def stored(name, expression, **settings):
        settings.update({"unit": "none", "class": "none", "min": "", "max": "none"})
        item = entry(name, expression, type="Default", send_to="", **settings)
        return pid("220101", [item], pid_init="ATSH7E4;")

    pids = [
        stored("SOC", "B10/2", period="5000"),
        stored("HV_V", "[B19:B20]/10", period=250, enabled=False),
        stored("LV_V", "B38*0.1", period="", enabled="enable", sensor_type="binary"),
    ]
    pids[0]["enabled"] = False
    profile = load({"cars": [car(*pids)]})
    assert names(profile) == [["220101", "ATSH7E4;", ["HV_V", "LV_V", "SOC"]]]
    found = [parameter(profile, name) for name in ("SOC", "HV_V", "LV_V")]
    assert [p.period_ms for p in found] == [5000, 250, 0]
    assert [p.enabled for p in found] == [False, False, True]
    assert [p.binary for p in found] == [False, False, True]
    assert (found[0].unit, found[0].minimum, found[0].maximum) == ("none", None, None)


def test_entries_with_the_same_request_become_one():
    profile = load(
        car(
            pid("22 01 01", {"A": "B4"}),
            pid("220102", {"B": "B4"}),
            pid("220101", {"C": "B5"}, pid_init="none"),
            pid("220101", {"D": "B5"}, pid_init="ATSH7E4;"),
            pid("22f1a0", {"E": "B5"}),
        )
    )
    assert names(profile) == [
        ["220101", "", ["A", "C"]],
        ["220102", "", ["B"]],
        ["220101", "ATSH7E4;", ["D"]],
        ["22F1A0", "", ["E"]],
    ]


def test_parameters_may_refer_to_each_other():
    profile = load(car(pid("01", {"P": "V_1*{0C-X}"}), pid("02", {"V_1": "B0", "0C-X": "B1"})))
    assert parameter(profile, "P").refs == ("V_1", "0C-X")
    assert parameter(profile, "P").decode(b"", {"V_1": "1.5", "0C-X": "4"}) == "6"


def test_a_bad_expression_costs_only_its_parameter():
    profile = load(car(pid("2201", {"SOC": "b0", "SOH": "B4/2"}), pid("2202", {"X": ""})))
    assert names(profile) == [["2201", "", ["SOH"]]]
    assert sorted(profile.problems) == [
        ("pids[0].parameters.SOC", "expression: unknown name 'b0' at 0"),
        ("pids[1].parameters.X", "expression: empty expression at 0"),
    ]


def test_everything_wrong_with_a_parameter_is_listed():
    bad = entry("SOC", "B0 B1", unit=3, period="soon", min="1e3", max=True)
    profile = load(car(pid("2201", [bad, entry("A", "B0", min="low"), entry("B", "B1")])))
    fields = [(field, message.split(":")[0]) for field, message in profile.problems]
    soc = "pids[0].parameters.SOC"
    expected = [(soc, key) for key in ("expression", "unit", "period", "min", "max")]
    assert fields == expected + [("pids[0].parameters.A", "min")]
    assert names(profile) == [["2201", "", ["B"]]]


def test_of_two_parameters_with_one_name_the_first_stays():
    profile = load(car(pid("2201", {"A": "B4"}), pid("2202", {"A": "B5", "B": "B6"})))
    assert parameter(profile, "A").decode(b"\0\0\0\0\7\0") == "7"
    assert profile.problems == [("pids[1].parameters.A", "the name is already in use")]
    assert names(profile) == [["2201", "", ["A"]], ["2202", "", ["B"]]]


def test_a_bad_pid_costs_only_its_parameters():
    for code in ("", "1", "ATRV", "22010x", "1" * 16):
        profile = load(car(pid("22019", {"A": "B4"}), pid(code, {"B": "B5"})))
        assert names(profile) == [["22019", "", ["A"]]], code
        assert [field for field, _ in profile.problems] == ["pids[1].pid"], code


def test_bad_names():
    listed = [{"expression": "B0"}, entry("", "B0"), entry("N" * 65, "B0"), entry("N" * 64, "B0")]
    profile = load(car(pid("2201", listed)))
    assert [field for field, _ in profile.problems] == [
        "pids[0].parameters[%d].name" % n for n in range(3)
    ]
    assert names(profile) == [["2201", "", ["N" * 64]]]


def test_a_wrong_structure_is_refused_with_all_its_problems():
    data = {
        "car_model": 5,
        "init": ["ATZ"],
        "pids": [
            "2201",
            {"parameters": {"A": "B0"}},
            pid(2201, {"A": "B0"}),
            pid("2201", "B0"),
            pid("2201", ["B0"]),
            pid("2201", {"A": 5}, pid_init=1),
        ],
    }
    assert [field for field, _ in refused(data)] == [
        "car_model",
        "init",
        "pids[0]",
        "pids[1].pid",
        "pids[2].pid",
        "pids[3].parameters",
        "pids[4].parameters[0]",
        "pids[5].pid_init",
        "pids[5].parameters.A",
    ]


def test_what_is_no_profile_is_refused():
    for data, field in (
        ([], ""),
        (None, ""),
        ({}, "pids"),
        ({"pids": []}, "pids"),
        ({"pids": {}}, "pids"),
        ({"pids": [pid("2201", {})]}, "pids"),
        ({"pids": [pid("2201", {"A": "B0"})] * 513}, "pids"),
        ({"pids": [pid("2201", {"A": "b0"})]}, "pids[0].parameters.A"),
        ({"cars": []}, "cars"),
        ({"cars": {}}, "cars"),
        ({"cars": [5]}, "cars[0]"),
        ({"cars": [{"pids": [5]}]}, "cars[0].pids[0]"),
    ):
        assert [problem[0] for problem in refused(data)] == [field], (field, refused(data))


def test_extending_a_profile():
    child = {
        "extends": "hyundai/base.json",
        "car_model": "Kid",
        "pids": [
            pid("2201", {"B": "B9", "C": "", "NEW": "A*2"}, pid_init="ATSH7E4;"),
            pid("2203", {"D": "B7"}),
        ],
    }
    base = {
        "car_model": "Base",
        "init": "ATSP6;",
        "pids": [
            pid("2201", {"A": "B4", "B": "B5", "C": "B6"}, pid_init="ATSH7E4;"),
            pid("2202", {"D": "B7", "E": "B8"}),
        ],
    }
    profile = load(child, {"hyundai/base.json": base}.get)
    assert (profile.car_model, profile.init, profile.problems) == ("Kid", "ATSP6;", [])
    assert names(profile) == [
        ["2201", "ATSH7E4;", ["A", "B", "NEW"]],
        ["2202", "", ["E"]],
        ["2203", "", ["D"]],
    ]
    assert parameter(profile, "B").decode(bytes(range(10))) == "9"
    assert parameter(profile, "NEW").refs == ("A",)


def test_an_entry_without_commands_joins_the_inherited_one():
    base = car(pid("2201", {"A": "B4"}, pid_init="ATSH7E4;"))
    kid = {"extends": "b", "pids": [pid("2201", {"B": "B5"})]}
    assert names(load(kid, {"b": base}.get)) == [["2201", "ATSH7E4;", ["A", "B"]]]
    kid = {"extends": "b", "init": "ATSP7;"}
    profile = load(kid, {"b": base}.get)
    assert (profile.init, names(profile)) == ("ATSP7;", [["2201", "ATSH7E4;", ["A"]]])


def test_problems_of_an_inherited_profile_name_it():
    base = car(pid("2201", {"A": "b4"}))
    kid = {"extends": "b.json", "pids": [pid("2201", {"B": "B5"})]}
    problems = load(kid, {"b.json": base}.get).problems
    assert problems == [("b.json: pids[0].parameters.A", "expression: unknown name 'b4' at 0")]


def test_extending_goes_only_so_deep():
    data = {"extends": "0", "pids": [pid("2201", {"A": "B0"})]}
    loop = {"extends": "0", "pids": [pid("2201", {"A": "B0"})]}
    assert refused(data, lambda path: loop) == [("0: extends", "'0' extends itself")]

    def deeper(path):
        return {"extends": str(int(path) + 1), "pids": []}

    assert refused(data, deeper)[0][1] == "extends more than 8 profiles"
    assert [field for field, _ in refused(data)] == ["extends"]
    assert refused(data, lambda path: None) == [
        ("extends", "the profile '0' is not on the device")
    ]


def test_limits_are_exact_and_inclusive():
    profile = load(car(pid("2201", [entry("A", "[S0:S1]/100", min=-0.5, max="163.84")])))
    limited = parameter(profile, "A")
    assert limited.decode(b"\xff\xce") == "-0.5"
    assert limited.decode(b"\x40\x00") == "163.84"
    assert raises(OutOfRange, limited.decode, b"\xff\xcd").text == "-0.51"
    assert (
        str(raises(OutOfRange, limited.decode, b"\x40\x01"))
        == "163.85 is out of range (-0.5 to 163.84)"
    )
    assert limited.in_range("163.84") and not limited.in_range("163.840001")
    assert parameter(load(SOURCE), "HV_V").decode(IONIQ) == "745"


def test_a_binary_parameter_is_on_above_zero():
    flag = Parameter("CHARGING", Expression("S0/100"), binary=True)
    for byte, text in ((0, "off"), (1, "on"), (255, "off")):
        assert flag.decode(bytes([byte])) == text


def test_a_value_that_comes_again_is_the_same_text():
    made = Parameter("X", Expression("B0/2"), maximum="9")
    group = Group(Clock())
    group.configure([made])
    for byte, text in ((7, "3.5"), (7, "3.5"), (8, "4"), (7, "3.5"), (7, "3.5")):
        before = made.literal
        group.update(made, made.decode(bytes([byte])))
        assert made.text == text
        assert made.literal is before or before != text
    raises(OutOfRange, made.decode, b"\x20")
    assert made.decode(b"\7") == "3.5"


def test_limits_hold_for_a_value_that_was_refused_before():
    made = Parameter("X", Expression("B0"), maximum="9")
    for _ in range(2):
        raises(OutOfRange, made.decode, b"\x0a")


def test_a_binary_value_that_comes_again_is_the_same_text():
    made = Parameter("X", Expression("B0:0"), binary=True)
    group = Group(Clock())
    group.configure([made])
    for byte in (1, 1, 0, 0, 1):
        group.update(made, made.decode(bytes([byte])))
        assert made.text == ("on" if byte else "off")


def test_a_parameter_of_any_origin():
    made = Parameter("X", Expression("B0+0.5"), "V", "voltage", 1000, "0", "9", False)
    assert made.decode(b"\7") == "7.5"
    raises(OutOfRange, made.decode, b"\x09")
    assert (made.unit, made.device_class, made.period_ms, made.enabled) == (
        "V",
        "voltage",
        1000,
        False,
    )


def test_the_largest_car_stays_small():
    if sys.implementation.name != "micropython":
        return
    cells = [
        '{"name":"HV_C_V_%03d","expression":"B%d/50","unit":"V","class":"voltage","min":"0"}'
        % (n, n % 220 + 4)
        for n in range(246)
    ]
    data = json.loads('{"pids":[{"pid":"220102","parameters":[%s]}]}' % ",".join(cells))
    cells = None
    load(SOURCE)
    gc.collect()
    before = gc.mem_alloc()
    profile = load(data)
    gc.collect()
    used = gc.mem_alloc() - before
    assert len(profile.pids[0].parameters) == 246
    assert used < (43_000 if sys.maxsize > 1 << 32 else 21_500), used
