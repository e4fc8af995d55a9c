"""The values of before: kept over a sleep that may end in a restart, and given back with their age.

Imported when they are kept or given back: see `transient`.
"""

from config import files
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from autopid.group import Group

_FILE = "/config/values.json"
_MOST_AGE_S = const(1_000_000)  # milliseconds of it are still a small integer on the chip


def save(root: str, group: "Group", now_ms: int, unix_s: int) -> None:
    """Writes all values with their age below `root`. Nothing without a clock, for nobody could tell their age later.

    Args:
        now_ms: uptime.
        unix_s: Unix time, 0 while the clock is not set.

    Raises OSError.
    """
    if not unix_s:
        return
    values = {}
    for parameter in group:
        age = parameter.age_ms(now_ms)
        if parameter.literal is not None and age is not None:
            values[parameter.name] = [parameter.literal, age // 1000]
    if values:
        files.replace(root + _FILE, {"at": unix_s, "values": values})


def restore(root: str, group: "Group", unix_s: int) -> int:
    """Gives the group what was saved, where it has nothing newer; returns how many values were saved.

    `unix_s` is the Unix time, of a clock that is set.
    """
    data, _ = files.read_newest(root + _FILE)
    if not data:
        return 0
    try:
        passed = max(0, unix_s - int(data["at"]))
        values = data["values"]
        for name in values:
            literal, age_s = values[name]
            group.restore(name, str(literal), min(passed + int(age_s), _MOST_AGE_S) * 1000)
    except (KeyError, TypeError, ValueError):  # it is damaged
        return 0
    return len(values)


def forget(root: str) -> None:
    """Deletes what was saved: there is something newer."""
    for name in (root + _FILE, root + _FILE + ".1"):
        try:
            files.remove(name)
        except OSError:
            pass  # the next start gives back what is newer anyway
