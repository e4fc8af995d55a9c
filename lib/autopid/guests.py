"""Others than the poller who ask the car: somebody at the page tries a request, or has the car scanned."""

import asyncio

from obd.errors import AdapterLost

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    from obd.can import Can
    from obd.elm327 import Elm327

    Result = TypeVar("Result")


class Guests:
    """Lets others use the adapter while the poller has one.

    The adapter carries out requests in the order they are made, so that each waits for one of the poller's at most, and
    it knows what the one before left set: polling goes on in between.

    Attributes:
        trouble: why there is no adapter, a sentence.
    """

    def __init__(self) -> None:
        self.trouble = "the adapter is not connected yet"
        self._adapter: Elm327 | Can | None = None
        self._asking: list[asyncio.Task[Any]] = []

    def welcome(self, adapter: "Elm327 | Can") -> None:
        """From now on there is an adapter."""
        self._adapter = adapter

    def dismiss(self) -> None:
        """From now on there is none; whoever is asking is told."""
        self._adapter = None
        for task in self._asking:
            task.cancel()

    async def ask(
        self, work: "Callable[[Any], Coroutine[object, object, Result]]", deadline_ms: int
    ) -> "Result":
        """Returns what `work(adapter)` does.

        Raises AdapterLost with a sentence if there is no adapter, or none any more; asyncio.TimeoutError after
        `deadline_ms`; what `work` raises.
        """
        adapter = self._adapter
        if adapter is None:
            raise AdapterLost(self.trouble)
        task = asyncio.create_task(work(adapter))
        self._asking.append(task)
        try:
            return await asyncio.wait_for_ms(task, deadline_ms)
        except asyncio.CancelledError:
            if self._adapter is adapter:
                raise  # it is the caller who ends
            raise AdapterLost("the connection to the adapter was lost")
        finally:
            self._asking.remove(task)
