"""What runs when the application must not, or cannot: access point, login, the last crash, update, factory reset.

Nothing else does, and next to nothing of the application is needed: this lies beside the slots, in /rescue, with the
few modules it imports. After ten minutes in which nobody came the device starts again: a car that nobody attends to
does not stay here if the application has got over it, and each start looks at the battery (`device.guard`).
"""

import asyncio
import os
from binascii import hexlify

from micropython import const
from uptime import Uptime

from device import boot, crash, own
from device.manifest import UpdateError
from device.slots import Slots

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import ModuleType as Board

    from device.update import Read

_PATIENCE_MS = const(600_000)
_BEAT_MS = const(5000)
_REST_MS = const(500)  # for an answer to arrive
_PORT = const(80)
_ADDRESS = "192.168.4.1"
_MASK = "255.255.255.0"


class SafeMode:
    """Safe mode on a board.

    Args:
        root: the folder that plays the device's file system.
        why: a sentence.
        uptime: measures how long nobody came.

    Attributes:
        slots: the applications.
        busy: whether an update is on its way.
    """

    def __init__(self, board: "Board", root: str, why: str, uptime: Uptime) -> None:
        self.why = why
        self.busy = False
        self.slots = Slots(root)
        self.slots.settle()
        self._board = board
        self._root = root
        self._uptime = uptime
        self._seen_ms = uptime.ms()
        self._ending: asyncio.Task[None] | None = None

    async def run(self, port: int = _PORT) -> None:
        """Serves until the device starts again."""
        from device.safe_server import Server

        self._board.led("safe_mode")
        open_access_point(self._board, self._root)
        server = Server(self, self._root, self._uptime)
        watchdog = self._board.watchdog(boot.WATCHDOG_MS)
        await server.start(port)
        while not self.is_forsaken():
            if watchdog is not None:
                watchdog.feed()
            await asyncio.sleep_ms(_BEAT_MS)
        boot.allow_one(self._board)
        self._board.reset()

    def seen(self) -> None:
        """Somebody is there who knows the password."""
        self._seen_ms = self._uptime.ms()

    def is_forsaken(self) -> bool:
        """Whether nobody came for ten minutes."""
        return self._uptime.ms() - self._seen_ms > _PATIENCE_MS and not self.busy

    def report(self) -> str:
        """What a person wants to know: why, the version, the reset's cause, the last crash."""
        version = self.slots.version(self.slots.running) or "none"
        failed = self.slots.failed
        lines = [self.why, "Application: " + version, "Last reset: " + self._board.reset_cause()]
        if failed:
            lines.append("Version %s was taken back: it was not confirmed." % failed)
        return "\n".join(lines + ["", crash.last(self._root) or "No crash is known."])

    def restart(self) -> None:
        """Starts the application, after the answer is out."""
        boot.forgive(self._board)
        self._end()

    def erase(self) -> None:
        """Deletes settings, secrets and certificates, then starts the application."""
        from log import Log

        from device import factory

        factory.erase(self._root, Log(ring=1).logger("factory"))
        self.restart()

    async def update(self, read: "Read", length: int) -> str:
        """Installs an update and starts it; returns its version. Raises UpdateError."""
        from device import update

        if self.busy:
            raise UpdateError("busy", "Another update is on its way.")
        self.busy = True
        self._board.led("updating")
        try:
            key = update.read_key(self._root)
            task = update.Update(self.slots, key, self._board.NAME, read, length)
            version = (await task.install()).version
        finally:
            self.busy = False
            self._board.led("safe_mode")
        self.restart()
        return version

    def _end(self) -> None:
        if self._ending is None:
            self._ending = asyncio.create_task(self._reset())

    async def _reset(self) -> None:
        await asyncio.sleep_ms(_REST_MS)
        self._board.reset()


def open_access_point(board: "Board", root: str) -> None:
    """Opens the device's own network, with the password on its label, or one that is shown on the console."""
    radio = board.wifi()
    if radio is None:
        return
    name = "WiCAN_" + board.device_id(root)
    key = own.read(root, own.ACCESS_POINT)
    if len(key) < 8:  # WPA2 takes no shorter one
        key = hexlify(os.urandom(5)).decode()
        print("The password of the network %s is %s" % (name, key))
    point = radio.WLAN(radio.WLAN.IF_AP)
    secured = {"ssid": name, "key": key, "security": radio.WLAN.SEC_WPA2}
    try:
        point.config(**secured)  # else it begins as an open one
        point.active(True)
    except OSError:  # the driver takes it the other way round only
        point.active(True)
        point.config(**secured)
    point.ifconfig((_ADDRESS, _MASK, _ADDRESS, _ADDRESS))


def main(board: "Board", root: str, why: str) -> None:
    """Runs safe mode; starts the device again if that fails."""
    try:
        asyncio.run(SafeMode(board, root, why, Uptime()).run())
    except Exception as error:
        crash.keep(root, "Safe mode failed.", error)
        board.reset()
