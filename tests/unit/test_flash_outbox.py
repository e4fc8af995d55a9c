"""What waits on flash: there after a restart, once and in order; and nothing is written that need not be."""

import random
from errno import EIO

import config.files
import delivery.records
import delivery.segments
from delivery.flash_outbox import FlashOutbox
from delivery.message import Message
from disk import Disk

MODULES = (config.files, delivery.records, delivery.segments)
FOLDER = "/r/outbox/1"
BODY = b"x" * 200


def queue(items=1000, kb=256, age_s=0):
    return {"max_items": items, "max_kb": kb, "max_age_s": age_s}


def opened(boot="dev-7-", **limits):
    return FlashOutbox(FOLDER, queue(**limits), boot)


def message(number, body=BODY, made_s=0, made_ms=0):
    return Message("dev-7-%d" % number, body, made_s, made_ms)


def fill(outbox, first, end, body=BODY):
    for number in range(first, end):
        outbox.put(message(number, body))


def numbers(outbox, count=2000, max_bytes=1 << 24):
    return [int(found.id.split("-")[2]) for found in outbox.peek(count, max_bytes)]


def test_what_was_flushed_is_there_after_a_restart_with_all_that_belongs_to_it():
    with Disk(*MODULES):
        outbox = opened()
        outbox.put(Message("dev-7-1", b'{"a":1}', 1_800_000_000, 5_000_000_000, True, "influx"))
        outbox.put(Message("dev-7-2", b"", 0, None))
        assert outbox.flush()
        first, second = opened().peek(5, 1000)
        assert (first.id, first.body, first.format) == ("dev-7-1", b'{"a":1}', "influx")
        assert (first.made_s, first.made_ms, first.first) == (1_800_000_000, 5_000_000_000, True)
        assert (second.id, second.body, second.format) == ("dev-7-2", b"", "wican")
        assert (second.made_s, second.made_ms, second.first) == (0, None, False)


def test_the_uptime_of_an_earlier_boot_means_nothing():
    with Disk(*MODULES):
        outbox = opened()
        outbox.put(message(1, b"", 0, 1000))
        outbox.flush()
        assert opened("dev-7-").peek(1, 1)[0].made_ms == 1000
        assert opened("dev-8-").peek(1, 1)[0].made_ms is None
        assert opened("dev-7-").oldest_age_s(5000, 0) == 4
        assert opened("dev-8-").oldest_age_s(5000, 0) is None


def test_what_is_delivered_in_time_never_gets_to_flash():
    with Disk(*MODULES) as disk:
        outbox = opened()
        for number in range(500):
            outbox.put(message(number, b"x" * 6000))
            outbox.tick(number * 1000)
            assert numbers(outbox) == [number]
            outbox.tick(number * 1000 + 900)
            outbox.done(1)
        outbox.tick(10**6)
        assert outbox.wait_ms(10**6) is None
        assert disk.steps == 0 and not disk.folders and not disk.files


def test_messages_that_overlap_but_are_delivered_in_time_do_not_get_there_either():
    with Disk(*MODULES) as disk:
        outbox = opened()
        for number in range(500):
            outbox.put(message(number))
            outbox.tick(number * 1000)
            if number > 5:
                outbox.done(1)
        assert len(outbox) == 6 and disk.steps == 0


def test_what_waits_is_written_after_ten_seconds():
    with Disk(*MODULES):
        outbox = opened()
        fill(outbox, 0, 3)
        outbox.tick(50_000)
        assert outbox.wait_ms(50_000) == 10_000
        outbox.tick(59_999)
        assert len(opened()) == 0
        outbox.tick(60_000)
        assert numbers(opened()) == [0, 1, 2]
        assert outbox.wait_ms(60_000) is None


def test_what_was_delivered_is_noted_after_ten_seconds():
    with Disk(*MODULES):
        outbox = opened()
        fill(outbox, 0, 3)
        outbox.flush()
        outbox.tick(50_000)
        outbox.done(1)
        outbox.tick(50_000)
        outbox.tick(59_999)
        assert numbers(opened()) == [0, 1, 2]
        outbox.tick(60_000)
        assert numbers(opened()) == [1, 2]


def test_sixteen_messages_or_four_kilobytes_are_written_before_the_next_one():
    with Disk(*MODULES):
        outbox = opened()
        fill(outbox, 0, 16, b"")
        assert len(opened()) == 0
        fill(outbox, 16, 17, b"")
        assert len(opened()) == 16
    with Disk(*MODULES):
        outbox = opened()
        fill(outbox, 0, 4, b"x" * 960)
        assert len(opened()) == 0
        fill(outbox, 4, 5, b"x" * 960)
        assert len(opened()) == 4


def test_sixteen_deliveries_are_noted_at_once():
    with Disk(*MODULES):
        outbox = opened()
        fill(outbox, 0, 40)
        outbox.flush()
        for _ in range(15):
            outbox.done(1)
        assert numbers(opened())[0] < 15
        outbox.done(1)
        assert numbers(opened())[0] == 16


def test_writing_is_rare_and_what_is_done_leaves_nothing_behind():
    with Disk(*MODULES, grain=4096) as disk:
        outbox = opened()
        for number in range(1000):
            outbox.put(message(number))
            outbox.tick(number * 100)
        outbox.flush()
        assert disk.writes <= 63 and len(disk.files) <= 63  # sixteen at a time
        before = disk.steps
        while len(outbox):
            outbox.done(len(outbox.peek(10, 8192)))
        assert outbox.flush() and disk.files == {}
        assert disk.steps - before <= 2 * 63


def test_messages_on_flash_and_in_memory_are_one_row():
    with Disk(*MODULES):
        outbox = opened()
        fill(outbox, 0, 50)
        assert numbers(outbox) == list(range(50)) and len(outbox) == 50
        outbox.done(45)
        fill(outbox, 50, 60)
        assert numbers(outbox) == list(range(45, 60))
        assert numbers(outbox, 7) == list(range(45, 52))
        for fitting in range(1, 15):
            assert numbers(outbox, 50, 200 * fitting + 199) == list(range(45, 45 + fitting))
        assert numbers(outbox, 50, 1) == [45]
        assert outbox.flush() and numbers(opened()) == list(range(45, 60))


def test_a_full_outbox_drops_the_oldest_and_counts_them():
    with Disk(*MODULES):
        outbox = opened(items=40)
        fill(outbox, 0, 100)
        assert numbers(outbox) == list(range(60, 100)) and outbox.dropped == 60
        outbox.flush()
        assert numbers(opened()) == list(range(60, 100))
        smaller = opened(items=3)
        assert numbers(smaller) == [97, 98, 99] and smaller.dropped == 37


def test_files_do_not_take_more_than_allowed():
    with Disk(*MODULES) as disk:
        outbox = opened(kb=16)
        for number in range(500):
            outbox.put(message(number))
            assert outbox.bytes <= 16384
        assert outbox.flush()
        assert 8192 < sum([len(content) for content in disk.files.values()]) <= 16384
        found = numbers(outbox)
        assert found == list(range(500 - len(found), 500)) and outbox.dropped == 500 - len(found)
        assert len(found) * 240 > 16384 - 4096 - 480


def test_a_message_may_be_larger_than_a_segment():
    with Disk(*MODULES):
        outbox = opened()
        fill(outbox, 0, 4, b"y" * 30_000)
        fill(outbox, 4, 8)
        assert outbox.flush()
        again = opened()
        assert numbers(again) == list(range(8))
        assert again.peek(1, 1)[0].body == b"y" * 30_000


def test_age_counts_on_flash_too():
    with Disk(*MODULES):
        outbox = opened(age_s=60)
        for number in range(30):
            outbox.put(message(number, BODY, 1_800_000_000 + number))
        outbox.flush()
        again = opened("dev-8-", age_s=60)
        again.expire(0, 0)
        assert len(again) == 30 and again.oldest_age_s(0, 1_800_000_050) == 50
        again.expire(0, 1_800_000_080)
        assert numbers(again) == list(range(20, 30)) and again.dropped == 20


def test_a_full_medium_keeps_messages_in_memory_and_says_so():
    with Disk(*MODULES) as disk:
        outbox = opened()
        disk.full = "outbox"
        fill(outbox, 0, 30)
        outbox.tick(0)
        outbox.tick(10_000)
        assert "flash is full" in outbox.trouble and not outbox.flush()
        assert numbers(outbox) == list(range(30)) and outbox.dropped == 0
        disk.full = None
        outbox.tick(10_000)
        assert outbox.trouble and outbox.wait_ms(10_000) == 10_000
        outbox.tick(20_000)
        assert outbox.trouble == "" and numbers(opened()) == list(range(30))


def test_while_nothing_can_be_written_memory_is_bounded():
    with Disk(*MODULES) as disk:
        outbox = opened()
        disk.full = "outbox"
        fill(outbox, 0, 200, b"x" * 1000)
        assert 60_000 < outbox.bytes <= 65536
        found = numbers(outbox)
        assert found == list(range(200 - len(found), 200)) and outbox.dropped == 200 - len(found)


def test_on_a_full_medium_the_oldest_segments_give_way_when_memory_is_full_too():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 100, b"x" * 1000)
        outbox.flush()
        disk.most = sum([len(content) for content in disk.files.values()])
        fill(outbox, 100, 160, b"x" * 1000)
        assert not outbox.flush() and "flash is full" in outbox.trouble
        assert numbers(outbox) == list(range(160)) and outbox.dropped == 0
        fill(outbox, 160, 400, b"x" * 1000)
        found = numbers(outbox)
        assert found == list(range(outbox.dropped, 400)) and len(found) > 100
        disk.most = None
        assert outbox.flush() and numbers(opened()) == found


def test_no_record_follows_half_a_record_and_none_is_there_twice():
    for left in range(0, 600, 7):
        with Disk(*MODULES, early=True) as disk:
            outbox = opened()
            fill(outbox, 0, 5)
            outbox.flush()
            fill(outbox, 5, 8)
            disk.most = sum([len(content) for content in disk.files.values()]) + left
            disk.errno = EIO
            written = outbox.flush()
            disk.most = None
            assert numbers(outbox) == list(range(8)), left
            assert not written or numbers(opened()) == list(range(8))
            fill(outbox, 8, 10)
            assert outbox.flush()
            assert numbers(outbox) == numbers(opened()) == list(range(10)), left


def test_a_torn_tail_is_cut_off():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 5)
        outbox.flush()
        whole = dict(disk.files)
    [(path, content)] = whole.items()
    for size in range(len(content)):
        for garbage in (b"", b"\xff" * 300):
            with Disk(*MODULES, files={path: content[:size] + garbage}):
                outbox = opened()
                kept = list(range(size // (len(content) // 5)))
                assert numbers(outbox) == kept, size
                fill(outbox, 10, 12)
                assert outbox.flush() and numbers(opened()) == kept + [10, 11], size


def test_a_damaged_record_costs_the_rest_of_its_segment_only():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 60)
        outbox.flush()
        path = sorted(disk.files)[1]
        content = bytearray(disk.files[path])
        first = int(path.split("/")[-1], 16)
        content[3 * len(content) // 17 + 100] ^= 1
        disk.files[path] = bytes(content)
        third = int(sorted(disk.files)[2].split("/")[-1], 16)
        rest = list(range(first + 3)) + list(range(third, 60))
        assert numbers(opened()) == rest
        assert numbers(outbox) == rest and len(outbox) == len(rest)
        assert outbox.dropped == third - first - 3
        outbox.done(first + 1)
        assert numbers(outbox) == rest[first + 1 :]
        outbox.done(2)
        assert outbox.flush() and numbers(outbox) == numbers(opened()) == list(range(third, 60))


def test_nothing_is_added_behind_a_damaged_record():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 10)
        outbox.flush()
        [path] = disk.files
        content = bytearray(disk.files[path])
        content[len(content) // 2 + 100] ^= 1
        disk.files[path] = bytes(content)
        assert numbers(outbox) == [0, 1, 2, 3, 4] and outbox.dropped == 5
        fill(outbox, 10, 13)
        assert outbox.flush()
        assert numbers(outbox) == numbers(opened()) == [0, 1, 2, 3, 4, 10, 11, 12]


def test_records_of_another_place_do_not_count():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 48)
        outbox.flush()
        first, second, third = sorted(disk.files)
        disk.files[second] = disk.files[first]
        assert numbers(opened()) == list(range(16)) + list(range(32, 48))


def test_remains_of_a_segment_are_replaced():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 16)
        outbox.flush()
        disk.files[FOLDER + "/00000010"] = b"?" * 300
        outbox = opened()
        disk.full, disk.errno = "00000010", EIO
        for number in range(16, 20):
            fill(outbox, number, number + 1)
            assert not outbox.flush()
        disk.full = None
        assert outbox.flush() and numbers(opened()) == list(range(20))
        assert outbox.bytes == sum([len(content) for content in disk.files.values()])


def test_a_segment_that_cannot_be_read_is_tried_again_and_then_dropped():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 60)
        outbox.flush()
        outbox.tick(0)
        disk.broken = sorted(disk.files)[0]
        assert outbox.peek(5, 5000) == [] and "flash fails" in outbox.trouble
        disk.broken, broken = None, disk.broken
        assert outbox.peek(5, 5000) == []  # not at once
        outbox.tick(10_000)
        assert numbers(outbox) == list(range(60)) and outbox.dropped == 0
        disk.broken = broken
        for round in range(3):
            assert outbox.peek(5, 5000) == []
            outbox.tick(20_000 + round * 10_000)
        second = int(sorted(disk.files)[0].split("/")[-1], 16)
        assert numbers(outbox) == list(range(second, 60)) and outbox.dropped == second


def test_a_folder_that_cannot_be_read_leaves_the_memory():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 5)
        outbox.flush()
        disk.broken = "outbox"
        outbox = opened()
        assert "flash fails" in outbox.trouble
        fill(outbox, 5, 30)
        disk.broken = None
        assert not outbox.flush() and numbers(outbox) == list(range(5, 30))
        assert numbers(opened()) == list(range(5))


def test_purging_leaves_nothing_behind():
    with Disk(*MODULES) as disk:
        outbox = opened()
        fill(outbox, 0, 50)
        outbox.purge()
        assert (len(outbox), outbox.bytes, outbox.dropped, outbox.trouble) == (0, 0, 0, "")
        assert disk.files == {} and FOLDER not in disk.folders
        fill(outbox, 50, 70)
        assert outbox.flush() and numbers(opened()) == list(range(50, 70))


def test_foreign_files_are_left_alone():
    files = {FOLDER + "/" + name: b"?" for name in ("readme", "0", "0000000a-", "-", "0000000A")}
    with Disk(*MODULES, files=files) as disk:
        outbox = opened()
        assert len(outbox) == 0
        fill(outbox, 0, 5)
        assert outbox.flush() and numbers(opened()) == list(range(5))
        outbox.purge()
        assert disk.files == files


def walk(seed, **limits):
    """Random steps beside a plain list; the outbox holds its end, and has counted what is missing of it."""
    random.seed(seed)
    rest, done, dropped, now = [], 0, 0, 0
    outbox, made = opened(**limits), 0
    for _ in range(150):
        action = random.randint(0, 9)
        now += random.randint(0, 3000)
        if action < 5:
            for _ in range(random.randint(1, 12)):
                body = bytes([made % 251]) * random.randint(0, random.choice((20, 300, 3000)))
                outbox.put(message(made, body))
                rest.append((made, body))
                made += 1
        elif action < 8:
            found = outbox.peek(random.randint(1, 20), random.randint(1, 9000))
            outbox.done(len(found))
            done += len(found)
        elif action == 8:
            outbox.tick(now)
        else:
            outbox.close()
            dropped += outbox.dropped
            outbox = opened(**limits)
        gone = done + dropped + outbox.dropped
        assert len(outbox) == made - gone, seed
        assert len(outbox) <= limits.get("items", 1000)
        assert outbox.bytes <= limits.get("kb", 256) * 1024
        found = [(int(one.id.split("-")[2]), one.body) for one in outbox.peek(2000, 1 << 24)]
        assert found == rest[gone:], seed
    return dropped + outbox.dropped


def test_random_walks_beside_a_list():
    for seed in range(8):
        with Disk(*MODULES, grain=4096):
            assert walk(seed) == 0
        with Disk(*MODULES, grain=4096):
            assert walk(seed, items=25) > 0
        with Disk(*MODULES, grain=4096):
            assert walk(seed, kb=16) > 0
