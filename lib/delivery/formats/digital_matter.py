"""Digital Matter's records: a message holds one, and the document is put around them when they are sent.

{"SerNo":123456,"IMEI":"353785725680796","ICCID":"89462046033000000000","ProdId":87,"FW":"97.4.51.0","Records":[
{"SeqNo":17,"DateUTC":"2024-10-27 03:33:20","Reason":11,"Fields":[{"FType":2,"DIn":1,"DOut":0,"DevStat":0},
{"FType":6,"AnalogueData":{"2":1384}},{"FType":7,"AnalogueData":{"100":4147,"101":0}}]}]}

Sources: Digital Matter, "HTTP connector"; Traccar's DmtHttpProtocolDecoder. Field 2 holds the ignition as bit 0 of the
digital inputs, field 6 the supply voltage in hundredths of a volt as number 2, field 7 everything else as whole numbers
from 100 on, in the order of the parameters. Those have 32 bits, field 6 has 16: what is larger is left out.
"""

import jsontext
from autopid.decimal import parse_decimal, rounded
from micropython import const

from delivery import identity, moment
from delivery.formats.wican import braced, values

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autopid.parameter import Parameter

    from delivery.occasion import Occasion

    Fields = dict[int, dict[int, int]]  # type of the field -> number within -> value

CONTENT_TYPE = "application/json"
COUNTER = "numbers.digital_matter"  # of the device
OPEN, SEPARATOR, CLOSE = b"", b",", b""  # between records; see `frame`

_FIRST_FREE = const(100)
_ADC, _LARGE = const(6), const(7)
_SUPPLY = const(2)
_LIMITS = {_ADC: 0x7FFF, _LARGE: 0x7FFFFFFF}

# Reasons of a record.
_TRIP_START, _TRIP_END, _HEARTBEAT = const(1), const(2), const(11)
_SUPPLY_CHANGED, _OTHER = const(15), const(47)
_REASONS = {
    "": _HEARTBEAT,
    "ignition on": _TRIP_START,
    "ignition off": _TRIP_END,
    "supply voltage low": _SUPPLY_CHANGED,
}


def document(sample: "Occasion") -> bytes:
    """One record; b"" if nothing was read yet or the clock is not set, as no server takes a record without its date.

    Of the settings of the body it takes `map`, a list of {"name", "field": 6 or 7, "number", "scale"} (the value times
    that is told as that number), and `names`: the values are told once more, exactly, under their own names as Ext.
    """
    read = [parameter for parameter in sample.parameters if parameter.text is not None]
    if not sample.unix_s or not read:
        return b""
    date, reason = moment.plain(sample.unix_s), _REASONS.get(sample.event, _OTHER)
    text = '{"SeqNo":%d,"DateUTC":"%s","Reason":%d,"Fields":[%s]' % (
        sample.number,
        date,
        reason,
        _fields(sample),
    )
    if sample.body["names"]:
        text += ',"Ext":' + "".join(braced(values(read)))
    return (text + "}").encode()


def frame(
    ids: "Mapping[str, str]", device_id: str, product: int, firmware: str
) -> "tuple[bytes, bytes]":
    """What stands before and behind the records of a request, be it one or several."""
    head = jsontext.plain(
        (
            ("SerNo", identity.serial_number(ids, device_id)),
            ("IMEI", ids.get("IMEI", "")),
            ("ICCID", ids.get("ICCID", "")),
            ("ProdId", product),
            ("FW", firmware),
        )
    )
    return (head[:-1] + ',"Records":[').encode(), b"]}"


def _fields(sample: "Occasion") -> str:
    texts = []
    if sample.ignition is not None:
        texts.append('{"FType":2,"DIn":%d,"DOut":0,"DevStat":0}' % sample.ignition)
    found = _numbers(sample)
    for kind in (_ADC, _LARGE):
        members = found[kind]
        if members:
            inner = ",".join(['"%d":%d' % (number, members[number]) for number in sorted(members)])
            texts.append('{"FType":%d,"AnalogueData":{%s}}' % (kind, inner))
    return ",".join(texts)


def _numbers(sample: "Occasion") -> "Fields":
    """The values of both fields. A parameter keeps its number whichever of the others were read."""
    found: Fields = {_ADC: {}, _LARGE: {}}
    if sample.supply_mv is not None:
        _put(found, _ADC, _SUPPLY, rounded(sample.supply_mv, 10))
    mapped = {entry["name"]: entry for entry in sample.body["map"]}
    following = _FIRST_FREE
    for parameter in sample.parameters:
        entry = mapped.get(parameter.name)
        if entry is not None:
            _put(found, entry["field"], entry["number"], _scaled(parameter, entry["scale"]))
        elif parameter.key not in sample.signals:
            _put(found, _LARGE, following, _scaled(parameter, "1"))
            following += 1
    return found


def _put(found: "Fields", kind: int, number: int, value: "int | None") -> None:
    limit = _LIMITS[kind]
    if value is not None and -limit - 1 <= value <= limit:
        found[kind][number] = value


def _scaled(parameter: "Parameter", scale: str) -> "int | None":
    """The value times the scale, as a whole number; on is 1, off is 0. None if there is no value."""
    text = parameter.text
    if text is None:
        return None
    if text in ("on", "off"):
        text = "1" if text == "on" else "0"
    number, decimals = parse_decimal(text)
    factor, more = parse_decimal(scale)
    return rounded(number * factor, 10 ** (decimals + more))
