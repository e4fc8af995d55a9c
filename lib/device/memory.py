"""What the device found out by itself and need not find out again after a restart, apart from what the user chose."""

import os

import transient

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from log import Logger


class Memory:
    """Short texts by key, in `<root>/config/found.json`. Losing them costs time, nothing else: errors are logged."""

    def __init__(self, root: str, log: "Logger") -> None:
        from config import files  # given back below, as in `put`

        self._path = root + "/config/found.json"
        self._log = log
        data, wrong = files.read_newest(self._path)
        transient.release(transient.FILING)
        self._values: dict = data or {}
        if wrong and data is not None:
            log.warning("%s", wrong)

    def get(self, key: str) -> str | None:
        """The remembered text, or None."""
        text = self._values.get(key)
        return text if isinstance(text, str) else None

    def count(self, key: str) -> int:
        """Counts up by one, over restarts too, and returns the new number.

        It begins somewhere: after a loss no number comes again, as good as certainly.
        """
        try:
            number = int(self.get(key) or "") + 1
        except ValueError:
            number = int.from_bytes(os.urandom(3), "big")
        self.put(key, str(number))
        return number

    def put(self, key: str, text: str) -> None:
        """Remembers a text; the file is only written if it is new."""
        if self._values.get(key) == text:
            return
        self._values[key] = text
        try:
            from config import files

            files.replace(self._path, self._values)
        except OSError as error:
            self._log.warning("%s cannot be written: %s", self._path, error)
        finally:
            transient.release(transient.FILING)
