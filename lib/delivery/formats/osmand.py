"""Traccar's OsmAnd protocol: everything in the query of the address.

id=a1b2c3d4e5f6&timestamp=1730000000&SPEED=0&FUEL=62.35&CHARGING=true

Source: traccar.org/osmand. `id` and `timestamp` (Unix time in seconds, left out while the clock is not set) are the
protocol's own; names it does not know become attributes of the position. The server takes some 4000 characters: with
many parameters, select those that matter.
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.sample import Sample

CONTENT_TYPE = None
OPEN, SEPARATOR, CLOSE = b"", None, b""
IN_QUERY = True

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_TAKEN = ("id", "deviceid", "timestamp")
_WORDS = {"on": "true", "off": "false"}  # what the server stores as yes and no


def document(sample: "Sample") -> bytes:
    """A query string, percent-encoded. A parameter named like something that says who and when is left out."""
    pairs = ["id=" + _encoded(sample.device_id)]
    if sample.unix_s:
        pairs.append("timestamp=%d" % sample.unix_s)
    for parameter in sample.parameters:
        name, text = parameter.name, parameter.text
        if text is not None and name not in _TAKEN:
            pairs.append("%s=%s" % (_encoded(name), _WORDS.get(text, text)))
    return "&".join(pairs).encode()


def _encoded(text: str) -> str:
    """Everything but RFC 3986 unreserved characters as %XX. Module `net.url` has it too, and would stay in memory."""
    return "".join([c if c in _UNRESERVED else _escaped(c) for c in text])


def _escaped(character: str) -> str:
    return "".join(["%%%02X" % byte for byte in character.encode()])
