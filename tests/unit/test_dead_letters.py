"""What could not be delivered is kept to be looked at: the latest, with the reason, in memory or on flash."""

import config.files
import delivery.dead_letters
import delivery.records
from delivery.dead_letters import DeadLetters, FlashDeadLetters
from delivery.message import Message
from disk import Disk, PowerCut

MODULES = (config.files, delivery.dead_letters, delivery.records)
FOLDER = "/r/outbox/1.dead"
REASON = "The server rejects the document (422)."


def message(number, body=b"{}"):
    return Message("dev-7-%d" % number, body, 1_800_000_000 + number, 1000, number == 1, "flat")


def opened():
    return FlashDeadLetters(FOLDER, "dev-7-")


def ids(letters):
    return [int(row[0].split("-")[2]) for row in letters.rows()]


def both(check):
    """Runs a check with letters in memory and with letters that are found anew each time they are used."""
    letters = DeadLetters()
    check(lambda: letters)
    with Disk(*MODULES):
        check(opened)


def test_they_are_listed_with_reason_and_status_and_come_back_as_they_were():
    def check(letters):
        assert letters().add(message(1, b"first"), REASON, 422)
        assert letters().add(message(2, b"second"), "The server is gone: \u00fc.", None)
        assert list(letters().rows()) == [
            ("dev-7-1", 1_800_000_001, 5, 422, REASON),
            ("dev-7-2", 1_800_000_002, 6, None, "The server is gone: \u00fc."),
        ]
        found = letters().get("dev-7-1")
        assert (found.id, found.body, found.format) == ("dev-7-1", b"first", "flat")
        assert (found.made_s, found.made_ms, found.first) == (1_800_000_001, 1000, True)
        assert len(letters()) == 2 and letters().get("dev-7-3") is None

    both(check)


def test_they_can_be_taken_deleted_and_cleared():
    def check(letters):
        for number in range(5):
            letters().add(message(number), REASON, 400)
        assert letters().take("dev-7-2").id == "dev-7-2" and letters().take("dev-7-2") is None
        assert letters().delete("dev-7-0") and not letters().delete("dev-7-0")
        assert ids(letters()) == [1, 3, 4]
        letters().clear()
        assert len(letters()) == 0 and ids(letters()) == []
        letters().clear()
        letters().add(message(7), REASON, 400)
        assert ids(letters()) == [7]

    both(check)


def test_one_that_was_given_up_twice_is_kept_once():
    def check(letters):
        for number in (1, 2, 1):
            letters().add(message(number), REASON, 400)
        assert ids(letters()) == [2, 1]

    both(check)


def test_twenty_are_kept_of_64_kilobytes():
    def check(letters):
        for number in range(25):
            assert letters().add(message(number), REASON, 400)
        assert ids(letters()) == list(range(5, 25))
        for number in range(25, 35):
            assert letters().add(message(number, b"x" * 10_000), REASON, 400)
        assert ids(letters()) == list(range(29, 35))

    both(check)


def test_those_that_are_not_kept_are_counted():
    letters = DeadLetters()
    for number in range(25):
        letters.add(message(number), REASON, 400)
    assert letters.dropped == 5
    assert not letters.add(message(99, b"x" * 65536), REASON, 400)
    assert letters.dropped == 6 and ids(letters) == list(range(5, 25))


def test_nothing_is_written_before_there_is_one_and_nothing_is_left_of_them():
    with Disk(*MODULES) as disk:
        letters = opened()
        assert len(letters) == 0 and list(letters.rows()) == [] and letters.get("dev-7-1") is None
        assert disk.steps == 0 and disk.folders == []
        letters.add(message(1), REASON, 400)
        letters.clear()
        assert disk.files == {} and FOLDER not in disk.folders


def test_a_full_medium_is_no_error_but_counts():
    with Disk(*MODULES) as disk:
        letters = opened()
        letters.add(message(1), REASON, 400)
        disk.full = "dead"
        assert not letters.add(message(2), REASON, 400)
        assert letters.dropped == 1 and ids(opened()) == [1]
        disk.full = None
        assert letters.add(message(2), REASON, 400) and ids(opened()) == [1, 2]


def test_a_cut_at_any_byte_keeps_the_others_and_what_was_told_to_be_kept():
    files = {}
    with Disk(*MODULES, files=files, early=True, grain=5) as disk:
        for number in range(20):
            opened().add(message(number), REASON, 400)
        files = disk.files
    left, kept = 0, False
    while not kept:
        with Disk(*MODULES, files=files, early=True, grain=5) as disk:
            disk.left = left
            try:
                kept = opened().add(message(20), REASON, 422)
            except PowerCut:
                pass
            disk.left = None
            found = ids(opened())
            assert found[-20:][:19] in (list(range(1, 20)), list(range(0, 19))), found
            assert not kept or found == list(range(1, 21))
            assert opened().add(message(21), REASON, 422)
            assert ids(opened())[-1] == 21 and len(ids(opened())) <= 20, left
        left += 1
    assert left > 20
