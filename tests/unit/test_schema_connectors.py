"""What other systems demand of settings: KPN Things, ThingPark, Digital Matter, Azure IoT Hub, Onomondo."""

from config import checks, schema
from test_schema_destination import AZURE_KEY, SECRET, TOKEN, problems_of, read

KPN = "C03fajLBWj$nbvOnQlV9N49zVFEobV#"  # 31 characters
CONNECTION = "HostName=hub.azure-devices.net;DeviceId=van-7;SharedAccessKey=" + AZURE_KEY


def kpn(secret=KPN, **changes):
    return problems_of({SECRET: secret}, **dict({"preset": "kpn_things"}, **changes))


def test_kpn_asks_for_a_long_secret_of_four_kinds_of_characters():
    for secret, code in (
        (KPN[:29], "secret_too_short"),
        (KPN[:30] + "#", None),
        (KPN, None),
        (KPN + "x", None),
        ("x" * 101, "secret_too_long"),
        (KPN.lower(), "secret_class"),
        (KPN.upper(), "secret_class"),
        (KPN.replace("$", "a").replace("#", "b"), "secret_class"),
        (KPN + "\u00e9", "secret_charset"),
    ):
        expected = [] if code is None else ["sign.secret " + code]
        assert kpn(secret) == expected, secret
        said = problems_of(preset="kpn_things", sign={"secret": secret})
        assert said == expected, secret


def test_kpn_calls_the_default_port_without_headers_of_its_own():
    assert kpn(url="https://a.example:443/in") == []
    assert kpn(url="https://a.example:8443/in") == ["url port_not_allowed"]
    assert kpn(method="PUT") == ["method choice"]
    assert kpn(headers=[{"name": "Things-Plug", "value": "x"}]) == [
        "headers[0].name header_forbidden"
    ]
    assert kpn(headers=[{"name": "X Y", "value": "x"}]) == ["headers[0].name header_name_space"]
    assert kpn(body={"gzip": True}) == ["body.gzip conflict"]


def test_kpns_interface_for_devices_takes_letters_and_digits():
    assert kpn(preset="kpn_things_ip") == ["sign.secret secret_charset"]
    assert kpn("aB3" * 11, preset="kpn_things_ip") == []


def test_a_plug_uuid_is_made_once_and_kept():
    made = read({SECRET: KPN}, preset="kpn_things")[0]
    uuid = made["sign"]["plug_uuid"]
    assert [len(part) for part in uuid.split("-")] == [8, 4, 4, 4, 12] and uuid[14] == "4"
    assert read({SECRET: KPN}, **made)[0]["sign"]["plug_uuid"] == uuid
    assert read({SECRET: KPN}, preset="kpn_things")[0]["sign"]["plug_uuid"] != uuid
    assert read()[0]["sign"]["plug_uuid"] == ""
    assert kpn(sign={"plug_uuid": "1234"}) == ["sign.plug_uuid uuid"]


def test_kpns_own_interface_gets_no_plug_uuid():
    for given in ({}, {"plug_uuid": "fbc063cb-4dd4-41b3-917a-e2d1ea907f75"}):
        one = read({SECRET: "aB3" * 11}, preset="kpn_things_ip", sign=given)[0]
        assert one["sign"]["plug_uuid"] == "", given


def test_what_is_off_may_wait_for_the_secret_that_the_device_makes():
    for preset in ("kpn_things", "kpn_things_ip", "thingpark"):
        assert problems_of(preset=preset) == ["sign.secret field_empty"], preset
        assert problems_of(preset=preset, enabled=False) == [], preset
    github = {"scheme": "github"}  # of which the other side makes it
    assert problems_of(sign=github, enabled=False) == ["sign.secret field_empty"]
    said = problems_of(preset="thingpark", url="http://a.example/in")
    assert said == ["sign.secret field_empty", "url plaintext_not_allowed"], "all at once"


def thingpark(secret="0123456789ABCDEF" * 2, **changes):
    return problems_of({SECRET: secret}, **dict({"preset": "thingpark"}, **changes))


def test_thingpark_has_a_key_of_128_bits_and_reserves_headers():
    assert thingpark() == []
    assert thingpark("0" * 31) == ["sign.secret as_key_format"]
    assert thingpark("g" * 32) == ["sign.secret as_key_format"]
    for name in ("Accept", "EXPECT", "proxy-authorization"):
        said = thingpark(headers=[{"name": name, "value": "x"}])
        assert said == ["headers[0].name header_forbidden"], name
    five = [{"name": "X-%d" % number, "value": "x"} for number in range(6)]
    assert thingpark(headers=five[:5]) == []
    assert thingpark(headers=five) == ["headers headers_max"]


def test_a_header_of_thingpark_has_510_characters_with_its_name():
    assert thingpark(headers=[{"name": "X-A", "value": "v" * 507}]) == []
    assert thingpark(headers=[{"name": "X-A", "value": "v" * 508}]) == [
        "headers[0].value header_too_long"
    ]


def test_the_token_of_thingpark_needs_its_documents():
    assert thingpark(body={"format": "flat"}) == ["sign.scheme conflict"]
    assert thingpark(body={"format": "thingpark_xml"}) == []
    assert thingpark(sign={"previous": "0" * 32}) == []
    assert thingpark(downlink={"allow": ["reboot"]}) == ["downlink.allow[0] choice"]


def test_digital_matter_takes_three_headers_and_each_value_once():
    def said(**changes):
        return problems_of(preset="digital_matter", **changes)

    four = [{"name": "X-%d" % number, "value": "[SERIAL]"} for number in range(4)]
    assert said(headers=four[:3]) == []
    assert said(headers=four) == ["headers headers_max"]
    one, other = {"name": "SOC", "number": 5}, {"name": "SPEED", "number": 6}
    assert said(body={"map": [one, other]}) == []
    assert said(body={"map": [one, dict(other, name="SOC")]}) == [
        "body.map[1].name name_duplicate"
    ]
    assert said(body={"map": [one, dict(other, number=5)]}) == [
        "body.map[1].number number_duplicate"
    ]
    assert said(body={"map": [dict(one, scale="")]}) == ["body.map[0].scale field_empty"]


def test_unknown_fields_are_named_wherever_they_stand():
    assert problems_of(url="https://a.example/[SERIAL]?x=[CUSTOM1]") == []
    assert problems_of(url="https://[SERIAL].a.example/") == []
    assert problems_of(url="https://a.example/[SERAIL]") == ["url unknown_field"]
    assert problems_of(query=[{"key": "a", "value": "[imei]"}]) == ["query[0].value unknown_field"]
    said = problems_of(headers=[{"name": "X-A", "value": "[CUSTOM4]"}])
    assert said == ["headers[0].value unknown_field"]
    assert problems_of(body={"base_name": "urn:dev:IMEI:[IME]:"}) == [
        "body.base_name unknown_field"
    ]


def test_a_connection_string_is_taken_apart_and_not_kept():
    one, said, secrets = read(use=checks.ALL, url="", auth={"connection": CONNECTION})
    assert said == [] and secrets == {TOKEN: AZURE_KEY}
    auth = one["auth"]
    assert (auth["type"], auth["hub"], auth["device_id"]) == (
        "azure_sas",
        "hub.azure-devices.net",
        "van-7",
    )
    assert one["url"].startswith("https://hub.azure-devices.net/devices/van-7/messages/events?")
    other = read(use=checks.ALL, auth={"connection": CONNECTION})[0]
    assert other["url"] == "https://api.example.com/in", "an address that was entered stays"


def test_a_device_that_shows_a_certificate_to_azure_needs_no_key():
    string = "HostName=hub.azure-devices.net;DeviceId=van-7;x509=true"
    for text in (string, CONNECTION + ";x509=true"):
        auth = {"connection": text}
        one, said, secrets = read(use=checks.ALL, url="", preset="azure_iot_hub", auth=auth)
        assert (said, secrets, one["auth"]["type"]) == ([], {}, "none")
        assert one["auth"]["device_id"] == "van-7" and "/devices/van-7/" in one["url"]


def test_a_connection_string_that_is_none_is_told_without_repeating_it():
    for text in ("HostName=a.example", CONNECTION + ";SharedAccessKeyName=owner", "x"):
        document = {"destinations": [{"name": "a", "url": "", "auth": {"connection": text}}]}
        problems = schema.validate(document, {}, checks.ALL)[1]
        told = [one for one in problems if one["field"].endswith("auth.connection")]
        assert told[0]["code"] == "connection_string" and text not in told[0]["message"], text


def test_azure_needs_hub_device_and_key():
    auth = {"type": "azure_sas", "hub": "hub.azure-devices.net", "device_id": "van-7"}
    assert problems_of({TOKEN: AZURE_KEY}, auth=auth) == []
    assert problems_of(auth=auth) == ["auth.token field_empty"]
    assert problems_of({TOKEN: "a key"}, auth=auth) == ["auth.token key_format"]
    assert problems_of({TOKEN: AZURE_KEY}, auth=dict(auth, hub="")) == ["auth.hub host"]
    said = problems_of({TOKEN: AZURE_KEY}, auth=dict(auth, device_id="\u00e4"))
    assert said == ["auth.device_id characters"]


def test_the_address_to_call_may_be_another_one():
    for text, expected in (
        ("10.0.0.5:8443", []),
        ("connector.example:80", []),
        ("[2001:db8::1]:443", []),
        ("10.0.0.5", ["transport.connect_to address"]),
        ("10.0.0.5:0", ["transport.connect_to address"]),
        ("a b:80", ["transport.connect_to host"]),
    ):
        assert problems_of(transport={"connect_to": text}) == expected, text
    assert problems_of(transport={"host_header": "api.example.com:8443"}) == []
    assert problems_of(transport={"host_header": "a\r\nb"}) == ["transport.host_header characters"]


def test_nothing_but_documents_goes_over_tcp():
    assert problems_of(type="tcp", url="tls://a.example:9000") == []
    assert problems_of(type="tcp", url="tcp://a.example:9000") == ["url plaintext_not_allowed"]
    plain = {"allow_plain": True}
    assert problems_of(type="tcp", url="tcp://1.2.3.4:4321", transport=plain) == []
    said = problems_of({TOKEN: "t"}, type="tcp", url="tls://a.example:1", auth={"type": "bearer"})
    assert said == ["auth.type conflict"]
    sign = {"scheme": "github"}
    said = problems_of({SECRET: "s"}, type="tcp", url="tls://a.example:1", sign=sign)
    assert said == ["sign.scheme conflict"]
    said = problems_of(type="tcp", url="tls://a.example:1", body={"gzip": True})
    assert said == ["body.gzip conflict"]


def test_over_tcp_the_address_is_a_host_and_a_port():
    for rest in ("a.example:9000/", "10.0.0.5:1", "[2001:db8::1]:443"):
        assert problems_of(type="tcp", url="tls://" + rest) == [], rest
    for rest in ("a.example", "a.example:9000/in", "a.example:9000?a=b", "a.example:", "a:9#b"):
        said = problems_of(type="tcp", url="tls://" + rest)
        assert said == ["url url_syntax"], rest
    said = problems_of(type="tcp", url="tls://me:word@a.example:9000")
    assert said == ["auth.login conflict"]


def test_fields_in_brackets_are_for_http_only_and_the_secret_one_for_no_host():
    for kind, address in (
        ("tcp", "tls://[SERIAL].example:9000"),
        ("mqtt", "mqtts://[IMEI].example"),
    ):
        assert problems_of(type=kind, url=address) == ["url conflict"], address
    assert problems_of(url="https://[SERIAL].example/[CUSTOM3]?a=[CUSTOM3]") == []
    for address in ("https://[CUSTOM3].example/", "https://a.[CUSTOM3]:8443?b"):
        assert problems_of(url=address) == ["url secret_in_host"], address


def test_what_the_device_is_called_elsewhere():
    def said(**ids):
        secrets = {}
        settings, problems = schema.validate({"ids": ids}, {}, None, secrets)
        return [one["field"] + " " + one["code"] for one in problems], settings["ids"], secrets

    assert said(imei="353785725680796", iccid="89462046033000000000", serial="A-7")[0] == []
    assert said(imei="35378572568079")[0] == ["ids.imei length"]
    assert said(iccid="8946x")[0] == ["ids.iccid characters"]
    problems, ids, secrets = said(custom3="key")
    assert problems == [] and "custom3" not in ids and secrets == {"ids.custom3": "key"}
