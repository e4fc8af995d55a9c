"""ThingPark downlinks: only what was signed, in time and once, is obeyed."""

import binascii

from delivery import downlink, signing
from delivery.vectors import VECTORS
from net.url import percent_encode

EUI = "A1B2C3FFFED4E5F6"
KEY = "00112233445566778899aabbccddeeff"
OLD_KEY = "ffeeddccbbaa99887766554433221100"
NOW_S = 1730000000
TIME = "2024-10-27T03:33:20.000+00:00"
TOKENS = {name: out for name, kind, _, out in VECTORS if kind == "tp_down"}
QUERIES = {name: inputs[1] for name, kind, inputs, _ in VECTORS if kind == "tp_down"}
PING = '{"command":"ping"}'


def verifier(**changes):
    settings = {"keys": (KEY,), "allowed": downlink.COMMANDS}
    settings.update(changes)
    return downlink.Verifier(EUI.lower(), "wican.as", 2, **settings)


def pairs_of(payload=PING, time=TIME):
    payload = binascii.hexlify(payload.encode()).decode()
    return [
        ("DevEUI", EUI),
        ("FPort", "2"),
        ("Payload", payload),
        ("AS_ID", "wican.as"),
        ("Time", time),
    ]


def wire(pairs, key=KEY):
    plain = "&".join(["%s=%s" % pair for pair in pairs])
    encoded = "&".join(["%s=%s" % (name, percent_encode(text)) for name, text in pairs])
    return "%s&Token=%s" % (encoded, signing.thingpark_token((), plain, key))


def changed(name, text):
    return wire([(key, text if key == name else item) for key, item in pairs_of()])


def judged(query, now_s=NOW_S, **changes):
    answer = verifier(**changes).judge(query, now_s)
    assert answer[1].endswith("."), answer
    assert (answer[0] == 200) == (answer[2] is not None)
    return answer


def test_a_signed_command_is_accepted():
    assert judged(wire(pairs_of())) == (200, "The command ping was accepted.", ("ping", 0))


def test_published_forms_verify_in_the_order_in_which_they_came():
    for name, plain in QUERIES.items():
        query = plain.replace("+", "%2B").replace(":", "%3A") + "&Token=" + TOKENS[name]
        assert judged(query)[:2] == (400, "Payload is no JSON object in hexadecimal digits."), name
        parts = query.split("&")
        parts[0], parts[1] = parts[1], parts[0]
        assert judged("&".join(parts))[0] == 403


def test_a_plus_sign_that_was_not_encoded_is_one():
    for name, plain in QUERIES.items():
        assert judged(plain + "&Token=" + TOKENS[name])[0] == 400, name


def test_the_token_may_stand_anywhere_and_in_capitals():
    query, _, token = wire(pairs_of()).partition("&Token=")
    assert judged("Token=%s&%s" % (token.upper(), query))[0] == 200


def test_every_parameter_is_covered():
    query = wire(pairs_of())
    for old, new in (
        ("FPort=2", "FPort=3"),
        ("03%3A33", "03%3A34"),
        ("Payload=7b", "Payload=7B"),
        ("DevEUI=A1", "DevEUI=a1"),
        ("&Token", "&Confirmed=1&Token"),
        ("Token=", "Token=0"),
    ):
        assert old in query
        status, sentence, _ = judged(query.replace(old, new))
        assert status == 403 and sentence.startswith("Token is wrong"), old


def test_wrong_missing_and_foreign_tokens_are_refused():
    query = wire(pairs_of())
    for text in (
        query[:-64],
        query[:-1],
        query.partition("&Token")[0],
        wire(pairs_of(), OLD_KEY),
        "",
    ):
        assert judged(text)[0] == 403, text
    assert "missing" in judged(query.partition("&Token")[0])[1]


def test_the_key_before_counts_while_it_is_named():
    query = wire(pairs_of(), OLD_KEY)
    assert judged(query, keys=(KEY, OLD_KEY))[0] == 200
    assert judged(query, keys=(KEY,))[0] == 403


def test_without_a_key_nothing_is_accepted():
    for keys in ((), ("",), (KEY, "")):
        assert judged(wire(pairs_of(), ""), keys=keys)[0] == 403


def test_device_receiver_and_port_must_be_ours():
    for name, text in (
        ("DevEUI", "A1B2C3FFFED4E5F7"),
        ("AS_ID", "other"),
        ("FPort", "3"),
        ("FPort", "02"),
    ):
        status, sentence, _ = judged(changed(name, text))
        assert status == 403 and sentence.startswith(name), name
    assert judged(changed("DevEUI", EUI.lower()))[0] == 200


def test_the_time_must_be_near():
    query = wire(pairs_of())
    for off, status in ((-61, 403), (-60, 200), (0, 200), (60, 200), (61, 403)):
        assert judged(query, NOW_S + off)[0] == status, off
    assert judged(query, NOW_S + 600, window_s=600)[0] == 200
    assert "61 seconds" in judged(query, NOW_S + 61)[1]


def test_all_forms_of_time_are_read():
    for time, status in (
        ("2024-10-27T03:33:20Z", 200),
        ("2024-10-27T03:33:20.123456", 200),
        ("2024-10-27T05:33:20.000+02:00", 200),
        ("2024-10-27T05:33:20", 403),
        ("1730000000", 403),
        ("", 403),
    ):
        assert judged(wire(pairs_of(time=time)))[0] == status, time


def test_without_a_clock_nothing_is_accepted():
    assert judged(wire(pairs_of()), 0)[0] == 503


def test_a_token_counts_once():
    judge = verifier().judge
    query = wire(pairs_of())
    assert judge(query, NOW_S)[0] == 200
    for again in (query, query.replace("AS_ID=w", "AS_ID=%77"), query[:-64] + query[-64:].upper()):
        status, sentence, command = judge(again, NOW_S + 1)
        assert (status, command) == (403, None) and "before" in sentence
    assert judge(wire(pairs_of(time="2024-10-27T03:33:21Z")), NOW_S + 1)[0] == 200


def test_what_is_not_ours_takes_no_place_in_the_memory():
    judge = verifier().judge
    query = wire(pairs_of())
    assert judge(query, NOW_S)[0] == 200
    for number in range(40):
        judge(wire(pairs_of(time="2024-10-27T03:33:%02dZ" % number), OLD_KEY), NOW_S)
    assert judge(query, NOW_S)[0] == 403


def test_a_flood_cannot_wash_a_token_out_of_the_memory():
    judge = verifier().judge
    queries = [wire(pairs_of(time="2024-10-27T03:33:%02dZ" % number)) for number in range(20, 53)]
    assert [judge(query, NOW_S + 30)[0] for query in queries] == [200] * 32 + [429]
    assert judge(queries[0], NOW_S + 30)[0] == 403
    assert judge(queries[32], NOW_S + 61)[0] == 200


def test_what_was_sent_before_the_memory_began_may_have_been_used():
    query = wire(pairs_of())
    for since_s, status in ((NOW_S - 1, 200), (NOW_S, 200), (NOW_S + 1, 403)):
        assert judged(query, since_s=since_s)[0] == status, since_s
    assert "start" in judged(query, since_s=NOW_S + 1)[1]


def test_a_token_counts_once_for_all_who_share_a_memory():
    seen = []
    query = wire(pairs_of())
    assert judged(query, seen=seen)[0] == 200
    assert judged(query, seen=seen)[0] == 403
    assert judged(query)[0] == 200


def outcome(query, *verifiers):
    """Which of the verifiers obeys, or why none does."""
    try:
        return verifiers.index(downlink.chosen(query, verifiers, NOW_S)[0])
    except downlink.Refusal as refusal:
        return refusal


def test_who_knows_the_key_is_the_one_it_is_for():
    query = wire(pairs_of())
    other_port = downlink.Verifier(EUI, "wican.as", 3, (KEY,), allowed=downlink.COMMANDS)
    for other in (verifier(keys=(OLD_KEY,)), other_port):
        assert outcome(query, other, verifier()) == 1


def test_the_refusal_of_who_knows_the_key_is_the_one_to_tell():
    query = wire(pairs_of())
    refusal = outcome(query, verifier(keys=(OLD_KEY,)), verifier(allowed=()))
    assert "not allowed" in str(refusal) and not refusal.is_strange
    for strange in (query[:-1], "", "a=%", "x" * 2049):
        assert outcome(strange, verifier()).is_strange, strange
    assert outcome(query).is_strange


def test_a_query_that_cannot_be_read_is_refused():
    query = wire(pairs_of())
    for text in (
        query + "&FPort=2",
        query + "&a=%zz",
        query + "&a=%FF",
        query + "&a=%",
        "x" * 2049,
    ):
        assert judged(text)[0] == 400, text


def command(payload, allowed=downlink.COMMANDS):
    answer = judged(wire(pairs_of(payload)), allowed=allowed)
    return answer[2] or answer[0]


def test_commands_of_the_list():
    for payload, expected in (
        ('{"command":"send_now"}', ("send_now", 0)),
        ('{"command": "request_config"}', ("request_config", 0)),
        ('{"command":"set_cycle","cycle_ms":0}', ("set_cycle", 0)),
        ('{"cycle_ms":1000,"command":"set_cycle"}', ("set_cycle", 1000)),
        ('{"command":"set_cycle","cycle_ms":86400000}', ("set_cycle", 86_400_000)),
    ):
        assert command(payload) == expected, payload


def test_other_commands_are_refused():
    for payload in (
        "",
        "{}",
        "[]",
        '"ping"',
        '{"command":"reboot"}',
        '{"command":["ping"]}',
        '{"command":"ping","x":1}',
        '{"command":"ping","cycle_ms":1000}',
        '{"command":"set_cycle"}',
        '{"command":"set_cycle","cycle_ms":999}',
        '{"command":"set_cycle","cycle_ms":86400001}',
        '{"command":"set_cycle","cycle_ms":true}',
        '{"command":"set_cycle","cycle_ms":"1000"}',
        '{"command":"set_cycle","cycle_ms":2000.5}',
        '{"command":"set_cycle","cycle_ms":-1}',
        '{"command":"ping"}' + " " * 256,
        '{"a":' * 40,
    ):
        assert command(payload) == 400, payload


def test_a_command_must_be_allowed():
    assert command(PING, ("send_now",)) == 403
    assert command(PING, ()) == 403
    assert command(PING, ("ping",)) == ("ping", 0)


def test_a_payload_is_hexadecimal():
    for text in ("7b7", "zz", "0a0b", percent_encode("{}"), "7B7D ", "ä"):
        assert judged(changed("Payload", text))[0] == 400, text
    upper = binascii.hexlify(PING.encode()).decode().upper()
    assert judged(changed("Payload", upper))[0] == 200


def test_a_reply_may_carry_a_downlink():
    assert (
        downlink.carried(b'{"DevEUI_downlink":{"query":"DevEUI=1&Token=2"}}') == "DevEUI=1&Token=2"
    )
    for reply in (b"", b"ok", b"{}", b"[]", b"null", b'{"DevEUI_downlink":1}', b"\xff"):
        assert downlink.carried(reply) is None, reply
    assert downlink.carried(b'{"DevEUI_downlink":{"query":7}}') is None
