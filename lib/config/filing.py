"""Reads and writes the files behind a `Store`. Imported while that is done, then given back: see `transient`."""

import transient

from config import files
from config.secrets import Secrets, cut_out, of_owners, owners, whole

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.store import Problems, Store


class Filing:
    """One piece of work on the files of a store. Its methods are described there, under the same names.

    Attributes:
        secrets: those in force; their state is the store's, to keep until the next piece of work.
    """

    def __init__(self, store: "Store", secrets: "tuple[dict, dict, int]") -> None:
        self._store = store
        self.secrets = Secrets(store.folder, secrets)

    def save(self, data: object, secrets_changes: "dict[str, str | None]") -> "Problems":
        settings, secrets, problems = self._judged(data, secrets_changes)
        return problems or self._put(settings, secrets)

    def check(
        self, data: object, secrets_changes: "dict[str, str | None]"
    ) -> "tuple[dict, Problems]":
        settings, _, problems = self._judged(data, secrets_changes)
        return settings, problems

    def _judged(
        self, data: object, secrets_changes: "dict[str, str | None]"
    ) -> "tuple[dict, dict[str, str], Problems]":
        """What a document and these changes would make of settings and secrets, and what is wrong with them."""
        from config import schema  # given back below, before this module is: it is large

        data = _without_revision(data)
        secrets = of_owners(self.secrets.values, owners(data))
        changes, problems = schema.read_secrets(secrets_changes)
        _apply(secrets, changes)
        found: dict[str, str | None] = {}
        # A secret that was refused is not missing as well.
        known = {problem["field"]: "" for problem in problems}
        known.update(secrets)
        used = [destination["id"] for destination in self._store.settings["destinations"]]
        settings, more = schema.validate(data, known, self._store.checks(), found, used)
        transient.release(transient.SETTINGS)
        _apply(secrets, found)
        return settings, of_owners(secrets, owners(settings)), problems + more

    def save_secrets(self, changes: "dict[str, str | None]") -> "Problems":
        from config import schema

        found, problems = schema.read_secrets(changes)
        transient.release(transient.SETTINGS)
        if problems:
            return problems
        secrets = dict(self.secrets.values)
        _apply(secrets, found)
        # What was refused of the settings stays as it was written, to be corrected.
        document = self._document() if self._store.problems else self._store.settings
        return self._file(
            document, self._store.settings, of_owners(secrets, owners(self._store.settings))
        )

    def profile(self) -> dict | None:
        return self._read("profile")[0]

    def base_profile(self, path: str) -> dict | None:
        name = path.split("/")[-1]
        if name[-5:] != ".json":
            name += ".json"
        try:
            return files.read(f"{self._store.folder}/profiles/{name}")
        except (OSError, ValueError) as error:
            self._store.log.warning("profile %s cannot be read: %s", name, error)
            return None

    def save_profile(self, profile: dict | None) -> "Problems":
        path = self._path("profile")
        try:
            if profile is None:
                files.remove(path)
                files.remove(path + ".1")
            else:
                files.replace(path, profile)
        except OSError as error:
            return [_unwritten(error)]
        self._store.notify("profile")
        return []

    def _path(self, name: str) -> str:
        return f"{self._store.folder}/{name}.json"

    def _read(self, name: str) -> "tuple[dict | None, bool]":
        """The newest readable file of that name, and whether it is the first choice."""
        data, wrong = files.read_newest(self._path(name))
        if wrong:
            used = "nothing" if data is None else "the one before it"
            self._store.notice(f"{wrong}: {used} is used instead.")
        return data, data is not None and wrong is None

    def load(self, root: str) -> None:
        from config import schema

        self._make_folders(root)
        data, newest = self._read("settings")
        document = data or {}
        self._store.revision = whole(document.get("revision"))
        self._load_secrets(newest and "revision" not in document)
        found: dict[str, str | None] = {}
        self._store.settings, self._store.problems = schema.validate(
            _without_revision(document), self.secrets.values, self._store.checks(), found
        )
        transient.release(transient.SETTINGS)
        self.secrets.values = of_owners(self.secrets.values, owners(self._store.settings))
        self._store.filed = newest and not self._store.problems
        for problem in self._store.problems:
            self._store.log.warning("%s: %s", problem["field"], problem["message"])
        made = _complete(document, self._store.settings)
        if found:
            self._move_secrets(document, found)
        elif made:
            self._file(document, self._store.settings, self.secrets.values)
        self._redact()

    def _make_folders(self, root: str) -> None:
        try:
            if root:
                files.make_folder(root)
            files.make_folder(self._store.folder)
        except OSError as error:
            self._store.notice(f"{self._store.folder} cannot be made ({error}).")

    def _document(self) -> dict:
        """The settings file as it was written."""
        return files.read_newest(self._path("settings"))[0] or {}

    def _load_secrets(self, handmade: bool) -> None:
        try:
            wrong = self.secrets.load(self._store.revision)
        except OSError as error:
            wrong = str(error)
        if wrong:
            self._store.notice(f"Secrets: {wrong}.")
        if self.secrets.revision > self._store.revision and not handmade:
            self._drop_newer_secrets()

    def _drop_newer_secrets(self) -> None:
        """Forgets the secrets of destinations: older settings may have another address for them."""
        kept = of_owners(self.secrets.values, (), ("destinations",))
        if len(kept) < len(self.secrets.values):
            self.secrets.values = kept
            self._store.notice(
                "The settings are older than the secrets: destinations lost theirs."
            )

    def _move_secrets(self, document: dict, found: "dict[str, str | None]") -> None:
        """Takes secrets that somebody wrote into the settings file to where they belong."""
        secrets = dict(self.secrets.values)
        _apply(secrets, found)
        cut_out(found, document, self._store.settings)
        problems = self._file(document, self._store.settings, secrets)
        if problems:
            self.secrets.values = secrets
            self._store.notice(f"Secrets are still in the settings file. {problems[0]['message']}")
            return
        try:
            files.remove(self._path("settings") + ".1")
        except OSError as error:
            self._store.notice(
                f"Secrets are still in the settings file before this one ({error})."
            )

    def _put(self, settings: dict, secrets: dict[str, str]) -> "Problems":
        """Files valid settings and secrets, unless they already are, then makes them known."""
        if (
            self._store.filed
            and settings == self._store.settings
            and secrets == self.secrets.values
        ):
            return []
        problems = self._file(settings, settings, secrets)
        if not problems:
            self._store.filed = True
            self._store.problems = []
        return problems

    def _file(self, document: dict, settings: dict, secrets: dict[str, str]) -> "Problems":
        """Files a document, which gives these settings, and secrets; then makes them known."""
        revision = max(self._store.revision, self.secrets.revision) + 1
        try:
            self.secrets.stage(secrets, revision)
            files.replace(self._path("settings"), dict(document, revision=revision))
        except OSError as error:
            return [_unwritten(error)]
        self._adopt(settings, secrets, revision)
        return []

    def _adopt(self, settings: dict, secrets: dict[str, str], revision: int) -> None:
        before, secrets_before = self._store.settings, self.secrets.values
        try:
            self.secrets.adopt(secrets, revision)
        except OSError as error:
            self._store.notice(f"Secrets are not filed yet: {error}.")
        self._store.settings, self._store.revision = settings, revision
        self._redact()
        for section in settings:
            if settings[section] != before[section] or _differ(section, secrets, secrets_before):
                self._store.notify(section)

    def _redact(self) -> None:
        for value in self.secrets.values.values():
            self._store.log.redact(value)


def _without_revision(data: object) -> object:
    if not isinstance(data, dict):
        return data
    return {key: data[key] for key in data if key != "revision"}


def _complete(document: dict, settings: dict) -> bool:
    """Writes into a document what was made for it and has to stay the same from now on; whether there was anything."""
    made = False
    given = document.get("destinations")
    for index, destination in enumerate(given if isinstance(given, (list, tuple)) else ()):
        uuid = (
            settings["destinations"][index]["sign"]["plug_uuid"]
            if index < len(settings["destinations"])
            else ""
        )
        sign = destination.get("sign", {}) if isinstance(destination, dict) else None
        if uuid and isinstance(sign, dict) and not sign.get("plug_uuid"):
            destination["sign"] = dict(sign, plug_uuid=uuid)
            made = True
    return made


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
