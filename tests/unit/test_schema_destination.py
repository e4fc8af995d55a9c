"""What settings a destination may have: limits, what one setting demands of others, presets, a login in the address."""

import json

from config import checks, schema
from config.destination import PRESETS
from delivery import presets

URL = "https://api.example.com/in"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # 24 bytes
TOKEN = "destinations.1.auth.token"
SECRET = "destinations.1.sign.secret"
AZURE_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PREVIOUS = "destinations.1.sign.previous"
PIN = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def document(**changes):
    return {"destinations": [dict({"name": "cloud", "url": URL}, **changes)]}


def read(known=None, use=None, **changes):
    """One destination read: its settings, its problems as "field code", the secrets found."""
    secrets = {}
    settings, problems = schema.validate(document(**changes), known or {}, use, secrets)
    for problem in problems:
        assert problem["field"].startswith("destinations[0]."), problem
        assert problem["message"][-1] == ".", problem
    said = [problem["field"][16:] + " " + problem["code"] for problem in problems]
    one = settings["destinations"][0]
    assert one["enabled"] is (not problems and changes.get("enabled", True)), said
    return one, sorted(said), secrets


def problems_of(known=None, **changes):
    return read(known, checks.ALL, **changes)[1]


def test_a_destination_needs_only_a_name_and_an_address():
    assert read()[0] == {
        "id": 1,
        "name": "cloud",
        "description": "",
        "enabled": True,
        "preset": "wican",
        "domains": [],
        "type": "https",
        "url": URL,
        "method": "POST",
        "query": [],
        "headers": [],
        "cycle_ms": 5000,
        "events": {
            "change": False,
            "dead_bands": [],
            "min_gap_ms": 1000,
            "ecu": False,
            "ignition": False,
            "charging": False,
            "voltage_below": "",
        },
        "select": {"include": [], "exclude": []},
        "body": {
            "format": "wican",
            "content_type": "",
            "template": "",
            "measurement": "wican",
            "timestamps": False,
            "ages": False,
            "boot": "once",
            "gzip": False,
            "style": "merged",
            "units": "native",
            "base_name": "",
            "names": False,
            "map": [],
            "product": 0,
            "dev_eui": "",
            "port": 2,
            "customer_id": "wican",
            "decoded": False,
        },
        "auth": {
            "type": "none",
            "user": "",
            "header": "x-api-key",
            "place": "header",
            "prefix": "",
            "hub": "",
            "device_id": "",
            "life_s": 3600,
        },
        "sign": {
            "scheme": "none",
            "header": "",
            "digest": False,
            "as_id": "wican.as",
            "infos": "",
            "plug_uuid": "",
        },
        "success": {"status": 0, "json_path": "", "json_value": "", "accept": []},
        "retry": {"attempts": 0, "first_s": 5, "longest_s": 900, "timeout_s": 0, "timeouts_s": []},
        "fuse": {"failures": 5, "slow_ms": 8000, "open_s": 30, "longest_s": 600},
        "queue": {
            "mode": "none",
            "max_items": 1000,
            "max_kb": 256,
            "max_age_s": 604800,
            "batch": 1,
        },
        "cert_set": "default",
        "tls": {"server_name": "", "pins": [], "ciphers": "default"},
        "transport": {
            "allow_plain": False,
            "keep": True,
            "connect_to": "",
            "host_header": "",
            "framing": "newline",
        },
        "mqtt": {
            "topic": "",
            "client_id": "",
            "qos": "0",
            "retain": False,
            "keepalive_s": 30,
        },
        "downlink": {"mode": "off", "window_s": 60, "allow": []},
    }


def test_each_limit_is_named_by_its_field_and_code():
    nine = [{"name": "X-%d" % number, "value": ""} for number in range(9)]
    for changes, expected in (
        ({"description": "x" * 513}, "description too_long"),
        ({"preset": "unknown"}, "preset choice"),
        ({"type": "ftp"}, "type choice"),
        ({"method": "DELETE"}, "method choice"),
        ({"headers": nine}, "headers headers_max"),
        ({"headers": [{"name": "", "value": "x"}]}, "headers[0].name field_empty"),
        ({"events": {"min_gap_ms": 999}}, "events.min_gap_ms range"),
        ({"events": {"voltage_below": "low"}}, "events.voltage_below type"),
        ({"events": {"voltage_below": "60.1"}}, "events.voltage_below range"),
        ({"events": {"voltage_below": "-1"}}, "events.voltage_below range"),
        ({"events": {"dead_bands": [{"name": ""}]}}, "events.dead_bands[0].name field_empty"),
        (
            {"events": {"dead_bands": [{"name": "*", "by": ""}]}},
            "events.dead_bands[0].by field_empty",
        ),
        ({"events": {"dead_bands": [{"name": "*", "by": "-1"}]}}, "events.dead_bands[0].by range"),
        ({"events": {"dead_bands": [{"name": "*"}] * 17}}, "events.dead_bands too_many"),
        ({"select": {"include": ["*"] * 33}}, "select.include too_many"),
        ({"select": {"exclude": ["a", ""]}}, "select.exclude[1] field_empty"),
        ({"select": {"exclude": [5]}}, "select.exclude[0] type"),
        ({"body": {"format": "xml"}}, "body.format choice"),
        ({"body": {"content_type": "a\tb"}}, "body.content_type characters"),
        ({"body": {"template": "x" * 2049}}, "body.template too_long"),
        ({"body": {"template": "a\x00"}}, "body.template characters"),
        ({"body": {"measurement": ""}}, "body.measurement field_empty"),
        ({"body": {"boot": "twice"}}, "body.boot choice"),
        ({"auth": {"header": "x api"}}, "auth.header characters"),
        ({"auth": {"place": "cookie"}}, "auth.place choice"),
        ({"auth": {"login": "nobody"}}, "auth.login login"),
        ({"sign": {"scheme": "rot13"}}, "sign.scheme choice"),
        ({"sign": {"header": "a:b"}}, "sign.header characters"),
        ({"success": {"status": 302}}, "success.status range"),
        ({"retry": {"attempts": 101}}, "retry.attempts range"),
        ({"retry": {"timeout_s": 2}}, "retry.timeout_s range"),
        ({"retry": {"timeout_s": 121}}, "retry.timeout_s range"),
        ({"fuse": {"failures": 0}}, "fuse.failures range"),
        ({"queue": {"mode": "tape"}}, "queue.mode choice"),
        ({"queue": {"mode": "ram", "batch": 51}}, "queue.batch range"),
        ({"tls": {"server_name": "https://a.example"}}, "tls.server_name host"),
        ({"tls": {"server_name": "a.example."}}, "tls.server_name host"),
        ({"tls": {"server_name": "a b"}}, "tls.server_name host"),
        ({"tls": {"pins": [PIN] * 5}}, "tls.pins too_many"),
        ({"tls": {"pins": [PIN, PIN[:-2] + "B="]}}, "tls.pins[1] pin"),
        ({"tls": {"pins": ["abcd"]}}, "tls.pins[0] pin"),
        ({"tls": {"pins": ["?" * 44]}}, "tls.pins[0] pin"),
        ({"mqtt": {"topic": "cars/#"}}, "mqtt.topic topic"),
        ({"mqtt": {"qos": "2"}}, "mqtt.qos choice"),
    ):
        assert problems_of(**changes) == [expected], (changes, problems_of(**changes))


def test_the_edges_of_the_limits_are_allowed():
    for changes in (
        {"headers": [{"name": "X-%d" % n, "value": "v" * 400} for n in range(8)]},
        {"events": {"dead_bands": [{"name": "*", "by": "0.5"}] * 16, "voltage_below": "11.8"}},
        {"select": {"include": ["*"] * 32, "exclude": ["?"] * 32}},
        {"body": {"template": "{\n\t}\r\n" + "x" * 2042}},
        {"success": {"status": 204, "json_path": "a.b", "json_value": "ok"}},
        {"success": {"json_path": "status"}},
        {"retry": {"attempts": 100, "timeout_s": 3, "first_s": 900}},
        {"queue": {"mode": "flash", "batch": 50, "max_age_s": 0}},
        {"cycle_ms": 0},
        {"method": "GET"},
        {"fuse": {"slow_ms": 0}},
    ):
        assert problems_of(**changes) == [], changes
    assert read(events={"voltage_below": 11.5, "dead_bands": [{"name": "a", "by": 2}]})[0][
        "events"
    ]["dead_bands"] == [{"name": "a", "by": "2"}]


def test_a_pin_may_be_pasted_with_the_word_before_it():
    pins = [PIN, "sha256//" + PIN, " sha256/" + PIN]
    settings, problems, _ = read(tls={"pins": pins, "server_name": "2001:db8::1"})
    assert problems == [] and settings["tls"]["pins"] == [PIN] * 3


def test_a_pin_needs_an_encrypted_connection():
    transport, tls = {"allow_plain": True}, {"pins": [PIN]}
    assert problems_of(transport=transport, tls=tls) == []
    said = problems_of(url="http://a.example/", transport=transport, tls=tls)
    assert said == ["tls.pins conflict"]


def test_the_address_suits_the_type_of_destination():
    plain = {"allow_plain": True}
    for url, type, transport, expected in (
        ("https://a.example/", "https", {}, []),
        ("HTTPS://a.example/", "https", {}, []),
        ("http://a.example/", "https", {}, ["url plaintext_not_allowed"]),
        ("HTTP://a.example/", "https", {}, ["url plaintext_not_allowed"]),
        ("http://a.example/", "https", plain, []),
        ("https://a.example/", "https", plain, []),
        ("mqtts://a.example", "https", {}, ["url url_scheme"]),
        ("mqtts://a.example", "mqtt", {}, []),
        ("mqtts://a.example:8884", "mqtt", {}, []),
        ("mqtt://a.example", "mqtt", {}, ["url plaintext_not_allowed"]),
        ("mqtt://a.example", "mqtt", plain, []),
        ("https://a.example/", "mqtt", {}, ["url url_scheme"]),
        ("http://a.example/", "mqtt", plain, ["url url_scheme"]),
        ("a.example/in", "https", {}, ["url url_scheme"]),
        ("https:a.example", "https", {}, ["url url_scheme"]),
        ("ftp://a.example/", "https", plain, ["url url_scheme"]),
        ("", "https", {}, ["url field_empty"]),
        ("https://a b/", "https", {}, ["url url_syntax"]),
        ("mqtts://a.example:99999", "mqtt", {}, ["url url_syntax"]),
        ("http://a_b..c/", "https", plain, ["url url_syntax"]),
        ("https://a.example/" + "x" * 1024, "https", {}, ["url url_too_long"]),
    ):
        said = problems_of(url=url, type=type, transport=transport)
        assert said == expected, (url, type, transport, said)


def test_headers_must_be_sendable_and_only_once():
    def said(*names, **changes):
        return problems_of(headers=[{"name": name, "value": "v"} for name in names], **changes)

    assert said("X-A", "X-B") == []
    assert said("X-A", "x-a") == ["headers[1].name header_duplicate"]
    assert said("Content-Length") == ["headers[0].name header_forbidden"]
    assert said("X A") == ["headers[0].name header_name_space"]
    key = {"auth": {"type": "api_key"}, "known": {TOKEN: "k"}}
    assert said("X-API-Key", **key) == ["headers[0].name header_forbidden"]
    key["auth"]["place"] = "query"
    assert said("X-API-Key", **key) == []
    sign = {"scheme": "github", "header": "X-Sign"}
    assert said("x-sign", sign=sign, known={SECRET: "s"}) == ["headers[0].name header_forbidden"]
    long = [{"name": "X-A", "value": "v" * 510}]
    assert problems_of(headers=long) == ["headers[0].value header_too_long"]


def test_authentication_needs_its_secret():
    for type in ("bearer", "basic", "api_key"):
        for auth, known, expected in (
            ({}, {}, ["auth.token field_empty"]),
            ({}, {"destinations.2.auth.token": "t"}, ["auth.token field_empty"]),
            ({}, {TOKEN: "t"}, []),
            ({"token": None}, {TOKEN: "t"}, ["auth.token field_empty"]),
            ({"token": {"set": True}}, {TOKEN: "t"}, []),
            ({"token": "t"}, {}, []),
        ):
            said = problems_of(known, auth=dict(auth, type=type))
            assert said == expected, (type, auth, known, said)
    login = {"destinations.1.auth.login": "me:secret"}
    assert problems_of(login, auth={"type": "basic"}) == []
    assert problems_of(login, auth={"type": "bearer"}) == ["auth.token field_empty"]


def test_a_password_may_hold_what_a_token_may_not():
    for token in ("two words", "p\xe4ss"):
        assert problems_of(auth={"type": "basic", "user": "me", "token": token}) == []
        for type in ("bearer", "api_key"):
            for known, given in (({}, {"token": token}), ({TOKEN: token}, {})):
                said = problems_of(known, auth=dict(given, type=type))
                assert said == ["auth.token characters"], (type, token)


def test_a_user_name_ends_at_the_colon():
    auth = {"type": "basic", "user": "a:b", "token": "t"}
    assert problems_of(auth=auth) == ["auth.user characters"]
    assert problems_of(auth=dict(auth, type="none")) == []


def test_a_signature_needs_its_secret():
    for scheme in ("github", "stripe", "standard_webhooks"):
        assert problems_of(sign={"scheme": scheme}) == ["sign.secret field_empty"], scheme
        assert problems_of({SECRET: KEY}, sign={"scheme": scheme}) == []
        assert problems_of(sign={"scheme": scheme, "secret": KEY}) == []
    assert problems_of(sign={"digest": True}) == []
    mqtt = {"type": "mqtt", "url": "mqtts://a.example"}
    sign = {"scheme": "github", "secret": KEY}
    assert problems_of(sign=sign, **mqtt) == ["sign.scheme conflict"]


def test_the_keys_of_standard_webhooks_are_bytes_in_base64():
    bytes_64 = "A" * 84 + "AA=="
    for text, right in (
        (KEY, True),
        (KEY[6:], True),
        ("whsec_" + bytes_64, True),
        ("whsec_" + "A" * 88, False),  # 66 bytes
        ("whsec_" + "A" * 28, False),  # 21
        ("whsec_" + "A" * 28 + "AAA=", False),  # 23
        ("whsec_" + "A" * 32 + "AA==", True),  # 25
        (KEY[:-1], False),
        (KEY[:-1] + "-", False),
        (KEY[:20] + "=" + KEY[21:], False),
        (KEY + "====", False),
        ("correct horse", False),
        ("whsec_", False),
    ):
        for name, key in (("secret", SECRET), ("previous", PREVIOUS)):
            expected = [] if right else ["sign.%s secret_format" % name]
            known = {SECRET: KEY, PREVIOUS: KEY}
            known.pop(key)
            sign = {"scheme": "standard_webhooks", name: text}
            assert problems_of(known, sign=sign) == expected, text
            known[key] = text
            assert problems_of(known, sign={"scheme": "standard_webhooks"}) == expected, text
    assert problems_of(sign={"scheme": "github", "secret": "correct horse"}) == []


def test_only_standard_webhooks_signs_with_the_previous_secret():
    for scheme in ("none", "github", "stripe"):
        sign = {"scheme": scheme, "secret": "s", "previous": "p"}
        assert problems_of(sign=sign) == ["sign.previous conflict"], scheme
        del sign["previous"]
        assert problems_of({PREVIOUS: "p"}, sign=sign) == [], "it was stored before"
        assert problems_of({PREVIOUS: "p"}, sign=dict(sign, previous=None)) == []


def test_settings_that_need_each_other():
    for changes, expected in (
        ({"body": {"format": "template"}}, "body.template field_empty"),
        ({"body": {"format": "osmand", "gzip": True}}, "body.gzip conflict"),
        ({"success": {"json_value": "ok"}}, "success.json_path field_empty"),
        ({"queue": {"batch": 2}}, "queue.batch conflict"),
        ({"retry": {"first_s": 60, "longest_s": 59}}, "retry.longest_s range"),
        ({"fuse": {"open_s": 601}}, "fuse.longest_s range"),
    ):
        assert problems_of(**changes) == [expected], changes
    assert problems_of(body={"format": "flat", "gzip": True}) == []


def test_a_template_is_checked_if_it_is_used():
    asked = []

    def check(text):
        asked.append(text)
        return "template", "There is a hole in it."

    body = {"format": "template", "template": "{{x"}
    assert read(use={"template": check}, body=body)[1] == ["body.template template"]
    assert asked == ["{{x"]
    assert read(use={"template": check}, body=dict(body, format="flat"))[1] == []


def test_all_problems_are_reported_at_once():
    said = problems_of(
        url="http://a.example/",
        cycle_ms=5,
        headers=[{"name": "Host", "value": ""}, {"name": "host", "value": ""}],
        auth={"type": "bearer"},
        sign={"scheme": "stripe"},
        queue={"batch": 3},
        colour=1,
    )
    assert said == [
        "auth.token field_empty",
        "colour unknown_setting",
        "cycle_ms cycle_range",
        "headers[0].name header_forbidden",
        "headers[1].name header_forbidden",
        "queue.batch conflict",
        "sign.secret field_empty",
        "url plaintext_not_allowed",
    ], said


def test_no_problem_quotes_a_secret():
    secret = "SUPER SECRET\xe4"
    for changes in (
        {"auth": {"type": "bearer", "token": secret}},
        {"auth": {"type": "basic", "token": secret + "\n\x01x"}},
        {"auth": {"login": secret}},
        {"sign": {"scheme": "standard_webhooks", "secret": secret, "previous": secret}},
        {"sign": {"scheme": "github", "secret": secret * 50}},
        {"url": "https://me:SUPER%zz@a.example/"},
        {"url": "https://SUPER%3AX:x@a.example/"},
        {"url": "https://me:SUPER\x01@a.example/"},
        {"url": "ftp://me:SUPER@a.example/"},
    ):
        settings, problems = schema.validate(document(**changes), {}, checks.ALL)
        assert problems and "SUPER" not in json.dumps((settings, problems)), changes


def test_a_login_in_the_address_becomes_a_secret():
    for url, address, login in (
        ("https://me:s3cret@a.example/in?x=1", "https://a.example/in?x=1", "me:s3cret"),
        ("https://me@a.example", "https://a.example", "me:"),
        ("https://m%C3%A9:p%3A%40%2Fs@a.example:8443/", "https://a.example:8443/", "m\xe9:p:@/s"),
        ("https://me:p@ss@a.example?u=b@c", "https://a.example?u=b@c", "me:p@ss"),
        ("https://@a.example/", "https://a.example/", None),
        ("https://a.example/a@b?c=d@e", "https://a.example/a@b?c=d@e", None),
        ("https://a.example?c=d@e", "https://a.example?c=d@e", None),
    ):
        one, said, secrets = read(use=checks.ALL, url=url)
        assert (one["url"], said) == (address, []), url
        expected = {} if login is None else {"destinations.1.auth.login": login}
        assert secrets == expected, (url, secrets)
        assert "login" not in one["auth"]
    mqtt, said, secrets = read(use=checks.ALL, url="mqtts://u:p@a.example", type="mqtt")
    assert (mqtt["url"], said) == ("mqtts://a.example", [])
    assert secrets == {"destinations.1.auth.login": "u:p"}


def test_a_login_in_the_address_replaces_the_one_beside_it():
    for auth in (None, {}, {"login": "a:b"}, {"login": {"set": True}}, {"login": None}):
        _, said, secrets = read(url="https://me:s3cret@a.example/", auth=auth)
        assert (said, secrets) == ([], {"destinations.1.auth.login": "me:s3cret"}), auth


def test_a_login_that_cannot_be_read_is_refused_and_not_kept():
    for login in ("me:%zz", "me:%", "me:%ff", "a%3Ab:c"):
        one, said, secrets = read(use=checks.ALL, url="https://%s@a.example/" % login)
        assert said == ["url url_syntax"] and secrets == {}, (login, said)
        assert one["url"] == "https://a.example/"
    assert problems_of(url="https://me:a\x01@a.example/") == ["auth.login characters"]
    assert problems_of(url="https://me:x@a.example/", auth=5) == ["auth type"]


def test_a_login_is_set_and_cleared_by_its_key():
    key = "destinations.3.auth.login"
    assert schema.read_secrets({key: "me:x"}) == ({key: "me:x"}, [])
    assert schema.read_secrets({key: None}) == ({key: None}, [])
    assert schema.read_secrets({key: "me"})[1][0]["code"] == "login"


def test_settings_of_earlier_versions_are_those_of_the_first_preset():
    old = {"id": 1, "enabled": True, "cycle_ms": 5000, "auth": {"type": "none"}, "query": []}
    assert read(**dict(old, cert_set="default"))[0] == read()[0] == read(preset="wican")[0]


def test_every_preset_can_be_chosen_and_the_first_is_what_the_defaults_are():
    assert sorted(PRESETS) == sorted(presets.PRESETS)
    assert presets.PRESETS[PRESETS[0]]["settings"] == {}


def test_a_preset_fills_what_is_left_out():
    before = document(preset="influxdb", body={"measurement": "car"})
    text = json.dumps(before)
    one = schema.validate(before)[0]["destinations"][0]
    assert one["body"]["format"] == "influx" and one["body"]["measurement"] == "car"
    assert one["preset"] == "influxdb" and json.dumps(before) == text
    one = schema.validate(document(preset="influxdb", body={"format": "flat"}))[0]["destinations"][
        0
    ]
    assert one["body"]["format"] == "flat", "what was given counts"


def test_each_preset_is_valid_once_its_secrets_are_there():
    azure = {"hub": "hub.azure-devices.net", "device_id": "van-7"}
    for preset in PRESETS:
        changes = {"url": {"mqtt": "mqtts://broker.example"}.get(preset, "https://a.example/")}
        secret = {"thingpark": "0123456789abcdef" * 2, "kpn_things_ip": "aB3" * 11}.get(
            preset, KEY
        )
        if preset == "kpn_things":
            secret = "C03fajLBWj$nbvOnQlV9N49zVFEobV#x"
        if preset == "azure_iot_hub":
            changes["auth"] = azure
        known = {TOKEN: AZURE_KEY, SECRET: secret}
        if preset == "onomondo":
            changes["url"] = "http://a.example/"
        one, said, _ = read(known, checks.ALL, preset=preset, **changes)
        assert said == [] and one["preset"] == preset, (preset, said)
        assert read(known, checks.ALL, **json.loads(json.dumps(one)))[0] == one, preset


def test_a_preset_of_the_wrong_type_is_a_problem_like_any_other():
    for preset in (5, [], {}, True):
        assert problems_of(preset=preset) in (["preset type"], ["preset choice"]), preset
