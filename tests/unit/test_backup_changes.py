"""How what a backup would change is told."""

import json

from web import backup_changes


def rows(before, after):
    return sorted(backup_changes.between(before, after))


def told(found):
    return json.loads(backup_changes.text(found) + "}")


def test_what_is_the_same_is_not_told():
    same = {"web": {"port": 80}, "servers": ["a", "b"], "destinations": [{"id": 1, "name": "a"}]}
    assert rows(same, json.loads(json.dumps(same))) == []


def test_every_setting_that_differs_is_told_by_its_path():
    before = {"web": {"port": 80, "on": True}, "destinations": [{"id": 1, "url": "a"}]}
    after = {"web": {"port": 81, "on": True}, "destinations": [{"id": 1, "url": "b"}]}
    assert rows(before, after) == [("destinations[0].url", "a", "b"), ("web.port", 80, 81)]


def test_entries_that_come_or_go_are_told_by_their_name():
    home, fleet = {"name": "Home"}, {"name": "Fleet"}
    found = rows({"destinations": [home, fleet]}, {"destinations": [home]})
    assert told(found)["changes"] == [{"field": "destinations[1]", "from": "Fleet", "to": None}]
    found = rows({"wifi": []}, {"wifi": [{"ssid": "Net"}]})
    assert told(found)["changes"] == [{"field": "wifi[0]", "from": None, "to": "Net"}]


def test_lists_of_values_are_told_as_a_whole():
    assert told(rows({"servers": ["a"]}, {"servers": []}))["changes"] == [
        {"field": "servers", "from": '["a"]', "to": "[]"}
    ]


def test_long_values_and_long_lists_are_cut():
    [row] = told(rows({"url": "x" * 500}, {"url": ""}))["changes"]
    assert len(row["from"]) == 80 and row["from"].endswith("…") and row["to"] == ""
    many = {"s%03d" % number: number for number in range(130)}
    found = told(rows(many, {}))
    assert (len(found["changes"]), found["more"]) == (100, 30)
    assert found["changes"][0] == {"field": "s000", "from": 0, "to": None}
