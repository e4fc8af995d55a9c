"""The power fails at every byte and every step of a save: settings and secrets are the old or the new ones, together.

On MicroPython the same is done below littlefs, the chip's file system: at every operation on a flash memory in RAM.
"""

import os

import config.files
import config.secrets
from config.store import Store
from disk import Disk, PowerCut

MODULES = (config.files, config.secrets)


class Log:
    def warning(self, format, *arguments):
        pass

    def redact(self, value):
        pass


def destination(host, token, **changes):
    url = "https://%s.example" % host
    auth = {"type": "bearer", "token": token} if token else {"type": "none"}
    return dict({"name": host, "url": url, "auth": auth}, **changes)


# What is saved first, and then the change that is cut short. "New" always differs in the address and in its secret.
BEFORE = {"destinations": [destination("old", "OLD-TOKEN", id=1)], "web": {"port": 8080}}
CHANGES = (
    {"destinations": [destination("new", "NEW-TOKEN", id=1)], "web": {"port": 8081}},
    {"destinations": [destination("new", None, id=1)], "web": {"port": 8081}},
    {"destinations": [destination("new", "NEW-TOKEN")], "web": {"port": 8081}},
    {"destinations": [], "web": {"port": 8081}},
)


def state(store):
    """All that the settings files hold, in one comparable value."""
    addresses = [
        (item["url"], store.secret("destinations.%d.auth.token" % item["id"]))
        for item in store.settings["destinations"]
    ]
    return (
        addresses,
        store.settings["web"]["port"],
        store.problems,
        sorted(store._secrets.values.values()),
    )


def saved(root, data):
    store = Store(root, Log())
    assert store.save(data) == []
    return state(store)


def attempt(left, files, early, change):
    """Loads and saves with power for so many steps; returns what is on the disk then, and whether all was done."""
    with Disk(*MODULES, files=files, early=early) as disk:
        disk.left = left
        try:
            store = Store("/r", Log())
            if change is not None:
                assert store.save(change) == []
        except PowerCut:
            return disk.files, False
        return disk.files, True


def cuts(files, early, change):
    """The contents of the disk for a cut at each step, the last one without a cut."""
    left, done = 0, False
    while not done:
        after, done = attempt(left, files, early, change)
        yield after
        left += 1


def loaded(files):
    with Disk(*MODULES, files=files):
        return state(Store("/r", Log()))


def prepare(change):
    with Disk(*MODULES) as disk:
        old = saved("/r", BEFORE)
        files = dict(disk.files)
        new = saved("/r", change)
        assert old != new
        return files, old, new


def test_a_cut_at_any_byte_leaves_the_old_or_the_new_settings_with_their_secrets():
    for change in CHANGES:
        files, old, new = prepare(change)
        for early in (False, True):
            states = [loaded(after) for after in cuts(files, early, change)]
            assert states[0] == old and states[-1] == new
            for number, found in enumerate(states):
                assert found in (old, new), (number, found)
            assert states == sorted(states, key=lambda found: found == new), "no way back"


def test_a_first_save_that_is_cut_leaves_defaults_or_the_whole():
    with Disk(*MODULES):
        nothing = state(Store("/r", Log()))
        new = saved("/r", BEFORE)
    for early in (False, True):
        for after in cuts({}, early, BEFORE):
            assert loaded(after) in (nothing, new)


def test_after_any_cut_the_device_can_be_changed_again():
    files, _, new = prepare(CHANGES[0])
    for after in cuts(files, True, CHANGES[0]):
        with Disk(*MODULES, files=after):
            assert saved("/r", CHANGES[0]) == new
            assert state(Store("/r", Log())) == new


def test_a_cut_while_recovering_from_a_cut_does_no_harm():
    files, old, new = prepare(CHANGES[0])
    seen = []
    for after in cuts(files, True, CHANGES[0]):
        for again in cuts(after, True, None):
            if again not in seen[-4:]:
                seen.append(again)
                assert loaded(again) in (old, new)
    assert len(seen) > 100


def test_a_profile_is_the_old_or_the_new_one():
    with Disk(*MODULES) as disk:
        Store("/r", Log()).save_profile({"car": "old"})
        files = disk.files
    left, done = 0, False
    while not done:
        with Disk(*MODULES, files=files, early=True) as disk:
            disk.left = left
            try:
                done = Store("/r", Log()).save_profile({"car": "new"}) == []
            except PowerCut:
                pass
            disk.left = None
            assert Store("/r", Log()).profile() in ({"car": "old"}, {"car": "new"}), left
        left += 1
    assert left > 15


class Flash:
    """A block device in RAM. After `left` operations that change it, the next one is done by half, then it is off."""

    def __init__(self, content):
        self.content = bytearray(content)
        self.left = None
        self.off = False

    def readblocks(self, block, data, offset=0):
        start = block * 512 + offset
        data[:] = memoryview(self.content)[start : start + len(data)]

    def writeblocks(self, block, data, offset=0):
        start = block * 512 + offset
        data = data[: self._lasting(len(data))]
        self.content[start : start + len(data)] = data
        if self.off:
            raise OSError(5)

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.content) // 512
        if operation == 5:
            return 512
        if operation == 6:
            size = self._lasting(512)
            self.content[argument * 512 : argument * 512 + size] = b"\xff" * size
            return 5 if self.off else 0
        return 0

    def _lasting(self, size):
        if self.off:
            return 0
        if self.left is None:
            return size
        self.left -= 1
        self.off = self.left < 0
        return size // 2 if self.off else size


def mounted(flash, function, *arguments):
    """Calls a function while the flash is mounted at /cut."""
    os.mount(os.VfsLfs2(flash), "/cut")
    try:
        return function(*arguments)
    finally:
        os.umount("/cut")


def save_again(change):
    return Store("/cut", Log()).save(change)


def load_again():
    return state(Store("/cut", Log()))


if hasattr(os, "VfsLfs2"):

    def test_a_cut_at_any_operation_below_littlefs_leaves_the_old_or_the_new_settings():
        flash = Flash(b"\xff" * 512 * 48)
        os.VfsLfs2.mkfs(flash)
        old = mounted(flash, saved, "/cut", BEFORE)
        before = bytes(flash.content)
        new = mounted(flash, saved, "/cut", CHANGES[0])
        left, found, problems = 0, [], None
        while problems != []:
            flash = Flash(before)
            flash.left = left
            problems = mounted(flash, save_again, CHANGES[0])
            found.append(mounted(Flash(flash.content), load_again))
            assert found[-1] in (old, new), (left, found[-1])
            left += 1
        assert found[0] == old and found[-1] == new
        print("littlefs: %d cuts, %d left the old settings" % (left - 1, found.count(old)))
