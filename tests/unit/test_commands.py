"""Commands that came by downlink: whom they are for, what they make the device do, what is counted."""

import binascii
import json

from delivery import commands, signing
from delivery.commands import Downlinks
from destination_settings import destination, schema
from helper import run
from net.url import percent_encode
from world import Notes

DEVICE = "a1b2c3d4e5f6"
EUI = "A1B2C3FFFED4E5F6"
KEY = "00112233445566778899aabbccddeeff"
KEY_2 = "ffeeddccbbaa99887766554433221100"
NOW_S = 1730000000
ALL = ["ping", "send_now", "set_cycle", "request_config"]


def thingpark(number, mode="both", **changes):
    """A destination that takes downlinks."""
    chosen = {
        "id": number,
        "name": "TP %d" % number,
        "body.format": "thingpark",
        "sign.scheme": "thingpark",
        "sign.secret": KEY,
        "downlink.mode": mode,
        "downlink.allow": ALL,
    }
    chosen.update(changes)
    return destination(**chosen)


class Store:
    """Settings and secrets, checked when they are saved."""

    def __init__(self, settings, secrets):
        self.settings = {"destinations": settings}
        self.secrets = secrets
        self.saved = 0

    def secret(self, key):
        return self.secrets.get(key)

    def draft(self):
        return json.loads(json.dumps(self.settings))

    def save(self, draft):
        settings, problems = schema.validate(draft, dict(self.secrets))
        if not problems:
            self.settings = settings
            self.saved += 1
        return problems


class Destination:
    """A destination that is told what to do."""

    def __init__(self, number):
        self.id = number
        self.sent = self.introductions = 0

    async def send_now(self):
        self.sent += 1

    def introduce(self):
        self.introductions += 1


class Scene:
    """A device with these destinations; `now_s` and `up_ms` are its clocks."""

    def __init__(self, *settings):
        secrets = {"destinations.1.sign.secret": KEY, "destinations.2.sign.secret": KEY_2}
        secrets["destinations.2.sign.previous"] = KEY
        self.store = Store(list(settings), secrets)
        self.running = [Destination(each["id"]) for each in settings]
        self.log = Notes()
        self.now_s, self.up_ms = NOW_S, 100_000
        self.downlinks = Downlinks(
            self.store, DEVICE, lambda: self.running, lambda: self.now_s, self, self.log
        )

    def ms(self):
        return self.up_ms


def query(command="ping", key=KEY, second=20, **members):
    """A signed query; `second` makes it another one."""
    members["command"] = command
    payload = binascii.hexlify(json.dumps(members).encode()).decode()
    pairs = (
        ("DevEUI", EUI),
        ("FPort", "2"),
        ("Payload", payload),
        ("AS_ID", "wican.as"),
        ("Time", "2024-10-27T03:33:%02dZ" % second),
    )
    plain = "&".join(["%s=%s" % pair for pair in pairs])
    encoded = "&".join(["%s=%s" % (name, percent_encode(text)) for name, text in pairs])
    return "%s&Token=%s" % (encoded, signing.thingpark_token((), plain, key))


def reply(text):
    return json.dumps({"DevEUI_downlink": {"query": text}}).encode()


def in_loop(scene, *queries):
    """What is answered to each; what they began is over then."""

    async def play():
        found = [scene.downlinks.receive(each) for each in queries]
        for task in scene.downlinks._tasks.values():
            await task
        return found

    return run(play())


def test_a_ping_is_counted_and_nothing_else_happens():
    scene = Scene(thingpark(1))
    for second in (20, 21):
        answer = scene.downlinks.receive(query(second=second))
        assert answer == (200, "The command ping was accepted.", False)
    assert list(scene.downlinks.counts()) == [(1, "ping", 2)]
    assert (scene.running[0].sent, scene.running[0].introductions, scene.store.saved) == (0, 0, 0)
    assert scene.log.lines == ["destination 1: the command ping came by downlink"] * 2


def test_sending_now_is_not_waited_for_and_done_once_for_all_who_want_it():
    scene = Scene(thingpark(1))
    assert [
        each[0] for each in in_loop(scene, query("send_now"), query("send_now", second=21))
    ] == [200] * 2
    assert scene.running[0].sent == 1
    assert in_loop(scene, query("send_now", second=22))[0][0] == 200
    assert scene.running[0].sent == 2


def test_config_is_asked_for_of_the_destination_whose_key_it_was():
    scene = Scene(thingpark(1), thingpark(2))
    assert scene.downlinks.receive(query("request_config", KEY_2))[0] == 200
    assert [each.introductions for each in scene.running] == [0, 1]


def test_a_new_cycle_is_stored_for_that_destination_alone():
    scene = Scene(thingpark(1), thingpark(2))
    assert scene.downlinks.receive(query("set_cycle", KEY_2, cycle_ms=5000))[0] == 200
    before, after = scene.store.draft(), scene.store.settings
    assert [each["cycle_ms"] for each in after["destinations"]] == [
        thingpark(1)["cycle_ms"],
        5000,
    ]
    assert before == after and scene.store.saved == 1


def test_why_the_settings_refuse_a_cycle_is_told():
    scene = Scene(thingpark(1))
    scene.store.settings["destinations"][0]["name"] = ""
    status, sentence, is_strange = scene.downlinks.receive(query("set_cycle", cycle_ms=5000))
    assert (status, is_strange, scene.store.saved) == (409, False, 0)
    assert "destinations[0].name: " in sentence
    assert list(scene.downlinks.counts()) == [] and scene.downlinks.refused == 1


def test_a_cycle_that_is_none_is_refused():
    for cycle_ms in (999, 86_400_001, "5000", None, True):
        answer = Scene(thingpark(1)).downlinks.receive(query("set_cycle", cycle_ms=cycle_ms))
        assert answer[0] == 400, cycle_ms


def test_only_what_is_allowed_is_done():
    scene = Scene(thingpark(1, **{"downlink.allow": ["ping"]}))
    for name, status in (("ping", 200), ("send_now", 403), ("request_config", 403)):
        assert scene.downlinks.receive(query(name))[0] == status, name
    assert scene.downlinks.receive(query("set_cycle", cycle_ms=5000))[0] == 403
    assert scene.running[0].sent == scene.running[0].introductions == scene.store.saved == 0


def test_a_destination_that_is_not_running_yet_is_told():
    scene = Scene(thingpark(1))
    scene.running = []
    for name in ("send_now", "request_config"):
        assert scene.downlinks.receive(query(name))[0] == 503, name


def test_the_key_before_counts_as_long_as_it_is_stored():
    scene = Scene(thingpark(2))
    assert scene.downlinks.receive(query())[0] == 200
    scene.store.secrets["destinations.2.sign.previous"] = None
    assert scene.downlinks.receive(query(second=21))[0] == 403


def test_a_token_counts_once_whichever_way_and_whomever_it_reaches():
    scene = Scene(thingpark(1), thingpark(2))  # whose key before is the same
    text = query()
    assert scene.downlinks.receive(text)[0] == 200
    for answer in (scene.downlinks.receive(text), scene.downlinks.carried(2, reply(text))):
        assert answer[0] == 403 and "used before" in answer[1]


def test_a_token_counts_once_even_if_settings_were_changed_in_between():
    scene = Scene(thingpark(1))
    text = query()
    assert scene.downlinks.receive(text)[0] == 200
    scene.store.settings = {"destinations": [thingpark(1, **{"downlink.window_s": 600})]}
    assert scene.downlinks.receive(text)[0] == 403


def test_what_may_have_been_used_before_the_device_started_is_not_obeyed():
    scene = Scene(thingpark(1))
    scene.now_s, scene.up_ms = NOW_S + 30, 20_000
    answer = scene.downlinks.receive(query())
    assert answer[0] == 403 and "start" in answer[1]
    scene.up_ms = 40_000
    assert scene.downlinks.receive(query())[0] == 200


def test_without_a_clock_nothing_is_obeyed():
    scene = Scene(thingpark(1))
    scene.now_s = 0
    assert scene.downlinks.receive(query())[0] == 503


def test_a_reply_may_carry_a_command_for_its_destination():
    scene = Scene(thingpark(1), thingpark(2))
    assert scene.downlinks.carried(2, reply(query("request_config", KEY_2)))[0] == 200
    assert [each.introductions for each in scene.running] == [0, 1]
    assert scene.downlinks.carried(2, reply(query(key=KEY_2, second=21)[:-1]))[0] == 403
    assert scene.downlinks.refused == 1


def test_a_reply_carries_no_commands_for_others():
    scene = Scene(thingpark(1), thingpark(2))
    assert scene.downlinks.carried(1, reply(query(key=KEY_2)))[0] == 403


def test_most_replies_carry_nothing():
    scene = Scene(thingpark(1))
    for body in (b"", b"ok", b'{"DevEUI_downlink":7}', b'"DevEUI_downlink'):
        assert scene.downlinks.carried(1, body) is None, body
    assert scene.downlinks.refused == 0


def test_each_way_has_to_be_wanted():
    for mode, local, carried in (
        ("off", 403, 403),
        ("local", 200, 403),
        ("response", 403, 200),
        ("both", 200, 200),
    ):
        assert Scene(thingpark(1, mode)).downlinks.receive(query())[0] == local, mode
        assert Scene(thingpark(1, mode)).downlinks.carried(1, reply(query()))[0] == carried, mode


def test_the_way_in_is_open_as_long_as_a_destination_wants_it():
    off = destination(**{"id": 3, "name": "Other"})
    for settings, expected in (
        ([], False),
        ([off], False),
        ([thingpark(1, "response")], False),
        ([off, thingpark(1, "local")], True),
        ([thingpark(1, "both")], True),
        ([thingpark(1, enabled=False)], False),
        ([destination(**{"downlink.mode": "both"})], False),  # nothing it could be signed with
    ):
        assert commands.is_open({"destinations": settings}) is expected, settings


def test_a_destination_that_is_switched_off_obeys_nobody():
    assert Scene(thingpark(1, enabled=False)).downlinks.receive(query())[0] == 403


def test_who_guesses_is_counted_but_cannot_fill_the_log():
    scene = Scene(thingpark(1))
    for _ in range(50):
        assert scene.downlinks.receive(query(key="x"))[2]
    assert scene.downlinks.refused == 50 and len(scene.log.lines) == 1
    scene.up_ms += 10_000
    scene.downlinks.receive("")
    assert scene.log.lines[1] == (
        "downlink refused (51 so far): Token is missing: sign the query with the tunnel key."
    )
    assert scene.downlinks.last_refusal.startswith("Token is missing")


def test_neither_keys_nor_tokens_are_told():
    scene = Scene(thingpark(1))
    texts = [query(), query(), query(key="x"), "Token=" + KEY]
    said = [scene.downlinks.receive(text)[1] for text in texts] + scene.log.lines
    for text in texts:
        assert not [line for line in said if text[-64:] in line or KEY in line]
