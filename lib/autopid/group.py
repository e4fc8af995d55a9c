"""The autopid group: the latest value of every parameter, how old it is, and why it could not be refreshed."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uptime import Uptime

    from autopid.profile import Parameter


class Entry:
    """One parameter of the group and what is known of its value.

    Attributes:
        parameter: name, unit, device_class, limits (`autopid.profile.Parameter`).
        text: the latest good value as exact decimal text, or "on"/"off" for a binary parameter; None before the first.
        updated_ms: uptime at which `text` was read; None before the first.
        error: why the last attempt gave no value, one plain sentence; None when it did.
    """

    def __init__(self, parameter: "Parameter") -> None:
        self.parameter = parameter
        self.text: str | None = None
        self.updated_ms: int | None = None
        self.error: str | None = None

    @property
    def name(self) -> str:
        """The key of the value in every document."""
        return self.parameter.name

    def json(self) -> str:
        """The value as JSON text: a number, or "on"/"off" in quotes. Only valid once `text` is not None."""
        return '"%s"' % self.text if self.parameter.binary else str(self.text)

    def age_ms(self, now_ms: int) -> int | None:
        """How long ago the value was read; None if it never was."""
        return None if self.updated_ms is None else now_ms - self.updated_ms


class Group:
    """Ordered set of entries with one writer (the poller) and many readers.

    Attributes:
        version: counts changes of any value or error, so that a reader can tell whether anything is new.
        updates: counts fresh values, changed or not.
    """

    def __init__(self, uptime: "Uptime") -> None:
        self._uptime = uptime
        self._entries: list[Entry] = []
        self.version = 0
        self.updates = 0

    def configure(self, parameters: "list[Parameter]") -> None:
        """Makes the group hold exactly these parameters, in this order; values of the ones that stay are kept."""
        known = {entry.name: entry for entry in self._entries}
        self._entries = []
        for parameter in parameters:
            entry = Entry(parameter)
            old = known.get(parameter.name)
            if old is not None and old.parameter.binary == parameter.binary:
                entry.text, entry.updated_ms = old.text, old.updated_ms
            self._entries.append(entry)
        self.version += 1

    def __iter__(self) -> "Iterator[Entry]":
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str) -> Entry | None:
        """The entry of that name, or None. Searches: a table of names would cost the chip more than it saves."""
        for entry in self._entries:
            if entry.parameter.name == name:
                return entry
        return None

    def text(self, name: str) -> str | None:
        """The latest value of another parameter, for expressions that refer to it; None if it has none."""
        entry = self.get(name)
        return None if entry is None else entry.text

    def update(self, entry: Entry, text: str) -> None:
        """Stores a fresh value and clears the error."""
        if text != entry.text or entry.error is not None:
            self.version += 1
        entry.text = text
        entry.updated_ms = self._uptime.ms()
        entry.error = None
        self.updates += 1

    def fail(self, entry: Entry, error: str) -> None:
        """Notes why there is no fresh value. The previous one stays, and keeps its age."""
        if error != entry.error:
            self.version += 1
            entry.error = error
