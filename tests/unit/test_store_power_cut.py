"""The power fails at every byte and every step of a save: settings and secrets are the old or the new ones, together.

On MicroPython the same is done below littlefs, the chip's file system: at every operation on a flash memory in RAM.
"""

import os

import config.files
import config.secrets
import transient
from config.store import Store
from disk import Disk, PowerCut

MODULES = (config.files, config.secrets)

transient.ON_DEVICE = (
    False  # else what is given back would be compiled anew at each of thousands of starts
)


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
        sorted(store._secrets[0].values()),
    )


def saved(root, data):
    store = Store(root, Log())
    assert store.save(data) == []
    return state(store)


def attempt(left, files, early, change, grain):
    """Loads and saves with power for so many steps; returns what is on the disk then, and whether all was done."""
    with Disk(*MODULES, files=files, early=early, grain=grain) as disk:
        disk.left = left
        try:
            store = Store("/r", Log())
            if change is not None:
                assert store.save(change) == []
        except PowerCut:
            return disk.files, False
        return disk.files, True


def cuts(files, early, change, grain=16):
    """The contents of the disk for a cut at each step, the last one without a cut."""
    left, done = 0, False
    while not done:
        after, done = attempt(left, files, early, change, grain)
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


def check_cuts(change, early, grain=16):
    files, old, new = prepare(change)
    expected = old
    for after in cuts(files, early, change, grain):
        found = loaded(after)
        if found != expected:
            expected = new  # from here on: there is no way back
        assert found == expected, found
    assert expected == new


def test_a_cut_at_any_byte_leaves_the_old_or_the_new_settings_with_their_secrets():
    check_cuts(CHANGES[0], True, 1)
    for change in CHANGES[1:]:
        check_cuts(change, True)


def test_bytes_that_were_not_flushed_are_not_relied_upon():
    for change in CHANGES:
        check_cuts(change, False)


def test_a_cut_while_a_secret_is_saved_beside_wrong_settings_leaves_the_old_or_the_new_secret():
    settings = b'{"destinations":[{"id":1,"name":"x","url":"http://a.example/"}],"revision":7}'
    files, expected, left, done = {"/r/config/settings.json": settings}, None, 0, False
    while not done:
        with Disk(*MODULES, files=files, early=True) as disk:
            disk.left = left
            try:
                done = Store("/r", Log()).save_secrets({"web.password": "correct horse"}) == []
            except PowerCut:
                pass
            disk.left = None
            store = Store("/r", Log())
            assert store.settings["destinations"][0]["url"] == "http://a.example/", left
            assert store.secret("web.password") in (expected, "correct horse"), left
            expected = store.secret("web.password")
        left += 1
    assert left > 10 and expected == "correct horse"


def test_a_first_save_that_is_cut_leaves_defaults_or_the_whole():
    with Disk(*MODULES):
        nothing = state(Store("/r", Log()))
        new = saved("/r", BEFORE)
    for after in cuts({}, True, BEFORE):
        assert loaded(after) in (nothing, new)


def test_after_any_cut_the_device_can_be_changed_again():
    files, _, new = prepare(CHANGES[0])
    for after in cuts(files, True, CHANGES[0]):
        with Disk(*MODULES, files=after):
            assert saved("/r", CHANGES[0]) == new
            assert state(Store("/r", Log())) == new


def test_a_cut_while_recovering_from_a_cut_does_no_harm():
    files, old, new = prepare(CHANGES[0])
    count = 0
    for after in cuts(files, True, CHANGES[0]):
        for again in cuts(after, True, None):
            if again != after:  # something was recovered
                count += 1
                assert loaded(again) in (old, new)
    assert count > 10


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
    """A block device in RAM. After `left` changes the next one is done by half, then the power is off.

    Without power it allocates nothing: the finaliser of a file that could not be closed gets here, too.
    """

    def __init__(self, content):
        self.content = bytearray(content)
        self.left = None
        self.off = False

    def readblocks(self, block, data, offset=0):
        if self.off:
            return -5
        start = block * 512 + offset
        data[:] = self.content[start : start + len(data)]
        return 0

    def writeblocks(self, block, data, offset=0):
        return self._change(block * 512 + offset, data)

    def ioctl(self, operation, argument):
        if operation == 6:
            return self._change(argument * 512, b"\xff" * 512)
        return {4: len(self.content) // 512, 5: 512}.get(operation, 0)

    def _change(self, start, data):
        if self.off:
            return -5
        size = len(data)
        if self.left is not None:
            self.left -= 1
            self.off = self.left < 0
            size = size // 2 if self.off else size
        self.content[start : start + size] = data[:size]
        return -5 if self.off else 0


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
        left, problems = 0, None
        while problems != []:
            flash = Flash(before)
            flash.left = left
            problems = mounted(flash, save_again, CHANGES[0])
            found = mounted(Flash(flash.content), load_again)
            assert found in (old, new), (left, found)
            left += 1
        assert left > 10 and found == new
