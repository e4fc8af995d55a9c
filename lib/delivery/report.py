"""What a destination shows of itself."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.destination import Destination

    Pairs = list[tuple[str, str | int | bool | None]]


def pairs(destination: "Destination") -> "Pairs":
    """State and counters in a fixed order; times in ms, ages in s."""
    journal = destination.journal
    first: Pairs = [
        ("id", destination.id),
        ("name", destination.name),
        ("state", destination.state),
        ("reason", destination.reason),
        ("delivered", journal.delivered),
        ("failed", journal.failed),
        ("coalesced", destination.coalesced),
        ("throttled", journal.throttled),
    ]
    return first + _waiting(destination) + _held(destination) + [("next_ms", destination.next_ms)]


def _waiting(destination: "Destination") -> "Pairs":
    """What waits and what was given up."""
    outbox = destination.outbox
    dropped = destination.journal.dropped
    # Letters in memory are there only if the destination has made them; those on flash may be older.
    has_letters = destination.queue == "flash" or destination.has_dead_letters
    dead = len(destination.dead_letters()) if has_letters else 0
    if outbox is None:
        return [("dropped", dropped), ("queued", 0), ("oldest_age_s", None), ("dead", dead)]
    return [
        ("dropped", dropped + outbox.dropped),
        ("queued", len(outbox)),
        ("oldest_age_s", destination.oldest_age_s()),
        ("dead", dead),
    ]


def _held(destination: "Destination") -> "Pairs":
    dispatcher = destination.dispatcher
    if dispatcher is None:
        return [("fuse", "closed"), ("held_ms", 0)]
    return [("fuse", dispatcher.fuse.state), ("held_ms", destination.held_ms())]
