"""What settings are accepted, what is said about the others, and what all tell of themselves."""

import json

from config import schema
from config.fields import Decimal, Reading, Text
from config.sections import nearest

URL = "https://api.example.com/in"


def destination(**changes):
    return dict({"name": "cloud", "url": URL}, **changes)


def custom(**changes):
    return dict({"name": "soc", "pid": "220101", "expression": "B4"}, **changes)


def with_custom(*parameters):
    return {"autopid": {"custom": {"parameters": list(parameters)}}}


def with_standard(*parameters):
    return {"autopid": {"standard": {"parameters": list(parameters)}}}


def with_destinations(*destinations):
    return {"destinations": list(destinations)}


def found(data, **keywords):
    """The problems as (field, code) pairs."""
    _, problems = schema.validate(data, **keywords)
    for problem in problems:
        assert sorted(problem) == ["code", "field", "message"], problem
        assert problem["message"][-1] == ".", problem
    return [(problem["field"], problem["code"]) for problem in problems]


def accepted(data):
    settings, problems = schema.validate(data)
    assert problems == [], problems
    return settings


def test_nothing_at_all_is_a_complete_set_of_defaults():
    settings = accepted({})
    assert settings["device"] == {"name": "wican", "set_up": False}
    assert settings["log"] == {"level": "info"}
    assert settings["adapter"] == {"kind": "board", "address": ""}
    assert settings["autopid"]["grouping"] is True
    assert settings["autopid"]["cycle_ms"] == 10000
    assert settings["autopid"]["standard"] == {"enabled": True, "protocol": "0", "parameters": []}
    assert settings["destinations"] == []
    assert settings["signals"] == {"ignition": "", "charging": "", "voltage": ""}
    assert settings["network"] == {
        "max_connections": 6,
        "wifi": [],
        "access_point": {"mode": "auto"},
    }
    assert settings["web"] == {"enabled": True, "port": 80, "home_assistant": False, "hosts": []}


def test_parameters_get_their_defaults():
    settings = accepted(
        {
            "autopid": {
                "standard": {"parameters": [{"name": "0C-EngineRPM"}]},
                "custom": {"parameters": [custom()]},
            }
        }
    )["autopid"]
    assert settings["standard"]["parameters"] == [
        {"name": "0C-EngineRPM", "period_ms": 5000, "receive_header": "", "enabled": True}
    ]
    assert settings["custom"]["parameters"][0] == {
        "name": "soc",
        "init": "",
        "pid": "220101",
        "expression": "B4",
        "unit": "none",
        "class": "none",
        "min": "",
        "max": "",
        "period_ms": 5000,
        "type": "number",
        "enabled": True,
    }


def test_valid_settings_are_left_exactly_as_they_are():
    first = accepted(
        {
            "adapter": {"kind": "tcp", "address": "192.168.0.10:35000"},
            "autopid": {"custom": {"parameters": [custom(min="-40", max="215.5")]}},
            "destinations": [
                destination(id=4, cycle_ms=0, query=[{"key": "a", "value": "b c"}]),
                destination(id=2, name="other", enabled=False),
            ],
        }
    )
    assert accepted(json.loads(json.dumps(first))) == first


def test_each_limit_is_named_by_its_field_and_code():
    at = "destinations[0]."
    in_custom = "autopid.custom.parameters[0]."
    in_standard = "autopid.standard.parameters[0]."
    pairs = [{"key": "k", "value": ""}] * 17
    for data, field, code in (
        (with_destinations(destination(cycle_ms=1)), at + "cycle_ms", "cycle_range"),
        (with_destinations(destination(cycle_ms=999)), at + "cycle_ms", "cycle_range"),
        (with_destinations(destination(cycle_ms=-1)), at + "cycle_ms", "cycle_range"),
        (with_destinations(destination(url="ftp://a.b/")), at + "url", "url_scheme"),
        (with_destinations(destination(url="")), at + "url", "field_empty"),
        (with_destinations(destination(url=URL + "x" * 1024)), at + "url", "url_too_long"),
        (with_destinations(destination(name="")), at + "name", "field_empty"),
        (with_destinations(destination(name="x" * 65)), at + "name", "too_long"),
        (with_destinations(destination(name="a\nb")), at + "name", "characters"),
        (with_destinations(destination(id=7)), at + "id", "range"),
        (with_destinations(destination(query=pairs)), at + "query", "query_max"),
        (with_destinations(destination(query=[{}])), at + "query[0].key", "field_empty"),
        (with_destinations(destination(cert_set="a b")), at + "cert_set", "characters"),
        (with_destinations(destination(cert_set="x" * 25)), at + "cert_set", "too_long"),
        (with_destinations(destination(cert_set="")), at + "cert_set", "field_empty"),
        (with_destinations(destination(auth={"type": "digest"})), at + "auth.type", "choice"),
        (
            with_destinations(destination(auth={"type": "bearer"})),
            at + "auth.token",
            "field_empty",
        ),
        (with_custom(custom(pid="")), in_custom + "pid", "field_empty"),
        (with_custom(custom(pid="2201010000")), in_custom + "pid", "too_long"),
        (with_custom(custom(pid="22 0G")), in_custom + "pid", "characters"),
        (with_custom(custom(expression="")), in_custom + "expression", "field_empty"),
        (with_custom(custom(period_ms=99)), in_custom + "period_ms", "range"),
        (with_custom(custom(min="1e3")), in_custom + "min", "type"),
        (with_custom(custom(min="10", max="9.5")), in_custom + "max", "range"),
        (with_custom(custom(type="text")), in_custom + "type", "choice"),
        (with_standard({"name": "0C", "period_ms": 500}), in_standard + "period_ms", "range"),
        (
            with_standard({"name": "0C", "receive_header": "7E"}),
            in_standard + "receive_header",
            "header",
        ),
        ({"adapter": {"kind": "tcp"}}, "adapter.address", "field_empty"),
        ({"adapter": {"address": "elm"}}, "adapter.address", "address"),
        ({"web": {"port": 65536}}, "web.port", "range"),
        ({"web": {"password": "short"}}, "web.password", "too_short"),
        ({"network": {"max_connections": 7}}, "network.max_connections", "range"),
        ({"signals": {"ignition": "x" * 32}}, "signals.ignition", "too_long"),
        ({"device": {"name": "my_car"}}, "device.name", "characters"),
        ({"version": 2}, "version", "range"),
        ({"web": []}, "web", "type"),
        ({"destinations": {}}, "destinations", "type"),
        ([], "", "type"),
    ):
        assert found(data) == [(field, code)], (data, found(data))


def test_the_edges_of_the_limits_are_allowed():
    for cycle_ms in (0, 1000, 86400000):
        accepted(with_destinations(destination(cycle_ms=cycle_ms)))
    for period_ms in (0, 100):
        accepted(with_custom(custom(period_ms=period_ms)))
    for period_ms in (0, 1000):
        accepted(with_standard({"name": "0C-EngineRPM", "period_ms": period_ms}))
    accepted(with_destinations(destination(query=[{"key": "k", "value": ""}] * 16)))
    accepted(with_destinations(destination(url="HTTPS://a.example/")))
    accepted(with_custom(custom(pid="2", min="7", max="7.00")))
    accepted(with_standard({"name": "0C-EngineRPM", "receive_header": "18DAF110"}))


def test_all_problems_are_reported_at_once():
    data = with_destinations(
        destination(cycle_ms=5, url="ftp://x"), destination(name="", colour=1)
    )
    data["web"] = {"port": 0}
    assert sorted(found(data)) == [
        ("destinations[0].cycle_ms", "cycle_range"),
        ("destinations[0].url", "url_scheme"),
        ("destinations[1].colour", "unknown_setting"),
        ("destinations[1].name", "field_empty"),
        ("web.port", "range"),
    ]


def test_six_destinations_are_the_most():
    six = [destination(name="d%d" % n) for n in range(6)]
    assert [item["id"] for item in accepted(with_destinations(*six))["destinations"]] == [
        1, 2, 3, 4, 5, 6,
    ]  # fmt: skip
    settings, problems = schema.validate(with_destinations(*(six + [destination(name="d6")])))
    assert [problem["code"] for problem in problems] == ["max_destinations"]
    assert len(settings["destinations"]) == 6


def test_names_and_ids_are_unique():
    twice = with_destinations(destination(id=3), destination(id=3))
    settings, problems = schema.validate(twice)
    assert [(problem["field"], problem["code"]) for problem in problems] == [
        ("destinations[1].id", "id_duplicate"),
        ("destinations[1].name", "name_duplicate"),
    ]
    ids = [item["id"] for item in settings["destinations"]]
    assert ids[0] == 3 and ids[1] != 3, "two destinations must never share secrets"
    parameters = {
        "standard": {"parameters": [{"name": "soc"}]},
        "custom": {"parameters": [custom(), custom(name="rpm"), custom(name="rpm")]},
    }
    assert found({"autopid": parameters}) == [
        ("autopid.custom.parameters[0].name", "name_duplicate"),
        ("autopid.custom.parameters[2].name", "name_duplicate"),
    ]


def test_a_destination_without_id_gets_a_free_one():
    settings = accepted(
        with_destinations(destination(), destination(name="b", id=1), destination(name="c"))
    )
    assert [item["id"] for item in settings["destinations"]] == [2, 1, 3]


def test_a_problem_switches_off_only_the_entry_it_is_in():
    data = with_destinations(destination(), destination(name="b", cycle_ms=5), "nonsense")
    data["autopid"] = {"custom": {"parameters": [custom(pid="xyz"), custom(name="ok")]}}
    settings, problems = schema.validate(data)
    assert problems
    assert [item["enabled"] for item in settings["destinations"]] == [True, False, False]
    parameters = settings["autopid"]["custom"]["parameters"]
    assert [item["enabled"] for item in parameters] == [False, True]
    assert settings["destinations"][1]["cycle_ms"] == 5, "what the user wrote can be corrected"
    assert parameters[0]["pid"] == "xyz"


def test_outside_of_entries_the_default_takes_over():
    settings, _ = schema.validate(
        {"web": {"port": 0, "enabled": "yes"}, "adapter": {"kind": "tcp"}}
    )
    assert settings["web"]["port"] == 80 and settings["web"]["enabled"] is True
    assert settings["adapter"]["kind"] == "board"


def test_wrong_types_are_refused():
    for value in ("x", "", "-5", "5.0", 5.5, True, [], {}):
        data = with_destinations(destination(cycle_ms=value))
        assert found(data) == [("destinations[0].cycle_ms", "type")], repr(value)
    for value in (1, True, [], {}):
        assert found(with_destinations(destination(name=value)))[0][1] == "type", repr(value)
    for value in (1, "true", []):
        assert found(with_destinations(destination(enabled=value)))[0][1] == "type", repr(value)


def test_numbers_may_stand_in_texts_as_in_wican_files():
    settings = accepted(with_destinations(destination(cycle_ms="5000", id="2")))
    assert settings["destinations"][0]["cycle_ms"] == 5000
    assert settings["destinations"][0]["id"] == 2
    autopid = accepted({"autopid": {"standard": {"protocol": 6}}})["autopid"]
    assert autopid["standard"]["protocol"] == "6"


def test_null_stands_for_the_default():
    assert accepted({"web": {"port": None}, "destinations": None}) == accepted({})


def test_decimals_stay_exact():
    field = Decimal("max", "")
    for given, text in (
        (480, "480"),
        ("480", "480"),
        ("3.50", "3.5"),
        (3.5, "3.5"),
        (-0.1, "-0.1"),
        ("0.1000000000000000055511", "0.1000000000000000055511"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
        ("", ""),
    ):
        assert field.read(Reading(), given, "max") == text, given
    for given in (True, "abc", "1e3", 1e30, float("nan"), float("inf"), "1,5", "--1", []):
        reading = Reading()
        field.read(reading, given, "max")
        assert [problem["code"] for problem in reading.problems] == ["type"], repr(given)


def test_an_unknown_setting_names_the_one_that_was_meant():
    _, problems = schema.validate(with_destinations(destination(cycle_m=5000)))
    assert problems[0]["field"] == "destinations[0].cycle_m"
    assert problems[0]["code"] == "unknown_setting"
    assert "Did you mean cycle_ms?" in problems[0]["message"]
    _, problems = schema.validate({"web": {"colour": 1}})
    assert "port" in problems[0]["message"]
    assert nearest("grouping", ["grouping"]) == "grouping"
    assert nearest("groping", ["cycle_ms", "grouping"]) == "grouping"
    assert nearest("xy", ["id", "ab"]) is None
    assert nearest("temperature", ["pressure"]) is None


def test_secrets_never_enter_the_settings():
    secrets = {}
    data = with_destinations(
        destination(id=4, auth={"type": "bearer", "token": "SUPER_TOKEN"}),
        destination(name="b", id=2, auth={"type": "none", "token": None}),
        destination(name="c", id=1, auth={"type": "none", "token": {"set": True}}),
    )
    data["web"] = {"password": "correct horse"}
    settings, problems = schema.validate(data, secrets=secrets)
    assert problems == []
    assert secrets == {
        "destinations.4.auth.token": "SUPER_TOKEN",
        "destinations.2.auth.token": None,
        "web.password": "correct horse",
    }
    text = json.dumps(settings)
    assert "SUPER_TOKEN" not in text and "correct horse" not in text and '"token"' not in text


def test_a_refused_secret_is_not_repeated():
    data = with_destinations(destination(auth={"type": "bearer", "token": "SUPER TOKEN"}))
    known = {"destinations.1.auth.token": "SUPER_TOKEN"}
    _, problems = schema.validate(data, known=known)
    assert [problem["code"] for problem in problems] == ["characters"]
    assert "SUPER" not in json.dumps(problems)


def test_a_refused_token_is_not_reported_as_missing_as_well():
    for token, code in (("SUPER TOKEN", "characters"), ("", "field_empty"), (5, "type")):
        data = with_destinations(destination(auth={"type": "bearer", "token": token}))
        assert found(data) == [("destinations[0].auth.token", code)], token


def test_a_pasted_token_loses_what_surrounds_it():
    for pasted in ("abc", " abc\n", "Bearer abc", "  bearer   abc "):
        secrets = {}
        data = with_destinations(destination(auth={"type": "bearer", "token": pasted}))
        assert schema.validate(data, secrets=secrets)[1] == [], pasted
        assert secrets == {"destinations.1.auth.token": "abc"}, pasted
    changes, problems = schema.read_secrets({"web.password": " Bearer x "})
    assert (changes, problems) == ({"web.password": " Bearer x "}, []), "a password stays as it is"


def test_what_other_parts_know_is_asked_of_them():
    asked = []

    def refuse(name):
        def check(text):
            asked.append((name, text))
            return "no_" + name, "Refused."

        return check

    checks = {name: refuse(name) for name in ("url", "standard", "expression", "init", "cert_set")}
    data = with_destinations(destination(cert_set="corp"))
    data["autopid"] = {
        "standard": {"parameters": [{"name": "XX"}]},
        "custom": {"parameters": [custom(init="ATSH7E0")]},
    }
    assert sorted(found(data, checks=checks)) == [
        ("autopid.custom.parameters[0].expression", "no_expression"),
        ("autopid.custom.parameters[0].init", "no_init"),
        ("autopid.standard.parameters[0].name", "no_standard"),
        ("destinations[0].cert_set", "no_cert_set"),
        ("destinations[0].url", "no_url"),
    ]
    assert ("expression", "B4") in asked and ("cert_set", "corp") in asked
    assert ("init", "") not in asked, "an empty text is nobody's business"
    settings, _ = schema.validate(data, checks=checks)
    assert not settings["destinations"][0]["enabled"]


def test_every_setting_describes_itself():
    about = {}
    order = []
    for path, description in schema.describe():
        assert description["type"] in ("string", "integer", "boolean", "object", "array"), path
        assert description["description"][-1] == ".", path
        about[path] = description
        order.append(path)
    assert order.index("web") < order.index("web.enabled") < order.index("web.port")
    assert about["destinations"]["maxItems"] == 6
    assert about["destinations[].cycle_ms"] == {
        "type": "integer",
        "description": about["destinations[].cycle_ms"]["description"],
        "default": 5000,
        "minimum": 1000,
        "maximum": 86400000,
        "also": [0],
    }
    token = about["destinations[].auth.token"]
    assert token["writeOnly"] and "default" not in token
    assert about["log.level"]["enum"] == ["debug", "info", "warning", "error"]
    assert about["log.level"]["default"] == "info"
    json.dumps([about[path] for path in order])


def test_secrets_are_found_by_their_key():
    assert isinstance(schema.secret_field("destinations.1.auth.token"), Text)
    assert isinstance(schema.secret_field("web.password"), Text)
    for key in ("web.port", "web", "", "destinations.x.auth.token", "web.password.x", "nothing"):
        assert schema.secret_field(key) is None, key
