"""Tables of commands: a pattern for the text after the prefix, and what to do."""

import re
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TYPE_CHECKING

from .errors import Unknown

if TYPE_CHECKING:
    from .adapter import Adapter

Result = str | Awaitable[str | None] | None
Waiting = Awaitable[str | None]
Handler = Callable[..., Result]


class Commands:
    """Handlers by pattern; one gets the adapter and the groups, and returns what to print."""

    def __init__(self) -> None:
        self._table: list[tuple[re.Pattern[str], Handler, float, str]] = []

    def on(
        self, pattern: str, since: float = 1.0, unless: str = ""
    ) -> Callable[[Handler], Handler]:
        """Decorator: the command exists from ELM327 level `since`, unless there is that quirk."""

        def register(handler: Handler) -> Handler:
            self._table.append((re.compile(pattern), handler, since, unless))
            return handler

        return register

    async def execute(self, adapter: "Adapter", text: str) -> str | None:
        """Does what `text` asks for and returns what to print; raises Unknown."""
        for pattern, handler, since, unless in self._table:
            match = pattern.fullmatch(text)
            if match and adapter.chip.level >= since and unless not in adapter.options.quirks:
                result = handler(adapter, *match.groups())
                return await result if isawaitable(result) else result
        raise Unknown
