"""What a backup would change, for people: rows of {"field", "from", "to"}. Imported while that is shown."""

import jsontext
from micropython import const

from web import tree

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = tuple[str, object, object]

_MOST = const(100)  # rows that are told
_LONGEST = const(80)  # characters of a value


def between(before: object, after: object, path: str = "") -> "Iterator[Row]":
    """The rows of what differs. Entries of lists are compared by their place."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(set(before) | set(after)):
            place = path + "." + name if path else name
            yield from between(before.get(name), after.get(name), place)
    elif _has_sections(before) or _has_sections(after):
        old, new = before or [], after or []
        for index in range(max(len(old), len(new))):  # type: ignore[arg-type]  # lists
            pair = [items[index] if index < len(items) else None for items in (old, new)]  # type: ignore
            yield from between(pair[0], pair[1], "%s[%d]" % (path, index))
    elif before != after:
        yield path, before, after


def text(rows: "list[Row]") -> str:
    """{"changes": the first rows, "more": how many there are beyond them, without the closing bracket."""
    shown = []
    for field, before, after in rows[:_MOST]:
        pairs = (("field", field), ("from", _short(before)), ("to", _short(after)))
        shown.append(jsontext.members([(name, tree.text(item)) for name, item in pairs]))
    return '{"changes":[%s],"more":%d' % (",".join(shown), max(0, len(rows) - _MOST))


def _has_sections(data: object) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], dict)


def _short(item: object) -> object:
    """Numbers and flags as they are; of an object its name, of all else as much as has room."""
    if isinstance(item, dict):
        item = item.get("name") or item.get("ssid") or tree.text(item)
    elif isinstance(item, list):
        item = tree.text(item)
    if isinstance(item, str) and len(item) > _LONGEST:
        return item[: _LONGEST - 1] + "…"
    return item
