"""Updates as they arrive: the good one is stored whole, everything else leaves the running application alone."""

import os

import signer
from device import update
from device.manifest import UpdateError
from device.slots import Slots
from helper import raises
from signer import KEY, NEW, OLD, Root, archive, content, fill, install

ARCHIVE = archive(NEW)


def delivered(root):
    fill(root, "a", OLD, version="1.3.0")
    return root


def refused(root, data, **options):
    """The code of the refusal; the old application is as it was, and starts."""
    before = content(root + "/app_a")
    code = raises(UpdateError, install, root, data, **options).code
    assert content(root + "/app_a") == before
    assert Slots(root).choose() == root + "/app_a"
    return code


def test_a_good_update_is_stored_whole_and_tried_at_the_next_start():
    with Root() as root:
        delivered(root)
        found = install(root, ARCHIVE, length=len(ARCHIVE))
        assert (found.version, found.files) == ("1.4.0", len(NEW))
        assert content(root + "/app_b") == NEW
        assert content(root + "/app_a") == OLD
        slots = Slots(root)
        assert slots.version("b") == "1.4.0" and slots.trial == "b"
        assert slots.choose() == root + "/app_b"


def test_updates_go_to_the_slots_in_turn():
    with Root() as root:
        delivered(root)
        for slot in "bab":
            install(root, ARCHIVE)
            slots = Slots(root)
            assert slots.choose() == root + "/app_" + slot
            assert slots.confirm()


def test_what_was_in_the_slot_before_is_gone():
    with Root() as root:
        delivered(root)
        fill(root, "b", {"stale/module.mpy": b"x", "app.mpy": b"y" * 5000})
        install(root, ARCHIVE)
        assert content(root + "/app_b") == NEW


def test_an_update_without_the_right_signature_is_not_even_begun():
    wrong = bytearray(ARCHIVE)
    wrong[8 + len(signer.manifest(NEW)) + 5] ^= 1
    other = signer.manifest(NEW, version="1.5.0")
    signature = signer.sign(signer.sha256(signer.manifest(NEW)).digest())
    with Root() as root:
        delivered(root)
        assert refused(root, bytes(wrong)) == "signature"
        assert refused(root, archive(NEW, other, signature)) == "signature"
        assert refused(root, archive(NEW, signature=bytes(384))) == "signature"
        assert content(root + "/app_b") is None


def test_something_else_is_refused_at_its_first_bytes():
    with Root() as root:
        delivered(root)
        for data in (b"PK\x03\x04" + bytes(5000), b"WUP1" + b"\xff" * 5000, b"WUP1" + bytes(5000)):
            assert refused(root, data) == "format"
        assert refused(root, b"") == refused(root, ARCHIVE[:7]) == "truncated"


def test_an_update_for_another_board_is_refused():
    with Root() as root:
        delivered(root)
        assert refused(root, ARCHIVE, board="wican_pro") == "board"
        assert content(root + "/app_b") is None


def test_a_version_that_is_no_longer_allowed_is_refused():
    with Root() as root:
        delivered(root)
        install(root, ARCHIVE)
        slots = Slots(root)
        slots.choose()
        slots.confirm()
        before = content(root + "/app_b")
        for version, allowed in (("1.1.9", False), ("0.9", False), ("1.2.0", True)):
            data = archive(NEW, version=version, minimum="0.1")
            if allowed:
                assert install(root, data).version == version
            else:
                assert raises(UpdateError, install, root, data).code == "too_old"
        assert content(root + "/app_b") == before


def test_a_truncated_update_leaves_nothing_behind():
    start = len(ARCHIVE) - sum([len(data) for data in NEW.values()])
    with Root() as root:
        delivered(root)
        for stop in (start - 1, start, start + 1, len(ARCHIVE) - 1):
            assert refused(root, ARCHIVE[:stop]) == "truncated", stop
            assert not content(root + "/app_b")
        assert refused(root, ARCHIVE[:-1], length=len(ARCHIVE) - 1) == "truncated"
        for fault in (EOFError(), OSError(104)):
            assert refused(root, ARCHIVE[:-9], fault=fault) == "truncated"


def test_an_update_with_more_in_it_than_it_says_is_refused():
    with Root() as root:
        delivered(root)
        assert refused(root, ARCHIVE + b"x") == "length"
        assert refused(root, ARCHIVE + b"x", length=len(ARCHIVE) + 1) == "length"


def test_a_file_that_changed_on_its_way_is_noticed():
    with Root() as root:
        delivered(root)
        for place in (1, 2999, 3001, 3009, 3010, 5709):
            wrong = bytearray(ARCHIVE)
            wrong[-place] ^= 8
            assert refused(root, bytes(wrong)) == "damaged"
            assert not content(root + "/app_b")


def test_a_file_that_the_medium_does_not_keep_is_noticed():
    digest_of = update.digest_of

    async def forgetful(path):
        with open(path, "ab") as file:
            file.write(b"!")
        return await digest_of(path)

    with Root() as root:
        delivered(root)
        update.digest_of = forgetful
        try:
            assert refused(root, ARCHIVE) == "storage"
        finally:
            update.digest_of = digest_of


def test_paths_that_lead_elsewhere_are_refused_although_they_are_signed():
    with Root() as root:
        delivered(root)
        for path in ("../app_a/app.mpy", "/etc/x", "web/../../x"):
            assert refused(root, archive({path: b"x"})) == "path"
        assert "app_b" not in os.listdir(root)


def test_nothing_is_installed_over_the_way_back():
    with Root() as root:
        delivered(root)
        install(root, ARCHIVE)
        slots = Slots(root)
        assert slots.choose() == root + "/app_b"
        code = raises(UpdateError, install, root, archive(NEW, version="1.5.0")).code
        assert code == "on_trial"
        assert content(root + "/app_a") == OLD


def test_a_second_update_before_the_restart_takes_the_place_of_the_first():
    with Root() as root:
        delivered(root)
        install(root, ARCHIVE)
        install(root, archive(OLD, version="1.6.0"))
        assert Slots(root).choose() == root + "/app_b"
        assert content(root + "/app_b") == OLD


def test_a_full_medium_is_told_before_anything_is_written():
    class Full:
        def __getattr__(self, name):
            return getattr(os, name)

        def statvfs(self, _):
            return (4096, 4096, 1536, 20, 20)

    with Root() as root:
        delivered(root)
        update.os = Full()
        try:
            assert refused(root, ARCHIVE) == "no_room"
        finally:
            update.os = os


def test_without_a_key_no_update_can_be_checked():
    with Root() as root:
        assert raises(UpdateError, update.read_key, root).code == "no_key"
        signer.write(root, "update.pub", KEY)
        assert update.read_key(root) == KEY
        signer.write(root, "update.pub", KEY + b"x")
        assert raises(UpdateError, update.read_key, root).code == "no_key"
