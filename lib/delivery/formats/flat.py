"""One flat object: the values beside the device and the time. For receivers that look no deeper, such as templates.

{"SPEED":0,"FUEL":62.35,"device_id":"a1b2c3d4e5f6","ts":1730000000}

The reference's guide shows such a body with `device_id` and `ts`. They come last here, as names like "10" must come
first (see `jsontext`); a parameter named like one of them gives way. `ts` is Unix time in seconds, left out while the
clock is not set. There is no place for `config`, `status` and ages.
"""

import jsontext

from delivery.formats.wican import CLOSE, CONTENT_TYPE, OPEN, SEPARATOR, braced, values

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from delivery.sample import Sample

__all__ = ("CLOSE", "CONTENT_TYPE", "OPEN", "SEPARATOR", "document")

_DEVICE, _TIME = ',"device_id":', ',"ts":'


def document(sample: "Sample") -> bytes:
    """Compact JSON of the latest values, in the group's order; a parameter that was never read is absent."""
    pieces = values([p for p in sample.parameters if p.key not in (_DEVICE, _TIME)])
    pieces.append(_DEVICE + jsontext.quote(sample.device_id))
    if sample.unix_s:
        pieces.append("%s%d" % (_TIME, sample.unix_s))
    return "".join(braced(pieces)).encode()
