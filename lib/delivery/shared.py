"""What all destinations use and none owns."""

import asyncio
import os

from micropython import const
from net.sessions import Sessions

from delivery.formats import wican
from delivery.route import Route

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType as Format
    from typing import Protocol

    from autopid.group import Group
    from device.signals import Signals
    from log import Logger
    from uptime import Uptime

    from delivery.contexts import Contexts
    from delivery.dead_letters import DeadLetters
    from delivery.message import Message, Parcel
    from delivery.storage import Storage
    from delivery.verdict import Verdict

    class Outbox(Protocol):
        """Where messages wait: `delivery.slot.Slot`, or one of `delivery.outbox`."""

        dropped: int
        trouble: str

        def __len__(self) -> int: ...
        @property
        def bytes(self) -> int: ...
        def put(self, message: Message) -> None: ...
        def limit(self, queue: dict) -> None: ...
        def peek(self, count: int, max_bytes: int) -> list[Message]: ...
        def done(self, count: int) -> None: ...
        def expire(self, now_ms: int, unix_s: int) -> None: ...
        def tick(self, now_ms: int) -> None: ...
        def oldest_age_s(self, now_ms: int, unix_s: int) -> int | None: ...
        def wait_ms(self, now_ms: int) -> int | None: ...
        def flush(self) -> bool: ...
        def close(self) -> None: ...
        def purge(self) -> None: ...

    class Way(Protocol):
        """How parcels reach a server: `delivery.route.Route`, or `delivery.mqtt_route.MqttRoute`."""

        async def deliver(self, parcel: Parcel, deadline_ms: int) -> Verdict: ...
        def close(self) -> None: ...


_FOLDER = "/outbox"
_LONGEST_PAUSE_MS = const(60_000)


class Shared:
    """What all destinations use and none owns.

    Attributes:
        group: the values.
        uptime: the clock of every time here.
        unix_s: () -> Unix time in seconds, 0 while the clock is not set.
        has_time: () -> whether certificates can be judged, be it by an estimated time.
        device_id: twelve hexadecimal digits.
        signals: ignition, charging, supply voltage and ECU, for events.
        secret: name -> the secret of that name, or None.
        status: () -> redacted (key, plain value) pairs for the first document.
        log: where outcomes are told; never a secret or a body.
        sessions: who may keep a connection open.
    """

    def __init__(
        self,
        root: str,
        boot: int,
        device_id: str,
        group: "Group",
        uptime: "Uptime",
        unix_s: "Callable[[], int]",
        signals: "Signals",
        contexts: "Contexts",
        secret: "Callable[[str], str | None]",
        status: "Callable[[], Iterable[tuple[str, str | int | bool | None]]]",
        log: "Logger",
        connections: int,
        has_time: "Callable[[], bool] | None" = None,
    ) -> None:
        """`boot` counts the starts of this device: with it, ids of messages are never given twice; `connections` may be
        open at a time, and one TLS handshake is made at a time."""
        self._root = root
        self._prefix = "%s-%d-" % (device_id, boot)
        self._messages = 0
        self._formats: dict[str, Format] = {"wican": wican}
        self._contexts = contexts
        self._handshake_lock = asyncio.Lock()
        self.sessions = Sessions(connections)
        self.device_id = device_id
        self.group = group
        self.uptime = uptime
        self.unix_s = unix_s
        self.has_time = has_time or (lambda: unix_s() > 0)
        self.signals = signals
        self.secret = secret
        self.status = status
        self.log = log

    def next_id(self) -> str:
        """An id for a message that no other message has or will have."""
        self._messages += 1
        return self._prefix + str(self._messages)

    def format(self, name: str) -> "Format":
        """The module `delivery.formats.<name>`; most devices use one of them."""
        found = self._formats.get(name)
        if found is None:
            found = __import__("delivery.formats." + name, None, None, ("document",))
            self._formats[name] = found
        return found

    def route(self, settings: dict) -> "Way":
        """A new, unopened way to the destination of these settings. Raises RouteError."""
        if settings["type"] == "mqtt":
            from delivery.mqtt_route import MqttRoute

            return MqttRoute(
                settings,
                self.secret,
                self._contexts,
                self._handshake_lock,
                self.device_id,
                self.sessions,
            )
        return Route(
            settings,
            self.secret,
            self._contexts,
            self._handshake_lock,
            self.unix_s,
            self.sessions,
        )

    def outbox(self, settings: dict) -> "Outbox":
        """The outbox of a destination that has a queue."""
        return self._storage().outbox(settings)

    def dead_letters(self, settings: dict) -> "DeadLetters":
        """What was given up of a destination that has a queue."""
        return self._storage().dead_letters(settings)

    def forget(self, number: int) -> None:
        """Deletes what the flash holds of the destination with that number. Errors are logged."""
        if self._has_folder():
            self._storage().forget(number)

    def forget_all_but(self, numbers: "list[int]") -> None:
        """Deletes what the flash holds of destinations that no longer exist. Errors are logged."""
        if self._has_folder():
            self._storage().forget_all_but(numbers)

    def _has_folder(self) -> bool:
        try:
            os.stat(self._root + _FOLDER)
        except OSError:  # nothing was ever kept
            return False
        return True

    def _storage(self) -> "Storage":
        from delivery.storage import Storage  # devices without a queue never need it

        return Storage(self._root + _FOLDER, self._prefix, self.log)

    async def pause(self, wake: "asyncio.Event", ms: int) -> None:
        """Waits that long, but not over a minute, and no longer than until the event is set."""
        try:
            await asyncio.wait_for_ms(wake.wait(), min(ms, _LONGEST_PAUSE_MS))
        except asyncio.TimeoutError:
            return
