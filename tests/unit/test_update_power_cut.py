"""The power fails at every write of an update, and of what follows it: a whole application starts all the same.

On MicroPython the same is done below littlefs, the chip's file system: at every operation on a flash memory in RAM.
"""

import builtins
import os

import device.slots
import device.update
from device.manifest import UpdateError
from device.slots import Slots
from disk import Flash, PowerCut, formatted, mounted
from signer import NEW, OLD, Root, archive, content, fill, install, write

MODULES = (device.slots, device.update)
STALE = {"app.mpy": b"stale" * 300, "gone/module.mpy": b"gone"}
ARCHIVE = archive(NEW)


class Cutting:
    """The real file system with a power supply: every change is one step, and lasts `left` of them.

    The step that fails is a file's write: half of that is on the medium.
    """

    def __init__(self, left):
        self.left = left

    def __enter__(self):
        for module in MODULES:
            module.os = self
            module.open = self.open
        return self

    def __exit__(self, *_):
        for module in MODULES:
            module.os = os
            del module.open

    def __getattr__(self, name):
        found = getattr(os, name)
        return self.changing(found) if name in ("rename", "remove", "mkdir", "rmdir") else found

    def changing(self, function):
        def change(*arguments):
            self.step()
            return function(*arguments)

        return change

    def step(self):
        if self.left == 0:
            raise PowerCut
        self.left -= 1

    def open(self, path, mode):
        if mode != "rb":
            self.step()
        return File(self, builtins.open(path, mode))


class File:
    """An open file."""

    def __init__(self, power, file):
        self.power = power
        self.file = file
        self.read = file.read
        self.flush = file.flush

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, data):
        try:
            self.power.step()
        except PowerCut:
            self.file.write(data[: len(data) // 2])
            raise
        self.file.write(data)


def deliver(root, used):
    """A device that had an update before: the spare slot is not empty."""
    fill(root, used, OLD, version="1.3.0")
    fill(root, other(used), STALE, version="1.2.0")
    write(root, "slots", b"%s - 1.0 -\n" % used.encode())


def other(slot):
    return "b" if slot == "a" else "a"


def live(root, used, begun):
    """An update, the start on trial and its confirmation; `begun` lists what was begun."""
    begun.append("update")
    install(root, ARCHIVE)
    begun.append("trial")
    slots = Slots(root)
    assert slots.choose() == root + "/app_" + other(used)
    begun.append("confirm")
    slots.confirm()
    begun.append("end")


def check(root, used, begun):
    """What starts after the cut is whole: the old application, or the new one when all of it had arrived."""
    slots = Slots(root)
    folder = slots.choose()
    fresh = folder == root + "/app_" + other(used)
    assert fresh or folder == root + "/app_" + used, folder
    assert content(folder) == (NEW if fresh else OLD), folder
    assert fresh or begun[-1] != "end"
    if fresh and slots.trial:
        assert Slots(root).choose() == root + "/app_" + used, "it was not confirmed"
    elif fresh:
        assert begun[-1] in ("confirm", "end"), "it is in use without a trial"
    go_on(root)


def go_on(root):
    """The device takes another update as if nothing had happened."""
    install(root, archive_of_later())
    slots = Slots(root)
    assert content(slots.choose()) == OLD and slots.confirm()
    assert content(Slots(root).choose()) == OLD


def archive_of_later(known=[]):  # noqa: B006 (signed once)
    if not known:
        known.append(archive(OLD, version="1.5.0"))
    return known[0]


def test_a_cut_at_any_step_in_a_plain_folder_leaves_a_device_that_starts():
    for used in "ab":
        left, begun = 0, [""]
        while begun[-1] != "end":
            begun = []
            with Root() as root:
                deliver(root, used)
                with Cutting(left):
                    try:
                        live(root, used, begun)
                    except PowerCut:
                        pass
                check(root, used, begun)
            left += 1
        assert left > 30, left


if hasattr(os, "VfsLfs2"):

    def test_a_cut_at_any_operation_below_littlefs_leaves_a_device_that_starts():
        for block, blocks, used in ((512, 256, "a"), (4096, 64, "b")):
            flash = Flash(formatted(blocks, block), block)
            mounted(flash, deliver, "/cut", used)
            left, begun = 0, [""]
            while begun[-1] != "end":
                begun = []
                trial = Flash(flash.content, block)
                trial.left = left
                mounted(trial, live_until_off, used, begun)
                mounted(Flash(trial.content, block), check, "/cut", used, begun)
                left += 1
            assert left > 60, left

    def live_until_off(used, begun):
        try:
            live("/cut", used, begun)
        except (UpdateError, OSError, AssertionError):
            pass  # without power nothing works any more
