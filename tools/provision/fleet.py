"""The devices of a batch, from a CSV file: one line each, one column for each setting that differs.

    name,ids.custom1,destinations.1.auth.token,certs.fleet,label
    van-17,B-XY 1234,s3cr3t,certs/van-17,Van 17

`name` is the device's name and has to be its own. Other columns are settings or secrets by the paths of
docs/settings.md, the id of a list's entry for `[]`; lists of texts are JSON. Besides: `certs.<set>` a folder with the
files of a cert set, `profile` a vehicle profile, `mac` the one device that the line is for, `label` a line of text on
its label. An empty cell leaves a setting as the settings for all say. Files are looked for beside the CSV file.
"""

from __future__ import annotations

import copy
import csv
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import on_cpython

_NUMBER = re.compile(r"\.\d+(?=\.|$)")
_MAC = re.compile(r"[0-9a-f]{12}")
_OTHERS = ("name", "label", "mac", "profile")
_CERTS = "certs."
_CERT_FILES = ("ca.pem", "ca.default", "client.crt", "client.key")


class FleetError(Exception):
    """What is wrong with the batch, a line each."""


@dataclass(frozen=True)
class Device:
    """A device to be. `mac` is empty if any will do; `files` are those of its file system."""

    name: str
    label: str
    mac: str
    secrets: dict[str, str]
    files: dict[str, bytes]


def read(path: Path, base: dict[str, Any]) -> list[Device]:
    """The devices in a CSV file; `base` is the settings document for all. Raises FleetError with all that is wrong."""
    on_cpython.install()
    problems: list[str] = []
    devices: list[Device] = []
    rows = _rows(path)
    for number, row in rows:
        try:
            devices.append(_device(row, base, path.parent))
        except FleetError as error:
            problems += [f"line {number}: {problem}" for problem in str(error).split("\n")]
    problems += _twice("name", [row.get("name", "") for _, row in rows])
    problems += _twice("mac", [_address(row) for _, row in rows if "mac" in row])
    if problems or not devices:
        raise FleetError("\n".join(problems) or f"{path} has no devices")
    return devices


def merged(settings: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The settings with those of `other` in their place, section by section."""
    found = copy.deepcopy(settings)
    for name, value in other.items():
        old = found.get(name)
        found[name] = (
            merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return found


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """(number of the line, its cells that are not empty by column). Raises FleetError."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            columns = reader.fieldnames or ()
            _check_columns(list(columns))
            return [(reader.line_num, _cells(row, reader.line_num)) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FleetError(f"{path} cannot be read: {error}") from None


def _check_columns(columns: list[str]) -> None:
    known = _kinds()
    wrong = [
        f"there is no setting {column!r}"
        for column in columns
        if column not in _OTHERS
        and not column.startswith(_CERTS)
        and _pattern(column) not in known
    ]
    wrong += _twice("column", columns)
    if "name" not in columns:
        wrong.append("the first line has no column `name`")
    if wrong:
        raise FleetError("\n".join(f"line 1: {problem}" for problem in wrong))


def _cells(row: dict[str | None, Any], number: int) -> dict[str, str]:
    if None in row or None in row.values():
        raise FleetError(f"line {number}: has more or fewer cells than the first line")
    return {str(column): value.strip() for column, value in row.items() if value.strip()}


def _device(row: dict[str, str], base: dict[str, Any], home: Path) -> Device:
    """Raises FleetError."""
    document = merged(base, {"device": {"name": row.get("name", ""), "set_up": True}})
    problems = []
    for column, text in row.items():
        if column in _OTHERS or column.startswith(_CERTS):
            continue
        try:
            put(document, column, _value(column, text))
        except ValueError as error:
            problems.append(f"{column}: {error}")
    settings, secrets, more = _validated(document)
    files, wrong = _files(row, home)
    problems += [*more, *wrong, *_unknown_sets(settings, files)]
    mac = _address(row)
    if mac and not _MAC.fullmatch(mac):
        problems.append("mac: must have twelve hexadecimal digits")
    if problems:
        raise FleetError("\n".join(problems))
    files["config/settings.json"] = json.dumps(settings).encode()
    return Device(row["name"], row.get("label", ""), mac, secrets, files)


def _address(row: dict[str, str]) -> str:
    """A line's MAC address as the chip's is written, "" if it has none."""
    return row.get("mac", "").lower().replace(":", "").replace("-", "")


def _validated(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """(the complete settings, the secrets that stood in them, what is wrong), as the device would have it."""
    from config import checks, schema

    found: dict[str, str | None] = {}
    settings, problems = schema.validate(document, {}, checks.ALL, found)
    secrets = {key: value for key, value in found.items() if value is not None}
    told = [f"{_by_id(problem['field'], settings)}: {problem['message']}" for problem in problems]
    return settings, secrets, told


def _by_id(path: str, settings: dict[str, Any]) -> str:
    """destinations.1.url for destinations[0].url, as columns are named, if 1 is the id of that entry."""
    name, bracket, rest = path.partition("[")
    index, _, rest = rest.partition("]")
    entries: Any = settings
    for part in name.split("."):
        entries = entries.get(part) if isinstance(entries, dict) else None
    if not bracket or not isinstance(entries, list) or int(index) >= len(entries):
        return path
    entry = entries[int(index)]
    return f"{name}.{entry['id']}{rest}" if isinstance(entry, dict) and "id" in entry else path


# Settings by path


def put(document: dict[str, Any], path: str, value: object) -> None:
    """Puts a value into a settings document: "destinations.1.url" is that of the destination with the id 1.

    Raises ValueError if something else than a section is on the way.
    """
    *parents, last = path.split(".")
    place: Any = document
    for part, following in zip(parents, [*parents[1:], last], strict=True):
        if isinstance(place, list):
            place = _entry(place, int(part))
        elif isinstance(place, dict):
            place = place.setdefault(part, [] if following.isdecimal() else {})
    if not isinstance(place, dict):
        raise ValueError("the settings for all have something else at this place")
    place[last] = value


def _entry(entries: list[Any], number: int) -> dict[str, Any]:
    for entry in entries:
        if isinstance(entry, dict) and entry.get("id") == number:
            return entry
    entries.append({"id": number})
    return dict_of(entries[-1])


def dict_of(value: Any) -> dict[str, Any]:
    """The value, which is known to be an object."""
    assert isinstance(value, dict)
    return value


def _value(path: str, text: str) -> object:
    """A cell as the setting's type has it. Raises ValueError."""
    kind = _kinds()[_pattern(path)]
    if kind == "string":
        return text
    try:
        return json.loads(text.lower() if kind == "boolean" else text)
    except ValueError:
        raise ValueError(f"{text!r} is no {kind}") from None


def _kinds() -> dict[str, str]:
    """The type of every setting by path."""
    on_cpython.install()
    from config import schema

    return {
        path: str(about["type"]) for path, about in schema.describe() if about["type"] != "object"
    }


def _pattern(path: str) -> str:
    """destinations[].url for destinations.1.url."""
    return _NUMBER.sub("[]", path)


# Files


def _files(row: dict[str, str], home: Path) -> tuple[dict[str, bytes], list[str]]:
    """(the files of cert sets and profile by path on the device, what is wrong with them)."""
    files: dict[str, bytes] = {}
    wrong: list[str] = []
    for column, text in row.items():
        if column.startswith(_CERTS):
            name = column.removeprefix(_CERTS)
            found = {
                f"certs/{name}/{file}": (home / text / file).read_bytes()
                for file in _CERT_FILES
                if (home / text / file).is_file()
            }
            problem = set_problem(name, found)
            wrong += [f"{column}: {problem}"] if problem else []
            files.update(found)
    try:
        if "profile" in row:
            files["config/profile.json"] = (home / row["profile"]).read_bytes()
            json.loads(files["config/profile.json"])
    except (OSError, ValueError) as error:
        wrong.append(f"profile: {error}")
    return files, wrong


def set_problem(name: str, files: dict[str, bytes]) -> str:
    """Why the device would not take a cert set, "" if it would; `files` by path on the device."""
    from trust.certsets import CertSetError, CertSets

    with tempfile.TemporaryDirectory() as root:
        for path, data in files.items():
            place = Path(root) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        default = Path(root) / "certs" / "default" / "roots.bin"
        default.parent.mkdir(parents=True, exist_ok=True)
        default.touch()  # the image has it
        try:
            CertSets(root).load(name)
        except CertSetError as error:
            return str(error)
    return ""


def _unknown_sets(settings: dict[str, Any], files: dict[str, bytes]) -> list[str]:
    """What is wrong with the cert sets that destinations name."""
    known = {path.split("/")[1] for path in files if path.startswith("certs/")} | {"default"}
    return [
        f"destinations.{item['id']}.cert_set: there is no column {_CERTS}{item['cert_set']} for this device"
        for item in settings["destinations"]
        if item["cert_set"] not in known
    ]


def _twice(what: str, values: list[str]) -> list[str]:
    found = sorted({value for value in values if values.count(value) > 1})
    return [f"the {what} {value!r} is there twice" for value in found]
