"""What a destination is doing, in a word and in a sentence."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.dispatcher import Dispatcher
    from delivery.shared import Outbox

    Told = tuple[str, str]

DISABLED = "disabled"
GROUPING_OFF = "grouping_off"
NO_VALUES = "no_values"
NO_TIME = "no_time"
WAITING = "waiting"
SENDING = "sending"
OK = "ok"
FAILING = "failing"
PAUSED = "paused"
GONE = "gone"

REASONS = {
    DISABLED: "This destination is switched off.",
    GROUPING_OFF: "Grouping is switched off, so no document is made: nothing is sent.",
    NO_VALUES: "No value has been read from the car yet.",
    NO_TIME: "The clock is not set, so no server's certificate can be checked: nothing is sent.",
}
NO_EVENTS = "The cycle is 0 and no event is chosen: documents are sent on demand only."


def obstacle(is_enabled: bool, grouping: bool) -> str | None:
    """The state of one that cannot send anything whatever happens; None if it can."""
    if not is_enabled:
        return DISABLED
    return None if grouping else GROUPING_OFF


def at_rest(against: str | None) -> "Told":
    """State and reason of one that is not at work; `against` is its obstacle, or None."""
    return (WAITING, "") if against is None else (against, REASONS[against])


def at_work(
    dispatcher: "Dispatcher", outbox: "Outbox", has_values: bool, has_plan: bool
) -> "Told":
    """State and reason of one that sends what there is; without a plan, that is on demand only."""
    if dispatcher.untimed:
        return NO_TIME, REASONS[NO_TIME]
    if dispatcher.gone:
        return GONE, dispatcher.cause
    if dispatcher.paused:
        return PAUSED, dispatcher.cause
    if dispatcher.failures:  # a dead server is being tried most of the time: still failing
        return FAILING, dispatcher.cause
    if dispatcher.busy:
        return SENDING, outbox.trouble
    if not has_values:
        return NO_VALUES, REASONS[NO_VALUES]
    if dispatcher.delivered:
        return OK, outbox.trouble or dispatcher.fuse.reason
    return WAITING, outbox.trouble if has_plan else NO_EVENTS
