"""Getting a protocol into use: the automatic search, and the initialisation a K-line needs."""

from typing import TYPE_CHECKING

from .errors import Failed
from .protocols import PROTOCOLS, SLOW_INIT, Protocol, reachable

if TYPE_CHECKING:
    from .adapter import Adapter

_KNOWN_FIRST = 0.2
_HOPELESS = 4
_FAST_INIT_MS, _SLOW_INIT_MS = 350, 2600


async def establish(adapter: "Adapter") -> None:
    """Makes the selected protocol active, printing what an adapter prints.

    Raises Failed if it cannot, Interrupted on a character.
    """
    selection = adapter.selection
    if selection.active:
        return
    if selection.automatic:
        await _search(adapter)
    elif PROTOCOLS[selection.number].kind == "kline":
        await _initialise(adapter)
    selection.active = True


async def monitored(adapter: "Adapter") -> Protocol:
    """The protocol to monitor; an automatic selection is searched for first."""
    if adapter.selection.automatic and not adapter.selection.active:
        await establish(adapter)
    return PROTOCOLS[adapter.selection.number]


async def _search(adapter: "Adapter") -> None:
    car, selection = adapter.car, adapter.selection
    found = _alive(adapter) and car.searchable()
    effort = _KNOWN_FIRST if selection.number == car.protocol else 1.0
    adapter.begin("SEARCHING...")
    await _pause(adapter, adapter.options.search_ms * (effort if found else _HOPELESS))
    if not found:
        raise Failed("UNABLE TO CONNECT")
    selection.number = car.protocol


async def _initialise(adapter: "Adapter") -> None:
    number = adapter.selection.number
    slow = number in SLOW_INIT
    adapter.begin("BUS INIT: ..." if slow else "BUS INIT: ")
    await _pause(adapter, _SLOW_INIT_MS if slow else _FAST_INIT_MS)
    reached = _alive(adapter) and reachable(number, adapter.car.protocol)
    adapter.finish("OK" if reached else "ERROR")
    if not reached:
        raise Failed("")


def _alive(adapter: "Adapter") -> bool:
    return not (adapter.asleep or adapter.bus_fault)


async def _pause(adapter: "Adapter", milliseconds: float) -> None:
    until = adapter.cursor + adapter.options.pause(milliseconds)
    await adapter.wait(until)
    adapter.cursor = max(adapter.cursor, until)
