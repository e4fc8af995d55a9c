"""Settings that services need."""

from delivery import presets
from delivery.formats import abrp
from helper import raises
from occasions import occasion_of
from samples import sample_of


def test_what_is_given_goes_over_the_preset():
    given = {"preset": "abrp", "auth": {"header": "key"}, "name": "mine"}
    filled = presets.fill("abrp", given)
    assert filled["auth"] == {"type": "api_key", "place": "body", "header": "key", "prefix": ""}
    assert filled["success"] == {"json_path": "status", "json_value": "ok"}
    assert (filled["preset"], filled["name"]) == ("abrp", "mine")
    assert given == {"preset": "abrp", "auth": {"header": "key"}, "name": "mine"}


def test_lists_are_replaced():
    query = [{"key": "org", "value": "x"}]
    assert presets.fill("influxdb", {"query": query})["query"] == query
    assert presets.fill("influxdb", {"query": []})["query"] == []


def test_what_does_not_fit_is_left_to_the_check():
    assert presets.fill("influxdb", {"auth": 5, "query": None})["auth"] == 5


def test_a_preset_cannot_be_changed_through_what_it_filled():
    filled = presets.fill("influxdb", {})
    filled["query"].append(1)
    filled["query"][0]["key"] = "x"
    filled["auth"]["prefix"] = "x"
    again = presets.fill("influxdb", {})
    assert again["query"] == [{"key": "precision", "value": "s"}]
    assert again["auth"]["prefix"] == "Token "


def test_an_unknown_preset_is_an_error():
    raises(KeyError, presets.fill, "fax", {})


def test_every_preset_is_described_and_its_format_exists():
    from config.destination import PRESETS

    assert set(presets.PRESETS) == set(PRESETS)
    for name in PRESETS:
        preset = presets.PRESETS[name]
        assert preset["title"] and len(preset["hint"]) > 20
        form = presets.fill(name, {}).get("body", {}).get("format", "wican")
        module = __import__("delivery.formats." + form, None, None, ("document",))
        sample = sample_of if getattr(module, "COUNTER", None) is None else occasion_of
        assert module.document(sample(("SOC", "66")))


def test_presets_name_real_settings():
    from config.destination import DESTINATION

    def check(section, settings):
        fields = {field.name: field for field in section.fields}
        for key, item in settings.items():
            assert key in fields, key
            if isinstance(item, dict):
                check(fields[key], item)

    for name in presets.PRESETS:
        check(DESTINATION, presets.fill(name, {}))


def test_no_token_of_a_route_planner_is_in_its_document():
    auth = presets.fill("abrp", {})["auth"]
    assert (auth["place"], auth["header"]) == ("body", "token")
    assert b"token" not in abrp.document(sample_of(("SOC", "66")))
