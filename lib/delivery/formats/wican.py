"""The default body: all values in one flat `autopid_data`, and once per boot what they mean.

{"autopid_data":{"SPEED":0,"FUEL":62.35}}
{"autopid_data":{…},"config":{"SPEED":{"class":"speed","unit":"km/h"},…},"status":{"fw_version":"4.50",…}}
"""

import jsontext

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autopid.group import Group
    from autopid.profile import Parameter

CONTENT_TYPE = "application/json"


def document(
    group: "Group", status: "Iterable[tuple[str, str | int | bool | None]] | None" = None
) -> bytes:
    """Compact JSON of the group's latest values, in the group's order.

    A parameter that was never read is absent. With `status`, (key, plain value) pairs that hold
    no secrets, the document is the first of a boot: it also carries `config`, which names every
    parameter of the group, and that `status`.
    """
    parts = ['{"autopid_data":', values(group)]
    if status is not None:
        parts += [',"config":', config(group), ',"status":', jsontext.plain(status)]
    parts.append("}")
    return "".join(parts).encode()


def values(group: "Group") -> str:
    """`{"SPEED":0,…}`: the JSON text of the values that have been read."""
    return jsontext.members([(e.name, e.json()) for e in group if e.text is not None])


def config(group: "Group") -> str:
    """`{"SPEED":{"class":"speed","unit":"km/h"},…}`: the JSON text of what the values mean."""
    return jsontext.members([(parameter.name, _meaning(parameter)) for parameter in group])


def _meaning(parameter: "Parameter") -> str:
    device_class = parameter.device_class or "none"
    return jsontext.plain((("class", device_class), ("unit", parameter.unit or "none")))
