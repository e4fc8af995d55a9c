"""A destination over a plain connection: how documents are told apart, what counts as delivered, what is refused."""

from broker import Broker, until
from delivery import tcp_route
from delivery.errors import RouteError
from delivery.message import Message, Parcel
from delivery.tcp_route import TcpRoute
from destination_settings import destination
from helper import raises, run
from net.opening import Opening, RequestError
from net.sessions import Sessions

BODY = b'{"SPEED":0}'
LONG = 2000  # ms; for servers that do take offence
PLAIN = {"type": "tcp", "url": "tcp://b.example:9000", "transport.allow_plain": True}


class Format:
    """In place of a module of delivery.formats."""

    CONTENT_TYPE = "application/json"
    OPEN, SEPARATOR, CLOSE = b"", b"\n", b""


def settings(framing="newline", keep=True, **changes):
    """A destination at tcp://b.example:9000, changed."""
    found = dict(PLAIN)
    found.update(changes)
    found.update({"transport.framing": framing, "transport.keep": keep})
    return destination(**found)


def parcel(*bodies, wants_trace=False):
    messages = [Message("a0b1c2d3e4f5-1-1", body, 0, 0) for body in bodies or (BODY,)]
    return Parcel(messages, Format, wants_trace)


class Contexts:
    """Tells whose certificates were asked for; each time anew."""

    def __init__(self):
        self.made = 0

    def of_destination(self, settings):
        self.made += 1
        return "context %d of %s" % (self.made, settings["cert_set"])


class Scene:
    """A route whose connections meet the given servers; `made` are the arguments of its Opening."""

    def __init__(
        self, *servers, sessions=None, contexts=None, secrets=None, look_ms=20, **changes
    ):
        self.servers = list(servers)
        self.made = []
        self.sessions = sessions
        kept = tcp_route.Opening
        tcp_route.Opening = self.opening
        try:
            chosen = settings(**changes)
            secret = (secrets or {}).get
            self.way = TcpRoute(chosen, secret, contexts, None, sessions, look_ms)
        finally:
            tcp_route.Opening = kept

    def opening(self, host, port, context, server_name=None, **options):
        self.made.append((host, port, context, server_name))
        return Opening(host, port, context, opener=self.open, sessions=self.sessions)

    async def open(self, host, port):
        if not self.servers:
            raise OSError(111)
        server = self.servers.pop(0)
        return server, server


def deliver(scene, *parcels, deadline_ms=5000):
    """The verdict on each parcel."""

    async def play():
        found = []
        for each in parcels:
            found.append(await scene.way.deliver(each, deadline_ms))
        return found

    return run(play())


def refused(**changes):
    """Why no way can be made of these settings."""
    error = raises(RouteError, Scene, **changes)
    assert error.advice
    return str(error)


def unfit(*bodies, **changes):
    """Why a document is not sent."""
    server = Broker()
    [found] = deliver(Scene(server, **changes), parcel(*bodies))
    assert (found.kind, found.stage) == ("rejected", "settings") and found.advice
    assert server.sent == b""
    return found.cause


def test_documents_are_told_apart_as_the_settings_say():
    for framing, sent in (
        ("newline", BODY + b"\n" + BODY + b"\n"),
        ("none", BODY + BODY),
        ("len16", b"\x00\x0b" + BODY + b"\x00\x0b" + BODY),
    ):
        server = Broker()
        for found in deliver(Scene(server, framing=framing), parcel(), parcel()):
            assert found.ok and found.stage == "write" and "confirms nothing" in found.cause
        assert server.sent == sent


def test_frame_and_document_leave_in_one_write():
    server = Broker()
    deliver(Scene(server, framing="len16"), parcel())
    assert len(server.writes) == 1


def test_a_line_break_within_a_document_would_end_it():
    for body in (b'{\n"SPEED":0}', b"\n", b"a\n"):
        assert "line break" in unfit(body)
    assert "line break" in unfit(b"a\nb", b"c")
    for framing in ("none", "len16"):
        assert deliver(Scene(Broker(), framing=framing), parcel(b"a\nb"))[0].ok


def test_documents_that_are_joined_by_line_breaks_are_lines():
    server = Broker()
    assert deliver(Scene(server), parcel(b"a", b"b", b"c"))[0].ok
    assert server.sent == b"a\nb\nc\n"


def test_two_bytes_hold_no_more_than_65535():
    server = Broker()
    deliver(Scene(server, framing="len16"), parcel(b"x" * 65535))
    assert server.sent == b"\xff\xff" + b"x" * 65535
    assert "65536 bytes" in unfit(b"x" * 65536, framing="len16")


def test_an_empty_document_is_not_sent():
    assert "empty" in unfit(b"", framing="none")


def test_what_the_server_says_is_thrown_away():
    server = Broker(b"OK\n" * 1000, [b"x", b"y"])
    assert [found.ok for found in deliver(Scene(server), parcel(), parcel())] == [True, True]
    assert server.sent == 2 * (BODY + b"\n")


def test_a_server_that_talks_without_end_does_not_keep_the_device_from_its_work():
    server = Broker(b"x" * 65_536)
    assert deliver(Scene(server), parcel(), parcel())[1].ok
    assert len(server.arrived[0]) > 60_000


def test_a_server_that_closes_has_not_taken_the_document():
    error = raises(RequestError, deliver, Scene(Broker(b""), look_ms=LONG), parcel())
    assert error.stage == "write" and "closed the connection" in str(error)
    assert "one document a connection" in error.advice and "tls://" in error.advice


def test_a_connection_that_is_broken_off_is_no_delivery():
    error = raises(
        RequestError, deliver, Scene(Broker(OSError(104)), keep=False, look_ms=LONG), parcel()
    )
    assert error.stage == "write" and "broke" in str(error)


def test_a_connection_of_its_own_for_each_document_may_be_closed_by_the_server():
    servers = [Broker(b""), Broker(b"")]
    found = deliver(Scene(*servers, keep=False, look_ms=LONG), parcel(), parcel())
    assert [each.ok for each in found] == [True, True]
    assert [server.sent for server in servers] == [BODY + b"\n"] * 2


def test_without_keeping_each_document_has_its_own_connection():
    servers = [Broker(), Broker()]
    deliver(Scene(*servers, keep=False), parcel(), parcel())
    assert [(server.sent, server.closed) for server in servers] == [(BODY + b"\n", True)] * 2


def test_the_end_of_a_kept_connection_is_noticed_before_the_next_document():
    first, second = Broker(), Broker()
    scene = Scene(first, second, sessions=Sessions(1))

    async def play():
        await scene.way.deliver(parcel(), 5000)
        first.say(b"")
        await until(lambda: first.closed)
        other = Broker()  # somebody else may connect meanwhile
        await scene.sessions.enter(other)
        scene.sessions.leave(other)
        return await scene.way.deliver(parcel(b"2"), 5000)

    assert run(play()).ok
    assert (first.sent, second.sent) == (BODY + b"\n", b"2\n")


def test_a_kept_connection_that_turns_out_to_be_lost_costs_no_delivery():
    first, second = Broker(None, b""), Broker()
    scene = Scene(first, second, look_ms=200)
    assert [found.ok for found in deliver(scene, parcel(), parcel(b"2"))] == [True, True]
    assert first.closed and second.sent == b"2\n"
    assert scene.way._opening.handshakes == 2


def test_a_server_that_takes_nothing_is_given_up_at_the_deadline():
    server = Broker()
    server.stuck = True
    error = raises(RequestError, deliver, Scene(server), parcel(), deadline_ms=50)
    assert error.stage == "write" and "50 ms" in str(error)
    assert server.closed


def test_a_server_that_is_not_there_is_told():
    error = raises(RequestError, deliver, Scene(), parcel())
    assert error.stage == "connect" and "b.example" in str(error)


def test_who_closes_leaves_room_for_others():
    server, sessions = Broker(), Sessions(1)
    scene = Scene(server, sessions=sessions)

    async def play():
        await scene.way.deliver(parcel(), 5000)
        scene.way.close()
        scene.way.close()
        await sessions.enter(Broker())

    run(play())
    assert server.closed


def test_a_resting_connection_gives_way_to_others():
    server, sessions = Broker(), Sessions(1)
    scene = Scene(server, sessions=sessions)

    async def play():
        await scene.way.deliver(parcel(), 5000)
        assert not server.closed
        await sessions.enter(Broker())

    run(play())
    assert server.closed


def test_addresses():
    for url, host, port in (
        ("tcp://b.example:9000", "b.example", 9000),
        ("TCP://B.example:80/", "b.example", 80),
        ("tcp://[::1]:443", "::1", 443),
    ):
        assert Scene(url=url).made == [(host, port, None, host)], url


def test_the_dialled_address_may_be_another_one():
    changes = {"transport.connect_to": "10.0.0.5:4321"}
    assert Scene(**changes).made == [("10.0.0.5", 4321, None, "b.example")]


def way_to(url, **transport):
    """A route of settings that were not checked."""
    chosen = settings()
    chosen["url"] = url
    chosen["transport"].update(transport)
    return TcpRoute(chosen, {}.get, None, None)


def test_addresses_that_lead_nowhere_are_refused():
    for url, words in (
        ("tcp://b.example", "no port"),
        ("tcp://[::1]", "no port"),
        ("tcp://b.example:0", "cannot be used"),
        ("tcp://b_.exa mple:1", "cannot be used"),
        ("tcp://u:p@b.example:1", "more than host and port"),
        ("tcp://b.example:1/path", "more than host and port"),
        ("https://b.example:1", "neither tls:// nor tcp://"),
        ("b.example:1", "neither tls:// nor tcp://"),
    ):
        error = raises(RouteError, way_to, url)
        assert words in str(error) and error.advice, url
    assert "no port" in str(raises(RouteError, way_to, "tcp://b.example:1", connect_to="10.0.0.5"))


def test_plain_text_has_to_be_allowed():
    error = raises(RouteError, way_to, "tcp://b.example:1", allow_plain=False)
    assert "read along" in str(error) and "tls://" in error.advice


def test_tls_is_verified_with_the_cert_set():
    secure = {"type": "tcp", "url": "tls://b.example:9000", "cert_set": "garage"}
    name = {"tls.server_name": "cars.example", "transport.connect_to": "1.2.3.4:4321"}
    for changes, expected in (
        ({}, ("b.example", 9000, "context 1 of garage", "b.example")),
        (name, ("1.2.3.4", 4321, "context 1 of garage", "cars.example")),
    ):
        changes = dict(secure, **changes)
        assert Scene(contexts=Contexts(), **changes).made == [expected]


def test_after_a_failed_handshake_the_certificates_are_loaded_again():
    contexts, server = Contexts(), Broker()
    scene = Scene(server, contexts=contexts, url="tls://b.example:9000")

    async def fail(message, holder):
        raise RequestError("tls", "Not this one.")

    open_connection, scene.way._opening.open = scene.way._opening.open, fail
    raises(RequestError, deliver, scene, parcel())
    scene.way._opening.open = open_connection
    assert contexts.made == 1
    assert deliver(scene, parcel())[0].ok
    assert scene.way._opening.context == "context 2 of default"


def test_the_trace_shows_what_was_sent_but_no_secret():
    sent = [parcel(b'{"a":"s3cret"}', wants_trace=True), parcel(wants_trace=True)]
    deliver(Scene(Broker(), framing="len16", secrets={"ids.custom3": "s3cret"}), *sent)
    first, second = [each.trace.replace("\r\n", "\n") for each in sent]
    assert first == 'CONNECT b.example:9000 plain\nSEND framing=len16 bytes=14\n\n{"a":"***"}'
    assert second == 'SEND framing=len16 bytes=11\n\n{"SPEED":0}'


def test_nothing_that_did_not_leave_is_in_the_trace():
    sent = parcel(wants_trace=True)
    raises(RequestError, deliver, Scene(), sent)
    assert sent.trace == ""


def test_what_left_in_vain_is_in_the_trace():
    stuck = Broker()
    stuck.stuck = True
    for server, deadline_ms in ((Broker(b""), 5000), (stuck, 50)):
        sent = parcel(wants_trace=True)
        scene = Scene(server, look_ms=LONG)
        raises(RequestError, deliver, scene, sent, deadline_ms=deadline_ms)
        assert sent.trace.startswith("CONNECT b.example:9000 plain\r\nSEND ")
