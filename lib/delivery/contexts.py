"""Whom destinations and bridges trust: TLS settings made of cert sets, pins and what the clock says."""

import transient
from net import tls

from delivery.errors import RouteError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from net.clock import Clock
    from trust import Sets

    class Memory(Protocol):
        """What survives restarts: `device.memory.Memory`."""

        def get(self, key: str) -> str | None: ...
        def put(self, key: str, text: str) -> None: ...


class Contexts:
    """Makes the TLS settings of destinations and bridges.

    `clock` tells whether certificates can be judged, `memory` keeps which public authority each server needs; without
    them, they can be, and every start has to find out.
    """

    def __init__(
        self, certsets: "Sets", clock: "Clock | None" = None, memory: "Memory | None" = None
    ) -> None:
        self._certsets = certsets
        self._clock = clock
        self._memory = memory

    def of_destination(self, settings: dict) -> tls.Context:
        """For a destination's settings. Raises RouteError."""
        chosen = settings["tls"]
        key = "roots.%d" % settings["id"]
        return self.make(settings["cert_set"], key, chosen["pins"], chosen["ciphers"])

    def make(
        self, cert_set: str, key: str, pins: "Sequence[str]" = (), ciphers: str = "default"
    ) -> tls.Context:
        """Trusts whom that cert set does, for one server. `key` is under which its public authority is remembered;
        `pins` as in `net.tls.Context`, `ciphers` a policy of the settings. Raises RouteError."""
        from trust.certsets import CertSetError  # before it is loaded: the class that is raised

        choice = None if self._memory is None else _Choice(self._memory, key)
        suites = _ciphers(ciphers)
        try:
            return tls.Context(
                self._certsets.load(cert_set),
                suites,
                pins=pins,
                clock=self._clock,
                choice=choice,
            )
        except (CertSetError, ValueError) as error:
            raise RouteError(str(error), "Choose another cert set, or upload what this one lacks.")
        except MemoryError:
            cause = "The device ran out of memory for certificates."
            raise RouteError(cause, "Keep fewer destinations enabled.")

    def hear(self, date: "str | None", valid: "tuple[str, str]") -> None:
        """What a verified server says of the time, in its header field Date (RFC 9110 6.6.1).

        It counts only while its certificate is `valid` (from, to): a server that is wrong must not make all others
        look outdated.
        """
        if not date or self._clock is None or not self._clock.wants_answer:
            return
        from net import dates  # rarely wanted

        unix_s = dates.unix_seconds(date)
        if unix_s is not None and valid[0] <= dates.stamp(unix_s) <= valid[1]:
            self._clock.offer("answer", unix_s)


def _ciphers(policy: str) -> "list[str] | None":
    """The suites that may be used; None leaves that to Mbed TLS. Raises RouteError."""
    if policy == "default":
        return None
    from delivery import ciphers  # given back at once

    try:
        found = ciphers.of(policy)
    finally:
        transient.release("delivery.ciphers")
    if not found:
        cause = "This firmware has none of the cipher suites that are allowed (%s)." % policy
        raise RouteError(cause, "Choose other cipher suites: tls.ciphers.")
    return found


class _Choice:
    """Which of the default bundle's authorities a server had last."""

    def __init__(self, memory: "Memory", key: str) -> None:
        self._memory = memory
        self._key = key

    def get(self) -> "str | None":
        return self._memory.get(self._key)

    def put(self, text: str) -> None:
        self._memory.put(self._key, text)
