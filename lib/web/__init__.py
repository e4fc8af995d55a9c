"""The device's own page and its REST API. They show one `Model`, which the application builds."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Protocol

    from autopid.group import Group
    from autopid.poller import Poller
    from config.store import Store
    from delivery.commands import Downlinks
    from delivery.destination import Destination
    from log import Log
    from net.bridges import Bridges
    from net.clock import Clock
    from trust import Sets
    from uptime import Uptime

    class Model(Protocol):
        """What the page and the API know of the device.

        `board` is this board's module, with what `firmware/boards/unix/board.py` describes; `root` is the folder that
        plays the device's file system, "" on the device; `bridges` is None if there never was one;
        `crash` is a sentence about the last crash, "" for none.
        """

        uptime: Uptime
        group: Group
        log: Log
        store: Store
        clock: Clock
        certificates: Sets
        poller: Poller
        root: str
        crash: str

        @property
        def board(self) -> ModuleType:
            """This board's module."""

        @property
        def bridges(self) -> Bridges | None:
            """What carries others' connections; None if there never was any."""

        @property
        def name(self) -> str:
            """The device's name."""

        @property
        def ecu(self) -> str:
            """ "online", "offline" or "unknown"."""

        @property
        def grouping(self) -> bool:
            """Whether values are gathered into one document."""

        @property
        def downlinks(self) -> Downlinks:
            """The commands that come from servers."""

        def status_pairs(self) -> Iterable[tuple[str, str | int | bool | None]]:
            """(key, plain value) pairs about the device, without secrets."""

        def problems(self) -> Iterable[str]:
            """What is wrong with the settings, a sentence each."""

        def destinations(self) -> Iterable[Destination]:
            """Every destination, in the order of the settings."""

        async def wifi_scan(self) -> list[tuple[str, int, str, int]] | None:
            """The networks in reach as `board.wifi_scan` tells them, as soon as the radio is free."""

        def show(self, state: str, on: bool) -> None:
            """Has the LED show a state of `device.led`, or not any more."""

        def certificates_changed(self, name: str) -> None:
            """A cert set, or the default bundle, was stored or deleted: it counts from now on."""
