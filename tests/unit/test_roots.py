"""The default bundle: roots are found by their subject, and a new bundle is taken whole and right or not at all."""

import os
from hashlib import sha256

import config.files
import trust.roots
import trust.roots_update
from disk import Disk, Flash, PowerCut, formatted, mounted
from helper import raises, run
from test_x509 import SELF_SIGNED, SIGNED
from trust import roots
from trust.roots_update import MAX_SIZE, Update
from trust.x509 import Certificate

PATH = "/r/certs/default/roots.bin"
MODULES = (trust.roots, trust.roots_update, config.files)


def key_of(der):
    return roots.key(Certificate(der).subject_raw)


def twin(der):
    """Another certificate of the same subject: the last byte of its signature differs."""
    return der[:-1] + bytes([der[-1] ^ 1])


def packed(ders, day=b"20261018", magic=roots.MAGIC, count=None, key=key_of):
    """A bundle of these certificates in this order, without its hash."""
    offset, index = roots.HEADER + roots.ENTRY * len(ders), b""
    for der in ders:
        index += key(der) + offset.to_bytes(4, "big") + len(der).to_bytes(2, "big")
        offset += len(der)
    count = len(ders) if count is None else count
    return magic + day + count.to_bytes(2, "big") + index + b"".join(ders)


def sealed(data):
    return data + sha256(data).digest()


ORDERED = sorted([SIGNED, SELF_SIGNED], key=key_of)
OLD = sealed(packed([SELF_SIGNED], b"20240301"))
NEW = sealed(packed(ORDERED))


class Medium(Disk):
    """A disk in memory whose files can be closed before the end of a block."""

    def __init__(self, **options):
        super().__init__(*MODULES, **options)

    def open(self, path, mode):
        file = super().open(path, mode)
        file.close = lambda: None
        return file


async def replaced(path, data, size=100):
    """Puts a bundle in place in pieces."""
    with Update(path) as update:
        for at in range(0, len(data), size):
            update.write(memoryview(data)[at : at + size])
        return await update.commit()


def refusal(data, **options):
    """Why a bundle is refused; that the one before stays is checked."""
    with Medium(files={PATH: OLD}, **options) as disk:
        sentence = str(raises(roots.RootsError, run, replaced(PATH, data)))
        assert disk.files == {PATH: OLD}, sentence
    return sentence


def find(data, *keys):
    with Medium(files={PATH: data}):
        return roots.find(PATH, keys)


def test_a_root_is_found_by_its_subject():
    assert find(NEW, key_of(SIGNED)) == [SIGNED]
    assert find(NEW, key_of(SELF_SIGNED)) == [SELF_SIGNED]
    assert find(NEW, roots.key(b"nobody"), key_of(SIGNED)) == [SIGNED]
    assert find(NEW, roots.key(b"nobody")) == find(NEW) == []


def test_the_key_is_the_beginning_of_the_hash_of_the_whole_name():
    name = Certificate(SIGNED).subject_raw
    assert name[0] == 0x30 and b"collector.example" in name
    assert roots.key(name) == sha256(name).digest()[:8]


def test_all_roots_of_a_subject_are_found():
    both = sorted([SIGNED, twin(SIGNED)])
    data = sealed(packed(sorted(both + [SELF_SIGNED], key=key_of)))
    assert sorted(find(data, key_of(SIGNED))) == both
    assert len(find(data, key_of(SIGNED), key_of(SELF_SIGNED))) == 3


def test_a_root_beyond_the_first_piece_of_the_index_is_found():
    many = [SIGNED[:-2] + number.to_bytes(2, "big") for number in range(40)]
    data = sealed(packed(sorted(many + [SELF_SIGNED], key=key_of)))
    assert sorted(find(data, key_of(SIGNED))) == many
    assert find(data, key_of(SELF_SIGNED)) == [SELF_SIGNED]


def test_date_and_number_of_roots_are_told():
    with Medium(files={PATH: NEW}):
        assert roots.about(PATH) == ("2026-10-18", 2)


def test_a_missing_bundle_is_told():
    with Medium():
        for function in (roots.find, lambda path, keys: roots.about(path)):
            assert str(raises(roots.RootsError, function, PATH, [])) == roots.MISSING
    with Medium(files={PATH: NEW}) as disk:
        disk.broken = "roots"
        assert str(raises(roots.RootsError, roots.about, PATH)) == roots.UNREADABLE


def test_a_bundle_of_another_version_is_told():
    other = sealed(packed(ORDERED, magic=b"ROOTS2\n\0"))
    with Medium(files={PATH: other}):
        assert str(raises(roots.RootsError, roots.about, PATH)) == roots.OTHER
    assert "update the firmware first" in refusal(other)


def test_a_cut_bundle_never_gives_anything_but_whole_roots():
    for length in range(len(NEW)):
        try:
            assert find(NEW[:length], key_of(SIGNED)) in ([], [SIGNED])
        except roots.RootsError as error:
            assert str(error) == roots.DAMAGED, length


def test_a_damaged_bundle_never_gives_a_root_of_another_subject():
    wanted = key_of(SIGNED)
    for at in range(len(NEW) - 32):
        damaged = bytearray(NEW)
        damaged[at] ^= 0x55
        try:
            for der in find(bytes(damaged), wanted):
                assert key_of(der) == wanted, at
        except roots.RootsError as error:
            assert str(error) in (roots.DAMAGED, roots.OTHER), at


def test_entries_that_lead_nowhere_are_damage():
    for offset, length in ((0, 100), (1 << 31, 100), (len(NEW) - 40, 100), (100, 60000)):
        entry = key_of(SIGNED) + offset.to_bytes(4, "big") + length.to_bytes(2, "big")
        data = packed(ORDERED)
        data = data[: roots.HEADER] + entry + data[roots.HEADER + roots.ENTRY :]
        assert str(raises(roots.RootsError, find, sealed(data), key_of(SIGNED))) == roots.DAMAGED


def test_a_new_bundle_takes_the_place_of_the_old_one():
    for size in (1, 7, 1000, 10000):
        with Medium(files={PATH: OLD}) as disk:
            assert run(replaced(PATH, NEW, size)) == ("2026-10-18", 2)
            assert disk.files == {PATH: NEW}


def test_the_first_bundle_makes_its_folders():
    with Medium() as disk:
        assert run(replaced(PATH, NEW)) == ("2026-10-18", 2)
        assert disk.folders == ["/r/certs", "/r/certs/default"]
        assert roots.find(PATH, [key_of(SIGNED)]) == [SIGNED]


def test_an_older_bundle_may_come_back():
    with Medium(files={PATH: NEW}) as disk:
        assert run(replaced(PATH, OLD)) == ("2024-03-01", 1)
        assert disk.files == {PATH: OLD}


def test_a_bundle_that_is_cut_or_damaged_anywhere_is_refused():
    for length in range(0, len(NEW), 3):
        assert "is damaged" in refusal(NEW[:length]), length
    for at in range(8, len(NEW), 3):
        assert "is damaged" in refusal(NEW[:at] + bytes([NEW[at] ^ 1]) + NEW[at + 1 :]), at
    assert "is damaged" in refusal(NEW + b"\n")


def test_a_bundle_that_was_made_badly_is_refused_although_its_hash_is_right():
    def lying(der):
        return roots.key(b"somebody else")

    gap = packed(ORDERED) + b"\0"
    for data in (
        packed(ORDERED[::-1]),
        packed([SIGNED], key=lying),
        packed([b"\x30\x03abc"], key=lying),
        packed([]),
        packed(ORDERED, count=1),
        packed(ORDERED, count=60000),
        packed(ORDERED, day=b"2026-1-8"),
        packed(ORDERED, magic=b"-----BEG"),
        gap,
    ):
        assert "is damaged" in refusal(sealed(data))


def test_a_bundle_that_is_too_large_is_refused_before_it_fills_the_medium():
    with Medium(files={PATH: OLD}) as disk:
        with Update(PATH) as update:
            piece = bytes(MAX_SIZE // 2)
            update.write(piece)
            update.write(piece)
            assert "512 KB" in str(raises(roots.RootsError, update.write, b"\0"))
            assert disk.room("") > 0
        assert disk.files == {PATH: OLD}


def test_a_full_or_broken_medium_keeps_the_old_bundle():
    with Medium(files={PATH: OLD}) as disk:
        disk.full = ".new"
        error = raises(roots.RootsError, run, replaced(PATH, NEW))
        assert str(error) == "There is no room for the new bundle."
        disk.errno, disk.broken = 5, ".new"
        assert "cannot be stored" in str(raises(roots.RootsError, run, replaced(PATH, NEW)))
        assert disk.files == {PATH: OLD}


def test_a_bundle_whose_sender_goes_away_leaves_nothing():
    with Medium(files={PATH: OLD}) as disk:
        with Update(PATH) as update:
            update.write(NEW[:100])
        assert disk.files == {PATH: OLD}


def cut_after(steps, before, early):
    """Replaces a bundle with power for so many steps; what is on the disk then, and whether all was done."""
    with Medium(files=before, early=early, grain=64) as disk:
        disk.left = steps
        try:
            run(replaced(PATH, NEW))
        except PowerCut:
            return disk.files, False
        return disk.files, True


def test_a_power_cut_leaves_the_old_or_the_new_bundle():
    for early in (True, False):
        expected, steps, done = OLD, 0, False
        while not done:
            files, done = cut_after(steps, {PATH: OLD}, early)
            if files[PATH] != expected:
                expected = NEW  # from here on: there is no way back
            assert files[PATH] == expected, steps
            again, _ = cut_after(None, files, early)
            assert again == {PATH: NEW}, steps  # what a cut leaves does no harm
            steps += 1
        assert steps > 10 and expected == NEW


def test_what_a_power_cut_left_can_be_removed():
    files, _ = cut_after(5, {PATH: OLD}, True)
    assert PATH + ".new" in files
    with Medium(files=files) as disk:
        trust.roots_update.discard(PATH)
        trust.roots_update.discard(PATH)
        assert disk.files == {PATH: OLD}


def replaced_or_not(data):
    try:
        run(replaced("/cut/certs/default/roots.bin", data))
    except roots.RootsError:
        return False
    return True


def content():
    with open("/cut/certs/default/roots.bin", "rb") as file:
        return file.read()


if hasattr(os, "VfsLfs2"):

    def test_a_cut_at_any_operation_below_littlefs_leaves_the_old_or_the_new_bundle():
        flash = Flash(formatted(48))
        assert mounted(flash, replaced_or_not, OLD)
        before = bytes(flash.content)
        left, done, seen = 0, False, []
        while not done:
            flash = Flash(before)
            flash.left = left
            done = mounted(flash, replaced_or_not, NEW)
            found = mounted(Flash(flash.content), content)
            assert found in (OLD, NEW), left
            seen.append(found)
            left += 1
        assert left > 10 and seen[0] == OLD and seen[-1] == NEW
