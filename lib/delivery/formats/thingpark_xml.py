"""ThingPark's documents as XML; see module `thingpark`.

<?xml version="1.0" encoding="utf-8"?>
<DevEUI_uplink xmlns="http://uri.actility.com/lora"><Time>2024-10-27T03:33:20.000+00:00</Time>…</DevEUI_uplink>

Objects such as CustomerData are JSON text within their element.
"""

from delivery.formats.thingpark import CLOSE, COUNTER, OPEN, SEPARATOR, written

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.formats.thingpark import Members, Objects
    from delivery.occasion import Occasion

__all__ = ("CLOSE", "CONTENT_TYPE", "COUNTER", "OPEN", "SEPARATOR", "document")

CONTENT_TYPE = "application/xml; charset=utf-8"  # not documented by the vendor

_DOCUMENT = (
    '<?xml version="1.0" encoding="utf-8"?>\n<%s xmlns="http://uri.actility.com/lora">%s</%s>'
)
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
_IMPOSSIBLE = "\ufffe\uffff"  # besides control characters (XML 1.0, 2.2)


def document(sample: "Occasion") -> bytes:
    """The sample as XML; see `thingpark.written`."""
    return written(sample, _xml)


def _xml(root: str, members: "Members", objects: "Objects") -> str:
    texts = [(name, _leaf(item)) for name, item in members]
    texts += [(name, _escaped(text)) for name, text in objects]  # JSON has no control characters
    elements = ["<%s>%s</%s>" % (name, text, name) for name, text in texts]
    return _DOCUMENT % (root, "".join(elements), root)


def _leaf(item: "str | int | bytes") -> str:
    if isinstance(item, bytes):
        return item.decode()
    return _escaped("".join([c if c >= " " or c in "\t\n\r" else "\ufffd" for c in str(item)]))


def _escaped(text: str) -> str:
    for character, entity in _ESCAPES:
        text = text.replace(character, entity)
    for character in _IMPOSSIBLE:
        text = text.replace(character, "\ufffd")
    return text
