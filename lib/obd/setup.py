"""Brings an adapter into a known state, and finds the car's protocol. Imported while that is done, then given back: see
`transient`."""

from micropython import const

from obd import at
from obd.errors import AdapterLost, Garbled, NoAnswer
from obd.lines import Lines
from obd.terminal import NoPrompt

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.elm327 import Elm327
    from obd.request import Request

_RESET_MS = const(3000)

# Tried in turn, with their deadlines in ms, until there is a prompt. A busy adapter may finish something else first.
_WAKE = (("ATI", 600), ("\r\rATI", 1500), ("ATWS", 1500), ("ATZ", 3000))

# Sent after every warm start. The first two decide how answers look and must be understood.
_SETTINGS = ("ATE0", "ATH1", "ATL0", "ATS0", "ATM0", "ATCAF1", "ATAT1")
_REQUIRED = const(2)


async def start(adapter: "Elm327") -> None:
    """Makes an adapter ready that may be in any state; AdapterLost if it does not react."""
    await _wake(adapter)
    await _reset(adapter)
    adapter.identity = (await adapter.terminal.command("ATI")) or adapter.identity
    adapter.spoiled = 0
    adapter.ready = True
    adapter.note("adapter %s", adapter.identity)


async def _wake(adapter: "Elm327") -> None:
    """Gets a prompt out of an adapter in any state: idle, monitoring, half a command typed, or wedged.

    A blank stops a monitor or a running request and is ignored otherwise; a bare CR would repeat the last command.
    Raises AdapterLost if there is none.
    """
    terminal = adapter.terminal
    for text, timeout_ms in _WAKE:
        terminal.send(b" ")
        await terminal.drop_input()
        try:
            await terminal.exchange(text, timeout_ms)
        except NoPrompt:
            adapter.note("no prompt after %r", text)
            continue
        except Garbled as error:
            adapter.note("%s", error)
        await terminal.drop_input()
        return
    raise AdapterLost("the adapter does not react; is it connected and powered?")


async def _reset(adapter: "Elm327") -> None:
    """Sets all settings of the adapter to what they are after a start, and those of `_SETTINGS` as we need them."""
    adapter.state.clear()
    adapter.applied = None
    command = adapter.terminal.command
    if await command("ATWS", _RESET_MS) == "?":
        await command("ATZ", _RESET_MS)
    for number, text in enumerate(_SETTINGS):
        if await command(text) == "?" and number < _REQUIRED:
            raise AdapterLost("the adapter refuses %s: it is no ELM327" % text)


async def search(adapter: "Elm327", request: "Request", timeout_ms: int) -> str:
    """Finds the car's protocol: with what every car must answer, then with the request, for not every car does.

    An attempt may take `timeout_ms`. Raises NoAnswer if no ECU answers in any protocol.
    """
    if not await _try_all(adapter, "0100", None, timeout_ms) and not await _try_all(
        adapter, request.text, request.link, timeout_ms
    ):
        raise NoAnswer("no ECU answers in any protocol; is the ignition on?")
    number = (await adapter.terminal.command("ATDPN"))[-1:]
    if number in ("", "0", "?"):
        raise Garbled("the adapter does not tell which protocol it found")
    if adapter.on_found is not None and number != adapter.found:
        adapter.on_found(number)
    adapter.found = number
    adapter.verified = True
    if at.is_legacy(number):  # selecting it would close it, and cost another slow initialisation
        adapter.state[at.PROTOCOL] = at.PROTOCOL + number
    adapter.note("found protocol %s", number)
    return number


async def _try_all(adapter: "Elm327", text: str, link: at.Link | None, timeout_ms: int) -> bool:
    """Lets the adapter try all protocols with a request, on its link if there is one."""
    await _reset(adapter)  # no header or filter of an earlier link may stand in the way
    await adapter.set(at.PROTOCOL, at.PROTOCOL + "0")
    if link is not None:
        await adapter.configure(link)
    lines = Lines().read(await adapter.terminal.exchange(text, timeout_ms), text, "0")
    return bool(lines.frames) or (lines.garbled > 0 and not lines.silent)
