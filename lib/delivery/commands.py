"""Downlinks for all destinations: whom one is for, what it makes the device do, and how often that happened.

downlinks = Downlinks(store, device_id, destinations, unix_s, uptime, log)
status, sentence, _ = downlinks.receive("DevEUI=…&Token=…")      # at the device's own address
downlinks.carried(1, reply)                                      # in the reply to a document of destination 1
"""

import asyncio

import transient
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol

    from config.store import Store
    from log import Logger
    from uptime import Uptime

    from delivery.downlink import Command, Seen, Verifier
    from delivery.journal import Attempt

    class Destination(Protocol):
        """Who obeys: `delivery.destination.Destination`."""

        @property
        def id(self) -> int: ...
        async def send_now(self) -> Attempt | None: ...
        def introduce(self) -> None:
            """Has the next document carry config and status."""

    Answer = tuple[int, str, bool]

LOCAL = ("local", "both")
_CARRIED = ("response", "both")
_MARK = b"DevEUI_downlink"
_QUIET_MS = const(10_000)  # between two refusals that are logged
_JUDGING = "delivery.downlink"


def is_open(settings: dict) -> bool:
    """Whether any destination of these settings takes downlinks at the device's own address."""
    return any([_takes(each, LOCAL) for each in settings["destinations"]])


class Downlinks:
    """Takes the commands of all destinations' servers. A token counts once, whichever way it came.

    Attributes:
        refused: how many downlinks were not obeyed.
        last_refusal: the sentence for the latest of them; "" before.
    """

    def __init__(
        self,
        store: "Store",
        device_id: str,
        destinations: "Callable[[], Iterable[Destination]]",
        unix_s: "Callable[[], int]",
        uptime: "Uptime",
        log: "Logger",
    ) -> None:
        """`unix_s` is the Unix time in seconds, 0 while the clock is not set."""
        self._store = store
        self._device_id = device_id
        self._destinations = destinations
        self._unix_s = unix_s
        self._uptime = uptime
        self._log = log
        self._seen: list[Seen] = []
        self._counts: dict[tuple[int, str], int] = {}
        self._tasks: dict[int, asyncio.Task[Attempt | None]] = {}
        self._quiet_until_ms = 0
        self.refused = 0
        self.last_refusal = ""

    def receive(self, query: str) -> "Answer":
        """Obeys a query that reached the device's own address, if it is right: status of the answer, a sentence, and
        whether nobody showed that he knows a key."""
        return self._take(query, LOCAL, None)

    def carried(self, number: int, reply: bytes) -> "Answer | None":
        """Obeys what came with a reply to destination `number`, as `receive` does; None if nothing did."""
        if _MARK not in reply:
            return None
        from delivery import downlink  # given back at once

        query = downlink.carried(reply)
        transient.release(_JUDGING)
        return None if query is None else self._take(query, _CARRIED, number)

    def counts(self) -> "Iterator[tuple[int, str, int]]":
        """Number of the destination, command, how often it was obeyed; in order."""
        for number, name in sorted(self._counts):
            yield number, name, self._counts[number, name]

    def _take(self, query: str, modes: "tuple[str, ...]", number: "int | None") -> "Answer":
        from delivery import downlink  # given back at once

        try:
            settings, command = self._judge(query, modes, number)
            self._obey(settings, command)
            return 200, downlink.accepted(command), False
        except downlink.Refusal as refusal:
            self._refuse(str(refusal))
            return refusal.status, str(refusal), refusal.is_strange
        finally:
            transient.release(_JUDGING)

    def _judge(
        self, query: str, modes: "tuple[str, ...]", number: "int | None"
    ) -> "tuple[dict, Command]":
        from delivery import downlink

        unix_s = self._unix_s()
        candidates = [
            each
            for each in self._store.settings["destinations"]
            if _takes(each, modes) and number in (None, each["id"])
        ]
        verifiers = [self._verifier(each, unix_s) for each in candidates]
        verifier, command = downlink.chosen(query, verifiers, unix_s)
        return candidates[verifiers.index(verifier)], command

    def _verifier(self, settings: dict, unix_s: int) -> "Verifier":
        from delivery import downlink, identity

        prefix = "destinations.%d.sign." % settings["id"]
        keys = [self._store.secret(prefix + name) or "" for name in ("secret", "previous")]
        # What was used up before the device started is forgotten.
        since_s = unix_s - self._uptime.ms() // 1000 - 1
        return downlink.Verifier(
            settings["body"]["dev_eui"] or identity.eui64(self._device_id),
            settings["sign"]["as_id"],
            settings["body"]["port"],
            keys,
            settings["downlink"]["window_s"],
            settings["downlink"]["allow"],
            self._seen,
            since_s,
        )

    def _obey(self, settings: dict, command: "Command") -> None:
        """Raises downlink.Refusal if that is not possible."""
        number, (name, cycle_ms) = settings["id"], command
        if name == "send_now":
            self._send(self._find(number))
        elif name == "request_config":
            self._find(number).introduce()
        elif name == "set_cycle":
            self._set_cycle(number, cycle_ms)
        self._counts[number, name] = self._counts.get((number, name), 0) + 1
        self._log.info("destination %d: the command %s came by downlink", number, name)

    def _send(self, destination: "Destination") -> None:
        """Nobody waits for it, so there is one for all who want it meanwhile."""
        task = self._tasks.get(destination.id)
        if task is None or task.done():
            self._tasks[destination.id] = asyncio.create_task(destination.send_now())

    def _set_cycle(self, number: int, cycle_ms: int) -> None:
        from delivery import downlink

        draft = self._store.draft()
        for settings in draft["destinations"]:
            if settings["id"] == number:
                settings["cycle_ms"] = cycle_ms
        problems = self._store.save(draft)
        if problems:
            told = ["%s: %s" % (problem["field"], problem["message"]) for problem in problems]
            raise downlink.Refusal(409, "The settings do not allow it. " + " ".join(told))

    def _find(self, number: int) -> "Destination":
        from delivery import downlink

        for destination in self._destinations():
            if destination.id == number:
                return destination
        raise downlink.Refusal(503, "The destination is not running yet: sign the command anew.")

    def _refuse(self, sentence: str) -> None:
        """Counted always, logged now and then: whoever guesses cannot fill the log."""
        self.refused += 1
        self.last_refusal = sentence
        now_ms = self._uptime.ms()
        if now_ms >= self._quiet_until_ms:
            self._quiet_until_ms = now_ms + _QUIET_MS
            self._log.warning("downlink refused (%d so far): %s", self.refused, sentence)


def _takes(settings: dict, modes: "tuple[str, ...]") -> bool:
    """Downlinks are signed with the key of ThingPark's tunnel; other schemes have none."""
    is_wanted = settings["enabled"] and settings["downlink"]["mode"] in modes
    return is_wanted and settings["sign"]["scheme"] == "thingpark"
