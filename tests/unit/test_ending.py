"""What starts the device again: nothing that was promised is forgotten."""

import asyncio

from car_fakes import Silent
from helper import run
from test_factory import GONE, KEPT, Root, files
from web.system import Actions


class Device:
    """A device with its files; it is its own board and log."""

    name = "wican"

    def __init__(self, root):
        self.root = root
        self.board = self.log = self
        self.restarts = 0
        self.restarted = asyncio.Event()

    def logger(self, _):
        return Silent()

    def boot_put(self, _, count):
        """Notes the failed starts; this one was asked for."""

    def reset(self):
        self.restarts += 1
        self.restarted.set()


def ended(root, *wishes):
    """(statuses, restarts) after these wishes, one right after the other."""

    async def scene():
        device = Device(root)
        actions = Actions(device)
        answers = []
        for wish in wishes:
            data = {"confirm": "wican"} if wish == "forget" else {}
            answers.append((await getattr(actions, wish)(data)).status_code)
        await asyncio.wait_for(device.restarted.wait(), 10)
        return answers, device.restarts

    return run(scene())


def test_a_reboot_deletes_nothing():
    with Root(KEPT + GONE) as root:
        assert ended(root, "reboot", "reboot") == ([202, 202], 1)
        assert files(root) == sorted(KEPT + GONE)


def test_a_factory_reset_is_done_though_a_reboot_was_wanted_just_before():
    with Root(KEPT + GONE) as root:
        assert ended(root, "reboot", "forget") == ([202, 202], 1)
        assert files(root) == sorted(KEPT)
