"""The autopid group: the parameters that are read, with the latest value of each."""

import jsontext
from micropython import const

from autopid.parameter import key_of

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uptime import Uptime

    from autopid.parameter import Parameter


_FIRST_ROUND_MS = const(3000)
_LITERALS = {"on": '"on"', "off": '"off"'}


class Group:
    """Ordered set of parameters with one writer (the poller) and many readers.

    Attributes:
        version: counts changes of any value or error, so that a reader can tell whether anything is new.
        updates: counts fresh values, changed or not.
        layout: counts how often the set of parameters was replaced, for those who keep something per parameter.
    """

    def __init__(self, uptime: "Uptime") -> None:
        self._uptime = uptime
        self._parameters: list[Parameter] = []
        self._first_ms: int | None = None
        self._ready = False
        self.version = 0
        self.updates = 0
        self.layout = 0

    def configure(self, parameters: "list[Parameter]") -> None:
        """Makes the group hold exactly these; values of those that were there are kept.

        In this order, except that names like "10", which JavaScript takes for array indexes, come first and ascending:
        every document can then be written as the group is.
        """
        known = {parameter.key: parameter for parameter in self._parameters}
        for parameter in parameters:
            old = known.get(parameter.key)
            if old is not None and old.literal is not None and old.binary == parameter.binary:
                parameter.literal, parameter.updated_ms = old.literal, old.updated_ms
        self._parameters = _in_order(parameters)
        kept = any([parameter.literal is not None for parameter in parameters])
        self._first_ms = self._uptime.ms() if kept else None
        self._ready = False
        self.version += 1
        self.layout += 1

    def __iter__(self) -> "Iterator[Parameter]":
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def get(self, name: str) -> "Parameter | None":
        """The parameter of that name, or None. A search: a table of names would cost more memory than it is worth."""
        key = key_of(name)
        for parameter in self._parameters:
            if parameter.key == key:
                return parameter
        return None

    def text(self, name: str) -> str | None:
        """The latest value of another parameter, for expressions that refer to it; None if it has none."""
        parameter = self.get(name)
        return None if parameter is None else parameter.text

    def ready(self) -> bool:
        """Whether there is a document worth sending: values, and every parameter asked for once.

        A car that takes longer than a few seconds for its first round is not waited for.
        """
        if not self._ready and self._first_ms is not None:
            waited = self._uptime.ms() - self._first_ms
            unasked = [p for p in self._parameters if p.literal is None and p.error is None]
            self._ready = waited >= _FIRST_ROUND_MS or not unasked
        return self._ready

    def update(self, parameter: "Parameter", text: str) -> None:
        """Stores a fresh value and clears the error."""
        literal = _LITERALS.get(text, text)
        if literal != parameter.literal or parameter.error is not None:
            self.version += 1
            parameter.literal = literal
            if parameter.error is not None:
                parameter.error = None
        parameter.updated_ms = self._uptime.ms()
        if self._first_ms is None:
            self._first_ms = parameter.updated_ms
        self.updates += 1

    def restore(self, name: str, literal: str, age_ms: int) -> None:
        """Puts back a value from before a restart, as JSON text, unless there is a newer one or no such parameter."""
        parameter = self.get(name)
        if parameter is None or parameter.literal is not None:
            return
        now_ms = self._uptime.ms()
        parameter.literal, parameter.updated_ms = literal, now_ms - age_ms
        self.version += 1
        if self._first_ms is None:
            self._first_ms = now_ms

    def fail(self, parameter: "Parameter", error: str) -> None:
        """Notes why there is no fresh value. The previous one stays, and keeps its age."""
        if error != parameter.error:
            self.version += 1
            parameter.error = error


def _in_order(parameters: "list[Parameter]") -> "list[Parameter]":
    indexes = [(int(p.name), p) for p in parameters if jsontext.is_index(p.name)]
    if not indexes:
        return list(parameters)
    indexes.sort(key=lambda pair: pair[0])
    others = [p for p in parameters if not jsontext.is_index(p.name)]
    return [parameter for _, parameter in indexes] + others
