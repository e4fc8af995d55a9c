"""The settings and what is declared of them, as JSON text in pieces and in the declared order.

Imported while they are shown, then given back: see `transient`.
"""

import jsontext
from config import schema
from config.sections import ListOf, Section

from web import tree

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.fields import Field
    from config.store import Store

_FIRST = ("type", "description")


def document(store: "Store") -> "Iterator[str]":
    """{"revision", "settings"}: complete; in the place of a secret stands whether it is set."""
    yield '{"revision":%d,"settings":' % store.revision
    yield from settings(store.settings, store.secrets())
    yield "}"


def settings(settings: dict, secrets: "dict[str, str]") -> "Iterator[str]":
    """The settings alone."""
    yield from _value(schema.SETTINGS, settings, "", secrets)


def declared() -> "Iterator[str]":
    """A list of everything declared: {"path", "type", "description", …}, see `config.schema.describe`."""
    mark = "["
    for path, about in schema.describe():
        yield mark + _about(path, about)
        mark = ","
    yield "]"


def _value(field: "Field", value: object, key: str, secrets: "dict[str, str]") -> "Iterator[str]":
    """`key` is what a secret there is stored under."""
    if field.secret:
        yield '{"set":%s}' % jsontext.value(key in secrets)
    elif isinstance(field, Section) and isinstance(value, dict):
        yield from _members(field, value, key, secrets)
    elif isinstance(field, ListOf) and isinstance(value, (list, tuple)):
        mark = "["
        for index, item in enumerate(value):
            yield mark
            number = item.get("id", index) if isinstance(item, dict) else index
            yield from _value(field.item, item, "%s.%s" % (key, number), secrets)
            mark = ","
        yield "[]" if mark == "[" else "]"
    else:
        yield tree.text(value)


def _members(
    section: Section, values: dict, key: str, secrets: "dict[str, str]"
) -> "Iterator[str]":
    mark = "{"
    for field in section.fields:
        yield "%s%s:" % (mark, jsontext.quote(field.name))
        place = key + "." + field.name if key else field.name
        yield from _value(field, values.get(field.name), place, secrets)
        mark = ","
    yield "}"


def _about(path: str, about: "dict[str, object]") -> str:
    names = [name for name in sorted(about) if name not in _FIRST]
    if about["type"] == "object":
        names.remove("default")
    pairs = [("path", jsontext.quote(path))]
    pairs.extend([(name, tree.text(about[name])) for name in list(_FIRST) + names])
    return jsontext.members(pairs)
