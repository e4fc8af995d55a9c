"""The default body: all values in one flat `autopid_data`, and once per boot what they mean.

{"autopid_data":{"SPEED":0,"FUEL":62.35}}
{"autopid_data":{…},"config":{"SPEED":{"class":"speed","unit":"km/h"},…},"status":{"fw_version":"4.50",…}}
{"autopid_data":{…},"timestamp":1730000000,"ages":{"SPEED":120,"FUEL":1540}}

Here is also what the other JSON formats share: an object as a list of pieces, which are joined once. The hundreds of
values of a large car take one pass and no string of their own.
"""

import jsontext

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from autopid.parameter import Parameter

    from delivery.sample import Sample

CONTENT_TYPE = "application/json"
OPEN, SEPARATOR, CLOSE = b"[", b",", b"]"


def document(sample: "Sample") -> bytes:
    """Compact JSON of the latest values, in the group's order; a parameter that was never read is absent.

    With a status, the document introduces the device: it carries `config`, which names every selected parameter, and
    that `status`. If the settings want it, it carries `timestamp` (Unix time in seconds, once the clock is set) and
    `ages` (milliseconds since each value was read).
    """
    parameters = sample.parameters
    pieces = braced(values(parameters))
    pieces.insert(0, '{"autopid_data":')
    if sample.status is not None:
        pieces += [',"config":'] + braced(_meanings(parameters))
        pieces += [',"status":', jsontext.plain(sample.status)]
    if sample.body["timestamps"] and sample.unix_s:
        pieces.append(',"timestamp":%d' % sample.unix_s)
    if sample.body["ages"]:
        pieces += [',"ages":'] + braced(_ages(parameters, sample.now_ms))
    pieces.append("}")
    return "".join(pieces).encode()


def values(parameters: "list[Parameter]") -> "list[str]":
    """What has been read, as [`,"SPEED":`, `0`, …]; see `braced`."""
    pieces = [""] * (
        2 * len(parameters) + 8
    )  # with room for what goes around: growing means copying
    at = 0
    for parameter in parameters:
        literal = parameter.literal
        if literal is not None:
            pieces[at] = parameter.key
            pieces[at + 1] = literal
            at += 2
    del pieces[at:]
    return pieces


def braced(pieces: "list[str]") -> "list[str]":
    """Makes the members of an object, each with a comma in front, an object; changes the list and returns it."""
    if pieces:
        pieces[0] = "{" + pieces[0][1:]
    else:
        pieces.append("{")
    pieces.append("}")
    return pieces


def _meanings(parameters: "list[Parameter]") -> "list[str]":
    return [piece for p in parameters for piece in (p.key, _meaning(p))]


def _meaning(parameter: "Parameter") -> str:
    device_class = parameter.device_class or "none"
    return jsontext.plain((("class", device_class), ("unit", parameter.unit or "none")))


def _ages(parameters: "list[Parameter]", now_ms: int) -> "list[str]":
    return [p.key + str(p.age_ms(now_ms)) for p in parameters if p.text is not None]
