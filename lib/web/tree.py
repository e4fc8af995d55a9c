"""JSON text of any data, piece by piece: a document as large as a vehicle profile is never held whole as text.

MicroPython keeps no order of an object's members: they are sorted.
"""

import json

import jsontext

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator


def pieces(data: object) -> "Iterator[str]":
    """The pieces of its text."""
    if isinstance(data, dict):
        mark = "{"
        for name in sorted(data):
            yield mark + jsontext.quote(name) + ":"
            yield from pieces(data[name])
            mark = ","
        yield "{}" if mark == "{" else "}"
    elif isinstance(data, (list, tuple)):
        mark = "["
        for item in data:
            yield mark
            yield from pieces(item)
            mark = ","
        yield "[]" if mark == "[" else "]"
    else:
        yield jsontext.quote(data) if isinstance(data, str) else json.dumps(data)


def text(data: object) -> str:
    """All of them."""
    return "".join(pieces(data))
