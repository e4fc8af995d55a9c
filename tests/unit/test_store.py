"""How settings are loaded whatever the files hold, saved, kept secret, and watched."""

import asyncio
import json

import config.files
import config.secrets
import transient
from config.store import Store
from disk import Disk
from helper import run

transient.ON_DEVICE = False  # what the disk is put under has to stay the same module

URL = "https://api.example.com/in"
SETTINGS = "/r/config/settings.json"
SECRETS = "/r/config/secrets.json"
TOKEN = "destinations.%d.auth.token"


class Log:
    """Notes what a store tells its logger."""

    def __init__(self):
        self.warnings = []
        self.secrets = []

    def warning(self, format, *arguments):
        self.warnings.append(format % arguments)

    def redact(self, value):
        self.secrets.append(value)


def disk(**files):
    """A disk that holds JSON objects or bytes under the names settings, settings_1, secrets, …"""
    content = {}
    for name, data in files.items():
        name, _, number = name.partition("_")
        path = "/r/config/%s.json%s" % (name, number and "." + number)
        content[path] = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Disk(config.files, config.secrets, files=content)


def store_of(log=None, checks=None):
    return Store("/r", log or Log(), checks)


def destination(**changes):
    return dict({"name": "cloud", "url": URL}, **changes)


def bearer(token, **changes):
    return destination(auth={"type": "bearer", "token": token}, **changes)


def on_disk(medium):
    return b"".join([medium.files[path] for path in medium.files])


def test_a_new_device_starts_with_defaults_and_without_complaint():
    with disk() as medium:
        store = store_of()
        assert store.settings["web"]["port"] == 80
        assert store.problems == store.notices == []
        assert store.revision == 0 and store.secret("web.password") is None
        assert medium.files == {}, "nothing is written before somebody saves"
        assert medium.folders == ["/r", "/r/config"]


def test_what_was_saved_is_there_after_a_restart():
    with disk():
        store = store_of()
        draft = store.draft()
        draft["web"]["port"] = 8080
        draft["destinations"].append(bearer("T0KEN"))
        assert store.save(draft, {"web.password": "correct horse"}) == []
        again = store_of()
        for one in (store, again):
            assert one.settings["web"]["port"] == 8080
            assert one.settings["destinations"][0]["id"] == 1
            assert one.secret(TOKEN % 1) == "T0KEN"
            assert one.secret("web.password") == "correct horse"
            assert one.revision == 1
        assert again.settings == store.settings
        assert again.problems == again.notices == []


def test_secrets_are_not_in_the_settings_file():
    with disk() as medium:
        store = store_of()
        assert store.save({"destinations": [bearer("T0KEN")]}) == []
        assert b"T0KEN" not in medium.files[SETTINGS]
        assert b"T0KEN" in medium.files[SECRETS]
        assert "T0KEN" not in json.dumps(store.settings)


def test_a_wrong_document_changes_nothing():
    with disk() as medium:
        store = store_of()
        store.save({"web": {"port": 8080}})
        files = dict(medium.files)
        problems = store.save({"web": {"port": 0}}, {"web.password": "short", "web.pin": "1"})
        assert sorted([(problem["field"], problem["code"]) for problem in problems]) == [
            ("web.password", "too_short"),
            ("web.pin", "unknown_setting"),
            ("web.port", "range"),
        ]
        assert store.settings["web"]["port"] == 8080 and store.revision == 1
        assert medium.files == files


def test_saving_the_same_again_spares_the_flash():
    with disk() as medium:
        store = store_of()
        store.save({"destinations": [bearer("T0KEN")]})
        steps = medium.steps
        assert store.save(store.draft(), {TOKEN % 1: "T0KEN"}) == []
        assert medium.steps == steps and store.revision == 1
        store = store_of()
        assert store.save(dict(store.draft(), revision=77)) == []
        assert medium.steps == steps


def test_settings_can_be_judged_without_being_saved():
    with disk() as medium:
        store = store_of()
        store.save({"destinations": [bearer("T0KEN", id=1)]})
        steps, before = medium.steps, store.settings
        settings, problems = store.check({"web": {"port": 81}, "destinations": [bearer("NEW")]})
        assert problems == [] and settings["web"]["port"] == 81
        _, problems = store.check({"web": {"port": 0}}, {"web.password": "short"})
        assert [problem["code"] for problem in problems] == ["too_short", "range"]
        assert medium.steps == steps and store.settings is before
        assert store.secret(TOKEN % 1) == "T0KEN" and store.revision == 1


def test_a_document_of_any_size_is_written_whole():
    many = [
        {"name": "p%d" % number, "pid": "22F190", "expression": "B4", "unit": 'äö"\\' * 5}
        for number in range(200)
    ]
    with disk() as medium:
        store = store_of()
        assert (
            store.save({"autopid": {"custom": {"parameters": many}}, "clock": {"servers": []}})
            == []
        )
        assert json.loads(medium.files[SETTINGS]) == dict(store.settings, revision=1)
        assert store_of().settings == store.settings


def test_a_damaged_file_gives_way_to_the_one_before():
    whole = json.dumps({"web": {"port": 8080}}).encode()
    for damaged in (b"", b"\x00\xff", b"[]", b"null", whole + b"x", whole[:-1], b'{"a":"\xff"}'):
        with disk(settings=damaged, settings_1={"web": {"port": 81}, "revision": 4}):
            log = Log()
            store = store_of(log)
            assert store.settings["web"]["port"] == 81, damaged
            assert store.revision == 4
            assert len(store.notices) == 1 and SETTINGS in store.notices[0], store.notices
            assert log.warnings == store.notices


def test_every_truncation_is_noticed():
    settings = {"destinations": [destination()], "web": {"port": 8080}, "revision": 1}
    whole = json.dumps(settings, separators=(",", ":")).encode()
    for size in range(len(whole)):
        with disk(settings=whole[:size]):
            store = store_of()
            assert store.notices and store.settings["web"]["port"] == 80, size


def test_a_missing_file_gives_way_to_the_one_before():
    with disk(settings_1={"web": {"port": 81}}):
        store = store_of()
        assert store.settings["web"]["port"] == 81 and "missing" in store.notices[0]


def test_with_both_files_damaged_the_device_still_starts():
    with disk(settings=b"{", settings_1=b"}", secrets=b"?", secrets_1=b"!"):
        store = store_of()
        assert store.settings["web"]["port"] == 80 and len(store.notices) == 2
        assert store.save({"web": {"port": 82}}, {"web.password": "correct horse"}) == []
        again = store_of()
        assert again.settings["web"]["port"] == 82
        assert again.secret("web.password") == "correct horse" and again.notices == []


def test_a_damaged_file_never_replaces_the_good_one_before():
    with disk(settings=b"{", settings_1={"web": {"port": 81}}) as medium:
        store_of().save({"web": {"port": 82}})
        assert json.loads(medium.files[SETTINGS + ".1"])["web"]["port"] == 81
        store_of().save({"web": {"port": 83}})
        assert json.loads(medium.files[SETTINGS + ".1"])["web"]["port"] == 82


def test_a_damaged_secrets_file_is_restored_from_its_twin():
    for damaged in (b"", b'{"web.password":"corr', None):
        with disk() as medium:
            store_of().save({}, {"web.password": "correct horse"})
            for path in (SECRETS, SECRETS + ".1"):
                medium.files.pop(path) if damaged is None else medium.files.update({path: damaged})
                store = store_of()
                assert store.secret("web.password") == "correct horse", (path, damaged)
                assert json.loads(medium.files[path])["web.password"] == "correct horse"


def test_a_problem_in_one_entry_stops_only_that_entry():
    settings = {"destinations": [destination(id=1), destination(id=2, name="b", cycle_ms=5)]}
    with disk(settings=settings):
        log = Log()
        store = store_of(log)
        assert [item["enabled"] for item in store.settings["destinations"]] == [True, False]
        assert [problem["field"] for problem in store.problems] == ["destinations[1].cycle_ms"]
        assert len(log.warnings) == 1 and "destinations[1].cycle_ms" in log.warnings[0]
        draft = store.draft()
        draft["destinations"][1].update({"cycle_ms": 5000, "enabled": True})
        assert store.save(draft) == [] and store.problems == []


def test_what_other_parts_check_counts_when_loading_too():
    with disk(settings={"destinations": [destination(cert_set="gone")]}):
        store = store_of(
            checks=lambda: {"cert_set": lambda name: ("cert_set_unknown", "Not there.")}
        )
        assert not store.settings["destinations"][0]["enabled"]
        assert store.problems[0]["code"] == "cert_set_unknown"


def test_a_bearer_destination_without_its_token_is_off():
    with disk(settings={"destinations": [destination(id=1, auth={"type": "bearer"})]}):
        store = store_of()
        assert not store.settings["destinations"][0]["enabled"]
        assert store.problems[0]["code"] == "field_empty"


def test_deleting_a_destination_removes_its_secrets_everywhere():
    with disk() as medium:
        store = store_of()
        store.save({"destinations": [bearer("T0KEN-A", id=1), bearer("T0KEN-B", id=2, name="b")]})
        draft = store.draft()
        del draft["destinations"][0]
        assert store.save(draft) == []
        assert store.secret(TOKEN % 1) is None and store.secret(TOKEN % 2) == "T0KEN-B"
        assert b"T0KEN-A" not in on_disk(medium) and b"T0KEN-B" in on_disk(medium)


def test_a_new_destination_never_inherits_a_secret():
    with disk():
        store = store_of()
        store.save({"destinations": [bearer("T0KEN-A", id=1)]})
        replaced = {"destinations": [destination(name="stranger", auth={"type": "bearer"})]}
        assert [problem["code"] for problem in store.save(replaced)] == ["field_empty"]
        replaced["destinations"][0]["auth"]["type"] = "none"
        assert store.save(replaced) == []
        assert store.settings["destinations"][0]["id"] == 2 and store.secret(TOKEN % 1) is None
    with disk(settings={"destinations": [destination(id=2)]}, secrets={TOKEN % 1: "0RPHAN"}):
        assert store_of().secret(TOKEN % 1) is None


def test_secrets_are_kept_replaced_and_cleared():
    with disk() as medium:
        store = store_of()
        store.save({"destinations": [bearer("T0KEN-A")]})
        draft = store.draft()
        draft["destinations"][0]["auth"]["token"] = {"set": True, "updated": 0}
        assert store.save(draft) == [] and store.secret(TOKEN % 1) == "T0KEN-A"
        assert store.save(store.draft(), {TOKEN % 1: "T0KEN-B"}) == []
        assert store.secret(TOKEN % 1) == "T0KEN-B" and b"T0KEN-A" not in on_disk(medium)
        assert store.save(store.draft(), {TOKEN % 1: None})[0]["code"] == "field_empty"
        draft = store.draft()
        draft["destinations"][0]["auth"] = {"type": "none", "token": None}
        assert store.save(draft) == [] and store.secret(TOKEN % 1) is None
        assert b"T0KEN-B" not in on_disk(medium)


def test_secrets_written_into_the_settings_file_are_moved():
    settings = {"destinations": [bearer("T0KEN", id=3)], "web": {"password": "correct horse"}}
    with disk(settings=settings) as medium:
        store = store_of()
        assert store.secret(TOKEN % 3) == "T0KEN"
        assert store.secret("web.password") == "correct horse" and store.problems == []
        for path in medium.files:
            if "secrets" not in path:
                assert b"T0KEN" not in medium.files[path], path
        assert store_of().secret(TOKEN % 3) == "T0KEN"


def test_such_secrets_are_moved_even_beside_a_problem():
    wrong = bearer("0THER", name="b", url="http://a.example/")
    settings = {"destinations": [wrong, bearer("T0KEN", id=3)], "wbe": 1}
    with disk(settings=settings) as medium:
        for _ in range(2):
            store = store_of()
            assert store.secret(TOKEN % 3) == "T0KEN" and store.secret(TOKEN % 1) == "0THER"
            assert [item["enabled"] for item in store.settings["destinations"]] == [False, True]
            assert sorted([problem["field"] for problem in store.problems]) == [
                "destinations[0].url",
                "wbe",
            ]
        for path in medium.files:
            if "secrets" not in path:
                assert b"T0KEN" not in medium.files[path] and b"0THER" not in medium.files[path]
        left = json.loads(medium.files[SETTINGS])
        assert left["wbe"] == 1, "left for the user to correct"
        assert left["destinations"][0] == dict(wrong, id=1, auth={"type": "bearer"})


def test_a_login_in_an_address_written_by_hand_is_moved_as_well():
    settings = {
        "destinations": [
            destination(url="https://me:p%40ss@a.example/in?x=1"),
            destination(id=1, name="b", url="https://you:0ther@b.example/", auth={"login": "a:b"}),
            destination(name="c", url="http://her:th1rd@c.example/"),
            destination(name="d", auth={"login": "him:f0urth"}),
        ]
    }
    with disk(settings=settings) as medium:
        for _ in range(2):
            store = store_of()
            logins = [store.secret("destinations.%d.auth.login" % id) for id in range(1, 5)]
            assert logins == ["you:0ther", "me:p@ss", "her:th1rd", "him:f0urth"], logins
            assert [problem["code"] for problem in store.problems] == ["plaintext_not_allowed"]
        urls = ["https://a.example/in?x=1", "https://b.example/", "http://c.example/", URL]
        for held in (store.settings, json.loads(medium.files[SETTINGS])):
            assert [item["url"] for item in held["destinations"]] == urls
        left = b"".join([medium.files[path] for path in medium.files if "secrets" not in path])
        for secret in (b"p%40ss", b"0ther", b"th1rd", b"f0urth", b"a:b"):
            assert secret not in left, secret


def test_a_login_in_an_address_is_a_secret_from_then_on():
    login = "destinations.1.auth.login"
    with disk() as medium:
        log = Log()
        store = store_of(log)
        wrong = destination(url="https://me:s3cret@a.example/", cycle_ms=1)
        assert store.save({"destinations": [wrong]}) and b"s3cret" not in on_disk(medium)
        assert store.save({"destinations": [dict(wrong, cycle_ms=0)]}) == []
        assert store.settings["destinations"][0]["url"] == "https://a.example/"
        assert b"s3cret" not in medium.files[SETTINGS] and "me:s3cret" in log.secrets
        assert store.save(store.draft()) == [] and store.secret(login) == "me:s3cret"
        assert store.save(store.draft(), {login: "you:0ther"}) == []
        assert store.secret(login) == "you:0ther"
        assert store.save(store.draft(), {login: None}) == [] and store.secret(login) is None
        assert b"0ther" not in on_disk(medium)


def test_after_saving_every_setting_of_a_destination_is_there():
    with disk() as medium:
        data = {"destinations": [destination(preset="abrp", auth={"token": "T0KEN"})]}
        assert store_of().save(data) == []
        left = json.loads(medium.files[SETTINGS])["destinations"][0]
        assert left == store_of().settings["destinations"][0] and left["preset"] == "abrp"
        assert left["body"]["format"] == "abrp" and left["queue"]["mode"] in (
            "none",
            "ram",
            "flash",
        )


def test_such_secrets_work_even_if_they_cannot_be_moved():
    with disk(settings={"destinations": [bearer("T0KEN", id=3)]}) as medium:
        medium.full = ""
        store = store_of()
        assert store.secret(TOKEN % 3) == "T0KEN" and store.problems == []
        assert len(store.notices) == 1 and "settings file" in store.notices[0]
        medium.full = None
        assert store_of().notices == [] and b"T0KEN" not in medium.files[SETTINGS]


def test_a_secret_is_saved_whatever_is_wrong_with_the_settings():
    settings = {"version": 1, "destinations": [destination(id=1, url="http://a.example/")]}
    with disk(settings=settings) as medium:
        store = store_of()
        web = store.watch("web")
        assert store.save_secrets({"web.password": "correct horse"}) == []
        assert web.changed()
        for one in (store, store_of()):
            assert one.secret("web.password") == "correct horse"
            assert [problem["field"] for problem in one.problems] == ["destinations[0].url"]
        assert json.loads(medium.files[SETTINGS]) == dict(settings, revision=1)
        assert store_of().save_secrets({"web.password": None}) == []
        assert store_of().secret("web.password") is None


def test_a_wrong_secret_changes_nothing():
    with disk() as medium:
        store = store_of()
        problems = store.save_secrets({"web.password": "short", "web.pin": "1"})
        assert sorted([problem["code"] for problem in problems]) == [
            "too_short",
            "unknown_setting",
        ]
        medium.full = ""
        problems = store.save_secrets({"web.password": "correct horse"})
        assert [problem["code"] for problem in problems] == ["storage"]
        assert store.secret("web.password") is None and store.revision == 0


def test_a_new_destination_does_not_get_the_id_of_one_removed_in_the_same_save():
    with disk():
        store = store_of()
        store.save({"destinations": [destination(), destination(name="b")]})
        store.save({"destinations": [destination(id=2), destination(name="new")]})
        assert [item["id"] for item in store.settings["destinations"]] == [2, 3]
        six = [destination(name="d%d" % number, id=number) for number in range(1, 7)]
        store.save({"destinations": six})
        assert store.save({"destinations": six[1:] + [destination(name="new")]}) == []
        assert store.settings["destinations"][5]["id"] == 1, "no other is left"


def test_settings_older_than_the_secrets_get_no_secrets_of_destinations():
    with disk() as medium:
        store = store_of()
        store.save({"destinations": [bearer("T0KEN-A", id=1, url="https://old.example/")]})
        store.save({"destinations": [bearer("T0KEN-B", id=1)]}, {"web.password": "correct horse"})
        medium.files[SETTINGS] = b"{"
        store = store_of()
        assert store.settings["destinations"][0]["url"] == "https://old.example/"
        assert store.secret(TOKEN % 1) is None and not store.settings["destinations"][0]["enabled"]
        assert store.secret("web.password") == "correct horse"
        assert "older" in store.notices[1], store.notices
        store.save({"destinations": [bearer("T0KEN-C", id=1)]})
        again = store_of()
        assert again.secret(TOKEN % 1) == "T0KEN-C" and again.notices == []


def test_settings_written_by_hand_keep_the_secrets():
    with disk() as medium:
        store_of().save({"destinations": [bearer("T0KEN", id=1)]})
        settings = {"destinations": [bearer({"set": True}, id=1)]}
        medium.files[SETTINGS] = json.dumps(settings).encode()
        store = store_of()
        assert store.secret(TOKEN % 1) == "T0KEN" and store.notices == []
        assert store.save(dict(store.draft(), web={"port": 81})) == []
        assert store_of().secret(TOKEN % 1) == "T0KEN"


def test_a_refused_secret_is_not_reported_as_missing_as_well():
    with disk():
        data = {"destinations": [destination(id=1, auth={"type": "bearer"})]}
        problems = store_of().save(data, {TOKEN % 1: "two\nlines"})
        assert [(problem["field"], problem["code"]) for problem in problems] == [
            (TOKEN % 1, "characters")
        ]


def test_the_log_learns_every_secret():
    log = Log()
    with disk(secrets={"web.password": "correct horse"}):
        store = store_of(log)
        assert log.secrets == ["correct horse"]
        store.save({"destinations": [bearer("T0KEN")]})
        assert "T0KEN" in log.secrets


def test_a_full_flash_is_a_problem_and_changes_nothing():
    with disk() as medium:
        store = store_of()
        store.save({"destinations": [bearer("T0KEN-A")]})
        medium.full = ""
        draft = store.draft()
        draft["web"]["port"] = 8080
        problems = store.save(draft, {TOKEN % 1: "T0KEN-B"})
        assert [problem["code"] for problem in problems] == ["storage"]
        assert store.save_profile({"a": 1})[0]["code"] == "storage"
        for one in (store, store_of()):
            assert one.settings["web"]["port"] == 80 and one.secret(TOKEN % 1) == "T0KEN-A"
        medium.full = None
        assert store.save(draft) == []
        again = store_of()
        assert again.settings["web"]["port"] == 8080 and again.secret(TOKEN % 1) == "T0KEN-A"


def test_a_secret_whose_settings_could_not_be_written_never_counts():
    with disk() as medium:
        store = store_of()
        store.save({"destinations": [bearer("T0KEN-A")]})
        medium.full = "settings"
        assert store.save({"destinations": [bearer("T0KEN-B", id=1)]})[0]["code"] == "storage"
        medium.full = None
        draft = store.draft()
        draft["web"]["port"] = 8080
        assert store.save(draft) == []
        for one in (store, store_of()):
            assert one.secret(TOKEN % 1) == "T0KEN-A" and one.settings["web"]["port"] == 8080
        assert b"T0KEN-B" not in on_disk(medium)


def test_a_secret_for_no_destination_is_not_kept():
    with disk() as medium:
        store = store_of()
        assert store.save({"destinations": [destination()]}, {TOKEN % 5: "T0KEN"}) == []
        assert store.secret(TOKEN % 5) is None and b"T0KEN" not in on_disk(medium)


def test_parts_hear_of_changes_of_their_sections_only():
    with disk():
        store = store_of()
        web, delivery = store.watch("web"), store.watch("destinations", "profile")
        assert not web.changed()
        store.save({"web": {"port": 8080}})
        assert web.changed() and not delivery.changed()
        assert not web.changed(), "each change is told once"
        draft = store.draft()
        draft["destinations"].append(destination())
        store.save(draft)
        assert delivery.changed() and not web.changed()
        store.save(store.draft(), {TOKEN % 1: "T0KEN"})
        assert delivery.changed(), "a secret belongs to its section"
        ids = store.watch("ids")
        assert store.save_secrets({"ids.custom3": "key"}) == [] and ids.changed()
        store.save(store.draft(), {"ids.custom3": "another"})
        assert ids.changed() and store.secret("ids.custom3") == "another"
        store.save_profile({"a": 1})
        assert delivery.changed() and not web.changed()
        store.save({"web": {"port": 0}})
        assert not web.changed(), "a refused document is no change"


def test_a_part_can_wait_for_changes():
    async def scenario(store):
        watch = store.watch("web")
        store.save({"web": {"port": 8080}})
        await watch.wait()  # the change was made before the wait
        waiting = asyncio.create_task(watch.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        store.save({"web": {"port": 8081}})
        await asyncio.wait_for(waiting, 1)

    with disk():
        run(scenario(store_of()))


def test_a_draft_is_a_copy():
    with disk():
        store = store_of()
        store.draft()["web"]["port"] = 1
        assert store.settings["web"]["port"] == 80


def test_the_profile_is_kept_apart():
    with disk() as medium:
        store = store_of()
        assert store.profile() is None
        assert store.save_profile({"car_model": "A"}) == []
        assert store.save_profile({"car_model": "B"}) == []
        assert store.profile() == {"car_model": "B"} and store.notices == []
        medium.files["/r/config/profile.json"] = b'{"car'
        assert store.profile() == {"car_model": "A"} and len(store.notices) == 1
        assert store.save_profile(None) == []
        assert store.profile() is None and medium.files == {}


def test_a_profile_that_another_one_extends_is_found_by_its_name():
    with disk() as medium:
        medium.files["/r/config/profiles/ioniq5.json"] = b'{"car_model":"Base"}'
        store = store_of()
        for path in ("ioniq5", "ioniq5.json", "../hyundai/ioniq5", "/r/../ioniq5.json"):
            assert store.base_profile(path) == {"car_model": "Base"}, path
        assert store.base_profile("hyundai/kona") is None


def test_what_is_made_for_a_destination_is_written_into_the_file_once():
    kpn = destination(preset="kpn_things")
    key = {TOKEN.replace("auth.token", "sign.secret") % 1: "C03fajLBWj$nbvOnQlV9N49zVFEobV#"}
    with disk(settings={"destinations": [kpn]}, secrets=key) as medium:
        made = store_of().settings["destinations"][0]["sign"]["plug_uuid"]
        writes = medium.writes
        assert store_of().settings["destinations"][0]["sign"]["plug_uuid"] == made
        assert made and medium.writes == writes
        kept = json.loads(medium.files[SETTINGS])["destinations"][0]
        assert kept == dict(kpn, sign={"plug_uuid": made})
