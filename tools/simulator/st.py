"""ST commands (STN1100 family reference manual) and the VT commands of the MIC3624."""

from typing import TYPE_CHECKING

from .at import try_baud
from .commands import Commands, Waiting
from .errors import Unknown
from .exchange import monitor
from .protocols import PROTOCOLS, SCANTOOL
from .settings import Pattern

if TYPE_CHECKING:
    from .adapter import Adapter

COMMANDS, VENDOR = Commands(), Commands()
execute, vendor = COMMANDS.execute, VENDOR.execute

_SLOWEST, _FASTEST = 38, 10_000_000
_MS_CAN = "53"


@COMMANDS.on("I|IX")
def _identity(adapter: "Adapter") -> str:
    return adapter.chip.identity


@COMMANDS.on("DI|DIX")
def _hardware(adapter: "Adapter") -> str:
    return adapter.chip.hardware


@COMMANDS.on("MFR")
def _manufacturer(_: "Adapter") -> str:
    return "ScanTool.net LLC"


@COMMANDS.on("SN")
def _serial_number(adapter: "Adapter") -> str:
    return f"1110{adapter.options.seed:08d}"


@COMMANDS.on("VR")
def _voltage(adapter: "Adapter") -> str:
    return f"{adapter.voltage:.2f}"


@COMMANDS.on("SBR([0-9]+)")
def _set_baud(adapter: "Adapter", digits: str) -> str:
    """The answer and its prompt still come at the old speed."""
    adapter.baud_after_prompt = _baud(digits)
    return "OK"


@COMMANDS.on("BR([0-9]+)")
async def _try_baud(adapter: "Adapter", digits: str) -> str:
    return await try_baud(adapter, _baud(digits), adapter.chip.identity)


@COMMANDS.on("WBR")
def _store_baud(adapter: "Adapter") -> str:
    adapter.stored_baud = adapter.baud
    return "OK"


@COMMANDS.on("BRT[0-9]+|CSEG[RT]0|CMM[012]|CSTM[0-9.]+|CTR.+|S@1.+|UFC[01]")
def _accepted(_: "Adapter") -> str:
    """Taken note of, without an effect on what is simulated."""
    return "OK"


@COMMANDS.on("PTO([0-9]+)|PTOT([0-9]+)")
def _timeout(adapter: "Adapter", first: str | None, second: str | None) -> str:
    adapter.settings.timeout_ms = float(first or second or 0)
    return "OK"


@COMMANDS.on("P([0-9]{2})")
def _protocol(adapter: "Adapter", number: str) -> str:
    if number not in SCANTOOL:
        raise Unknown
    adapter.selection.number, adapter.selection.automatic = SCANTOOL[number], False
    adapter.selection.active = False
    return "OK"


@COMMANDS.on("PR")
def _protocol_number(adapter: "Adapter") -> str:
    numbers = {own: scantool for scantool, own in SCANTOOL.items()}
    return numbers.get(adapter.selection.number, "0")


@COMMANDS.on("PRS")
def _protocol_name(adapter: "Adapter") -> str:
    selected = PROTOCOLS.get(adapter.selection.number)
    return selected.title if selected else "AUTO"


@COMMANDS.on("PBRR")
def _bus_rate(adapter: "Adapter") -> str:
    selected = PROTOCOLS.get(adapter.selection.number)
    return str(selected.bitrate if selected else 0)


@COMMANDS.on("PO")
def _open_protocol(_: "Adapter") -> str:
    return "OK"


@COMMANDS.on("PC")
def _close_protocol(adapter: "Adapter") -> str:
    adapter.selection.active = False
    return "OK"


# Flow control pairs and filters.


@COMMANDS.on("(?:CAFCP|CFCPA)([0-9A-F]{3}|[0-9A-F]{8}),([0-9A-F]{3}|[0-9A-F]{8})")
def _flow_pair(adapter: "Adapter", transmit: str, receive: str) -> str:
    adapter.settings.pairs[int(receive, 16)] = int(transmit, 16)
    return "OK"


@COMMANDS.on("CCFCP|CFCPC")
def _clear_pairs(adapter: "Adapter") -> str:
    adapter.settings.pairs.clear()
    return "OK"


@COMMANDS.on("(?:FAP|FPA)([0-9A-F]+),([0-9A-F]+)")
def _add_pass_filter(adapter: "Adapter", value: str, mask: str) -> str:
    return _add_filter(adapter.settings.passing, value, mask)


@COMMANDS.on("(?:FAB|FBA)([0-9A-F]+),([0-9A-F]+)")
def _add_block_filter(adapter: "Adapter", value: str, mask: str) -> str:
    return _add_filter(adapter.settings.blocking, value, mask)


@COMMANDS.on("FCP|FPC")
def _clear_pass_filters(adapter: "Adapter") -> str:
    adapter.settings.passing.clear()
    return "OK"


@COMMANDS.on("FCB|FBC")
def _clear_block_filters(adapter: "Adapter") -> str:
    adapter.settings.blocking.clear()
    return "OK"


@COMMANDS.on("FAC")
def _automatic_filters(adapter: "Adapter") -> str:
    adapter.settings.passing.clear()
    adapter.settings.blocking.clear()
    adapter.settings.filter = None
    return "OK"


@COMMANDS.on("FCFC|FFCC|FAFC[0-9A-F,]+|FFCA[0-9A-F,]+")
def _flow_filters(_: "Adapter") -> str:
    return "OK"


@COMMANDS.on("MA?")
async def _monitor(adapter: "Adapter") -> None:
    await monitor(adapter)


# Sleep.


@COMMANDS.on("SLCS")
def _sleep_configuration(_: "Adapter") -> str:
    return "CTRL MODE: ELM327\nPWR_CTRL: LOW POWER = LOW\nUART SLP: OFF, 1200 s\nUART WKE: OFF"


@COMMANDS.on("SLEEP[0-9]*")
def _sleep(adapter: "Adapter") -> Waiting:
    return adapter.doze()


@COMMANDS.on("SL(?:V|U|X|PCP).*")
def _sleep_trigger(_: "Adapter") -> str:
    return "OK"


# The vendor's own.


@VENDOR.on("VERS")
def _version(adapter: "Adapter") -> str:
    return adapter.chip.identity


@VENDOR.on("PPSWS")
def _power_switch(_: "Adapter") -> str:
    return "10"


@VENDOR.on("PPSW[0-9]+")
def _set_power_switch(_: "Adapter") -> str:
    return "OK"


def _add_filter(filters: list[Pattern], value: str, mask: str) -> str:
    if len(value) != len(mask):
        raise Unknown
    filters.append(Pattern(int(value, 16), int(mask, 16)))
    return "OK"


def _baud(digits: str) -> int:
    if not _SLOWEST <= int(digits) <= _FASTEST:
        raise Unknown
    return int(digits)
