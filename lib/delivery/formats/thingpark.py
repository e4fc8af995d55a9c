"""ThingPark's documents as JSON: an uplink whose payload are the values, and a notification that the device started.

{"DevEUI_uplink":{"Time":"2024-10-27T03:33:20.000+00:00","DevEUI":"A1B2C3FFFED4E5F6","FPort":2,"FCntUp":17,
"payload_hex":"7b22…7d","CustomerID":"100000001"}}
{"DevEUI_notification":{"Time":…,"DevEUI":…,"Type":"reset","Var1":"power_on","CustomerID":…,"CustomerData":{"config":…}}}

Source: Actility, thingpark-integrations, "LRC-AS tunnel interface". `payload_hex` is the hexadecimal form of compact
JSON, one object of names and values. `Time` is when the document was made, left out if the clock was not set. Modules
`thingpark_untyped` and `thingpark_xml` write the same in the other two ways; the token covers values, and is the same.
"""

import binascii

import jsontext

from delivery import identity, moment
from delivery.formats.wican import braced, values

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from autopid.parameter import Parameter

    from delivery.occasion import Occasion

    Plain = str | int | bool | None
    Members = list[tuple[str, str | int | bytes]]
    Objects = list[tuple[str, str]]
    Writer = Callable[[str, Members, Objects], str]

CONTENT_TYPE = "application/json"
COUNTER = "numbers.{}"
OPEN, SEPARATOR, CLOSE = b"", None, b""  # each document has a token of its own


def document(sample: "Occasion") -> bytes:
    """The sample as JSON whose numbers are numbers; see `written`."""
    return written(sample, _json)


def written(sample: "Occasion", writer: "Writer", is_untyped: bool = False) -> bytes:
    """The sample as the writer puts it; b"" if nothing was read yet and there is nothing to introduce.

    Of the settings of the body it takes `dev_eui` ("" for the MAC's), `port`, `customer_id`, `decoded` (the values are
    told once more, readable, as `payload`) and `boot`: once makes a notification of the document that introduces
    the device, always adds config and status to every uplink. `writer` takes the name of the root, (name, plain value)
    pairs, where bytes are text that needs no escape, and (name, JSON text) pairs; `is_untyped` makes text of every
    number in the latter.
    """
    body = sample.body
    objects: Objects = []
    if sample.status is not None:
        objects.append(("CustomerData", _customer_data(sample, is_untyped)))
        if body["boot"] != "always":
            return writer("DevEUI_notification", _notification(sample), objects).encode()
    read = [parameter for parameter in sample.parameters if parameter.text is not None]
    if not read:
        return b""
    if body["decoded"]:
        objects.append(("payload", _readable(read, is_untyped)))
    return writer("DevEUI_uplink", _uplink(sample), objects).encode()


def dev_eui(chosen: str, device_id: str) -> str:
    """The DevEUI in capitals: the one that was chosen, or the MAC as EUI-64."""
    return (chosen or identity.eui64(device_id)).upper()


def leaf(item: "str | int | bytes") -> str:
    """The JSON text of a member's value."""
    return '"%s"' % item.decode() if isinstance(item, bytes) else jsontext.value(item)


def _json(root: str, members: "Members", objects: "Objects") -> str:
    texts = [(name, leaf(item)) for name, item in members]
    return '{"%s":%s}' % (root, jsontext.members(texts + objects))


def _head(sample: "Occasion") -> "Members":
    members: Members = []
    if sample.unix_s:
        members.append(("Time", moment.iso(sample.unix_s)))
    members.append(("DevEUI", dev_eui(sample.body["dev_eui"], sample.device_id)))
    return members


def _uplink(sample: "Occasion") -> "Members":
    payload = "".join(braced(values(sample.parameters))).encode()
    members: Members = [
        ("FPort", sample.body["port"]),
        ("FCntUp", sample.number & 0xFFFFFFFF),
        ("payload_hex", binascii.hexlify(payload)),
        ("CustomerID", sample.body["customer_id"]),
    ]
    return _head(sample) + members


def _notification(sample: "Occasion") -> "Members":
    members: Members = [
        ("Type", "reset"),
        ("Var1", sample.reset_cause),
        ("CustomerID", sample.body["customer_id"]),
    ]
    return _head(sample) + members


def _customer_data(sample: "Occasion", is_untyped: bool) -> str:
    config = "".join(braced([text for p in sample.parameters for text in (p.key, _meaning(p))]))
    pairs = [
        (key, _untyped(item) if is_untyped else item)
        for key, item in sample.status or ()
        if item is not None or not is_untyped
    ]
    return '{"config":%s,"status":%s}' % (config, jsontext.plain(pairs))


def _meaning(parameter: "Parameter") -> str:
    device_class = parameter.device_class or "none"
    return jsontext.plain((("class", device_class), ("unit", parameter.unit or "none")))


def _readable(read: "list[Parameter]", is_untyped: bool) -> str:
    if not is_untyped:
        return "".join(braced(values(read)))
    return "".join(braced([text for p in read for text in (p.key, '"%s"' % p.text)]))


def _untyped(item: "Plain") -> str:
    if item is True or item is False:
        return "1" if item else "0"
    return str(item)
