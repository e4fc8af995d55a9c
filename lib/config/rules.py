"""Rules between settings: what one field alone cannot decide."""

from autopid.decimal import compare
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from config.fields import Reading


MAX_DESTINATIONS = const(6)
MAX_NETWORKS = const(5)


def judge(reading: "Reading", settings: dict, used: "Container[int]") -> "dict[str, str | None]":
    """Gives ids and applies all rules but those of destinations to settings just read.

    Returns the secrets found, by key in the store. Problems are added to the reading. An entry that
    breaks a rule is switched off, so that the settings stay usable.
    """
    _number(reading, settings["destinations"], "destinations", MAX_DESTINATIONS, used)
    wifi = settings["network"]["wifi"]
    _number(reading, wifi, "network.wifi", MAX_NETWORKS, ())
    unique(reading, wifi, "network.wifi", "ssid", "ssid_duplicate", [])
    found = {secret_key(path, settings): value for path, value in reading.secrets.items()}
    _judge_adapter(reading, settings["adapter"])
    _judge_parameters(reading, settings["autopid"])
    return found


def secret_key(path: str, settings: dict) -> str:
    """The key of a secret: destinations[0].auth.token -> destinations.2.auth.token (2: the id)."""
    keys = []
    node = settings
    for part in path.split("."):
        name, _, index = part.partition("[")
        keys.append(name)
        node = node.get(name, {})
        if index:
            node = node[int(index[:-1])]
            keys.append(str(node.get("id", index[:-1])))
    return ".".join(keys)


def _number(
    reading: "Reading", entries: list[dict], path: str, most: int, used: "Container[int]"
) -> None:
    """Gives a free id to entries without one or with another's: secrets hang on it.

    One that was used until now, by an entry just removed, is the last choice.
    """
    taken: list[int] = []
    unique(reading, entries, path, "id", "id_duplicate", taken)
    free = [number for number in range(1, most + 1) if number not in taken]
    free.sort(key=lambda number: (number in used, number), reverse=True)
    for index, entry in enumerate(entries):
        if entry["id"] in [0] + taken[:index]:
            entry["id"] = free.pop()


def refuse(reading: "Reading", item: dict, path: str, code: str, message: str) -> None:
    """Notes a problem with an entry and switches it off."""
    reading.report(path, code, message)
    item["enabled"] = False


def _judge_adapter(reading: "Reading", adapter: dict) -> None:
    if adapter["kind"] == "tcp" and not adapter["address"]:
        reading.report(
            "adapter.address", "field_empty", "An adapter over TCP needs its host:port."
        )
        adapter["kind"] = "board"


def _judge_parameters(reading: "Reading", autopid: dict) -> None:
    names: list[str] = []
    for kind in ("standard", "custom"):
        path = f"autopid.{kind}.parameters"
        unique(reading, autopid[kind]["parameters"], path, "name", "name_duplicate", names)
    _judge_limits(reading, autopid["custom"]["parameters"], "autopid.custom.parameters")
    for index, each in enumerate(autopid["filters"]):
        path = f"autopid.filters[{index}].parameters"
        unique(reading, each["parameters"], path, "name", "name_duplicate", names)
        _judge_limits(reading, each["parameters"], path)


def _judge_limits(reading: "Reading", parameters: "list[dict]", path: str) -> None:
    for index, item in enumerate(parameters):
        if item["min"] and item["max"] and compare(item["min"], item["max"]) > 0:
            place = f"{path}[{index}].max"
            refuse(reading, item, place, "range", "Must not be below min.")


def unique(
    reading: "Reading", items: "Iterable[dict]", path: str, name: str, code: str, taken: list
) -> None:
    """Refuses items whose `name` is taken, also by an earlier item; empty ones are none of it."""
    for index, item in enumerate(items):
        value = item[name]
        if value and value in taken:
            place = f"{path}[{index}].{name}"
            refuse(reading, item, place, code, f"Must be unique, and {value} is taken.")
        taken.append(value)
