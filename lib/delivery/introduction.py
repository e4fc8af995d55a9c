"""Whether the next document of a destination says what its values mean and how the device is (config and status)."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.dispatcher import Dispatcher
    from delivery.shared import Outbox


class Introduction:
    """Told once in a boot, or as the settings want it, and once more when somebody asks for it."""

    def __init__(self) -> None:
        self._delivered = False  # in this boot, or since it was asked for
        self._asked = False  # somebody wants it whatever the settings say
        # Which of the outbox's messages, counted from 1, is to deliver it; 0: none.
        self._place = 0
        self._settled = 0  # messages that left the outbox by earlier dispatchers

    def ask(self, dispatcher: "Dispatcher | None") -> None:
        """The next document tells it, until one that does was delivered."""
        self._asked, self._delivered, self._place = True, False, 0
        if dispatcher is not None:
            dispatcher.delivered_first = False

    def is_due(self, settings: dict, dispatcher: "Dispatcher", outbox: "Outbox") -> bool:
        """Whether the next document should tell it: none that does was delivered, or is waiting."""
        wanted = settings["body"]["boot"]
        if wanted == "always" or (wanted == "never" and not self._asked):
            return wanted == "always"
        if self._delivered or dispatcher.delivered_first:
            return False
        if settings["queue"]["mode"] == "none":  # the one that waits gives way to this one
            return True
        return self._place <= outbox.dropped + self._settled + dispatcher.settled

    def waits(self, dispatcher: "Dispatcher", outbox: "Outbox") -> None:
        """The message that was just put into the outbox tells it."""
        self._place = outbox.dropped + self._settled + dispatcher.settled + len(outbox)

    def leave(self, dispatcher: "Dispatcher") -> None:
        """That dispatcher delivers no more."""
        self._settled += dispatcher.settled
        self._delivered = self._delivered or dispatcher.delivered_first

    def forget_places(self) -> None:
        """There is another outbox."""
        self._place = self._settled = 0
