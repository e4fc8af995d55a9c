"""What waits moves when a destination gets another kind of queue. Imported when that happens."""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.dead_letters import DeadLetters
    from delivery.shared import Outbox

_AT_ONCE = const(16)
_BYTES = const(16_384)


def messages(old: "Outbox", new: "Outbox") -> int:
    """Moves everything, the oldest first, and deletes the old one; returns how many messages it had lost or could not
    give up.

    The new one is stored before the old one forgets: a power cut in between repeats messages.
    """
    found = old.peek(_AT_ONCE, _BYTES)
    while found:
        for message in found:
            new.put(message)
        new.flush()
        old.done(len(found))
        found = old.peek(_AT_ONCE, _BYTES)
    lost = old.dropped + len(old)
    old.purge()
    return lost


def letters(old: "DeadLetters", new: "DeadLetters") -> None:
    """Moves all dead letters. Raises OSError if the old ones cannot be deleted."""
    for id, _, _, status, reason in list(old.rows()):
        message = old.get(id)
        if message is not None:
            new.add(message, reason, status)
    old.clear()
