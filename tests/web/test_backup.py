"""Backups: what they hold, that their secrets open only to the passphrase, and what restoring one changes.

A real server under the Unix port of MicroPython; what it encrypts is decrypted by another implementation.
"""

import base64
import contextlib
import copy
import hashlib
import hmac
import json

import pki
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from page_server import BASIC, ask, serving, told

BACKUP, RESTORE, SETTINGS = "/api/v1/backup", "/api/v1/restore", "/api/v1/settings"
PASSPHRASE = "correct horse"
TOKEN = "T0P-S3CRET"
KEY = "destinations.1.auth.token"
CAR = {"car_model": "Kia: e-Niro", "pids": [{"pid": "2201019", "parameters": {"SOC": "B10/2.5"}}]}


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("Garage CA")


@pytest.fixture(scope="module")
def pair(authority):
    return authority.client("van")


@pytest.fixture
def port():
    """A device with little on it."""
    with device() as port:
        yield port


@pytest.fixture(scope="module")
def full(authority, pair):
    """A device with everything that a backup holds, and its backup."""
    with device() as port:
        fill(port, authority, pair)
        yield port, post(port, BACKUP, passphrase=PASSPHRASE)[1]


@contextlib.contextmanager
def device():
    with serving() as port:
        empty = {"settings": {"device": {"name": "empty", "set_up": True}}}
        assert told(port, SETTINGS, "PUT", {}, json.dumps(empty).encode())[0] == 200
        yield port


def fill(port, authority, pair):
    put(
        port, "/api/v1/certificates/garage", ca=authority.pem, cert=pair.cert_pem, key=pair.key_pem
    )
    put(port, "/api/v1/certificates/public", ca=b"default")
    told(port, "/api/v1/profile", "PUT", {}, json.dumps(CAR).encode())
    settings = {
        "device": {"name": "van", "set_up": True},
        "destinations": [
            {
                "name": "Fleet",
                "url": "https://fleet.example/in",
                "cert_set": "garage",
                "auth": {"type": "bearer", "token": TOKEN},
            }
        ],
        "network": {"wifi": [{"ssid": "Home", "password": "wifi s3cret"}]},
    }
    assert told(port, SETTINGS, "PUT", {}, json.dumps({"settings": settings}).encode())[0] == 200


def put(port, path, **fields):
    body = json.dumps({name: value.decode() for name, value in fields.items()}).encode()
    status, answer = told(port, path, "PUT", {}, body)
    assert status == 200, answer


def post(port, path, **document):
    return told(port, path, "POST", {}, json.dumps(document).encode())


def restore(port, backup, **more):
    return post(port, RESTORE, backup=backup, **more)


def settings_of(port):
    return told(port, SETTINGS)[1]["settings"]


def state(port):
    """All that a backup can change."""
    found = dict(told(port, BACKUP)[1])
    del found["made_s"]
    return found


def codes(problems):
    return sorted((problem["field"], problem["code"]) for problem in problems)


def canonical(data):
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def seal_of(backup, passphrase):
    """(a function that gives the MAC of encrypted data, the cipher) as the description of the format says."""
    sealed = backup["secrets"]
    salt, iv = (bytes.fromhex(sealed[name]) for name in ("salt", "iv"))
    root = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, sealed["iterations"])
    digest = hashlib.sha256(
        canonical(backup["settings"]) + canonical(backup["cert_sets"])
    ).digest()
    mac_key = hmac.digest(root, b"authentication", "sha256")
    key = hmac.digest(root, b"encryption", "sha256")
    cipher = Cipher(algorithms.AES(key), modes.CTR(iv)).decryptor()
    return lambda data: hmac.digest(mac_key, digest + iv + data, "sha256").hex(), cipher


def unsealed(backup, passphrase):
    """The secrets in a backup."""
    mac, cipher = seal_of(backup, passphrase)
    data = base64.b64decode(backup["secrets"]["data"])
    assert mac(data) == backup["secrets"]["mac"]
    return json.loads(cipher.update(data) + cipher.finalize())


def sealed(backup, passphrase, plain):
    """The backup with something else in the place of its secrets."""
    mac, cipher = seal_of(backup, passphrase)
    data = cipher.update(plain) + cipher.finalize()
    parts = {"data": base64.b64encode(data).decode(), "mac": mac(data)}
    return {**backup, "secrets": {**backup["secrets"], **parts}}


# Making


def test_a_backup_is_a_file_with_everything_but_secrets(full, authority, pair):
    port, _ = full
    response, body = ask(port, BACKUP)
    assert response.headers["Content-Disposition"] == 'attachment; filename="van-backup.json"'
    backup = json.loads(body)
    assert (backup["format"], backup["version"]) == ("wican-backup", 1)
    assert (backup["device"], backup["firmware"]) == ("30aea4000001", "0.1.0")
    assert backup["settings"] == settings_of(port) and backup["profile"] == CAR
    assert backup["cert_sets"] == {
        "garage": {"ca": authority.pem.decode(), "cert": pair.cert_pem.decode()},
        "public": {"ca": "default", "cert": None},
    }
    assert "secrets" not in backup
    for secret in (TOKEN, "wifi s3cret", "PRIVATE KEY", "pbkdf2-sha256$"):
        assert secret.encode() not in body


def test_secrets_are_in_it_only_under_a_passphrase(full):
    _, backup = full
    text = json.dumps(backup)
    for secret in (TOKEN, "wifi s3cret", "PRIVATE KEY", "pbkdf2-sha256$"):
        assert secret not in text
    assert backup["secrets"]["kdf"] == "pbkdf2-hmac-sha256"
    assert (
        backup["secrets"]["cipher"] == "aes-256-ctr" and backup["secrets"]["iterations"] >= 50_000
    )


def test_another_implementation_can_open_them(full):
    secrets = unsealed(full[1], PASSPHRASE)
    key = secrets.pop("certs.garage.key")
    assert pki.read_key(key.encode()) is not None
    assert secrets == {KEY: TOKEN, "network.wifi.1.password": "wifi s3cret"}


def test_two_backups_have_nothing_secret_in_common(full):
    port, first = full
    second = post(port, BACKUP, passphrase=PASSPHRASE)[1]["secrets"]
    assert not {first["secrets"][name] for name in ("salt", "iv", "data", "mac")} & {
        second[name] for name in ("salt", "iv", "data", "mac")
    }


@pytest.mark.parametrize(
    ("document", "status", "found"),
    [
        ({}, 400, ("passphrase", "type")),
        ({"passphrase": 12345678}, 400, ("passphrase", "type")),
        ({"passphrase": "short"}, 422, ("passphrase", "too_short")),
        ({"passphrase": "x" * 129}, 422, ("passphrase", "too_long")),
        ({"passphrase": PASSPHRASE, "to": "me"}, 400, ("to", "unknown_setting")),
    ],
)
def test_a_passphrase_has_its_rules(full, document, status, found):
    assert (status, [found]) == (lambda one: (one[0], codes(one[1])))(
        post(full[0], BACKUP, **document)
    )


# Restoring


def test_a_backup_makes_another_device_the_same(full, port, authority):
    source, backup = full
    status, done = restore(port, backup, passphrase=PASSPHRASE)
    assert status == 200, done
    assert done["revision"] == told(port, SETTINGS)[1]["revision"]
    assert state(port) == state(source)
    assert unsealed(post(port, BACKUP, passphrase="other words")[1], "other words") == unsealed(
        backup, PASSPHRASE
    )
    garage = told(port, "/api/v1/certificates/garage")[1]
    assert garage["has_key"] and garage["ca"][0]["subject"] == "Garage CA"


def test_the_password_of_the_page_stays_the_devices_own(full, port):
    assert restore(port, full[1], passphrase=PASSPHRASE)[0] == 200
    assert ask(port, SETTINGS, BASIC)[0].status == 200


def test_what_would_change_is_told_before(full, port):
    before = state(port)
    status, plan = restore(port, full[1], passphrase=PASSPHRASE, check=True)
    assert (status, plan["problems"], plan["more"]) == (200, [], 0)
    rows = {row["field"]: (row["from"], row["to"]) for row in plan["changes"]}
    assert rows == {
        "device.name": ("empty", "van"),
        "destinations[0]": (None, "Fleet"),
        "network.wifi[0]": (None, "Home"),
        KEY: (None, "new"),
        "network.wifi.1.password": (None, "new"),
        "cert_sets.garage": (None, "new"),
        "cert_sets.public": (None, "new"),
        "profile": (None, "Kia: e-Niro"),
    }
    assert state(port) == before, "nothing was changed"
    assert TOKEN not in json.dumps(plan)


def test_what_is_restored_again_changes_nothing(full, port):
    restore(port, full[1], passphrase=PASSPHRASE)
    plan = restore(port, full[1], passphrase=PASSPHRASE, check=True)[1]
    assert plan == {"changes": [], "more": 0, "problems": []}


def test_on_the_same_device_secrets_are_kept_without_a_passphrase(port, authority, pair):
    fill(port, authority, pair)
    backup = told(port, BACKUP)[1]
    changed = {"settings": {"device": {"name": "other"}, "log": {"level": "debug"}}}
    assert told(port, SETTINGS, "PATCH", {}, json.dumps(changed).encode())[0] == 200
    assert restore(port, backup)[0] == 200
    assert state(port) == {name: backup[name] for name in backup if name != "made_s"}


def test_what_lacks_its_secrets_is_named_and_nothing_is_changed(full, port):
    backup = told(full[0], BACKUP)[1]
    before = state(port)
    expected = [
        ("cert_sets.garage.key", "field_empty"),
        ("settings.destinations[0].auth.token", "field_empty"),
    ]
    status, plan = restore(port, backup, check=True)
    assert (status, codes(plan["problems"])) == (200, expected)
    status, problems = restore(port, backup)
    assert (status, codes(problems)) == (422, expected)
    assert state(port) == before


def test_lacking_secrets_can_be_given_with_the_backup(full, port, pair):
    backup = told(full[0], BACKUP)[1]
    given = {KEY: TOKEN, "certs.garage.key": pair.key_pem.decode()}
    assert restore(port, backup, secrets=given)[0] == 200
    assert settings_of(port)["destinations"][0]["auth"]["token"] == {"set": True}


def test_a_secret_is_never_inherited_by_another_address(full, port):
    backup = told(full[0], BACKUP)[1]
    backup["cert_sets"] = {}
    restore(port, full[1], passphrase=PASSPHRASE)
    backup["settings"]["destinations"][0]["url"] = "https://evil.example/in"
    backup["settings"]["network"]["wifi"][0]["ssid"] = "Other"
    status, plan = restore(port, backup, check=True)
    assert codes(plan["problems"]) == [("settings.destinations[0].auth.token", "field_empty")]
    rows = {row["field"]: (row["from"], row["to"]) for row in plan["changes"]}
    assert rows[KEY] == rows["network.wifi.1.password"] == ("set", None)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("destinations", 0, "transport", "connect_to"), "192.168.1.66"),
        (("destinations", 0, "tls", "server_name"), "evil.example"),
        (("destinations", 0, "cert_set"), "default"),
        (("cert_sets", "garage"), {"ca": "default", "cert": None}),
    ],
)
def test_a_secret_is_never_inherited_by_who_may_be_somebody_else(full, port, place, value):
    backup = told(full[0], BACKUP)[1]
    restore(port, full[1], passphrase=PASSPHRASE)
    assert restore(port, backup, check=True)[1]["changes"] == []
    holder = backup if place[0] == "cert_sets" else backup["settings"]
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = value
    rows = restore(port, backup, check=True)[1]["changes"]
    assert {"field": KEY, "from": "set", "to": None} in rows


@pytest.mark.parametrize(
    "place", [("settings", "destinations", 0, "url"), ("cert_sets", "public", "ca")]
)
def test_who_changes_a_backup_has_not_got_its_secrets_any_more(full, port, place):
    backup = copy.deepcopy(full[1])
    holder = backup
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = "https://evil.example/in"
    status, problems = restore(port, backup, passphrase=PASSPHRASE)
    assert (status, codes(problems)) == (422, [("passphrase", "wrong_passphrase")])


def test_a_wrong_passphrase_opens_nothing(full, port):
    before = state(port)
    status, problems = restore(port, full[1], passphrase="wrong words")
    assert (status, codes(problems)) == (422, [("passphrase", "wrong_passphrase")])
    status, problems = restore(port, told(full[0], BACKUP)[1], passphrase=PASSPHRASE)
    assert (status, codes(problems)) == (422, [("passphrase", "no_secrets")])
    assert state(port) == before


@pytest.mark.parametrize("plain", [b"[]", b"{1:2}", b"\xff", b'{"web.password":"12345678"}'])
def test_whoever_sealed_them_secrets_are_judged(full, port, plain):
    backup = sealed(full[1], PASSPHRASE, plain)
    status, [problem] = restore(port, backup, passphrase=PASSPHRASE)
    assert status == 422 and "secrets" in problem["field"] + problem["code"]


@pytest.mark.parametrize(
    "changes",
    [
        {"data": 5},
        {"iv": "00"},
        {"salt": 5},
        {"iterations": 0},
        {"iterations": 10**9},
        {"iterations": "60000"},
        {"kdf": "none"},
        {"mac": None},
    ],
)
def test_damaged_secrets_are_told_from_a_wrong_passphrase(full, port, changes):
    backup = dict(full[1], secrets={**full[1]["secrets"], **changes})
    status, problems = restore(port, backup, passphrase=PASSPHRASE)
    assert (status, codes(problems)) == (422, [("backup", "secrets")])
    backup = dict(full[1], secrets="all of them")
    assert codes(restore(port, backup, passphrase=PASSPHRASE)[1]) == [("backup", "secrets")]


def test_every_part_is_judged_before_anything_is_changed(full, port, authority):
    before = state(port)
    backup = copy.deepcopy(full[1])
    backup["settings"]["web"]["port"] = 0
    backup["profile"] = {"pids": []}
    backup["cert_sets"]["garage"]["cert"] = pki.Authority("Other CA").client("x").cert_pem.decode()
    backup["cert_sets"]["../up"] = {"ca": "default", "cert": None}
    del backup["secrets"]
    given = {KEY: TOKEN, "certs.garage.key": authority.client("y").key_pem.decode()}
    status, problems = restore(port, backup, secrets=given)
    assert (status, codes(problems)) == (
        422,
        [
            ("cert_sets.../up", "characters"),
            ("cert_sets.garage.key", "key_mismatch"),
            ("profile.pids", "profile"),
            ("settings.web.port", "range"),
        ],
    )
    assert state(port) == before


def test_if_the_last_part_cannot_be_written_the_others_are_taken_back(full, port, authority):
    put(port, "/api/v1/certificates/public", ca=authority.pem)
    before = state(port)
    backup = told(full[0], BACKUP)[1]
    backup["settings"]["destinations"][0]["cycle_ms"] = 1234  # judged to be good, but not written
    backup["cert_sets"]["garage"]["cert"] = None
    backup["cert_sets"]["public"]["ca"] = "default"
    status, problems = restore(port, backup, secrets={KEY: TOKEN})
    assert (status, codes(problems)) == (500, [("", "storage")])
    assert state(port) == before


def test_there_is_room_for_so_many_cert_sets(full, port):
    many = {"set%d" % number: {"ca": "default", "cert": None} for number in range(11)}
    backup = {"format": "wican-backup", "version": 1, "cert_sets": many}
    assert codes(restore(port, backup)[1]) == [("cert_sets", "too_many")]


def test_a_part_alone_changes_nothing_else(full, port):
    before = state(port)
    assert restore(port, {"format": "wican-backup", "version": 1, "profile": CAR})[0] == 200
    assert state(port) == dict(before, profile=CAR)
    assert restore(port, {"format": "wican-backup", "version": 1, "profile": None})[0] == 200
    assert state(port) == before


@pytest.mark.parametrize(
    ("document", "status", "found"),
    [
        ({}, 400, ("backup", "type")),
        ({"backup": {}}, 422, ("backup", "format")),
        ({"backup": {"format": "wican-backup", "version": 2}}, 422, ("backup", "version")),
        (
            {"backup": {"format": "wican-backup", "version": 1, "settings": 5}},
            422,
            ("settings", "type"),
        ),
        (
            {"backup": {"format": "wican-backup", "version": 1, "cert_sets": 5}},
            422,
            ("cert_sets", "type"),
        ),
        ({"backup": {}, "secrets": []}, 422, ("backup", "format")),
        ({"backup": {}, "secrets": [1]}, 400, ("secrets", "type")),
        ({"backup": {}, "more": 1}, 400, ("more", "unknown_setting")),
    ],
)
def test_what_is_no_backup_is_refused(port, document, status, found):
    answer = post(port, RESTORE, **document)
    assert (answer[0], codes(answer[1])) == (status, [found])


def test_a_password_of_the_page_cannot_come_in_with_a_backup(port):
    settings = {"web": {"password": "pbkdf2-sha256$1$00$00"}}
    backup = {"format": "wican-backup", "version": 1, "settings": settings}
    assert codes(restore(port, backup)[1]) == [("web.password", "elsewhere")]
    backup["settings"] = {}
    status, problems = restore(port, backup, secrets={"web.password": "correct battery"})
    assert (status, codes(problems)) == (422, [("secrets.web.password", "type")])


def test_nothing_of_it_is_for_everybody(full):
    for method, path in (("GET", BACKUP), ("POST", BACKUP), ("POST", RESTORE)):
        assert ask(full[0], path, {}, method)[0].status == 401
