"""ThingsBoard's telemetry upload: POST /api/v1/<access token>/telemetry.

{"ts":1730000000000,"values":{"SPEED":0,"FUEL":62.35}}
{"SPEED":0,"FUEL":62.35}     while the clock is not set: the server takes its own time

Source: ThingsBoard documentation, HTTP device API, telemetry upload. `ts` is Unix time in milliseconds. An array of
several is accepted as well.
"""

from delivery.formats.wican import CLOSE, CONTENT_TYPE, OPEN, SEPARATOR, braced, values

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.sample import Sample

__all__ = ("CLOSE", "CONTENT_TYPE", "OPEN", "SEPARATOR", "document")


def document(sample: "Sample") -> bytes:
    """Compact JSON of the latest values, in the group's order; b"" if nothing was read yet."""
    pieces = values(sample.parameters)
    if not pieces:
        return b""
    braced(pieces)
    if sample.unix_s:
        pieces.insert(0, '{"ts":%d000,"values":' % sample.unix_s)
        pieces.append("}")
    return "".join(pieces).encode()
