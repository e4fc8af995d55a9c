"""Cert sets are stored whole or not at all: also when the power fails at any step, or the medium is full or broken.

On MicroPython the same is done below littlefs, the chip's file system: at every operation on a flash memory in RAM.
"""

import os
from errno import EEXIST, EIO, ENOENT

import config.files
import transient
import trust
from disk import Disk, Flash, PowerCut, formatted, mounted
from helper import raises
from trust import Sets, certsets, editing

OLD = {"ca.pem": b"old authority", "client.crt": b"old certificate", "client.key": b"old key"}
NEW = {"ca.pem": b"new", "client.crt": b"new certificate" * 9, "client.key": b"new key"}
FOLDER = "/r/certs"

transient.ON_DEVICE = (
    False  # else what is given back would be loaded anew, outside the made-up disk
)


class Folders(Disk):
    """A disk that knows folders: making, removing and renaming one is a step like any other."""

    def __init__(self, files=None, folders=(), early=True, grain=16):
        super().__init__(
            trust, certsets, editing, config.files, files=files, early=early, grain=grain
        )
        self.folders = list(folders)
        self.stuck = None  # part of the new name of what cannot be renamed
        self.kept = None  # part of the path of what cannot be removed

    def mkdir(self, path):
        if path not in self.folders:
            self.step()
        super().mkdir(path)

    def rmdir(self, path):
        if path in self.folders:
            self.step()
        super().rmdir(path)

    def remove(self, path):
        if self.kept is not None and self.kept in path:
            raise OSError(EIO, "made to fail")
        super().remove(path)

    def rename(self, old, new):
        if self.stuck is not None and self.stuck in new:
            raise OSError(EIO, "made to fail")
        if old not in self.folders:
            raise OSError(ENOENT, "missing")
        if new in self.folders:
            raise OSError(EEXIST, "exists")
        self.step()
        self.folders = [moved(path, old, new) for path in self.folders]
        self.files = {moved(path, old, new): self.files[path] for path in self.files}

    def open(self, path, mode):
        if mode == "wb" and path.rpartition("/")[0] not in self.folders:
            raise OSError(ENOENT, "no folder")
        return super().open(path, mode)

    def listdir(self, path):
        if path not in self.folders:
            raise OSError(ENOENT, "missing")
        paths = [
            other for other in list(self.files) + self.folders if other.startswith(path + "/")
        ]
        inside = [other[len(path) + 1 :] for other in paths]
        return [name for name in inside if "/" not in name]


def moved(path, old, new):
    return new + path[len(old) :] if path == old or path.startswith(old + "/") else path


def with_set(content=None, name="x"):
    """A disk with one set, or with an empty folder of sets."""
    disk = Folders(folders=["/r", FOLDER])
    if content is not None:
        disk.folders.append("%s/%s" % (FOLDER, name))
        disk.files = {"%s/%s/%s" % (FOLDER, name, file): content[file] for file in content}
    return disk


def there(root="/r"):
    """Every set with its files, as the device sees them after a start."""
    sets = Sets(root)
    sets.recover()
    found = certsets.CertSets(root)
    result = {}
    for name in found.names():
        files = {file: found.read(name, file) for file in editing.FILES}
        result[name] = {file: files[file] for file in files if files[file] is not None}
    return result


def test_a_new_set_is_made_with_its_folder():
    with Folders(folders=["/r"]) as disk:
        editing.store("/r", "x", OLD)
        assert there() == {"x": OLD}
        assert sorted(disk.folders) == ["/r", FOLDER, FOLDER + "/x"]


def test_files_that_are_not_mentioned_stay_and_those_of_none_go():
    with with_set(dict(OLD, **{"pending.key": b"p" * 3000})):
        changes = {"ca.pem": None, "ca.default": b"", "pending.key": None}
        editing.store("/r", "x", changes)
        expected = {"ca.default": b"", "client.crt": OLD["client.crt"], "client.key": b"old key"}
        assert there() == {"x": expected}
    long = dict(OLD, **{"client.key": bytes(range(256)) * 20})
    with with_set(long):
        editing.store("/r", "x", {"ca.pem": b"new"})
        assert there() == {"x": dict(long, **{"ca.pem": b"new"})}


def test_a_set_is_deleted_with_all_its_files_and_no_other():
    with with_set(OLD) as disk:
        editing.store("/r", "y", NEW)
        editing.delete("/r", "x")
        assert there() == {"y": NEW}
        assert sorted(disk.folders) == ["/r", FOLDER, FOLDER + "/y"]
        assert raises(OSError, editing.delete, "/r", "x").errno == ENOENT
        assert there() == {"y": NEW}


def test_a_start_after_a_quiet_night_writes_nothing():
    with with_set(OLD) as disk:
        assert there() == {"x": OLD}
        assert disk.steps == disk.writes == 0


def test_a_full_medium_leaves_the_old_set_and_nothing_beside_it():
    for before in (OLD, None):
        with with_set(before) as disk:
            disk.full = ".new/client.key"
            assert raises(OSError, editing.store, "/r", "x", NEW).errno == 28
            assert there() == ({"x": OLD} if before else {})
            assert not [path for path in disk.folders if "." in path]
            disk.full = None
            editing.store("/r", "x", NEW)
            assert there() == {"x": NEW}


def test_a_set_that_cannot_take_its_place_leaves_the_old_one_there():
    with with_set(OLD) as disk:
        real, disk.rename = disk.rename, lambda old, new: fail_to(disk, real, old, new)
        raises(OSError, editing.store, "/r", "x", NEW)
        disk.rename = real
        assert there() == {"x": OLD}


def fail_to(disk, rename, old, new):
    if old.endswith(".new"):
        raise OSError(EIO, "made to fail")
    rename(old, new)


def test_a_set_is_not_lost_if_nothing_can_take_its_place():
    with with_set(OLD) as disk:
        real = disk.rename
        disk.stuck = "certs/x"
        raises(OSError, editing.store, "/r", "x", NEW)
        assert there() == {"x": OLD}
        disk.stuck, disk.rename = None, lambda old, new: only_away(disk, real, old, new)
        raises(OSError, editing.store, "/r", "x", NEW)
        disk.rename = real
        assert there() in ({"x": OLD}, {"x": NEW})


def only_away(disk, rename, old, new):
    """The old set can still be moved out of the way, but nothing moved there any more."""
    if new == FOLDER + "/x":
        raise OSError(EIO, "made to fail")
    rename(old, new)


def test_what_is_left_over_is_removed_by_the_next_change():
    with with_set(OLD) as disk:
        disk.kept = ".old/client.key"
        editing.store("/r", "x", NEW)
        assert there() == {"x": NEW}
        assert FOLDER + "/x.old" in disk.folders
        disk.kept = None
        editing.store("/r", "y", OLD)
        assert there() == {"x": NEW, "y": OLD}
        assert FOLDER + "/x.old" not in disk.folders


def test_a_set_is_loaded_after_what_was_left_over_is_put_right():
    new, old = FOLDER + "/x.new", FOLDER + "/x.old"
    cert = b"-----BEGIN CERTIFICATE-----"
    with Folders({new + "/ca.pem": cert, old + "/ca.pem": b"old"}, ["/r", FOLDER, new, old]):
        assert Sets("/r").load("x").ca == cert


def test_a_device_that_cannot_recover_now_tries_again_at_the_next_use():
    with Folders({FOLDER + "/x.new/ca.pem": b""}, ["/r", FOLDER, FOLDER + "/x.new"]) as disk:
        sets = Sets("/r")
        disk.kept = "x.new"
        sets.recover()
        disk.kept = None
        sets.recover()
        assert disk.folders == ["/r", FOLDER]


# Power cuts. Every action on every state it may find is cut at every step, and so is what puts that right.

ACTIONS = (
    ("replaced", OLD, lambda root: editing.store(root, "x", NEW)),
    ("extended", OLD, lambda root: editing.store(root, "x", {"pending.key": b"p"})),
    ("made", None, lambda root: editing.store(root, "x", NEW)),
    ("deleted", OLD, lambda root: editing.delete(root, "x")),
)


def attempt(left, files, folders, early, action):
    """What is on the disk after an action with power for so many steps, and whether all was done."""
    with Folders(files, folders, early) as disk:
        disk.left = left
        try:
            action("/r")
        except PowerCut:
            return disk.files, disk.folders, False
        return disk.files, disk.folders, True


def cuts(files, folders, early, action):
    """The contents of the disk for a cut at each step, the last one without a cut."""
    left, done = 0, False
    while not done:
        after, folders_after, done = attempt(left, files, folders, early, action)
        yield after, folders_after
        left += 1


def found(files, folders):
    with Folders(files, folders) as disk:
        result = there()
        assert not [path for path in disk.folders if "." in path], "something is left over"
        return result


def prepare(before, action):
    """(files, folders, what is there before, what is there after) of an action."""
    with with_set(before) as disk:
        old = there()
        files, folders = dict(disk.files), list(disk.folders)
        action("/r")
        new = there()
        assert old != new
        return files, folders, old, new


def test_a_cut_at_any_step_leaves_the_old_or_the_new_set():
    for what, before, action in ACTIONS:
        for early in (True, False):
            files, folders, old, new = prepare(before, action)
            expected, count = old, 0
            for after in cuts(files, folders, early, action):
                result = found(*after)
                if result != expected:
                    expected = new  # from here on: there is no way back
                assert result == expected, (what, count, result)
                count += 1
            assert expected == new and count > 3, what


def test_after_any_cut_the_set_can_be_stored_again():
    for what, before, action in ACTIONS:
        files, folders, _, _ = prepare(before, action)
        for after, folders_after in cuts(files, folders, True, action):
            with Folders(after, folders_after):
                editing.store("/r", "x", dict(NEW, **{"pending.key": None}))
                assert there() == {"x": NEW}, what


def test_a_cut_while_recovering_from_a_cut_does_no_harm():
    count = 0
    for what, before, action in ACTIONS:
        files, folders, old, new = prepare(before, action)
        for after in cuts(files, folders, True, action):
            expected = found(*after)
            for again in cuts(*after, True, lambda root: editing.recover(root + "/certs")):
                count += again != after
                assert found(*again) == expected and expected in (old, new), what
    assert count > 20


if hasattr(os, "VfsLfs2"):

    def cut_below_littlefs(before, action):
        flash = Flash(formatted(64))
        mounted(flash, os.mkdir, "/cut/certs")
        if before is not None:
            mounted(flash, editing.store, "/cut", "x", before)
        content = bytes(flash.content)
        old = mounted(flash, there, "/cut")
        mounted(flash, action, "/cut")
        new = mounted(flash, there, "/cut")
        left, done = 0, False
        while not done:
            flash = Flash(content)
            flash.left = left
            try:
                mounted(flash, action, "/cut")
            except OSError:
                assert flash.off
            done = not flash.off
            result = mounted(Flash(flash.content), there, "/cut")
            assert result in (old, new), (left, result)
            left += 1
        assert left > 5 and result == new

    def test_a_cut_at_any_operation_below_littlefs_leaves_the_old_or_the_new_set():
        for _, before, action in ACTIONS:
            cut_below_littlefs(before, action)
