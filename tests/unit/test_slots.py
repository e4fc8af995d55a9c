"""Which of the two slots is started: one that is new gets a single start, unless it proves good."""

from device.slots import Slots
from helper import raises
from signer import NEW, OLD, Root, archive, fill, install, write

ARCHIVE = archive(NEW)


def started(root):
    """The slot that a start takes: a or b, "" for none."""
    return Slots(root).choose()[-1:]


def text(root):
    with open(root + "/slots") as file:
        return file.read()


def test_a_device_as_it_was_delivered_starts_the_first_slot():
    with Root() as root:
        assert started(root) == ""
        fill(root, "a", OLD)
        assert started(root) == "a"
        assert Slots(root).spare == "b"


def test_a_new_application_is_tried_once_and_then_given_up():
    with Root() as root:
        fill(root, "a", OLD, version="1.3.0")
        install(root, ARCHIVE)
        assert started(root) == "b"
        assert Slots(root).running == "b"
        assert started(root) == "a", "it was not confirmed"
        assert started(root) == "a"
        found = Slots(root)
        assert (found.used, found.trial, found.failed) == ("a", "", "1.4.0")


def test_a_new_application_stays_once_it_is_confirmed():
    with Root() as root:
        fill(root, "a", OLD, version="1.3.0")
        install(root, ARCHIVE)
        assert not Slots(root).confirm(), "it has not been started"
        assert started(root) == "b"
        assert Slots(root).confirm()
        assert not Slots(root).confirm()
        assert started(root) == started(root) == "b"
        found = Slots(root)
        assert (found.used, found.spare, found.oldest) == ("b", "a", "1.2.0")


def test_the_oldest_version_only_rises():
    with Root() as root:
        fill(root, "a", OLD)
        for minimum, oldest in (("1.2.0", "1.2.0"), ("1.0", "1.2.0"), ("1.10", "1.10")):
            slots = Slots(root)
            fill(root, slots.spare, NEW, minimum=minimum)
            slots.try_next(slots.spare)
            slots.choose()
            assert slots.confirm()
            assert Slots(root).oldest == oldest


def test_a_slot_that_lost_its_manifest_is_not_started():
    with Root() as root:
        fill(root, "b", NEW)
        assert started(root) == "b"
        found = Slots(root)
        assert (found.used, found.running, found.spare) == ("a", "b", "a")
        found.try_next("b")
        assert Slots(root).used == "b"


def test_a_trial_of_nothing_does_not_happen():
    with Root() as root:
        fill(root, "a", OLD)
        Slots(root).try_next("b")
        assert started(root) == "a"


def test_there_is_no_trial_that_cannot_be_noted():
    with Root() as root:
        fill(root, "a", OLD)
        install(root, ARCHIVE)
        slots = Slots(root)
        slots._path = root + "/nowhere/slots"
        assert slots.choose() == root + "/app_a"
        assert started(root) == "b", "it still waits for its trial"


def test_what_cannot_be_read_counts_as_never_written():
    for wrong in (
        "",
        "a",
        "c - 0 -",
        "a c 0 -",
        "a b! 0 -",
        "a b?? 0 -",
        "\xff\xff",
        "a b 0 - -",
        "ab - 0 -",
    ):
        with Root() as root:
            fill(root, "a", OLD)
            fill(root, "b", NEW)
            write(root, "slots", wrong.encode())
            found = Slots(root)
            assert (found.used, found.trial, found.oldest) == ("a", "", "0"), wrong
            assert started(root) == "a"


def test_the_spare_slot_is_pointed_to_by_nothing():
    with Root() as root:
        fill(root, "a", OLD)
        install(root, ARCHIVE)
        assert text(root).split()[1] == "b"
        slots = Slots(root)
        assert slots.free() == "b"
        assert text(root).split()[1] == "-"
        assert not Slots(root).is_whole("b")
        slots._path = root + "/nowhere/slots"
        slots.trial = "b"
        raises(OSError, slots.free)
