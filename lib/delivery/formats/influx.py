"""InfluxDB line protocol: POST /api/v2/write?org=…&bucket=…&precision=s.

wican,device=a1b2c3d4e5f6 SPEED=0,FUEL=62.35,LIGHTS="on" 1730000000

Source: InfluxDB v2 documentation, line protocol. Numbers are written as they are, which makes them floats: a value that
happens to be whole must not turn its field into an integer. The time is in seconds, left out while the clock is not
set: the server takes its own then.
"""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.sample import Sample

CONTENT_TYPE = "text/plain; charset=utf-8"
OPEN, SEPARATOR, CLOSE = b"", b"\n", b""

# A backslash cannot be escaped, and at the end of a name it would swallow what follows; a line ends at a line feed,
# escaped or not; the other blanks are not safe with every reader.
_IMPOSSIBLE = "\\\n\r\t\v\f\0"


def document(sample: "Sample") -> bytes:
    """One line with the latest values as fields; b"" if nothing was read yet, as a line without fields is refused."""
    fields = [
        _escaped(p.name, ",= ") + "=" + p.json() for p in sample.parameters if p.text is not None
    ]
    if not fields:
        return b""
    measurement = _escaped(sample.body["measurement"], ", ")
    if measurement[0] == "#":  # would make the line a comment
        measurement = "_" + measurement[1:]
    time = " %d" % sample.unix_s if sample.unix_s else ""
    parts = (measurement, _escaped(sample.device_id, ",= "), ",".join(fields), time)
    return ("%s,device=%s %s%s" % parts).encode()


def _escaped(text: str, special: str) -> str:
    """A name or tag value: special characters behind a backslash, impossible ones as _."""
    for character in _IMPOSSIBLE:
        if character in text:
            text = text.replace(character, "_")
    for character in special:
        if character in text:
            text = text.replace(character, "\\" + character)
    return text
