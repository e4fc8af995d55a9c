"""Standard parameters for the REST API: all that are known, or those that a car has. Imported while that is told."""

import jsontext
from obd import j1979, scan

from web.api import array

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obd.j1979 import Standard


def standard() -> "Iterator[str]":
    """[{"name":"0C-EngineRPM","pid":"0C","unit":"rpm","class":"none"},…] by ascending PID."""
    return array(j1979.every(), _row)


def _row(found: "Standard") -> str:
    unit, device_class = jsontext.quote(found.unit), jsontext.quote(found.device_class)
    row = '{"name":"%s","pid":"%02X","unit":%s,"class":%s}'
    return row % (found.name, found.pid, unit, device_class)


def supported(bitmaps: "list[tuple[int, bytes]]") -> "Iterator[str]":
    """{"supported":["0C-EngineRPM",…],"ecus":[{"ecu":"7E8","pids":["0C",…]},…]} from (ECU, answer) pairs."""
    pids = scan.supported([payload for _, payload in bitmaps])
    yield '{"supported":'
    yield from array([name for name in j1979.names() if int(name[:2], 16) in pids], jsontext.quote)
    yield ',"ecus":'
    yield from array(
        sorted({ecu for ecu, _ in bitmaps}),
        lambda ecu: _ecu(ecu, scan.supported([text for other, text in bitmaps if other == ecu])),
    )
    yield "}"


def _ecu(ecu: int, pids: "list[int]") -> str:
    listed = "".join(array(pids, lambda pid: '"%02X"' % pid))
    return '{"ecu":%s,"pids":%s}' % (jsontext.quote(name(ecu)), listed)


def name(ecu: int) -> str:
    """An ECU as adapters print it: 3 or 8 hexadecimal digits on CAN, 2 before; "" for 0."""
    if not ecu:
        return ""
    return ("%08X" if ecu > 0x7FF else "%03X" if ecu > 0xFF else "%02X") % ecu
