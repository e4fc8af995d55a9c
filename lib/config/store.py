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

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from log import Logger

    from config.fields import Checks
    from config.filing import Filing

    Problems = list[dict[str, str]]
    Result = TypeVar("Result")


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

    It only holds what is in force: what reads and writes the files is rarely needed, see `config.filing`.

    Args:
        root: folder of the device's files, "" for the root of the file system.
        log: where it is told what had to be worked around; learns every secret, to mask it.
        checks: gives what only other parts can check, see `config.fields.Reading`.

    Attributes:
        settings: complete and valid; replaced as a whole by `save`, never to be changed in place.
        revision: counts the changes, over restarts too.
        problems: what was refused when the settings were loaded; those entries are switched off.
        notices: one sentence for each file that was missing or damaged.
        folder, log, checks, filed: for `config.filing`; `filed` if the settings file holds exactly the settings.
    """

    def __init__(
        self, root: str, log: "Logger", checks: "Callable[[], Checks] | None" = None
    ) -> None:
        self.log = log
        self.checks = checks or dict
        self.folder = root + "/config"
        self.filed = False
        self.settings: dict = {}
        self.revision = 0
        self.problems: Problems = []
        self.notices: list[str] = []
        self._watches: list[Watch] = []
        self._secrets: tuple[dict[str, str], dict[str, str], int] = ({}, {}, 0)
        self._file(lambda filing: filing.load(root))

    def secret(self, key: str) -> str | None:
        """The secret stored under a key such as "destinations.1.auth.token", 1 being the id."""
        return self._secrets[0].get(key)

    def secrets(self) -> "dict[str, str]":
        """All secrets by key: not to be changed, and not to be shown."""
        return self._secrets[0]

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
        clears it, whatever is not mentioned stays. Those of destinations and networks that are gone go too; one
        without id is a new one. A "revision" in the document is ignored.

        Returns all problems; if there is one, nothing was changed.
        """
        return self._file(lambda filing: filing.save(data, secrets_changes or {}))

    def check(
        self, data: object, secrets_changes: "dict[str, str | None] | None" = None
    ) -> "tuple[dict, Problems]":
        """The settings that `save` would put into force, and what it would find wrong. Nothing is changed."""
        return self._file(lambda filing: filing.check(data, secrets_changes or {}))

    def save_secrets(self, changes: "dict[str, str | None]") -> "Problems":
        """Sets (text) or clears (None) secrets by key, whatever may be wrong with the settings.

        Returns what is wrong with the changes themselves; if there is anything, nothing was changed.
        """
        return self._file(lambda filing: filing.save_secrets(changes))

    def profile(self) -> dict | None:
        """The vehicle profile as it was saved, read anew each time; None if there is none."""
        return self._file(lambda filing: filing.profile())

    def base_profile(self, path: str) -> dict | None:
        """The profile that another one extends, or None: `<root>/config/profiles/` and the last part of the path."""
        return self._file(lambda filing: filing.base_profile(path))

    def save_profile(self, profile: dict | None) -> "Problems":
        """Replaces or removes the vehicle profile. Returns the problem if it cannot be written."""
        return self._file(lambda filing: filing.save_profile(profile))

    def notice(self, text: str) -> None:
        """Called by `config.filing` with what is wrong with a file."""
        self.notices.append(text)
        self.log.warning("%s", text)

    def notify(self, section: str) -> None:
        """Called by `config.filing` for each section that was changed."""
        for watch in self._watches:
            watch.notify(section)

    def _file(self, work: "Callable[[Filing], Result]") -> "Result":
        """Has files read or written.

        The secrets are handed over as plain values: an object kept here would keep the code of its class.
        """
        from config import filing  # given back below

        worker = filing.Filing(self, self._secrets)
        try:
            return work(worker)
        finally:
            self._secrets = worker.secrets.state()
            transient.release(transient.FILING)
