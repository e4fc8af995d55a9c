"""Which networks may be entered, and that their passwords stay with them."""

import json

import config.files
import config.secrets
import transient
from config import schema
from config.store import Store
from disk import Disk

transient.ON_DEVICE = False  # what the disk is put under has to stay the same module

SETTINGS = "/r/config/settings.json"
KEY = "network.wifi.%d.password"


class Log:
    """Notes nothing."""

    def warning(self, format, *arguments):
        pass

    def redact(self, value):
        pass


def found(*networks, **access_point):
    """The problems of these, and of the device's own, as (field, code) pairs."""
    data = {"network": {"wifi": list(networks), "access_point": access_point}}
    return [(problem["field"], problem["code"]) for problem in schema.validate(data)[1]]


def wifi(store):
    return [(one["id"], one["ssid"]) for one in store.settings["network"]["wifi"]]


def disk(**settings):
    files = {SETTINGS: json.dumps(settings).encode()} if settings else {}
    return Disk(config.files, config.secrets, files=files)


def save(store, *networks):
    assert store.save({"network": {"wifi": list(networks)}}) == []


def test_a_network_needs_only_a_name():
    settings, problems = schema.validate({"network": {"wifi": [{"ssid": "Home"}]}})
    assert problems == []
    [network] = settings["network"]["wifi"]
    assert (network["id"], network["ssid"]) == (1, "Home")
    assert network["priority"] == 0 and network["enabled"] and network["address"] == ""
    assert settings["network"]["access_point"] == {"mode": "auto"}


def test_names_are_as_long_as_a_beacon_has_room_for():
    assert found({"ssid": "x" * 32}, {"ssid": "é" * 16}) == []
    place = "network.wifi[0].ssid"
    assert found({"ssid": ""}) == found({}) == [(place, "field_empty")]
    assert found({"ssid": "x" * 33}) == found({"ssid": "é" * 17}) == [(place, "too_long")]
    assert found({"ssid": "a"}, {"ssid": "a"}) == [("network.wifi[1].ssid", "ssid_duplicate")]


def test_passwords_are_those_of_wpa():
    for password in ("12345678", "x" * 63, "with blank ~!"):
        assert found({"ssid": "a", "password": password}, password=password) == []
    for password, code in (
        ("1234567", "too_short"),
        ("x" * 64, "too_long"),
        ("pässword", "characters"),
        ("", "field_empty"),
        (12345678, "type"),
    ):
        assert found({"ssid": "a", "password": password}, password=password) == [
            ("network.wifi[0].password", code),
            ("network.access_point.password", code),
        ], password


def test_there_is_room_for_five():
    many = [{"ssid": "n%d" % number} for number in range(6)]
    assert found(*many[:5]) == []
    assert found(*many) == [("network.wifi", "too_many")]


def test_a_wrong_network_is_switched_off_and_no_other():
    data = {"network": {"wifi": [{"ssid": "a", "priority": 10}, {"ssid": "b"}]}}
    settings, problems = schema.validate(data)
    assert [problem["field"] for problem in problems] == ["network.wifi[0].priority"]
    assert [one["enabled"] for one in settings["network"]["wifi"]] == [False, True]


def test_passwords_follow_their_network_and_go_with_it():
    with disk():
        store = Store("/r", Log())
        save(
            store, {"ssid": "a", "password": "password a"}, {"ssid": "b", "password": "password b"}
        )
        assert wifi(store) == [(1, "a"), (2, "b")]
        save(store, {"ssid": "b", "id": 2}, {"ssid": "c"})
        for one in (store, Store("/r", Log())):
            assert wifi(one) == [(2, "b"), (1, "c")]
            assert one.secret(KEY % 2) == "password b"
            assert one.secret(KEY % 1) is None, "a new network has no password of another"


def test_passwords_in_a_settings_file_are_moved_to_the_secrets():
    networks = [{"ssid": "a", "id": 3}, {"ssid": "b", "password": "password b"}]
    point = {"password": "password p"}
    with disk(network={"wifi": networks, "access_point": point}) as medium:
        store = Store("/r", Log())
        assert wifi(store) == [(3, "a"), (1, "b")]
        for one in (store, Store("/r", Log())):
            assert one.secret(KEY % 1) == "password b"
            assert one.secret("network.access_point.password") == "password p"
        assert b"password b" not in medium.files[SETTINGS]
        assert b"password p" not in medium.files[SETTINGS]


def test_networks_keep_their_passwords_when_older_settings_return():
    with disk() as medium:
        store = Store("/r", Log())
        save(store, {"ssid": "a", "password": "password a"})
        save(store, {"ssid": "a", "id": 1, "password": "password 2", "priority": 3})
        medium.files[SETTINGS] = b"{"
        assert Store("/r", Log()).secret(KEY % 1) == "password 2", (
            "the device stays in its network"
        )
