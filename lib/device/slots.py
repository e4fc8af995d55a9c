"""The application's two slots, and which of them is started.

/app_a and /app_b hold a whole application each: one runs, the other takes the next update. The file /slots says in four
words which one is in use, which one is on trial, the oldest version that may be installed, and which version failed
its trial:

    a - 1.2.0 -         a is in use
    a b 1.2.0 -         b is tried at the next start
    a b? 1.2.0 -        that start has been: b runs on trial, or was not confirmed
    a - 1.2.0 1.4.0     1.4.0 was not confirmed: a is in use again

A slot is whole if it has its manifest, which is written last and deleted first. Whenever the power fails, the old or
the new line is in the file. This format is shared with the copy of this module beside the slots, which updates leave
alone: it must not change.
"""

import os
from errno import ENOENT

MANIFEST = "/manifest"
NONE = "-"
_TRIED = "?"


class Slots:
    """The slots below `root`, the folder that plays the device's file system.

    Attributes:
        root: as given.
        used: the slot that is in use: "a" or "b".
        trial: the slot that waits for its trial or is on it, "" for none.
        tried: whether the start on trial has been.
        oldest: no version before this one may be installed.
        failed: the version that failed its trial last, "" for none since the last update.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._path = root + "/slots"
        self.used, self.trial, self.tried, self.oldest, self.failed = "a", "", False, "0", ""
        self._load()

    def folder(self, slot: str) -> str:
        """Where a slot's application is."""
        return self.root + "/app_" + slot

    def is_whole(self, slot: str) -> bool:
        """Whether an application was written there to its end."""
        try:
            os.stat(self.folder(slot) + MANIFEST)
        except OSError:
            return False
        return True

    @property
    def running(self) -> str:
        """The slot that was started, "" if none could be."""
        if self.trial and self.tried:
            return self.trial
        whole = [slot for slot in (self.used, _other(self.used)) if self.is_whole(slot)]
        return whole[0] if whole else ""

    @property
    def spare(self) -> str:
        """The slot that takes the next update."""
        return _other(self.running or "b")

    def version(self, slot: str) -> str:
        """The version in a slot, "" if it is not whole."""
        return self._word(slot, "version") if slot else ""

    def settle(self) -> bool:
        """Goes back to the slot in use if the other one's trial was not confirmed; returns whether that was so."""
        if not self.trial or not self.tried:
            return False
        self.failed = self.version(self.trial) or "unknown"
        self.trial, self.tried = "", False
        self._save_if_possible()
        return True

    def choose(self) -> str:
        """The folder of the application to start, "" if there is none.

        A slot on trial gets this one start, and none at all if that cannot be noted: there would be no way back.
        """
        self.settle()
        if self.trial:
            self.tried = self.is_whole(self.trial)
            if not self._save_if_possible():
                self.tried = False
        running = self.running
        return self.folder(running) if running else ""

    def free(self) -> str:
        """The spare slot; nothing points to it any more, and it is no longer whole. Raises OSError."""
        slot = self.spare
        if self.trial == slot or self.failed:
            self.trial, self.tried, self.failed = "", False, ""
            self._save()
        try:
            os.remove(self.folder(slot) + MANIFEST)
        except OSError as error:
            if error.errno != ENOENT:
                raise
        return slot

    def try_next(self, slot: str) -> None:
        """The slot gets its trial at the next start. Raises OSError."""
        self.used = self.running or slot
        self.trial, self.tried = (slot, False) if self.used != slot else ("", False)
        self._save()

    def confirm(self) -> bool:
        """The slot on trial, which runs, is good; returns whether there was one. Raises OSError."""
        if not self.trial or not self.tried:
            return False
        self.used, self.trial, self.tried, self.failed = self.trial, "", False, ""
        self._raise_oldest(self._word(self.used, "minimum"))
        self._save()
        return True

    def _raise_oldest(self, minimum: str) -> None:
        from device import version

        if version.is_version(minimum) and version.key(minimum) > version.key(self.oldest):
            self.oldest = minimum

    def _word(self, slot: str, name: str) -> str:
        """What the head of a slot's manifest says."""
        try:
            with open(self.folder(slot) + MANIFEST, "rb") as file:
                head = file.read(256).split(b"\n\n")[0].decode()
        except (OSError, ValueError):
            return ""
        for line in head.split("\n"):
            key, _, value = line.partition(" ")
            if key == name:
                return value
        return ""

    def _load(self) -> None:
        """What cannot be read counts as a device that never had an update."""
        try:
            with open(self._path, "rb") as file:
                used, trial, oldest, failed = file.read(128).decode().split()
        except (OSError, ValueError):
            return
        slot = trial[:1]
        if (
            used not in ("a", "b")
            or trial not in (NONE, slot, slot + _TRIED)
            or slot not in ("a", "b", NONE)
        ):
            return
        self.used, self.oldest = used, oldest
        self.trial = "" if slot in (NONE, used) else slot
        self.tried = bool(self.trial) and trial != slot
        self.failed = "" if failed == NONE else failed

    def _save(self) -> None:
        trial = self.trial + _TRIED if self.tried else self.trial
        words = (self.used, trial or NONE, self.oldest, self.failed or NONE)
        with open(self._path + ".new", "wb") as file:
            file.write((" ".join(words) + "\n").encode())
            file.flush()  # does not return before it is on the medium: see config.files
        os.rename(self._path + ".new", self._path)

    def _save_if_possible(self) -> bool:
        try:
            self._save()
        except OSError:
            return False
        return True


def _other(slot: str) -> str:
    return "a" if slot == "b" else "b"
