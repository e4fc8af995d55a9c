"""The MQTT client over scripted streams: packets, limits, confirmations, dead brokers, what costs a new connection."""

import asyncio

from broker import ACCEPTED, GOODBYE, PING, PONG, Broker, confirm, until
from helper import raises, run
from net import mqtt, mqtt_faults
from net.mqtt_packets import Will, connect_packet, publish_packet, remaining_length
from net.opening import Opening, RequestError
from net.sessions import Sessions

HELLO = connect_packet("car", 30)


class Scene:
    """A client and the brokers that its connections meet."""

    def __init__(self, *brokers, keepalive_ms=30_000, hello=HELLO, sessions=None, **packets):
        self.brokers = list(brokers)
        opening = Opening("b.example", 1883, opener=self.open, sessions=sessions)
        self.client = mqtt.Client(opening, hello, keepalive_ms, **packets)
        self.left = self.brokers[:]

    async def open(self, host, port):
        broker = self.left.pop(0)
        if isinstance(broker, Exception):
            raise broker
        return broker, broker

    async def publish(self, body=b"{}", qos=1, mark=None, deadline=5000):
        await self.client.publish("t", body, qos, False, deadline, mark)

    async def failure(self, **options):
        try:
            await self.publish(**options)
        except RequestError as error:
            assert not self.client.is_open
            return error
        raise AssertionError("it was published")


def play(scene):
    """Runs a coroutine function; whatever it left running ends with it."""
    return run(scene())


# Packets


def test_lengths_are_written_in_seven_bits_a_byte():
    for length, expected in (  # the table of 2.2.3
        (0, b"\x00"),
        (127, b"\x7f"),
        (128, b"\x80\x01"),
        (16_383, b"\xff\x7f"),
        (16_384, b"\x80\x80\x01"),
        (2_097_151, b"\xff\xff\x7f"),
        (2_097_152, b"\x80\x80\x80\x01"),
        (268_435_455, b"\xff\xff\xff\x7f"),
    ):
        assert remaining_length(length) == expected, length
    raises(ValueError, remaining_length, 268_435_456)


def test_connect_without_credentials_asks_for_a_clean_session():
    assert HELLO == b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x1e\x00\x03car"


def test_connect_carries_will_user_and_password_in_their_order():
    will = Will("s", b"off", 1, True)
    packet = connect_packet("car", 600, "us\u00e9r", "", will)
    expected = b"\x00\x04MQTT\x04\xee\x02\x58" + b"\x00\x03car\x00\x01s\x00\x03off"
    expected += b"\x00\x05us\xc3\xa9r\x00\x00"
    assert packet == b"\x10" + bytes((len(expected),)) + expected
    assert connect_packet("car", 30, "user", None)[9] == 0x82
    assert connect_packet("car", 30, None, "lost") == HELLO


def test_publish_has_a_packet_id_with_qos_1_only():
    assert publish_packet("a/b", b"{}") == b"\x30\x07\x00\x03a/b{}"
    assert publish_packet("a/b", b"{}", 0, True, 7) == b"\x31\x07\x00\x03a/b{}"
    assert publish_packet("a/b", b"{}", 1, False, 0x102) == b"\x32\x09\x00\x03a/b\x01\x02{}"
    assert publish_packet("a/b", b"", 1, True, 1, True)[0] == 0x3B


def test_what_does_not_fit_is_refused():
    for topic in ("", "a/#", "+/b", "a\0b", "x" * 65536):
        raises(ValueError, publish_packet, topic, b"")
    raises(ValueError, connect_packet, "car", 30, "user", "p" * 65536)
    raises(ValueError, connect_packet, "c\0r", 30)


# Publishing


def test_qos_0_is_delivered_once_it_is_written():
    async def scene():
        broker = Broker(ACCEPTED)
        s = Scene(broker)
        await s.publish(qos=0)
        assert broker.writes == [HELLO, b"\x30\x05\x00\x01t{}"]
        assert s.client.is_open and s.client.connects == 1

    play(scene)


def test_qos_1_is_delivered_once_it_is_confirmed():
    async def scene():
        broker = Broker(ACCEPTED)
        s = Scene(broker)
        task = asyncio.create_task(s.publish())
        await until(lambda: len(broker.writes) == 2)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
        broker.say(confirm(1))
        await task

    play(scene)


def test_packet_ids_differ_and_are_never_zero():
    async def scene():
        broker = Broker(ACCEPTED, confirm(1), confirm(2))
        s = Scene(broker)
        await s.publish()
        await s.publish()
        s.client.packet_id = 65535
        broker.script.append(confirm(1))
        await s.publish()
        assert [write[5:7] for write in broker.writes[1:]] == [b"\0\1", b"\0\2", b"\0\1"]

    play(scene)


def test_the_confirmation_of_another_packet_does_not_count():
    async def scene():
        broker = Broker(ACCEPTED, confirm(9))
        s = Scene(broker)
        task = asyncio.create_task(s.publish())
        await until(lambda: len(broker.writes) == 2 and not broker.arrived)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
        broker.say(confirm(1))
        await task

    play(scene)


def test_packets_are_read_in_whatever_pieces_they_arrive():
    async def scene():
        for size in (1, 2, 3):
            stream = ACCEPTED + PONG + confirm(1)
            pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
            broker = Broker(pieces)
            await Scene(broker).publish()
            assert not broker.arrived

    play(scene)


def test_unexpected_packets_are_skipped():
    unexpected = b"\x30\x06\x00\x01xabc" + PONG + b"\x62\x02\x00\x07" + b"\x90\x03\x00\x01\x00"
    unexpected += b"\x30\x80\x80\x02" + b"z" * 32768 + b"\xf0\x00" + b"\x30\x01a"

    async def scene():
        broker = Broker(ACCEPTED, unexpected + confirm(1))
        await Scene(broker).publish()
        assert not broker.arrived

    play(scene)


def test_the_greeting_leaves_with_the_first_document_of_each_connection():
    async def scene():
        first, second = Broker(ACCEPTED, confirm(1), confirm(2)), Broker(ACCEPTED, confirm(3))
        s = Scene(first, second, greeting=b"<on>", goodbye=b"<off>")
        await s.publish()
        await s.publish()
        s.client.close()
        assert first.closed
        await s.publish()
        assert [b"<on>" in write for write in first.writes] == [False, True, False, False]
        assert first.writes[-1] == b"<off>" + GOODBYE
        assert second.writes[1].startswith(b"<on>\x32")

    play(scene)


# Refusals and broken brokers


def test_each_refusal_has_its_own_sentence():
    async def scene():
        sentences = []
        for code in (1, 2, 3, 4, 5, 6, 255):
            s = Scene(Broker(bytes((0x20, 2, 0, code))))
            error = await s.failure()
            assert isinstance(error, mqtt.Refusal) and error.code == code
            assert error.stage == "status" and len(s.brokers[0].writes) == 1
            assert s.brokers[0].closed
            sentences.append(str(error))
        assert len(set(sentences)) == 7
        assert "user name or password" in sentences[3]
        assert "does not let this device in" in sentences[4]

    play(scene)


def test_what_is_no_mqtt_is_told_apart():
    answers = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n" + b" " * 100,
        b"\x20\x03\x00\x00\x00",
        b"\x21\x02\x00\x00",
        b"\x40\x02\x00\x01",
        PONG,
        b"\x30\xff\xff\xff\xff\x01",
    ]

    async def scene():
        for answer in answers:
            error = await Scene(Broker(answer)).failure()
            assert "is not MQTT" in str(error), answer
            assert not isinstance(error, mqtt.Refusal), answer

    play(scene)


def test_a_packet_that_is_too_long_ends_the_connection_without_being_read():
    async def scene():
        broker = Broker(ACCEPTED, b"\x30\x81\x80\x04" + b"z" * 70_000 + confirm(1))
        s = Scene(broker, Broker(bytes((0x20, 2, 0, 3))))
        error = await s.failure()
        assert "sent a packet of 65537 bytes" in str(error)
        assert broker.closed and len(broker.arrived[0]) > 69_000

    play(scene)


def test_a_broker_that_closes_instead_of_accepting():
    async def scene():
        error = await Scene(Broker(b"")).failure()
        assert error.stage == "status" and "without an answer" in str(error)
        assert "mqtts://" in error.advice

    play(scene)


def test_a_broker_that_closes_instead_of_confirming():
    async def scene():
        error = await Scene(Broker(ACCEPTED, b"")).failure()
        assert error.stage in ("write", "status") and "without confirming" in str(error)
        assert "topic" in error.advice

    play(scene)


def test_what_was_confirmed_is_not_sent_again_because_the_broker_then_closed():
    async def scene():
        s = Scene(Broker(ACCEPTED, [confirm(1), b""]))
        await s.publish()
        assert (s.client.connects, s.client.retries) == (1, 0)
        await until(lambda: not s.client.is_open)

    play(scene)


def test_a_connection_that_breaks_under_a_document_that_nobody_confirms():
    async def scene():
        first, second = Broker(ACCEPTED, None, b""), Broker(ACCEPTED)
        s = Scene(first, second)
        await s.publish(qos=0)
        await s.publish(b"again", qos=0)
        assert second.writes[-1].endswith(b"again")

    play(scene)


def test_a_connection_that_breaks_while_the_confirmation_is_awaited():
    async def scene():
        error = await Scene(Broker(ACCEPTED, OSError(104))).failure()
        assert error.stage in ("write", "status") and error.errno == 104

    play(scene)


def test_nobody_there():
    async def scene():
        s = Scene(OSError(111))
        error = await s.failure()
        assert error.stage == "connect" and "refused the connection on port 1883" in str(error)

    play(scene)


def test_a_silent_broker_costs_no_more_than_the_deadline():
    async def scene():
        broker = Broker()
        error = await Scene(broker).failure(deadline=200)
        assert error.stage == "status" and broker.closed
        assert "b.example did not answer within 200 ms" in str(error)

    play(scene)


def test_a_broker_that_takes_nothing_costs_no_more_than_the_deadline():
    async def scene():
        broker = Broker(ACCEPTED, confirm(1))
        s = Scene(broker, keepalive_ms=80)  # which does not end what has a deadline of its own
        await s.publish()
        broker.stuck = True
        error = await s.failure(deadline=300)
        assert error.stage == "write" and "did not take the request within 300 ms" in str(error)
        assert broker.closed and not broker.sent.endswith(GOODBYE)  # it would land in a packet

    play(scene)


# Connections that were kept


def test_a_connection_that_the_broker_closed_is_noticed_at_once():
    async def scene():
        first, second = Broker(ACCEPTED, confirm(1)), Broker(ACCEPTED)
        s = Scene(first, second)
        await s.publish()
        first.say(b"")
        await until(lambda: not s.client.is_open)
        assert first.closed
        await s.publish(qos=0)
        assert second.writes[0] == HELLO and s.client.retries == 0

    play(scene)


def test_a_kept_connection_that_breaks_costs_one_attempt_on_a_new_one_marked_as_repetition():
    async def scene():
        first, second = Broker(ACCEPTED, confirm(1), b""), Broker(ACCEPTED, confirm(2))
        s = Scene(first, second)
        await s.publish()
        await s.publish()
        assert (s.client.connects, s.client.retries) == (2, 1)
        assert first.writes[-1] == b"\x32\x07\x00\x01t\x00\x02{}"
        assert second.writes[-1] == b"\x3a\x07\x00\x01t\x00\x02{}"

    play(scene)


def test_what_was_not_confirmed_is_marked_as_repetition_at_the_next_attempt():
    async def scene():
        first, second = Broker(ACCEPTED, b""), Broker(ACCEPTED, confirm(1), confirm(2))
        s = Scene(first, second)
        await s.failure(mark="a")
        assert not s.client.again
        await s.publish(mark="a")
        assert s.client.again
        await s.publish(mark="a")
        assert not s.client.again
        assert [packet[0] for packet in second.writes[1:]] == [0x3A, 0x32]

    play(scene)


def test_another_document_is_no_repetition():
    async def scene():
        first, second = Broker(ACCEPTED, b""), Broker(ACCEPTED, confirm(2))
        s = Scene(first, second)
        await s.failure(mark="a")
        await s.publish(mark="b")
        assert second.writes[1][0] == 0x32 and s.client.packet_id == 2

    play(scene)


def test_what_never_left_is_no_repetition():
    async def scene():
        second = Broker(ACCEPTED, confirm(2))
        s = Scene(OSError(111), second)
        await s.failure(mark="a")
        await s.publish(mark="a")
        assert second.writes[1][0] == 0x32

    play(scene)


def test_who_gives_up_a_publish_takes_leave():
    async def scene():
        broker = Broker(ACCEPTED)
        s = Scene(broker)
        task = asyncio.create_task(s.publish())
        await until(lambda: len(broker.writes) == 2)
        task.cancel()
        await until(lambda: broker.closed)
        assert broker.writes[-1] == GOODBYE and not s.client.is_open

    play(scene)


def test_who_leaves_a_broker_that_is_gone_does_not_notice():
    async def scene():
        broker = Broker(ACCEPTED)
        s = Scene(broker)
        await s.publish(qos=0)
        broker.write = gone
        s.client.close()
        assert broker.closed and not s.client.is_open

    def gone(data):
        raise OSError(104)

    play(scene)


# Where memory is short


def starving(*arguments):
    """In place of whatever takes memory that is not there."""
    raise MemoryError


def test_memory_for_the_packet_that_is_not_there_is_an_error_of_writing():
    async def scene():
        first, second = Broker(ACCEPTED, confirm(1)), Broker(ACCEPTED, confirm(3))
        s = Scene(first, second)
        await s.publish()
        kept, mqtt.publish_packet = mqtt.publish_packet, starving
        try:
            error = await s.failure()
        finally:
            mqtt.publish_packet = kept
        assert (error.stage, str(error)) == ("write", "The device ran out of memory.")
        assert first.closed and error.advice
        await s.publish()

    play(scene)


def test_memory_that_is_not_there_is_named_wherever_it_is_needed():
    async def scene():
        kept, mqtt.Packets = mqtt.Packets, starving
        try:
            error = await Scene(Broker(ACCEPTED)).failure()
        finally:
            mqtt.Packets = kept
        assert str(error) == "The device ran out of memory."

    play(scene)


def test_where_there_is_no_memory_to_explain_a_failure_that_is_said():
    async def scene():
        kept, mqtt_faults.closed = mqtt_faults.closed, starving
        try:
            for broker in (Broker(b""), Broker(ACCEPTED, b"")):
                error = await Scene(broker).failure(deadline=60_000)
                assert str(error) == "The device ran out of memory."
        finally:
            mqtt_faults.closed = kept

    play(scene)


def test_a_connection_that_there_is_no_memory_to_keep_alive_is_given_up():
    async def scene():
        broker = Broker(ACCEPTED)
        s = Scene(broker, keepalive_ms=80)
        await s.publish(qos=0)
        s.client._send = starving
        await until(lambda: broker.closed)
        assert not s.client.is_open

    play(scene)


# Keep-alive


def test_an_idle_connection_is_kept_alive():
    async def scene():
        broker = Broker(ACCEPTED, None, PONG, PONG)
        s = Scene(broker, keepalive_ms=80)
        await s.publish(qos=0)
        await until(lambda: broker.writes.count(PING) >= 2)
        assert s.client.is_open

    play(scene)


def test_a_broker_that_no_longer_answers_is_given_up():
    async def scene():
        broker = Broker(ACCEPTED)
        s = Scene(broker, keepalive_ms=80)
        await s.publish(qos=0)
        await until(lambda: broker.closed)
        assert broker.writes[2:] == [PING] and not s.client.is_open

    play(scene)


def test_a_dead_broker_is_noticed_while_a_confirmation_is_awaited():
    async def scene():
        s = Scene(Broker(ACCEPTED), keepalive_ms=80)
        error = await s.failure(deadline=60_000)
        assert "b.example no longer answers" in str(error) and error.stage == "status"

    play(scene)


def test_a_broker_that_takes_no_ping_is_given_up():
    async def scene():
        broker = Broker(ACCEPTED)
        s = Scene(broker, keepalive_ms=80)
        await s.publish(qos=0)
        broker.stuck = True
        await until(lambda: broker.closed)

    play(scene)


def test_publishing_to_a_mute_broker_does_not_put_off_the_ping():
    async def scene():
        broker = Broker(ACCEPTED)
        s = Scene(broker, Broker(ACCEPTED), keepalive_ms=80)

        async def chatter():
            while not broker.closed:
                await s.publish(qos=0)
                await asyncio.sleep_ms(10)

        await asyncio.wait_for(chatter(), 20)
        assert PING in broker.writes and len(broker.writes) > 4

    play(scene)


# Room for few connections


def test_a_resting_connection_makes_room_for_another():
    async def scene():
        sessions = Sessions(1)
        first, second = Broker(ACCEPTED, confirm(1)), Broker(ACCEPTED, confirm(1))
        one, two = Scene(first, sessions=sessions), Scene(second, sessions=sessions)
        await one.publish()
        await two.publish()
        assert not one.client.is_open and two.client.is_open
        assert first.closed and first.writes[-1] == GOODBYE

    play(scene)


def test_without_room_nothing_is_opened_and_the_broker_is_not_blamed():
    async def scene():
        sessions = Sessions(1)
        busy = Scene(Broker(ACCEPTED, confirm(1)), sessions=sessions)
        await busy.publish()
        task = asyncio.create_task(busy.publish())
        await until(lambda: len(busy.brokers[0].writes) == 3)
        other = Scene(Broker(ACCEPTED), sessions=sessions)
        error = await other.failure(deadline=50)
        assert "as many connections as it may hold" in str(error) and not other.brokers[0].writes
        busy.brokers[0].say(confirm(2))
        await task
        assert busy.client.connects == 1

    play(scene)


def test_a_lost_connection_gives_its_room_back():
    async def scene():
        sessions = Sessions(1)
        first = Broker(ACCEPTED, confirm(1))
        one, two = Scene(first, sessions=sessions), Scene(Broker(ACCEPTED), sessions=sessions)
        await one.publish()
        first.say(b"")
        await until(lambda: not one.client.is_open)
        assert not sessions._resting and not sessions._used
        await two.publish(qos=0)

    play(scene)
