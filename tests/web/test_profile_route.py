"""What a script can do with the vehicle profile: store it, if anything of it can be used, read it and delete it."""

import json

import pytest
from page_server import ask, serving, told

PATH = "/api/v1/profile"
CAR = {
    "car_model": "Kia: e-Niro",
    "init": "ATSP6;",
    "pids": [
        {
            "pid": "2201019",
            "pid_init": "ATSH7E4;",
            "parameters": {"SOC": "B10/2", "CHARGING": "B13:0"},
        },
        {
            "pid": "22B0029",
            "parameters": [{"name": "ODO", "expression": "[B10:B13]", "unit": "km", "max": 1e6}],
        },
    ],
}


@pytest.fixture
def port():
    """A page for each test: they change it."""
    with serving() as port:
        yield port


def put(port, profile):
    return told(port, PATH, "PUT", {}, json.dumps(profile).encode())


def shown(port):
    return told(port, PATH)


def test_a_device_starts_without_a_profile(port):
    assert shown(port) == (200, {"profile": None})


def test_a_profile_is_stored_and_what_can_be_used_of_it_is_told(port):
    status, told_of = put(port, CAR)
    assert status == 200
    assert told_of == {
        "car": "Kia: e-Niro",
        "pids": 2,
        "parameters": ["CHARGING", "ODO", "SOC"],
        "left_out": 0,
        "problems": [],
    }
    assert shown(port) == (200, {"profile": CAR})


def test_the_first_car_of_a_collection_counts(port):
    assert put(port, {"cars": [CAR]})[1]["car"] == "Kia: e-Niro"


def test_a_parameter_that_is_wrong_by_itself_is_left_out_and_named(port):
    pid = dict(CAR["pids"][0], parameters={"SOC": "B10/2", "BAD": "B10/", "WORSE": "import os"})
    status, told_of = put(port, dict(CAR, pids=[pid]))
    assert (status, told_of["parameters"], told_of["left_out"]) == (200, ["SOC"], 2)
    fields = sorted(problem["field"] for problem in told_of["problems"])
    assert fields == ["pids[0].parameters.BAD", "pids[0].parameters.WORSE"]
    assert all(problem["message"].startswith("Expression: ") for problem in told_of["problems"])


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"cars": []},
        {"pids": [{"pid": "zz", "parameters": {"A": "B4"}}]},
        {"pids": [{"pid": 5, "parameters": {"A": "B4"}}]},
        {"pids": CAR["pids"], "extends": "/nowhere.json"},
    ],
)
def test_a_profile_of_which_nothing_can_be_used_changes_nothing(port, profile):
    put(port, CAR)
    status, problems = put(port, profile)
    assert status == 422 and {problem["code"] for problem in problems} == {"profile"}
    assert all(problem["message"].endswith(".") for problem in problems)
    assert shown(port)[1]["profile"] == CAR


@pytest.mark.parametrize(
    "strange", [b"1e999", b"{1:2}", b"[" * 500 + b"]" * 500, b'{"a":' * 500 + b"1" + b"}" * 500]
)
def test_what_could_not_be_read_again_is_not_stored(port, strange):
    put(port, CAR)
    body = json.dumps(CAR).encode()[:-1] + b',"note":' + strange + b"}"
    status, [problem] = told(port, PATH, "PUT", {}, body)
    assert (status, problem["code"]) == (400, "json")
    assert shown(port)[1]["profile"] == CAR


def test_what_is_no_object_is_refused(port):
    for body in (b"", b"[]", b"null", b'{"pids":[', b"\xff"):
        assert told(port, PATH, "PUT", {}, body)[0] == 400, body


def test_a_profile_is_deleted(port):
    put(port, CAR)
    response, body = ask(port, PATH, method="DELETE")
    assert (response.status, body) == (204, b"")
    assert shown(port)[1]["profile"] is None
    assert ask(port, PATH, method="DELETE")[0].status == 204


def test_a_large_profile_comes_back_as_it_was_sent(port):
    parameters = {"P%03d %s" % (number, "x" * 40): "[B4:B5]*%d" % number for number in range(400)}
    car = dict(
        CAR, pids=[{"pid": "22F190", "pid_init": "ATSH7E0;" * 25, "parameters": parameters}] * 1
    )
    assert put(port, car)[1]["left_out"] == 0
    assert shown(port)[1]["profile"] == car
    assert ask(port, PATH, method="PUT", body=b" " * (256 * 1024 + 1))[0].status == 413
