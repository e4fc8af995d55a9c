"""An MQTT destination: address, topics, login, what counts as delivered, what the user gets to see."""

from broker import ACCEPTED, GOODBYE, Broker, confirm, until
from delivery import mqtt_route
from delivery.errors import RouteError
from delivery.message import Message, Parcel
from delivery.mqtt_route import MqttRoute, login
from helper import raises, run
from net.http import RequestError
from net.mqtt_packets import Will, connect_packet, publish_packet
from net.opening import Opening

DEVICE = "a0b1c2d3e4f5"
RX = "wican/a0b1c2d3e4f5/can/rx"
STATUS = "wican/a0b1c2d3e4f5/status"
ONLINE = publish_packet(STATUS, b'{"status": "online"}', 0, True)
OFFLINE = publish_packet(STATUS, b'{"status": "offline"}', 0, True)


class Format:
    """In place of a module of delivery.formats."""

    CONTENT_TYPE = "application/json"
    SEPARATOR = None


def settings(**changes):
    """The settings of a destination; members of its mqtt section by their own names."""
    mqtt = {"topic": "", "client_id": "", "qos": "0", "retain": False, "keepalive_s": 30}
    for name in list(changes):
        if name in mqtt:
            mqtt[name] = changes.pop(name)
    found = {
        "id": 2,
        "url": "mqtt://b.example",
        "auth": {"type": "none", "user": ""},
        "cert_set": "default",
        "tls": {"server_name": "", "pins": [], "ciphers": "default"},
        "transport": {"allow_plain": True, "keep": True},
        "mqtt": mqtt,
    }
    found.update(changes)
    return found


def parcel(body=b'{"SPEED":0}', wants_trace=False, id="a0b1c2d3e4f5-1-1"):
    return Parcel([Message(id, body, 0, 0)], Format, wants_trace)


class Scene:
    """A route whose connections meet the given brokers; `made` are the arguments of its Opening."""

    def __init__(self, *brokers, secrets=None, contexts=None, **changes):
        self.brokers = list(brokers)
        self.made = []
        kept = mqtt_route.Opening
        mqtt_route.Opening = self.opening
        try:
            secret = (secrets or {}).get
            self.way = MqttRoute(settings(**changes), secret, contexts, None, DEVICE)
        finally:
            mqtt_route.Opening = kept

    def opening(self, host, port, context, **options):
        self.made.append((host, port, context))
        self.options = options
        return Opening(host, port, context, opener=self.open)

    async def open(self, host, port):
        broker = self.brokers.pop(0)
        return broker, broker


def deliver(scene, *parcels):
    """The verdict on each parcel."""

    async def play():
        found = []
        for each in parcels:
            found.append(await scene.way.deliver(each, 5000))
        return found

    return run(play())


def hello(client_id=DEVICE + "-2", user=None, password=None, qos=0, keepalive_s=30):
    will = Will(STATUS, b'{"status": "offline"}', qos, True)
    return connect_packet(client_id, keepalive_s, user, password, will)


def refused(**changes):
    """Why no way can be made of these settings."""
    error = raises(RouteError, Scene, **changes)
    assert error.advice
    return str(error)


def test_dashboards_of_the_reference_firmware_find_its_topics():
    broker = Broker(ACCEPTED)
    [found] = deliver(Scene(broker), parcel())
    assert found.ok and found.stage == "write"
    document = publish_packet(RX, b'{"SPEED":0}')
    assert broker.sent == hello() + ONLINE + document


def test_topic_client_id_retain_and_keep_alive_can_be_chosen():
    broker = Broker(ACCEPTED)
    changes = {"topic": "car/rx", "client_id": "van 7", "retain": True, "keepalive_s": 5}
    deliver(Scene(broker, **changes), parcel())
    document = publish_packet("car/rx", b'{"SPEED":0}', 0, True)
    assert broker.sent == hello("van 7", keepalive_s=5) + ONLINE + document


def test_qos_1_is_delivered_by_the_brokers_confirmation():
    broker = Broker(ACCEPTED, confirm(1))
    [found] = deliver(Scene(broker, qos="1"), parcel())
    assert found.ok and found.stage == "status" and "confirmed" in found.cause
    assert broker.sent == hello(qos=1) + ONLINE + publish_packet(RX, b'{"SPEED":0}', 1, False, 1)


def test_a_parcel_that_was_not_confirmed_is_sent_again_as_the_same_one():
    first, second = Broker(ACCEPTED, b""), Broker(ACCEPTED, confirm(1), confirm(2))
    scene = Scene(first, second, qos="1")

    async def play():
        try:
            await scene.way.deliver(parcel(), 5000)
        except RequestError:
            await scene.way.deliver(parcel(), 5000)
        return await scene.way.deliver(parcel(id="a0b1c2d3e4f5-1-2"), 5000)

    assert run(play()).ok
    assert publish_packet(RX, b'{"SPEED":0}', 1, False, 1, True) in second.writes[1]
    assert second.writes[2] == publish_packet(RX, b'{"SPEED":0}', 1, False, 2)


def test_who_closes_says_offline_first():
    broker = Broker(ACCEPTED)
    scene = Scene(broker)

    async def play():
        await scene.way.deliver(parcel(), 5000)
        scene.way.close()
        await until(lambda: broker.closed)

    run(play())
    assert broker.sent.endswith(OFFLINE + GOODBYE)


def test_without_keeping_each_parcel_has_its_own_connection():
    brokers = [Broker(ACCEPTED), Broker(ACCEPTED)]
    transport = {"allow_plain": True, "keep": False}
    deliver(Scene(*brokers, transport=transport), parcel(), parcel())
    assert [broker.writes[0] == hello() for broker in brokers] == [True, True]


def test_user_and_password_of_basic_authentication():
    broker = Broker(ACCEPTED)
    secrets = {"destinations.2.auth.token": "s3cret"}
    deliver(Scene(broker, secrets=secrets, auth={"type": "basic", "user": "van"}), parcel())
    assert broker.writes[0] == hello(user="van", password="s3cret")


def test_logins():
    for auth_type, user, secrets, expected in (
        ("none", "", {}, (None, None)),
        ("none", "left over", {"auth.token": "left over"}, (None, None)),
        ("basic", "van", {}, ("van", None)),
        ("basic", "", {"auth.token": "p"}, ("", "p")),
        ("none", "", {"auth.login": "u:p:q"}, ("u", "p:q")),
        ("none", "", {"auth.login": "token:"}, ("token", None)),
        ("basic", "van", {"auth.login": "u:p", "auth.token": "x"}, ("u", "p")),
    ):
        auth = {"type": auth_type, "user": user}
        assert login(auth, secrets.get) == expected, (auth, secrets)
    raises(RouteError, login, {"type": "basic", "user": ""}, {}.get)
    for auth_type in ("bearer", "api_key"):
        error = raises(
            RouteError, login, {"type": auth_type, "user": "u"}, {"auth.token": "x"}.get
        )
        assert "user name and password" in str(error)


def test_addresses():
    for url, expected in (
        ("mqtt://b.example", ("b.example", 1883, None)),
        ("mqtt://b.example:2000/", ("b.example", 2000, None)),
    ):
        assert Scene(url=url).made == [expected]
    plain = {"allow_plain": False, "keep": True}
    assert "mqtts://" in refused(transport=plain)
    assert "user name" in refused(url="mqtt://u:p@b.example")
    assert "neither path nor query" in refused(url="mqtt://b.example/topic")
    assert "cannot be used" in refused(url="https://b.example")


def test_mqtts_is_verified_with_the_cert_set():
    class Contexts:
        def of_destination(self, settings):
            return "context of " + settings["cert_set"]

    tls = {"server_name": "broker.example", "pins": []}
    scene = Scene(contexts=Contexts(), url="mqtts://b.example", cert_set="garage", tls=tls)
    assert scene.made == [("b.example", 8883, "context of garage")]
    assert scene.options["server_name"] == "broker.example"


def test_topics_nobody_can_publish_to_are_refused():
    assert "neither + nor #" in str(raises(RouteError, Scene, topic="car/#"))


def test_refusals():
    for code in (1, 2, 4, 5):
        [found] = deliver(Scene(Broker(bytes((0x20, 2, 0, code)))), parcel())
        assert (found.kind, found.stage, found.ok) == ("auth", "status", False), code
        assert found.cause and found.advice
    error = raises(RequestError, deliver, Scene(Broker(b"\x20\x02\x00\x03")), parcel())
    assert error.stage == "status" and "cannot serve" in str(error)


def test_the_trace_shows_what_was_sent_but_no_secret():
    broker = Broker(ACCEPTED, confirm(1), confirm(2))
    secrets = {"destinations.2.auth.token": "s3cret"}
    auth = {"type": "basic", "user": "van"}
    scene = Scene(broker, secrets=secrets, auth=auth, qos="1")
    first, second = parcel(wants_trace=True), parcel(b'{"a":"s3cret"}', True, "x")
    deliver(scene, first, second)
    assert first.trace.replace("\r\n", "\n") == (
        "CONNECT client_id=a0b1c2d3e4f5-2 clean_session=1 keep_alive=30 user=van password=***"
        ' will=wican/a0b1c2d3e4f5/status will_qos=1 will_retain=1 {"status": "offline"}\n'
        'PUBLISH topic=wican/a0b1c2d3e4f5/status qos=0 retain=1 dup=0 {"status": "online"}\n'
        "PUBLISH topic=wican/a0b1c2d3e4f5/can/rx qos=1 retain=0 dup=0 packet_id=1\n"
        '\n{"SPEED":0}'
    )
    assert second.trace.replace("\r\n", "\n") == (
        'PUBLISH topic=wican/a0b1c2d3e4f5/can/rx qos=1 retain=0 dup=0 packet_id=2\n\n{"a":"***"}'
    )


def test_a_token_that_is_the_user_name_is_masked():
    secrets = {"destinations.2.auth.login": "t0ken:"}
    sent = parcel(wants_trace=True)
    deliver(Scene(Broker(ACCEPTED), secrets=secrets), sent)
    assert "user=***" in sent.trace and "t0ken" not in sent.trace


def test_a_refused_attempt_is_traced_as_well():
    sent = parcel(wants_trace=True)
    deliver(Scene(Broker(b"\x20\x02\x00\x05")), sent)
    assert sent.trace.startswith("CONNECT ") and "PUBLISH" not in sent.trace
