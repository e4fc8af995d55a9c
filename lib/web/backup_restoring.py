"""Reads a backup, tells what it would change, and puts it into force. Imported while that is done: see `web.backup`."""

from trust import contents, editing, inspection
from trust.certsets import DEFAULT, MAX_SETS, CertSetError, CertSets, is_name

from web import backup_changes, backup_making
from web.problem import Problem, Problems, bad, json_object, listed, row, unfit
from web.profile_api import checked
from web.settings_api import kept_elsewhere

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from web import Model
    from web.backup_changes import Row

    Found = list[dict[str, str]]
    Files = dict[str, bytes | None]

_FILES = ("ca.pem", "ca.default", "client.crt", "client.key")
# What decides whom an entry of a list reaches.
_WHOM = (
    ("destinations", ("url", "cert_set", "tls", "transport")),
    ("network.wifi", ("ssid",)),
)
_SEALED = "The passphrase is wrong, or the backup was changed after it was made."


class Plan:
    """What a backup would do to the device of `model`.

    Attributes:
        problems: why it cannot be put into force.
        rows: what would change.
    """

    def __init__(self, model: "Model") -> None:
        self.problems: Found = []
        self.rows: list[Row] = []
        self._model = model
        self._settings: dict | None = None
        self._secrets: dict[str, str | None] = {}
        self._sets: dict[str, Files] = {}
        self._profile: dict | None = None
        self._has_profile = False

    async def read(self, backup: object, passphrase: "str | None", given: dict) -> None:
        """Judges all of it. `given` holds secrets that it lacks, by key. Raises Problem or Problems if it is none."""
        backup = _known(backup)
        secrets = await _unsealed(backup, passphrase)
        complete = secrets is not None
        secrets = dict(secrets or {}, **given)
        for key, value in secrets.items():
            if not isinstance(value, str) or not backup_making.belongs(key):
                raise unfit([row("secrets." + key[:60], "type", "There is no such secret.")])
        if "cert_sets" in backup:
            self._read_sets(backup["cert_sets"], secrets, complete)
        if "settings" in backup:
            self._read_settings(backup["settings"], secrets, complete)
        if "profile" in backup:
            self._read_profile(backup["profile"])

    def told(self) -> str:
        """{"changes", "more", "problems"}."""
        return '%s,"problems":%s}' % (backup_changes.text(self.rows), listed(self.problems))

    def apply(self) -> None:
        """Puts it into force, all or nothing. Raises Problem or Problems."""
        if self.problems:
            raise unfit(self.problems)
        undo: list[Callable[[], object]] = []
        try:
            self._store_sets(undo)
            self._store_profile(undo)
            if self._settings is not None:
                _written(self._model.store.save(self._settings, self._secrets))
        except (OSError, Problem) as error:
            for step in reversed(undo):
                step()
            if isinstance(error, Problem):
                raise
            raise _unwritten("It could not be written (%s)." % error)
        for name in self._sets:
            self._model.certificates_changed(name)

    # Settings and profile

    def _read_settings(self, settings: object, secrets: "dict[str, str]", complete: bool) -> None:
        if not isinstance(settings, dict):
            raise unfit([row("settings", "type", "Must be an object.")])
        store = self._model.store
        self.problems.extend(kept_elsewhere(settings))
        self._secrets = {key: secrets[key] for key in secrets if not key.startswith("certs.")}
        strangers = None if complete else _strangers(store.settings, settings, self._sets)
        for key in store.secrets():
            lost = complete or key.startswith(strangers or ())
            if backup_making.belongs(key) and lost and key not in self._secrets:
                self._secrets[key] = None
        after, problems = store.check(settings, self._secrets)
        for problem in problems:
            self.problems.append(dict(problem, field="settings." + problem["field"]))
        self.rows.extend(backup_changes.between(store.settings, after))
        for key in sorted(self._secrets):
            self._tell_secret(key, store.secret(key), self._secrets[key])
        self._settings = settings

    def _tell_secret(self, key: str, before: "str | None", after: "str | None") -> None:
        if before != after:
            told = [
                None if one is None else word for one, word in ((before, "set"), (after, "new"))
            ]
            self.rows.append((key, told[0], told[1]))

    def _read_profile(self, profile: object) -> None:
        store = self._model.store
        before = store.profile()
        if profile == before:
            return
        if profile is not None:
            try:
                checked(profile, store)
            except Problems as found:
                for problem in found.found:
                    self.problems.append(dict(problem, field="profile." + problem["field"]))
                return
        self._profile, self._has_profile = profile, True  # type: ignore[assignment]  # an object: it was checked
        self.rows.append(("profile", _title(before), _title(profile)))

    def _store_profile(self, undo: "list[Callable[[], object]]") -> None:
        if self._has_profile:
            store = self._model.store
            before = store.profile()
            undo.append(lambda: store.save_profile(before))
            _written(store.save_profile(self._profile))

    # Cert sets

    def _read_sets(self, sets: object, secrets: "dict[str, str]", complete: bool) -> None:
        if not isinstance(sets, dict):
            raise unfit([row("cert_sets", "type", "Must be an object.")])
        self._model.certificates.recover()
        stored = CertSets(self._model.root)
        for name in sorted(sets):
            self._read_set(stored, name, sets[name], secrets.get("certs.%s.key" % name), complete)
        names = set(stored.names()) | set(self._sets)
        if len(names) > MAX_SETS:
            text = "There would be %d cert sets: there is room for %d."
            self.problems.append(row("cert_sets", "too_many", text % (len(names), MAX_SETS)))

    def _read_set(
        self, stored: CertSets, name: str, item: object, key: "str | None", complete: bool
    ) -> None:
        place = "cert_sets." + name[:40]
        if not is_name(name) or name == DEFAULT:
            self.problems.append(row(place, "characters", "There cannot be a set of that name."))
            return
        try:
            before = {file: stored.read(name, file) for file in _FILES}
            after = _files(item, key)
        except (CertSetError, ValueError) as error:
            self.problems.append(row(place, "unreadable", str(error)))
            return
        if not complete and key is None and after["client.crt"] == before["client.crt"]:
            after["client.key"] = before["client.key"]
        wrong = _judged(after)
        self.problems.extend([dict(one, field=place + "." + one["field"]) for one in wrong])
        if not wrong and after != before:
            self._sets[name] = after
            there = any([data is not None for data in before.values()])
            self.rows.append((place, "stored" if there else None, "changed" if there else "new"))

    def _store_sets(self, undo: "list[Callable[[], object]]") -> None:
        root = self._model.root
        stored = CertSets(root)
        for name in sorted(self._sets):
            if name in stored.names():
                before = {file: stored.read(name, file) for file in _FILES}
                undo.append(lambda name=name, before=before: editing.store(root, name, before))  # type: ignore
            else:
                undo.append(lambda name=name: editing.delete(root, name))  # type: ignore[misc]
            try:
                editing.store(root, name, self._sets[name])
            except OSError:
                undo.pop()  # it is what it was
                raise


def _known(backup: object) -> dict:
    """The backup, if it is one. Raises Problem or Problems."""
    if not isinstance(backup, dict):
        raise bad("backup", "type", "Must be an object.")
    if backup.get("format") != backup_making.FORMAT:
        raise unfit([row("backup", "format", "This is no backup of a device.")])
    if backup.get("version") != backup_making.VERSION:
        raise unfit([row("backup", "version", "This backup was made by newer firmware.")])
    return backup


async def _unsealed(backup: dict, passphrase: "str | None") -> "dict[str, str] | None":
    """The secrets in it; None without a passphrase. Raises Problems."""
    sealed = backup.get("secrets")
    if passphrase is None:
        return None
    if sealed is None:
        text = "This backup holds no secrets: leave the passphrase out."
        raise unfit([row("passphrase", "no_secrets", text)])
    from web import backup_sealing

    try:
        digest = backup_making.digest_of(backup)
        return json_object(await backup_sealing.unseal(sealed, passphrase, digest))
    except backup_sealing.Wrong:
        raise unfit([row("passphrase", "wrong_passphrase", _SEALED)])
    except (ValueError, Problem):
        raise unfit([row("backup", "secrets", "Its secrets are damaged.")])


def _strangers(before: dict, after: dict, sets: "Container[str]") -> "tuple[str, ...]":
    """The beginnings of the keys of entries that may reach somebody else: they must not inherit secrets.

    What is left out gets its default, which lets nobody else in. `sets` are the cert sets that change.
    """
    found = []
    for path, names in _WHOM:
        old, new = [_entries(one, path) for one in (before, after)]
        for id in old:
            there = new.get(id)
            if (
                there is None
                or str(there.get("cert_set")) in sets
                or _differs(old[id], there, names)
            ):
                found.append("%s.%s." % (path, id))
    return tuple(found)


def _differs(old: dict, new: dict, names: "tuple[str, ...]") -> bool:
    return any([name in new and old.get(name) != new[name] for name in names])


def _entries(settings: object, path: str) -> "dict[object, dict]":
    for part in path.split("."):
        settings = settings.get(part) if isinstance(settings, dict) else None
    items = settings if isinstance(settings, list) else ()
    return {str(item.get("id")): item for item in items if isinstance(item, dict)}


def _files(item: object, key: "str | None") -> "Files":
    """The files of a set in a backup. Raises ValueError."""
    if not isinstance(item, dict):
        raise ValueError("Must be an object.")
    ca, cert = item.get("ca"), item.get("cert")
    for data in (ca, cert):
        if data is not None and not isinstance(data, str):
            raise ValueError("Must be text, PEM.")
    files: Files = {"ca.default": b"" if ca == DEFAULT else None, "client.key": _bytes(key)}
    files["ca.pem"] = None if ca == DEFAULT else _bytes(ca)
    files["client.crt"] = _bytes(cert)
    return files


def _bytes(text: "str | None") -> "bytes | None":
    return None if text is None else text.encode()


def _judged(files: "Files") -> "Found":
    """What is wrong with a set, and if nothing is its files tidied. Dates are not judged: they may be renewed later."""
    ca, cert, key = [files[name] for name in ("ca.pem", "client.crt", "client.key")]
    if cert is not None and key is None:
        text = "The client's key is missing: give the passphrase, or the key."
        return [row("key", "field_empty", text)]
    if ca is None and files["ca.default"] is None:
        return [row("ca", "field_empty", "It needs authorities.")]
    wrong = inspection.check(ca, cert, key, None)[1]
    if not wrong:
        for name, tidy in (
            ("ca.pem", contents.tidy_certificates),
            ("client.crt", contents.tidy_certificates),
            ("client.key", contents.tidy_key),
        ):
            data = files[name]
            files[name] = None if data is None else tidy(data)
    return wrong


def _title(profile: object) -> "str | None":
    if profile is None:
        return None
    title = profile.get("car_model") if isinstance(profile, dict) else None
    return title if isinstance(title, str) and title else "a vehicle profile"


def _written(problems: "Found") -> None:
    for problem in problems:
        raise _unwritten(problem["message"])


def _unwritten(text: str) -> Problem:
    return Problem(500, "Internal Server Error", "", "storage", text)
