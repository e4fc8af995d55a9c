"""The settings in force: a device always starts with them, and no power cut harms them.

store = Store("/state", log.logger("config"))
store.settings["web"]["port"]               # 80
store.secret("destinations.1.auth.token")   # "…" or None

draft = store.draft()
draft["web"]["port"] = 8080
problems = store.save(draft, {"web.password": "correct horse"})    # [] if it was saved

watch = store.watch("destinations")
await watch.wait()                          # returns after the next save that changes them
"""

import asyncio
import json

import transient

from config import files
from config.secrets import Secrets, cut_out, of_destinations, whole

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from log import Logger

    from config.fields import Checks

    Problems = list[dict[str, str]]


class Watch:
    """Tells one part that a section it depends on was changed; between looks nothing is missed."""

    def __init__(self, sections: tuple[str, ...]) -> None:
        self.sections = sections
        self._event = asyncio.Event()

    def notify(self, section: str) -> None:
        """Called by the store for each section that was changed."""
        if section in self.sections:
            self._event.set()

    def changed(self) -> bool:
        """Whether anything was changed since the last look."""
        changed = self._event.is_set()
        self._event.clear()
        return changed

    async def wait(self) -> None:
        """Returns as soon as anything was changed since the last look."""
        await self._event.wait()
        self._event.clear()


class Store:
    """Settings, secrets and vehicle profile in `<root>/config`.

    Args:
        root: folder of the device's files, "" for the root of the file system.
        log: where it is told what had to be worked around; learns every secret, to mask it.
        checks: gives what only other parts can check, see `config.fields.Reading`.

    Attributes:
        settings: complete and valid; replaced as a whole by `save`, never to be changed in place.
        revision: counts the changes, over restarts too.
        problems: what was refused when the settings were loaded; those entries are switched off.
        notices: one sentence for each file that was missing or damaged.
    """

    def __init__(
        self, root: str, log: "Logger", checks: "Callable[[], Checks] | None" = None
    ) -> None:
        self._log = log
        self._checks = checks or dict
        self._folder = root + "/config"
        self._watches: list[Watch] = []
        self._secrets = Secrets(self._folder)
        self._filed = False  # the settings file holds exactly the settings
        self.settings: dict = {}
        self.revision = 0
        self.problems: Problems = []
        self.notices: list[str] = []
        self._load(root)

    def secret(self, key: str) -> str | None:
        """The secret stored under a key such as "destinations.1.auth.token", 1 being the id."""
        return self._secrets.values.get(key)

    def draft(self) -> dict:
        """A copy of the settings to change and hand to `save`."""
        return json.loads(json.dumps(self.settings))

    def watch(self, *sections: str) -> Watch:
        """Watches sections of the settings, their secrets included, and "profile"."""
        watch = Watch(sections)
        self._watches.append(watch)
        return watch

    def save(
        self, data: object, secrets_changes: "dict[str, str | None] | None" = None
    ) -> "Problems":
        """Checks a whole settings document and puts it into force; what is left out gets its default.

        Secrets come within the document or in `secrets_changes` by key; a text sets one, None
        clears it, whatever is not mentioned stays. Those of destinations that are gone go too; a
        destination without id is a new one. A "revision" in the document is ignored.

        Returns all problems; if there is one, nothing was changed.
        """
        from config import schema  # given back below: it is large, and rarely needed

        data = _without_revision(data)
        secrets = of_destinations(self._secrets.values, _ids(data))
        changes, problems = schema.read_secrets(secrets_changes or {})
        _apply(secrets, changes)
        found: dict[str, str | None] = {}
        # A secret that was refused is not missing as well.
        known = {problem["field"]: "" for problem in problems}
        known.update(secrets)
        used = [destination["id"] for destination in self.settings["destinations"]]
        settings, more = schema.validate(data, known, self._checks(), found, used)
        transient.release(transient.SETTINGS)
        if problems or more:
            return problems + more
        _apply(secrets, found)
        return self._put(settings, of_destinations(secrets, _ids(settings)))

    def save_secrets(self, changes: "dict[str, str | None]") -> "Problems":
        """Sets (text) or clears (None) secrets by key, whatever may be wrong with the settings.

        Returns what is wrong with the changes themselves; if there is anything, nothing was changed.
        """
        from config import schema

        found, problems = schema.read_secrets(changes)
        transient.release(transient.SETTINGS)
        if problems:
            return problems
        secrets = dict(self._secrets.values)
        _apply(secrets, found)
        # What was refused of the settings stays as it was written, to be corrected.
        document = self._document() if self.problems else self.settings
        return self._file(document, self.settings, of_destinations(secrets, _ids(self.settings)))

    def profile(self) -> dict | None:
        """The vehicle profile as it was saved, read anew each time; None if there is none."""
        return self._read("profile")[0]

    def base_profile(self, path: str) -> dict | None:
        """The profile that another one extends, or None: `<root>/config/profiles/` and the last part of the path."""
        name = path.split("/")[-1]
        if name[-5:] != ".json":
            name += ".json"
        try:
            return files.read(f"{self._folder}/profiles/{name}")
        except (OSError, ValueError) as error:
            self._log.warning("profile %s cannot be read: %s", name, error)
            return None

    def save_profile(self, profile: dict | None) -> "Problems":
        """Replaces or removes the vehicle profile. Returns the problem if it cannot be written."""
        path = self._path("profile")
        try:
            if profile is None:
                files.remove(path)
                files.remove(path + ".1")
            else:
                files.replace(path, profile)
        except OSError as error:
            return [_unwritten(error)]
        self._notify("profile")
        return []

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}.json"

    def _notice(self, text: str) -> None:
        self.notices.append(text)
        self._log.warning("%s", text)

    def _notify(self, section: str) -> None:
        for watch in self._watches:
            watch.notify(section)

    def _read(self, name: str) -> "tuple[dict | None, bool]":
        """The newest readable file of that name, and whether it is the first choice."""
        data, wrong = files.read_newest(self._path(name))
        if wrong:
            used = "nothing" if data is None else "the one before it"
            self._notice(f"{wrong}: {used} is used instead.")
        return data, data is not None and wrong is None

    def _load(self, root: str) -> None:
        from config import schema

        self._make_folders(root)
        data, newest = self._read("settings")
        document = data or {}
        self.revision = whole(document.get("revision"))
        self._load_secrets(newest and "revision" not in document)
        found: dict[str, str | None] = {}
        self.settings, self.problems = schema.validate(
            _without_revision(document), self._secrets.values, self._checks(), found
        )
        transient.release(transient.SETTINGS)
        self._secrets.values = of_destinations(self._secrets.values, _ids(self.settings))
        self._filed = newest and not self.problems
        for problem in self.problems:
            self._log.warning("%s: %s", problem["field"], problem["message"])
        if found:
            self._move_secrets(document, found)
        self._redact()

    def _make_folders(self, root: str) -> None:
        try:
            if root:
                files.make_folder(root)
            files.make_folder(self._folder)
        except OSError as error:
            self._notice(f"{self._folder} cannot be made ({error}).")

    def _document(self) -> dict:
        """The settings file as it was written."""
        return files.read_newest(self._path("settings"))[0] or {}

    def _load_secrets(self, handmade: bool) -> None:
        try:
            wrong = self._secrets.load(self.revision)
        except OSError as error:
            wrong = str(error)
        if wrong:
            self._notice(f"Secrets: {wrong}.")
        if self._secrets.revision > self.revision and not handmade:
            self._drop_newer_secrets()

    def _drop_newer_secrets(self) -> None:
        """Forgets the secrets of destinations: older settings may have another address for them."""
        kept = of_destinations(self._secrets.values, ())
        if len(kept) < len(self._secrets.values):
            self._secrets.values = kept
            self._notice("The settings are older than the secrets: destinations lost theirs.")

    def _move_secrets(self, document: dict, found: "dict[str, str | None]") -> None:
        """Takes secrets that somebody wrote into the settings file to where they belong."""
        secrets = dict(self._secrets.values)
        _apply(secrets, found)
        cut_out(found, document, self.settings)
        problems = self._file(document, self.settings, secrets)
        if problems:
            self._secrets.values = secrets
            self._notice(f"Secrets are still in the settings file. {problems[0]['message']}")
            return
        try:
            files.remove(self._path("settings") + ".1")
        except OSError as error:
            self._notice(f"Secrets are still in the settings file before this one ({error}).")

    def _put(self, settings: dict, secrets: dict[str, str]) -> "Problems":
        """Files valid settings and secrets, unless they already are, then makes them known."""
        if self._filed and settings == self.settings and secrets == self._secrets.values:
            return []
        problems = self._file(settings, settings, secrets)
        if not problems:
            self._filed = True
            self.problems = []
        return problems

    def _file(self, document: dict, settings: dict, secrets: dict[str, str]) -> "Problems":
        """Files a document, which gives these settings, and secrets; then makes them known."""
        revision = max(self.revision, self._secrets.revision) + 1
        try:
            self._secrets.stage(secrets, revision)
            files.replace(self._path("settings"), dict(document, revision=revision))
        except OSError as error:
            return [_unwritten(error)]
        self._adopt(settings, secrets, revision)
        return []

    def _adopt(self, settings: dict, secrets: dict[str, str], revision: int) -> None:
        before, secrets_before = self.settings, self._secrets.values
        try:
            self._secrets.adopt(secrets, revision)
        except OSError as error:
            self._notice(f"Secrets are not filed yet: {error}.")
        self.settings, self.revision = settings, revision
        self._redact()
        for section in settings:
            if settings[section] != before[section] or _differ(section, secrets, secrets_before):
                self._notify(section)

    def _redact(self) -> None:
        for value in self._secrets.values.values():
            self._log.redact(value)


def _without_revision(data: object) -> object:
    if not isinstance(data, dict):
        return data
    return {key: data[key] for key in data if key != "revision"}


def _ids(data: object) -> list[str]:
    """The ids the destinations of a document have, as texts; the document need not be valid."""
    destinations = data.get("destinations") if isinstance(data, dict) else None
    if not isinstance(destinations, (list, tuple)):
        return []
    return [str(item.get("id")) for item in destinations if isinstance(item, dict)]


def _apply(secrets: dict[str, str], changes: "dict[str, str | None]") -> None:
    for key, value in changes.items():
        if value is not None:
            secrets[key] = value
        elif key in secrets:
            del secrets[key]


def _differ(section: str, left: dict[str, str], right: dict[str, str]) -> bool:
    """Whether a secret of the section was set, changed or cleared."""
    keys = [key for key in list(left) + list(right) if key.split(".")[0] == section]
    return any(left.get(key) != right.get(key) for key in keys)


def _unwritten(error: OSError) -> dict[str, str]:
    return {"field": "", "code": "storage", "message": f"It could not be written ({error})."}
