"""A destination at work."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.destination import Destination
    from supervisor import Task


class Running:
    """A destination with the settings it has and the task it runs in.

    It lives on, and with it its module: that is why it is not in `rollout`.
    """

    def __init__(self, settings: dict, destination: "Destination") -> None:
        self.settings = settings
        self.destination = destination
        self.task: Task | None = None
