"""Wi-Fi as the settings want it: the networks that the device joins, and the one it makes itself.

Only loaded where the board has a radio.
"""

import os
from binascii import hexlify

import transient
from micropython import const

from net.access_point import AccessPoint
from net.wifi import Wifi

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from config.store import Store
    from log import Logger
    from supervisor import Supervisor, Task
    from uptime import Uptime

_SHORTEST = const(8)  # WPA2 takes no shorter password
_OPEN_MS = const(900_000)
_STUCK_MS = const(300_000)


class Networks:
    """Station and access point, following the settings.

    Args:
        radio: MicroPython's `network`.
        root: folder of the device's files.
        device_id: ends the access point's name.
        linked: see `net.wifi.Wifi`.

    Attributes:
        wifi, point: the two of them.
    """

    def __init__(
        self,
        radio: "ModuleType",
        root: str,
        device_id: str,
        store: "Store",
        uptime: "Uptime",
        log: "Logger",
        linked: "Callable[[bool], None]",
    ) -> None:
        self._root = root
        self._name = "WiCAN_" + device_id
        self._store = store
        self._log = log
        self._own = ""
        self._tasks: list[Task] = []
        self.wifi = Wifi(radio, uptime, log, linked)
        self.point = AccessPoint(radio, self.wifi, self._wanted, uptime, log)

    def start(self, supervisor: "Supervisor") -> None:
        """Keeps both going."""
        self.apply()  # an access point for those without a network is not to be on before it is known that there is one
        wifi, point = self.wifi, self.point
        self._tasks = [
            supervisor.start("wifi", wifi.run, lambda: wifi.looked_ms, _STUCK_MS),
            supervisor.start("access point", point.run, lambda: point.looked_ms, _STUCK_MS),
        ]

    def stop(self, supervisor: "Supervisor") -> None:
        """Ends both, as soon as their tasks get a turn: the radio is off then."""
        for task in self._tasks:
            supervisor.stop(task)
        self._tasks = []

    def apply(self) -> None:
        """Follows the settings `network` and `device`."""
        from net import joining  # given back below

        settings = self._store.settings
        known = joining.known(settings["network"], self._store.secret)
        self.wifi.apply(settings["device"]["name"], known)
        transient.release(transient.JOINING)

    def pairs(self) -> "list[tuple[str, str | int | bool]]":
        """What the status says of it beside what the board does: `rssi`, the signal in dBm."""
        strength = self.wifi.rssi_dbm()
        return [] if strength is None else [("rssi", strength)]

    def let_in(self) -> None:
        """Has the access point on for a quarter of an hour, whatever the settings say."""
        self.point.open(_OPEN_MS)

    def _wanted(self) -> "tuple[str, str, str]":
        """Name, password and mode of the access point."""
        mode: str = self._store.settings["network"]["access_point"]["mode"]
        password = self._store.secret("network.access_point.password")
        return self._name, password or self._own_password(), mode

    def _own_password(self) -> str:
        """The one on the device's label; a device without one makes it anew at each start, and shows it."""
        if not self._own:
            from device import own

            self._own = own.read(self._root, own.ACCESS_POINT)
            if len(self._own) < _SHORTEST:
                self._own = hexlify(os.urandom(5)).decode()
                print("The password of the network %s is %s" % (self._name, self._own))
            self._log.redact(self._own)
        return self._own
