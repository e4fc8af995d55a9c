"""The secrets' file, apart from the settings and changed together with them.

`secrets.json` maps keys such as "destinations.1.auth.token" to values; `secrets.json.1` is its
twin, in case one of them is damaged. A change is first staged in `secrets.json.new` under the
revision the settings are about to get. Only if the settings file arrives at that revision do the
staged secrets count, also when the power fails in between: a new token is never sent to the old
address, nor an old one to the new address. Neither file keeps a secret that was replaced or removed.
"""

import os

from config import files

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LISTS = ("destinations", "network.wifi")  # secrets hang on the ids of their entries


class Secrets:
    """The secrets in force.

    Args:
        folder: where the files are.
        state: what `state` gave before.

    Attributes:
        values: key -> secret. Replaced as a whole, never changed in place.
        revision: of the settings that the values were filed with, 0 if somebody wrote them.
    """

    def __init__(self, folder: str, state: "tuple[dict[str, str], dict[str, str], int]") -> None:
        self._path = folder + "/secrets.json"
        self._staged = self._path + ".new"
        self.values, self._stored, self.revision = state

    def state(self) -> "tuple[dict[str, str], dict[str, str], int]":
        """The values, those that are filed, mostly the same, and the revision: plain, to keep."""
        return self.values, self._stored, self.revision

    def load(self, revision: int) -> str | None:
        """Reads the secrets that belong to settings of this revision.

        Returns what is wrong with the file, if its twin had to stand in or nothing was readable.
        Raises OSError if the remains of an interrupted change cannot be cleared away.
        """
        self._settle(revision)
        data, wrong = files.read_newest(self._path)
        if data is not None:
            self._stored = {key: data[key] for key in data if isinstance(data[key], str)}
            self.revision = whole(data.get("revision"))
            self._repair(data)
        self.values = self._stored
        return wrong

    def stage(self, values: dict[str, str], revision: int) -> None:
        """Prepares a change that comes into force with the settings of this revision; OSError."""
        if values == self._stored:
            files.remove(self._staged)
        else:
            files.write(self._staged, dict(values, revision=revision))

    def adopt(self, values: dict[str, str], revision: int) -> None:
        """Puts the staged values into force; after OSError the next start files them."""
        changed = values != self._stored
        self.values = values
        if changed:
            os.rename(self._staged, self._path)
            self._stored, self.revision = values, revision
            files.write(self._path + ".1", dict(values, revision=revision))

    def _settle(self, revision: int) -> None:
        """Finishes a change that was cut short after the settings had arrived, drops any other."""
        try:
            staged = files.read(self._staged)
        except ValueError:
            staged = {}
        if staged is not None and staged.get("revision") == revision:
            os.rename(self._staged, self._path)
        else:
            files.remove(self._staged)

    def _repair(self, data: dict) -> None:
        """Makes the pair complete and equal again."""
        for path in (self._path, self._path + ".1"):
            try:
                sound = files.read(path) == data
            except ValueError:
                sound = False
            if not sound:
                files.write(path, data)


def whole(value: object) -> int:
    """A revision as it was read from a file, 0 for anything that is none."""
    return value if isinstance(value, int) else 0


def cut_out(keys: "Iterable[str]", document: dict, settings: dict) -> None:
    """Removes the secrets of these keys, all of which it holds, from the document of these settings.

    Its destinations and networks are given the ids they have in the settings, which the keys refer to. A login
    may have stood in the address: the settings have that without it.
    """
    for key in keys:
        *path, name = key.split(".")
        holder: Any = document
        known: Any = settings
        for part in path:
            if isinstance(known, list):
                index = [str(entry["id"]) for entry in known].index(part)
                holder, known = holder[index], known[index]
                holder["id"] = known["id"]
                if name == "login" and "url" in holder:
                    holder["url"] = known["url"]
            else:
                holder, known = holder.get(part) or {}, known[part]
        holder.pop(name, None)


def owners(data: object) -> "list[str]":
    """The beginnings of the keys of all entries that may have secrets; the document need not be valid."""
    found = []
    for path in LISTS:
        holder = data
        for part in path.split("."):
            holder = holder.get(part) if isinstance(holder, dict) else None
        for entry in holder if isinstance(holder, (list, tuple)) else ():
            if isinstance(entry, dict):
                found.append("%s.%s." % (path, entry.get("id")))
    return found


def of_owners(
    values: "dict[str, str]", owners: "Iterable[str]", lists: "Iterable[str]" = LISTS
) -> "dict[str, str]":
    """The secrets without those of entries of these lists that are not among the owners."""
    kept, there = {}, tuple(owners)
    below = tuple([path + "." for path in lists])
    for key in values:
        if not key.startswith(below) or key.startswith(there):
            kept[key] = values[key]
    return kept
