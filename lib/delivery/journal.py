"""What became of the last attempts to deliver, in plain words; never a secret, never a body."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from delivery.message import Parcel
    from delivery.verdict import Verdict

from micropython import const

_KEPT = const(10)


class Attempt:
    """One request, from the look-up of the host to the last byte of the answer.

    Attributes:
        at_ms: uptime at which it began.
        stage: the stage it reached: "settings" (nothing left the device), "dns", "connect", "tls",
            "write", "status" (no answer, or one that is no delivery) or "body".
        status: the HTTP status, None if no answer came.
        id: of the message, the first one if there were several.
        count: how many messages it carried.
        sent: bytes of the body.
        latency_ms: from the beginning to the answer or the failure.
        ok: whether the document counts as delivered.
        cause: what happened, one sentence.
        advice: what to do about it, one sentence; empty if nothing.
        certificate: the one the cause is about; "" for none.
        trace: the request as it was sent, secrets masked; "" if nobody asked for it.
    """

    def __init__(self, at_ms: int, latency_ms: int, parcel: "Parcel", verdict: "Verdict") -> None:
        self.at_ms = at_ms
        self.latency_ms = latency_ms
        self.id = parcel.id
        self.count = parcel.count
        self.sent = len(parcel.body)
        self.trace = parcel.trace
        self.stage = verdict.stage
        self.status = verdict.status
        self.ok = verdict.ok
        self.cause = verdict.cause
        self.advice = verdict.advice
        self.certificate = verdict.certificate

    def pairs(self) -> "list[tuple[str, str | int | bool | None]]":
        """(key, plain value) pairs in a fixed order; times in ms, `bytes` is the body's length."""
        return [
            ("at_ms", self.at_ms),
            ("id", self.id),
            ("count", self.count),
            ("ok", self.ok),
            ("stage", self.stage),
            ("status", self.status),
            ("bytes", self.sent),
            ("latency_ms", self.latency_ms),
            ("cause", self.cause),
            ("advice", self.advice),
            ("certificate", self.certificate),
        ]


class Journal:
    """The last ten attempts of one destination and the counters since boot.

    Attributes:
        delivered, failed: attempts since boot by outcome.
        dropped: messages that were given up without being kept anywhere.
        throttled: documents that were not made because the destination was held back.
    """

    def __init__(self) -> None:
        self.delivered = 0
        self.failed = 0
        self.dropped = 0
        self.throttled = 0
        self._attempts: list[Attempt] = []

    def add(self, attempt: Attempt) -> None:
        """Counts the attempt and keeps it; the eleventh pushes out the first."""
        if attempt.ok:
            self.delivered += 1
        else:
            self.failed += 1
        if len(self._attempts) == _KEPT:
            self._attempts.pop(0)
        if self._attempts:
            self._attempts[-1].trace = ""  # they are long: only the latest one is kept
        self._attempts.append(attempt)

    def __iter__(self) -> "Iterator[Attempt]":
        """The attempts that are kept, the oldest first."""
        return iter(self._attempts)

    @property
    def last(self) -> Attempt | None:
        """The latest attempt, None before the first."""
        return self._attempts[-1] if self._attempts else None
