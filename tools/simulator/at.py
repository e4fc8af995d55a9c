"""AT commands (ELM327 data sheet, "AT Command Descriptions")."""

import asyncio
from typing import TYPE_CHECKING

from .commands import Commands, Waiting
from .errors import Unknown
from .exchange import monitor
from .protocols import PROTOCOLS
from .settings import TICK_MS, Pattern, pattern

if TYPE_CHECKING:
    from .adapter import Adapter

COMMANDS = Commands()
execute = COMMANDS.execute

_DESCRIPTION = "OBDII to RS232 Interpreter"
_DEFAULT_TICKS = 0x32
_BAUD_CLOCK = 4_000_000
_BAUD_WAIT = 0.075
_SWITCHES = {
    "E": "echo",
    "L": "linefeeds",
    "H": "headers",
    "S": "spaces",
    "R": "responses",
    "D": "show_length",
    "CAF": "formatting",
    "CFC": "flow",
}
_HEX2, _HEX3, _HEX8 = "([0-9A-F]{2})", "([0-9A-F]{3})", "([0-9A-F]{8})"


@COMMANDS.on("(E|L|H|S|R|D|CAF|CFC)([01])")
def _switch(adapter: "Adapter", name: str, state: str) -> str:
    setattr(adapter.settings, _SWITCHES[name], state == "1")
    return "OK"


@COMMANDS.on(
    "M[01]|JE|JS|JHF[01]|JTM[15]|CSM[01]|V[01]|KW[01]|IB(?:10|12|15|48|96)|SW..|WM.+|AMC|FE|BRT..|CV.{4}|@3.+"
)
@COMMANDS.on("CTM[15]", since=2.2)
def _accepted(_: "Adapter") -> str:
    """Taken note of, without an effect on what is simulated."""
    return "OK"


@COMMANDS.on("PP[0-9A-F]{2}(?:SV[0-9A-F]{2}|ON|OFF)", unless="no_pp")
def _parameter(_: "Adapter") -> str:
    return "OK"


@COMMANDS.on("PPS", unless="no_pp")
def _parameters(_: "Adapter") -> str:
    rows = range(0, 0x30, 4)
    return "\n".join("  ".join("%02X:FF F" % (row + step) for step in range(4)) for row in rows)


@COMMANDS.on("Z")
def _reset(adapter: "Adapter") -> Waiting:
    return adapter.reset(warm=False)


@COMMANDS.on("WS")
def _warm_start(adapter: "Adapter") -> Waiting:
    return adapter.reset(warm=True)


@COMMANDS.on("D")
def _defaults(adapter: "Adapter") -> str:
    adapter.restore()
    return "OK"


@COMMANDS.on("LP")
def _low_power(adapter: "Adapter") -> Waiting:
    return adapter.doze()


@COMMANDS.on("I")
def _identity(adapter: "Adapter") -> str:
    return adapter.chip.banner


@COMMANDS.on("@1")
def _description(_: "Adapter") -> str:
    return _DESCRIPTION


@COMMANDS.on("RV")
def _voltage(adapter: "Adapter") -> str:
    return f"{adapter.voltage:.1f}V"


@COMMANDS.on("IGN")
def _ignition(_: "Adapter") -> str:
    return "ON"


@COMMANDS.on("AL")
def _allow_long(adapter: "Adapter") -> str:
    adapter.settings.long_messages = True
    return "OK"


@COMMANDS.on("NL")
def _normal_length(adapter: "Adapter") -> str:
    adapter.settings.long_messages = False
    return "OK"


@COMMANDS.on("AT([01])")
@COMMANDS.on("AT(2)", unless="no_at2")
def _adaptive_timing(adapter: "Adapter", mode: str) -> str:
    adapter.settings.adaptive = int(mode)
    return "OK"


@COMMANDS.on("ST" + _HEX2)
def _timeout(adapter: "Adapter", ticks: str) -> str:
    adapter.settings.timeout_ms = (int(ticks, 16) or _DEFAULT_TICKS) * TICK_MS
    return "OK"


# Protocols.


@COMMANDS.on("SP(A?)([0-9A-C])")
@COMMANDS.on("SP()0(0)")
def _set_protocol(adapter: "Adapter", automatic: str, number: str) -> str:
    adapter.stored_protocol = number
    _select(adapter, automatic, number)
    return "OK"


@COMMANDS.on("TP(A?)([0-9A-C])")
def _try_protocol(adapter: "Adapter", automatic: str, number: str) -> str:
    _select(adapter, automatic, number)
    return "OK"


def _select(adapter: "Adapter", automatic: str, number: str) -> None:
    adapter.selection.number = number
    adapter.selection.automatic = bool(automatic) or number == "0"
    adapter.selection.active = False
    adapter.slowest = None


@COMMANDS.on("SS")
def _search_order(_: "Adapter") -> str:
    return "OK"


@COMMANDS.on("PC")
def _close_protocol(adapter: "Adapter") -> str:
    adapter.selection.active = False
    return "OK"


@COMMANDS.on("DP")
def _protocol_name(adapter: "Adapter") -> str:
    selection = adapter.selection
    if selection.number == "0":
        return "AUTO"
    return ("AUTO, " if selection.automatic else "") + PROTOCOLS[selection.number].title


@COMMANDS.on("DPN")
def _protocol_number(adapter: "Adapter") -> str:
    return ("A" if adapter.selection.automatic else "") + adapter.selection.number


# Addresses and filters.


@COMMANDS.on("SH([0-9A-F]{3}|[0-9A-F]{6})")
def _header(adapter: "Adapter", digits: str) -> str:
    adapter.settings.header = int(digits, 16)
    return "OK"


@COMMANDS.on("SH" + _HEX8, since=2.0)
def _long_header(adapter: "Adapter", digits: str) -> str:
    adapter.settings.priority = int(digits, 16) >> 24 & 0x1F
    adapter.settings.header = int(digits, 16) & 0xFFFFFF
    return "OK"


@COMMANDS.on("CP" + _HEX2)
def _priority(adapter: "Adapter", bits: str) -> str:
    adapter.settings.priority = int(bits, 16) & 0x1F
    return "OK"


@COMMANDS.on("CRA([0-9A-FX]{3}|[0-9A-FX]{8})", since=1.3, unless="no_receive_filter")
def _receive_address(adapter: "Adapter", digits: str) -> str:
    adapter.settings.filter = pattern(digits)
    return "OK"


@COMMANDS.on("CRA", since=1.4, unless="no_receive_filter")
@COMMANDS.on("AR")
def _automatic_receive(adapter: "Adapter") -> str:
    adapter.settings.filter = None
    return "OK"


@COMMANDS.on("(?:RA|SR)" + _HEX2)
def _receive_byte(adapter: "Adapter", address: str) -> str:
    """Only the last byte of the identifier matters."""
    adapter.settings.filter = Pattern(int(address, 16), 0xFF)
    return "OK"


@COMMANDS.on("(CF|CM)(?:" + _HEX3 + "|" + _HEX8 + ")")
def _filter_or_mask(adapter: "Adapter", kind: str, short: str | None, long: str | None) -> str:
    settings = adapter.settings
    current = settings.filter or Pattern(0, 0x1FFFFFFF)
    value = int(short or long or "0", 16)
    settings.filter = (
        Pattern(value, current.mask) if kind == "CF" else Pattern(current.value, value)
    )
    return "OK"


@COMMANDS.on("CEA(" + _HEX2 + ")?", since=1.4)
def _extended_address(adapter: "Adapter", digits: str | None, _: str | None) -> str:
    adapter.settings.extended = int(digits, 16) if digits else None
    return "OK"


@COMMANDS.on("CER" + _HEX2, since=2.2)
def _extended_receive(adapter: "Adapter", digits: str) -> str:
    adapter.settings.extended_rx = int(digits, 16)
    return "OK"


@COMMANDS.on("TA" + _HEX2, since=1.4)
def _tester_address(adapter: "Adapter", digits: str) -> str:
    adapter.settings.tester = int(digits, 16)
    return "OK"


# Flow control.


@COMMANDS.on("FCSH([0-9A-F]{3}|[0-9A-F]{6}|[0-9A-F]{8})", since=1.1, unless="no_flow_setup")
def _flow_header(adapter: "Adapter", digits: str) -> str:
    adapter.settings.flow_header = digits
    return "OK"


@COMMANDS.on("FCSD((?:[0-9A-F]{2}){1,5})", since=1.1, unless="no_flow_setup")
def _flow_data(adapter: "Adapter", digits: str) -> str:
    adapter.settings.flow_data = bytes.fromhex(digits)
    return "OK"


@COMMANDS.on("FCSM([012])", since=1.1, unless="no_flow_setup")
def _flow_mode(adapter: "Adapter", mode: str) -> str:
    """Modes 1 and 2 need what they use to be set before."""
    settings = adapter.settings
    if mode != "0" and settings.flow_data is None or mode == "1" and settings.flow_header is None:
        raise Unknown
    settings.flow_mode = int(mode)
    return "OK"


# The bus.


@COMMANDS.on("MA")
async def _monitor_all(adapter: "Adapter") -> None:
    await monitor(adapter)


@COMMANDS.on("CS")
def _can_status(adapter: "Adapter") -> str:
    return "T:%02X R:00" % (0x80 if adapter.bus_fault else 0)


@COMMANDS.on("BD")
def _buffer_dump(_: "Adapter") -> str:
    return " ".join(["00"] * 13)


@COMMANDS.on("BI")
def _bypass_initialisation(adapter: "Adapter") -> str:
    adapter.selection.active = adapter.selection.number != "0"
    return "OK"


@COMMANDS.on("KW")
def _key_words(adapter: "Adapter") -> str:
    if adapter.car.kind != "kline" or not adapter.selection.active:
        return "1:-- 2:--"
    return "1:8F 2:EF"


# The serial line.


@COMMANDS.on("BRD" + _HEX2, since=1.2)
async def _baud_divisor(adapter: "Adapter", digits: str) -> str:
    divisor = int(digits, 16)
    if not divisor:
        raise Unknown
    return await try_baud(adapter, round(_BAUD_CLOCK / divisor), adapter.chip.banner)


async def try_baud(adapter: "Adapter", baud: int, identity: str) -> str:
    """Switches to `baud`; back if the host does not follow with a carriage return."""
    before = adapter.baud
    adapter.say("OK")
    await asyncio.sleep(max(0.0, adapter.cursor - adapter.loop.time()))
    adapter.baud = baud
    adapter.say(identity)
    try:
        line, adapter.cursor = await asyncio.wait_for(adapter.next_line(), _BAUD_WAIT)
    except TimeoutError:
        line, adapter.cursor = "?", adapter.loop.time()
    if line.strip():
        adapter.baud = before
        return ""
    return "OK"
