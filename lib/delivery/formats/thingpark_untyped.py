"""ThingPark's "JSON untyped": the documents of module `thingpark` with every number and boolean as text.

{"DevEUI_uplink":{"Time":"2024-10-27T03:33:20.000+00:00","DevEUI":"A1B2C3FFFED4E5F6","FPort":"2","FCntUp":"17",…}}

True and false are "1" and "0", what is null is left out.
"""

import jsontext

from delivery.formats.thingpark import (
    CLOSE,
    CONTENT_TYPE,
    COUNTER,
    OPEN,
    SEPARATOR,
    leaf,
    written,
)

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.formats.thingpark import Members, Objects
    from delivery.occasion import Occasion

__all__ = ("CLOSE", "CONTENT_TYPE", "COUNTER", "OPEN", "SEPARATOR", "document")


def document(sample: "Occasion") -> bytes:
    """The sample as JSON whose leaves are strings; see `thingpark.written`."""
    return written(sample, _json, True)


def _json(root: str, members: "Members", objects: "Objects") -> str:
    texts = [(n, leaf(item if isinstance(item, bytes) else str(item))) for n, item in members]
    return '{"%s":%s}' % (root, jsontext.members(texts + objects))
