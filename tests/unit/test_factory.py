"""Back to how the device was delivered: what is deleted, and what stays."""

import os
from binascii import hexlify

from car_fakes import Silent
from device import factory

KEPT = ("config/device_id", "certs/default/roots.bin", "main.py", "lib/app.py")
GONE = (
    "config/settings.json",
    "config/settings.json.1",
    "config/secrets.json",
    "config/secrets.json.1",
    "config/secrets.json.new",
    "config/profile.json",
    "config/found.json",
    "config/profiles/base.json",
    "certs/garage/ca.pem",
    "certs/garage/client.key",
    "outbox/1/0001",
    "outbox/1.dead/0001",
)


class Root:
    """A folder below /tmp with these files, gone at the end of the block."""

    def __init__(self, paths):
        self.root = "/tmp/factory-" + hexlify(os.urandom(6)).decode()
        self._paths = paths

    def __enter__(self):
        os.mkdir(self.root)
        for path in self._paths:
            folder = self.root
            for name in path.split("/")[:-1]:
                folder += "/" + name
                if name not in os.listdir(folder.rpartition("/")[0]):
                    os.mkdir(folder)
            with open(self.root + "/" + path, "w") as file:
                file.write("x")
        return self.root

    def __exit__(self, *_):
        empty(self.root)
        os.rmdir(self.root)


def is_folder(path):
    return bool(os.stat(path)[0] & 0x4000)


def empty(folder):
    for name in os.listdir(folder):
        path = folder + "/" + name
        if is_folder(path):
            empty(path)
            os.rmdir(path)
        else:
            os.remove(path)


def files(folder, prefix=""):
    found = []
    for name in os.listdir(folder):
        path = folder + "/" + name
        found += files(path, prefix + name + "/") if is_folder(path) else [prefix + name]
    return sorted(found)


def test_all_that_the_owner_brought_is_deleted_and_the_firmware_stays():
    with Root(KEPT + GONE) as root:
        log = Silent()
        factory.erase(root, log)
        assert files(root) == sorted(KEPT) and not log.lines, (files(root), log.lines)
        assert sorted(os.listdir(root + "/certs")) == ["default"]


def test_a_device_without_any_of_it_is_no_trouble():
    with Root(("main.py",)) as root:
        log = Silent()
        factory.erase(root, log)
        assert files(root) == ["main.py"] and not log.lines


def test_secrets_go_before_anything_else():
    order = []
    delete = os.remove

    class Watched:
        """The module `os` that remembers what it removes."""

        def __getattr__(self, name):
            return getattr(os, name)

        def remove(self, path):
            order.append(path.split("/")[-1])
            delete(path)

    with Root(GONE) as root:
        factory.os = Watched()
        try:
            factory.erase(root, Silent())
        finally:
            factory.os = os
    assert sorted(order[:3]) == ["secrets.json", "secrets.json.1", "secrets.json.new"], order
    assert len(order) == len(GONE) + 1 and order[-1] == "erasing", order


class PowerCut(Exception):
    """What ends everything."""


def test_what_a_power_cut_interrupts_is_finished_at_the_next_start():
    class Failing:
        """The module `os` of a device that loses its power after so many deletions."""

        left = 0

        def __getattr__(self, name):
            return getattr(os, name)

        def remove(self, path):
            if self.left == 0:
                raise PowerCut
            self.left -= 1
            os.remove(path)

    for number in range(len(GONE) + 1):
        with Root(KEPT + GONE) as root:
            factory.os = Failing()
            factory.os.left = number
            try:
                factory.erase(root, Silent())
                raise AssertionError(number)
            except PowerCut:
                pass
            finally:
                factory.os = os
            factory.finish(root, Silent())
            assert files(root) == sorted(KEPT), (number, files(root))


def test_a_start_deletes_nothing_if_nothing_was_interrupted():
    with Root(KEPT + GONE) as root:
        factory.finish(root, Silent())
        assert files(root) == sorted(KEPT + GONE)
        factory.erase(root, Silent())
        with open(root + "/config/settings.json", "w") as file:
            file.write("x")
        factory.finish(root, Silent())
        assert "config/settings.json" in files(root)
