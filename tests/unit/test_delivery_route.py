"""The way of a parcel over HTTP: what stands in the request, and what the answer means."""

import sys

import delivery
from delivery import route, verdict
from delivery.errors import RouteError
from delivery.message import Message, Parcel
from delivery.route import Route
from delivery.vectors import VECTORS
from destination_settings import destination
from helper import raises, run
from net import dial
from net.http import RequestError
from net.request import Writer

NOW = 1730000000
BODY = b'{"autopid_data":{"ENGINE_RPM":4147,"SPEED":0}}'
ID = "a1b2c3d4e5f6-3-17"
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PREVIOUS = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

DEFAULTS = destination(id=2)


class Format:
    CONTENT_TYPE = "application/json"


class Query:
    CONTENT_TYPE = None
    IN_QUERY = True


class Answer:
    def __init__(self, status=200, body=b"", headers=()):
        self.status = status
        self.body = body
        self._headers = dict(headers)

    def get(self, name, default=None):
        return self._headers.get(name, default)


class Connection:
    """In place of net.http.Connection; `script` holds the exceptions and answers of all of them."""

    script: list = []
    made: list = []
    sent: list = []
    fixed: list = []
    deadlines: list = []

    def __init__(self, host, port, context, server_name, **options):
        self.where = host, port
        self.server_name = server_name
        self.context = context
        self.options = options
        self.writer = Writer(options["host_header"], options["keep"])
        self.made.append(self)

    async def request(self, method, target, headers, body, deadline_ms, changing=()):
        self.sent.append(self.writer.message(method, target, headers, body, changing))
        self.fixed.append(headers)
        self.deadlines.append(deadline_ms)
        outcome = self.script.pop(0) if self.script else Answer()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Trusting:
    """In place of net.tls.Context."""

    valid = ("20240101000000", "20250101000000")

    def __init__(self, number):
        self._number = number

    def __eq__(self, other):
        return self._number == other


class Contexts:
    """In place of delivery.contexts.Contexts: numbers, and what verified servers said of the time."""

    dates: list = []

    def __init__(self):
        self.made = 0
        self.dates.clear()

    def of_destination(self, settings):
        self.made += 1
        return Trusting(self.made - 1)

    def hear(self, date, valid):
        assert valid == Trusting.valid
        self.dates.append(date)


def settings(changes):
    found = dict(DEFAULTS)
    for key, value in changes.items():
        found[key] = dict(found[key], **value) if isinstance(value, dict) else value
    return found


def parcel(body=BODY, format=Format, trace=False, id=ID):
    return Parcel([Message(id, body, NOW, 0)], format, trace)


def sends(
    *parcels, script=(), secrets=None, now=NOW, sessions=None, ids=None, clock=None, **changes
):
    """The verdicts on parcels sent on one route, each over a context of its own number."""
    contexts = Contexts()
    Connection.script, Connection.made = list(script), []
    Connection.sent, Connection.fixed, Connection.deadlines = [], [], []
    stored = {"destinations.2." + name: text for name, text in (secrets or {}).items()}
    kept, route.Connection = route.Connection, Connection
    try:
        clock = clock or (lambda: now)
        way = Route(settings(changes), stored.get, contexts, None, clock, sessions, ids)
        return [run(outcome(way, each)) for each in parcels]
    finally:
        route.Connection = kept


async def outcome(way, parcel):
    try:
        return await way.deliver(parcel, 1000)
    except RequestError as error:
        return error.stage


def sent(*parcels, **options):
    """The requests as (request line, fields by lower-case name, body)."""
    sends(*(parcels or [parcel()]), **options)
    return [taken_apart(message) for message in Connection.sent]


def taken_apart(message):
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = {}
    for line in lines:
        name, _, value = line.partition(": ")
        assert name.lower() not in fields, line
        fields[name.lower()] = value
    return first, fields, body


def test_a_parcel_is_posted_under_its_id():
    (verdicts,) = sends(parcel())
    assert verdicts.ok
    assert Connection.sent == [
        b"POST /in HTTP/1.1\r\nHost: a.example\r\nUser-Agent: ESP32 WiCAN/1.0\r\n"
        b"Content-Type: application/json\r\nX-Message-Id: a1b2c3d4e5f6-3-17\r\n"
        b"Content-Length: 46\r\n\r\n" + BODY
    ]


def test_the_id_changes_with_the_parcel_and_the_rest_stays():
    found = sent(parcel(), parcel(id="x-1-2"), parcel(id="x-1-2"))
    assert [fields["x-message-id"] for _, fields, _ in found] == [ID, "x-1-2", "x-1-2"]
    assert Connection.fixed[0] is Connection.fixed[1] is Connection.fixed[2]


def test_method_query_and_content_type_are_the_users():
    query = [{"key": "source", "value": "wican_pro"}, {"key": "bus nr", "value": "7/ä&b=c+d"}]
    ((first, fields, body),) = sent(
        url="https://a.example/in?v=1",
        method="PUT",
        query=query,
        body={"content_type": "text/plain; charset=utf-8"},
    )
    assert first == "PUT /in?v=1&source=wican_pro&bus%20nr=7%2F%C3%A4%26b%3Dc%2Bd HTTP/1.1"
    assert fields["content-type"] == "text/plain; charset=utf-8" and body == BODY


def test_a_body_that_is_a_query_becomes_one():
    for method, url, target in (
        ("GET", "https://a.example/", "/?key=k%201&id=1&lat=2"),
        ("POST", "https://a.example/in?v=1", "/in?v=1&key=k%201&id=1&lat=2"),
    ):
        ((first, fields, body),) = sent(
            parcel(b"id=1&lat=2", Query),
            method=method,
            url=url,
            query=[{"key": "key", "value": "k 1"}],
            body={"gzip": True, "content_type": "text/plain"},
        )
        assert first == "%s %s HTTP/1.1" % (method, target)
        assert body == b"" and fields.get("content-length") == {"POST": "0"}.get(method), method
        assert "content-type" not in fields and "content-encoding" not in fields
    ((first, _, _),) = sent(parcel(b"id=1", Query), url="https://a.example/in?")
    assert first == "POST /in?id=1 HTTP/1.1"
    ((first, _, _),) = sent(parcel(b"", Query))
    assert first == "POST /in HTTP/1.1"


def test_parcels_of_two_formats_have_heads_of_their_own():
    found = sent(parcel(), parcel(b"id=1", Query), parcel())
    assert ["content-type" in fields for _, fields, _ in found] == [True, False, True]


def test_custom_headers_are_sent_but_replace_nothing():
    entered = [
        {"name": "X-Fleet", "value": "north"},
        {"name": "authorization", "value": "mine"},
        {"name": "Webhook-ID", "value": "mine"},
    ]
    ((_, fields, _),) = sent(headers=entered)
    assert fields["x-fleet"] == "north"
    assert fields["authorization"] == "mine" and fields["webhook-id"] == "mine"
    ((_, fields, _),) = sent(
        headers=entered,
        auth={"type": "bearer"},
        sign={"scheme": "standard_webhooks"},
        secrets={"auth.token": "abc", "sign.secret": SECRET},
    )
    assert fields["authorization"] == "Bearer abc" and fields["webhook-id"] == ID
    assert fields["x-fleet"] == "north"


def test_a_login_goes_before_authentication_and_custom_headers():
    for auth in ({}, {"type": "bearer"}):
        ((_, fields, _),) = sent(
            headers=[{"name": "Authorization", "value": "mine"}],
            auth=auth,
            secrets={"auth.token": "abc", "auth.login": "fleet:s3cret"},
        )
        assert fields["authorization"] == "Basic ZmxlZXQ6czNjcmV0", auth


def test_a_key_can_stand_in_the_query():
    ((first, _, _),) = sent(
        auth={"type": "api_key", "place": "query", "header": "api_key"},
        secrets={"auth.token": "k/1"},
        query=[{"key": "v", "value": "1"}],
    )
    assert first == "POST /in?v=1&api_key=k%2F1 HTTP/1.1"


def test_signatures_cover_the_bytes_that_are_sent():
    secrets = {"sign.secret": "wican-secret"}
    for sign, name, value in (
        (
            {"scheme": "github"},
            "x-hub-signature-256",
            "sha256=ec3c4a545dfaf61de66e8300d0965f8e22c5c3e7cd47beb2472e5e161660ac62",
        ),
        (
            {"scheme": "stripe", "header": "X-Sig"},
            "x-sig",
            "t=1730000000,v1=9b1ffa663a3642559cd6a8745a4abf255e2eb93e3f511d81d456d1f5e87f4869",
        ),
        (
            {"digest": True},
            "content-digest",
            "sha-256=:szR2A/n5S/Ewwoc39LW1wK8teEcpTBHmTTd3sUhq3tI=:",
        ),
    ):
        ((_, fields, _),) = sent(sign=sign, secrets=secrets)
        assert fields[name] == value, sign


def test_standard_webhooks_repeat_the_id_and_sign_with_both_secrets():
    ((_, fields, _),) = sent(
        sign={"scheme": "standard_webhooks"},
        secrets={"sign.secret": SECRET, "sign.previous": PREVIOUS},
    )
    assert fields["webhook-id"] == fields["x-message-id"] == ID
    assert fields["webhook-timestamp"] == "1730000000"
    assert fields["webhook-signature"] == (
        "v1,xAiwxNBPw/i8aWCt/iX09Epk9WXadTGW6jwCe2mIxqQ= "
        "v1,tN9NEWpb7YKaG8Vhd4Zy7fZIFZNuSFXBVMfQKpCV2+M="
    )


def test_signatures_with_a_time_wait_for_the_clock():
    secrets = {"sign.secret": SECRET}
    for scheme in ("stripe", "standard_webhooks"):
        error = raises(
            RouteError, sends, parcel(), now=0, sign={"scheme": scheme}, secrets=secrets
        )
        assert "clock is not set" in str(error) and error.advice, scheme
        assert Connection.sent == []
    assert sent(now=0, sign={"scheme": "github", "digest": True}, secrets=secrets)


class Gzip:
    """In place of delivery.gzip."""

    def __init__(self):
        self.calls = 0

    def compress(self, data):
        self.calls += 1
        return b"%d%s" % (self.calls, data[:4])


def test_a_parcel_is_compressed_once_and_signed_as_it_is_sent():
    kept = sys.modules.get("delivery.gzip"), getattr(delivery, "gzip", None)
    fake = sys.modules["delivery.gzip"] = delivery.gzip = Gzip()
    try:
        first, second = parcel(), parcel(id="x-1-2")
        found = sent(
            first,
            first,
            second,
            script=[RequestError("status", "Closed."), Answer(), Answer()],
            body={"gzip": True},
            sign={"digest": True},
        )
    finally:
        sys.modules["delivery.gzip"], delivery.gzip = kept
        if kept[0] is None:
            del sys.modules["delivery.gzip"], delivery.gzip
    assert [body for _, _, body in found] == [b'1{"au', b'1{"au', b'2{"au']
    assert fake.calls == 2
    for _, fields, _ in found:
        assert fields["content-encoding"] == "gzip" and fields["content-length"] == "5"
    digests = [fields["content-digest"] for _, fields, _ in found]
    assert digests[0] == digests[1] == "sha-256=:B0Z1KVEc7TJ4FTxtS0q12QhoqJNZo8xA6QXbWuN6Rg0=:"
    assert digests[2] != digests[0]


def test_the_trace_is_the_request_without_its_secrets():
    shown = parcel(trace=True)
    sends(
        shown,
        auth={"type": "basic", "user": "me"},
        secrets={"auth.token": "s3cret"},
        headers=[{"name": "X-Fleet", "value": "north"}],
    )
    message = Connection.sent[0].decode()
    assert "Basic bWU6czNjcmV0" in message
    assert shown.trace == message.replace("bWU6czNjcmV0", "***")
    quiet = parcel()
    sends(quiet)
    assert quiet.trace == ""


def test_the_trace_is_there_even_if_nobody_answered():
    shown = parcel(trace=True)
    assert sends(shown, script=[RequestError("dns", "No name.")]) == ["dns"]
    assert shown.trace == Connection.sent[0].decode()


def test_rules_about_the_reply_decide():
    rules = {"json_path": "status", "json_value": "ok"}
    for answer, kind in (
        (Answer(200, b'{"status":"ok"}'), verdict.DELIVERED),
        (Answer(200, b'{"status":"error"}'), verdict.REJECTED),
        (Answer(500, b'{"status":"ok"}'), verdict.RETRY),
        (RequestError("body", "Cut.", None, None, 200), verdict.RETRY),
    ):
        (found,) = sends(parcel(), script=[answer], success=rules)
        assert found.kind == kind, kind
    (found,) = sends(parcel(), script=[Answer(200)], success={"status": 204})
    assert found.ok and "204" in found.cause
    assert sends(parcel(), script=[RequestError("body", "Cut.", None, None, 200)]) == ["body"]


def test_settings_that_make_no_request_are_told():
    long_value = [{"key": "k%d" % number, "value": "v" * 256} for number in range(16)]
    for expected, changes in (
        ("An address starts with https://", {"url": "ftp://a.example/"}),
        ("anyone on the way can read", {"url": "http://a.example/"}),
        ("holds a user name", {"url": "https://me:pass@a.example/"}),
        ("there is no token", {"auth": {"type": "bearer"}}),
        ("there is no secret", {"sign": {"scheme": "github"}}),
        ("header Host cannot", {"headers": [{"name": "Host", "value": "x"}]}),
        (
            "header Host cannot",
            {"sign": {"scheme": "github", "header": "Host"}, "secrets": {"sign.secret": "x"}},
        ),
        (
            "write X-A already",
            {
                "auth": {"type": "api_key", "header": "x-a"},
                "sign": {"scheme": "github", "header": "X-A"},
                "secrets": {"sign.secret": "x", "auth.token": "x"},
            },
        ),
        ("one line", {"headers": [{"name": "X-A", "value": "a\r\nX-B: c"}]}),
        ("another header", {"headers": [{"name": "X-A", "value": ""}] * 2}),
        ("holds '\\n'", {"body": {"content_type": "text/plain\nX: y"}}),
        ("holds '\\n'", {"auth": {"type": "bearer"}, "secrets": {"auth.token": "a\nb"}}),
        (
            "no Base64",
            {"sign": {"scheme": "standard_webhooks"}, "secrets": {"sign.secret": "x!"}},
        ),
        ("at most 4096", {"query": long_value}),
        ("request target", {"parcel": parcel(b"a=b c", Query)}),
    ):
        changes = dict(changes)
        error = raises(RouteError, sends, changes.pop("parcel", parcel()), **changes)
        assert expected in str(error) and "pass" not in str(error), (expected, str(error))
        assert Connection.sent == [], expected


def test_plain_http_goes_without_certificates_if_it_is_allowed():
    sends(parcel(), url="http://1.2.3.4:81/", transport={"allow_plain": True, "keep": False})
    (made,) = Connection.made
    assert made.where == ("1.2.3.4", 81) and made.context is None
    assert b"Connection: close\r\n" in Connection.sent[0]
    sends(parcel(), transport={"allow_plain": True})
    assert Connection.made[0].context == 0


def test_connections_are_shared_out_among_the_destinations():
    sessions = object()
    sends(parcel(), sessions=sessions)
    assert Connection.made[0].options["sessions"] is sessions


def test_only_where_attempts_are_not_counted_a_lost_request_is_sent_again():
    for attempts, repeats in ((0, True), (1, False), (3, False)):
        sends(parcel(), retry={"attempts": attempts})
        [connection] = Connection.made
        assert connection.options["repeats"] is repeats, attempts


def test_after_a_failed_handshake_certificates_are_loaded_again_and_the_address_is_kept():
    outcomes = sends(
        parcel(),
        parcel(),
        parcel(),
        script=[RequestError("tls", "No."), RequestError("connect", "No."), Answer()],
    )
    made = Connection.made
    assert outcomes[:2] == ["tls", "connect"] and outcomes[2].ok
    assert [connection.context for connection in made] == [0, 1]
    addresses = [connection.options["address"] for connection in made]
    assert isinstance(addresses[0], dial.Address) and addresses[0] is addresses[1]


def test_the_certificate_may_have_to_be_for_another_name_than_the_address():
    sends(parcel(), tls={"server_name": "api.example"})
    assert Connection.made[0].server_name == "api.example"


def test_what_verified_servers_say_of_the_time_is_heard():
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    sends(parcel(), script=[Answer(headers=[("Date", date)])])
    assert Contexts.dates == [date]
    sends(parcel(), url="http://a.example/", transport={"allow_plain": True})
    assert Contexts.dates == []


# What the connectors of other systems need

IDS = {"SERIAL": "123456", "CUSTOM1": "bus 7/ä", "CUSTOM3": "t0p/s3cret"}
KPN_BODY, KPN_SECRET, KPN_TOKEN = [
    inputs + (out,) for name, _, inputs, out in VECTORS if name == "kpn_1"
][0]
TUNNEL_KEY = "00112233445566778899aabbccddeeff"
LRN_QUERY = [out for name, _, _, out in VECTORS if name == "tp_wire_s1"][0]
UPLINK = [inputs[0] for name, _, inputs, _ in VECTORS if name == "tp_body_json"][0].encode()
AZURE = {"type": "azure_sas", "hub": "wicanhub.azure-devices.net", "life_s": 3600}
AZURE["device_id"] = "wican-a1b2c3d4e5f6"
AZURE_KEY = {"auth.token": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
AZURE_TOKEN = [out for name, _, _, out in VECTORS if name == "az_3"][0]


def test_dynamic_fields_stand_in_address_query_and_headers():
    ((first, fields, _),) = sent(
        ids=IDS,
        url="https://a.example/in/[SERIAL]?a=[CUSTOM1]",
        query=[{"key": "b", "value": "[CUSTOM1]"}],
        headers=[{"name": "X-Asset", "value": "nr [CUSTOM1]"}],
    )
    assert first == "POST /in/123456?a=bus%207%2F%C3%A4&b=bus%207%2F%C3%A4 HTTP/1.1"
    assert fields["x-asset"] == "nr bus 7/ä"
    sends(parcel(), ids=IDS, url="https://[SERIAL].example/")
    assert Connection.made[0].where == ("123456.example", 443)
    assert Connection.sent[0].startswith(b"POST / HTTP/1.1\r\nHost: 123456.example\r\n")


def test_fields_without_a_value_are_told_before_anything_is_sent():
    for expected, changes in (
        ("[IMEI] is used, but it is empty", {"url": "https://a.example/[IMEI]"}),
        ("no field [NAME]", {"query": [{"key": "a", "value": "[NAME]"}]}),
        ("no part of a host", {"url": "https://[CUSTOM1].example/"}),
        ("control character", {"headers": [{"name": "X-A", "value": "[CUSTOM2]"}]}),
    ):
        ids = dict(IDS, CUSTOM2="a\r\nX-B: c")
        error = raises(RouteError, sends, parcel(), ids=ids, **changes)
        assert expected in str(error) and error.advice, expected
        assert Connection.sent == [] == Connection.made


def test_the_trace_does_not_show_the_secret_field():
    shown = parcel(b'{"bn":"t0p/s3cret"}', trace=True)
    sends(
        shown,
        ids=IDS,
        url="https://a.example/[CUSTOM3]?a=[SERIAL]",
        headers=[{"name": "Authorization", "value": "[CUSTOM3]"}],
    )
    assert b"/t0p%2Fs3cret?" in Connection.sent[0] and b": t0p/s3cret\r\n" in Connection.sent[0]
    assert "/***?a=123456 " in shown.trace and "Authorization: ***\r\n" in shown.trace
    assert "s3cret" not in shown.trace
    shown = parcel(b'{"bn":"t0p/s3cret"}', trace=True)
    sends(shown, ids=IDS, body={"base_name": "[CUSTOM3]"})
    assert "s3cret" not in shown.trace
    shown = parcel(trace=True)  # a short one would make the trace unreadable for nothing
    sends(shown, ids={"CUSTOM3": "a"})
    assert "***" not in shown.trace


def test_kpn_gets_its_token_over_what_is_sent_beside_its_plug():
    sign = {"scheme": "kpn", "plug_uuid": "fbc063cb-4dd4-41b3-917a-e2d1ea907f75", "header": "X-A"}
    for method in ("POST", "GET"):
        ((first, fields, body),) = sent(
            parcel(KPN_BODY.encode()),
            method=method,
            sign=sign,
            secrets={"sign.secret": KPN_SECRET},
            headers=[{"name": "Things-Plug-UUID", "value": "mine"}],
            now=0,
        )
        assert first.startswith(method) and body == KPN_BODY.encode()
        assert fields["content-length"] == str(len(body))
        assert fields["things-message-token"] == KPN_TOKEN and "x-a" not in fields
        assert fields["things-plug-uuid"] == "fbc063cb-4dd4-41b3-917a-e2d1ea907f75"


def test_thingparks_query_stands_behind_the_users_own():
    ((first, fields, body),) = sent(
        parcel(UPLINK),
        url="https://a.example/in?v=1",
        query=[{"key": "b", "value": "2"}],
        sign={"scheme": "thingpark", "infos": "WICAN-1"},
        secrets={"sign.secret": TUNNEL_KEY, "sign.previous": "f" * 32},
    )
    assert first == "POST /in?v=1&b=2&%s HTTP/1.1" % LRN_QUERY and body == UPLINK
    ((first, _, _),) = sent(
        parcel(UPLINK), sign={"scheme": "thingpark"}, secrets={"sign.secret": TUNNEL_KEY}
    )
    assert "&LrnInfos=WICAN-2&AS_ID=wican.as&" in first  # destination 2


def test_thingparks_token_waits_for_the_clock_and_knows_its_documents():
    secrets = {"sign.secret": TUNNEL_KEY}
    sign = {"scheme": "thingpark"}
    error = raises(RouteError, sends, parcel(UPLINK), now=0, sign=sign, secrets=secrets)
    assert "clock is not set" in str(error) and error.advice
    error = raises(RouteError, sends, parcel(), sign=sign, secrets=secrets)
    assert "none that ThingPark knows" in str(error)
    assert Connection.sent == []


def test_azure_gets_a_token_that_no_header_replaces_and_no_trace_shows():
    shown = parcel(trace=True)
    headers = [{"name": "authorization", "value": "mine"}]
    ((_, fields, _),) = sent(shown, auth=AZURE, secrets=AZURE_KEY, headers=headers)
    assert fields["authorization"] == AZURE_TOKEN
    assert "Authorization: ***\r\n" in shown.trace and "sig=" not in shown.trace
    error = raises(RouteError, sends, parcel(), auth=AZURE, secrets=AZURE_KEY, now=0)
    assert "clock is not set" in str(error) and Connection.sent == []
    error = raises(RouteError, sends, parcel(), auth=AZURE)
    assert "there is no key" in str(error) and error.advice


def test_a_token_that_azure_refuses_is_made_anew_once_and_tried_at_once():
    no, yes = Answer(401), Answer(204)
    for script, kinds, requests in (
        ([no, yes], [verdict.DELIVERED], 2),
        ([no, no], [verdict.AUTH], 2),
        ([no, no, no], [verdict.AUTH, verdict.AUTH], 3),
        ([no, yes, no, yes], [verdict.DELIVERED] * 2, 4),
        ([Answer(403)], [verdict.AUTH], 1),
    ):
        found = sends(*[parcel()] * len(kinds), script=script, auth=AZURE, secrets=AZURE_KEY)
        assert [each.kind for each in found] == kinds
        assert len(Connection.sent) == requests, script
    (found,) = sends(parcel(), script=[no, yes], auth={"type": "bearer"}, secrets=AZURE_KEY)
    assert found.kind == verdict.AUTH and len(Connection.sent) == 1
    times = [NOW, NOW + 5]
    sends(parcel(), script=[no, yes], auth=AZURE, secrets=AZURE_KEY, clock=lambda: times.pop(0))
    assert b"&se=%d\r\n" % (NOW + 3605) in Connection.sent[1]


def test_the_second_request_has_what_is_left_of_the_time():
    sends(parcel(), script=[Answer(401), Answer(204)], auth=AZURE, secrets=AZURE_KEY)
    first, second = Connection.deadlines
    assert first == 1000 and 0 < second <= 1000


def test_only_accepted_statuses_are_deliveries():
    for status, kind in ((204, verdict.DELIVERED), (203, verdict.RETRY), (500, verdict.RETRY)):
        (found,) = sends(parcel(), script=[Answer(status)], success={"accept": [200, 204]})
        assert (found.kind, found.status) == (kind, status)
    cut = RequestError("body", "Cut.", None, None, 203)
    (found,) = sends(parcel(), script=[cut], success={"accept": [200, 204]})
    assert found.kind == verdict.RETRY and "203" in found.cause and found.advice


def test_what_is_called_what_is_asked_for_and_whose_certificate_is_wanted_are_three_things():
    plain = {"allow_plain": True}
    for url, changes, where, name, host in (
        ("http://1.2.3.4/in", {}, ("1.2.3.4", 80), "1.2.3.4", "1.2.3.4"),
        (
            "http://1.2.3.4/in",
            {"host_header": "api.example.com"},
            ("1.2.3.4", 80),
            "1.2.3.4",
            "api.example.com",
        ),
        (
            "http://api.example.com/in",
            {"connect_to": "1.2.3.4:4321"},
            ("1.2.3.4", 4321),
            "api.example.com",
            "api.example.com",
        ),
        (
            "https://api.example.com/in",
            {"connect_to": "10.0.0.5:8443"},
            ("10.0.0.5", 8443),
            "api.example.com",
            "api.example.com",
        ),
        (
            "https://api.example.com:8443/in",
            {"connect_to": "[::1]:1"},
            ("::1", 1),
            "api.example.com",
            "api.example.com:8443",
        ),
    ):
        sends(parcel(), url=url, transport=dict(plain, **changes))
        (made,) = Connection.made
        assert (made.where, made.server_name) == (where, name), url
        assert made.options["address"]._host == where[0]
        assert b"\r\nHost: %s\r\n" % host.encode() in Connection.sent[0], url
    error = raises(RouteError, sends, parcel(), transport={"connect_to": "a b:80"})
    assert "to connect to" in str(error) and error.advice


def test_a_server_that_was_asked_for_an_ip_address_may_mind_just_that():
    plain = {"allow_plain": True}
    for status, hint in ((402, True), (403, True), (404, True), (421, True), (400, False)):
        for url, host, is_ip in (
            ("http://1.2.3.4/in", "", True),
            ("https://[::1]:8443/in", "", True),
            ("http://api.example/in", "1.2.3.4:80", True),
            ("http://1.2.3.4/in", "api.example", False),
            ("http://api2.example:80/in", "", False),
        ):
            transport = dict(plain, host_header=host)
            (found,) = sends(parcel(), script=[Answer(status)], url=url, transport=transport)
            assert ("asked for an IP address" in found.advice) == (hint and is_ip), (status, url)


def test_replies_are_looked_at_only_where_commands_may_come_with_them():
    for mode, expected in (("off", b""), ("local", b""), ("response", b"{}"), ("both", b"{}")):
        (found,) = sends(parcel(), script=[Answer(200, b"{}")], downlink={"mode": mode})
        assert found.ok and found.reply == expected, mode
    (found,) = sends(parcel(), script=[Answer(500, b"{}")], downlink={"mode": "both"})
    assert found.reply == b""
