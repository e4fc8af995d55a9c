"""What waits in memory: in order, and never more, larger or older than allowed."""

from delivery.message import Message
from delivery.outbox import RamOutbox, size


def queue(items=1000, kb=256, age_s=0):
    return {"max_items": items, "max_kb": kb, "max_age_s": age_s}


def message(number, body=b"{}", made_s=0, made_ms=0):
    return Message("dev-7-%d" % number, body, made_s, made_ms)


def filled(count, body=b"{}", **limits):
    outbox = RamOutbox(queue(**limits))
    for number in range(count):
        outbox.put(message(number, body))
    return outbox


def numbers(outbox, count=1000, max_bytes=1 << 20):
    return [int(found.id.split("-")[2]) for found in outbox.peek(count, max_bytes)]


def test_messages_come_in_order_and_stay_until_they_are_done():
    outbox = filled(5)
    assert numbers(outbox, 3) == numbers(outbox, 3) == [0, 1, 2]
    outbox.done(2)
    assert numbers(outbox) == [2, 3, 4] and len(outbox) == 3
    outbox.done(3)
    assert (len(outbox), outbox.bytes, outbox.peek(1, 1), outbox.dropped) == (0, 0, [], 0)


def test_a_parcel_has_as_many_bytes_as_asked_for_but_at_least_one_message():
    outbox = filled(5, b"x" * 100)
    assert numbers(outbox, 5, 300) == [0, 1, 2]
    assert numbers(outbox, 5, 299) == [0, 1]
    assert numbers(outbox, 5, 1) == [0]


def test_the_oldest_gives_way_to_the_newest_and_is_counted():
    outbox = filled(12, items=5)
    assert numbers(outbox) == [7, 8, 9, 10, 11] and outbox.dropped == 7


def test_bytes_are_bounded_with_what_is_stored_beside_the_bodies():
    outbox = filled(100, b"x" * 1000, kb=4)
    assert numbers(outbox) == [97, 98, 99] and outbox.dropped == 97
    assert outbox.bytes == 3 * size(message(97, b"x" * 1000)) <= 4096


def test_a_message_that_is_larger_than_the_outbox_is_dropped_and_no_other():
    outbox = filled(3, kb=4)
    outbox.put(message(3, b"x" * 4096))
    assert numbers(outbox) == [0, 1, 2] and outbox.dropped == 1


def test_age_is_told_by_the_uptime_or_else_by_the_clock_or_not_at_all():
    for made_s, made_ms, now_ms, unix_s, age in (
        (1_800_000_000, None, 5000, 1_800_000_060, 60),
        (1_800_000_000, 1000, 5000, 1_900_000_000, 4),  # the clock was set meanwhile
        (1_800_000_000, 1000, 5000, 0, 4),
        (0, 1000, 5999, 1_800_000_060, 4),
        (1_800_000_000, None, 5000, 0, None),
        (0, None, 5000, 1_800_000_060, None),
        (1_800_000_000, None, 5000, 1_700_000_000, 0),
    ):
        outbox = RamOutbox(queue())
        assert outbox.oldest_age_s(now_ms, unix_s) is None
        outbox.put(message(1, b"", made_s, made_ms))
        assert outbox.oldest_age_s(now_ms, unix_s) == age


def test_what_is_too_old_is_dropped_and_counted():
    outbox = RamOutbox(queue(age_s=60))
    for number in range(5):
        outbox.put(message(number, b"", 0, number * 10_000))
    outbox.expire(60_999, 0)
    assert len(outbox) == 5
    outbox.expire(85_000, 0)
    assert numbers(outbox) == [3, 4] and outbox.dropped == 3
    outbox.expire(10_000_000, 0)
    assert len(outbox) == 0 and outbox.dropped == 5


def test_without_a_limit_or_without_a_known_age_messages_stay():
    outbox = filled(3)
    outbox.expire(1 << 40, 0)
    assert len(outbox) == 3
    outbox = RamOutbox(queue(age_s=60))
    outbox.put(message(1, b"", 0, None))
    outbox.expire(1 << 40, 1_800_000_000)
    assert len(outbox) == 1


def test_purging_empties_it():
    outbox = filled(3)
    outbox.purge()
    assert (len(outbox), outbox.bytes, outbox.dropped) == (0, 0, 0)
    outbox.put(message(9))
    assert numbers(outbox) == [9]


def test_there_is_nothing_to_store():
    outbox = filled(3)
    outbox.tick(100_000)
    assert outbox.flush() and outbox.wait_ms(0) is None and outbox.trouble == ""
    outbox.close()
