"""How long safe mode waits for somebody."""

import asyncio

from board_fake import Board
from device.safe_mode import SafeMode
from helper import run
from signer import OLD, Root, fill
from vault import Clock

PATIENCE_MS = 600_000


def mode(root, clock):
    return SafeMode(Board(), root, "The button was held.", clock)


def test_ten_minutes_in_which_nobody_came_are_enough():
    with Root() as root:
        fill(root, "a", OLD)
        clock = Clock()
        waiting = mode(root, clock)
        clock.now_ms += PATIENCE_MS
        assert not waiting.is_forsaken()
        clock.now_ms += 1
        assert waiting.is_forsaken()
        waiting.seen()
        assert not waiting.is_forsaken()


def test_a_device_without_an_application_starts_again_too_as_its_battery_is_looked_at():
    with Root() as root:
        clock = Clock()
        waiting = mode(root, clock)
        clock.now_ms += PATIENCE_MS + 1
        assert waiting.is_forsaken()


def test_an_update_that_takes_long_is_not_interrupted():
    async def scene(root):
        clock = Clock()
        waiting = mode(root, clock)
        seen = []

        async def read(size):
            clock.now_ms += PATIENCE_MS + 1
            seen.append(waiting.is_forsaken())
            return b""

        with open(root + "/update.pub", "wb") as file:
            file.write(b"\xff" * 384)
        try:
            await waiting.update(read, 1000)
        except Exception as error:
            seen.append(type(error).__name__)
        await asyncio.sleep(0)
        return seen

    with Root() as root:
        assert run(scene(root)) == [False, "UpdateError"]
