"""The log: one readable line a record, printed and kept in a ring that the device's page reads.

    log = Log(level="info", ring=200)
    logger = log.logger("poller")
    logger.info("ECU %s answered", "7E8")       #    12.345 I poller  ECU 7E8 answered

Logging never raises, formats only what will be kept, and masks each value given to `redact`.
"""

from micropython import const
from uptime import Uptime

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    Record = tuple[int, int, str, str, str]

LEVELS = ("debug", "info", "warning", "error")

_DEBUG = const(0)
_INFO = const(1)
_WARNING = const(2)
_ERROR = const(3)
_LETTERS = "DIWE"
_MESSAGE_MAX = const(240)  # characters; bounds the ring's memory
_SECRET_MIN = const(4)  # masking shorter texts would mask half of every line
_SECRETS_MAX = const(64)
_MASK = "***"


class Log:
    """Takes records from all parts.

    Args:
        level: the least important level to keep, one of LEVELS.
        ring: how many records are remembered.
        sink: called with each line.
        uptime: the clock of the time stamps.

    Attributes:
        last: the sequence number of the newest record, 0 before the first.
        sink_failures: how often the sink raised; the record is in the ring all the same.
    """

    def __init__(
        self,
        level: str = "info",
        ring: int = 200,
        sink: "Callable[[str], object]" = print,
        uptime: Uptime | None = None,
    ) -> None:
        self.threshold = LEVELS.index(level)
        self.last = 0
        self.sink_failures = 0
        self._ring: list[Record] = [(0, 0, "", "", "")] * ring
        self._sink = sink
        self._uptime = uptime or Uptime()
        self._secrets: list[str] = []

    def set_level(self, level: str) -> None:
        """Keeps records of this level and above from now on; ValueError for an unknown level."""
        self.threshold = LEVELS.index(level)

    def logger(self, component: str) -> "Logger":
        """What a part logs through."""
        return Logger(self, component)

    def redact(self, value: str) -> None:
        """Masks this text in all records to come, if it has at least four characters.

        The latest 64 are remembered: whoever keeps secrets tells all of them again on a change.
        """
        if len(value) < _SECRET_MIN:
            return
        if value in self._secrets:
            self._secrets.remove(value)
        self._secrets.append(value)
        del self._secrets[:-_SECRETS_MAX]

    def records(self, since: int = 0) -> "list[Record]":
        """The remembered records after number `since`, oldest first.

        Each is (number, uptime in ms, level letter, component, message). A gap between `since` and
        the first number means that records in between were forgotten.
        """
        size = len(self._ring)
        first = max(since, self.last - size) + 1
        return [self._ring[number % size] for number in range(first, self.last + 1)]

    def write(
        self, level: int, component: str, format: str, arguments: tuple[object, ...]
    ) -> None:
        """Keeps and prints one record; `level` indexes LEVELS. For Logger, which compares it."""
        message = self._masked(_formatted(format, arguments))
        if len(message) > _MESSAGE_MAX:  # after masking: half a secret would not be recognised
            message = message[: _MESSAGE_MAX - 1] + "…"
        self.last += 1
        record = (self.last, self._uptime.ms(), _LETTERS[level], component, _one_line(message))
        self._ring[self.last % len(self._ring)] = record
        try:
            self._sink(line(record))
        except Exception:  # a full or closed console must not stop the part that logs
            self.sink_failures += 1

    def _masked(self, message: str) -> str:
        found = [secret for secret in self._secrets if secret in message]
        for secret in sorted(found, key=len, reverse=True):  # one may be part of another
            message = message.replace(secret, _MASK)
        return message


class Logger:
    """The log as one part sees it: every record carries its name; `%` formats the messages."""

    def __init__(self, log: Log, component: str) -> None:
        self._log = log
        self._component = component
        self.redact = log.redact

    def debug(self, format: str, *arguments: object) -> None:
        """For whoever looks for a fault: what was sent and received."""
        if self._log.threshold <= _DEBUG:
            self._log.write(_DEBUG, self._component, format, arguments)

    def info(self, format: str, *arguments: object) -> None:
        """What the device does in normal operation."""
        if self._log.threshold <= _INFO:
            self._log.write(_INFO, self._component, format, arguments)

    def warning(self, format: str, *arguments: object) -> None:
        """Something failed and the device goes on by itself."""
        if self._log.threshold <= _WARNING:
            self._log.write(_WARNING, self._component, format, arguments)

    def error(self, format: str, *arguments: object) -> None:
        """Something failed and stays so until somebody acts."""
        self._log.write(_ERROR, self._component, format, arguments)


def line(record: "Record") -> str:
    """One record as text: seconds since start, level, component, message."""
    _, ms, letter, component, message = record
    return f"{ms // 1000:5d}.{ms % 1000:03d} {letter} {component:7} {message}"


def _formatted(format: str, arguments: tuple[object, ...]) -> str:
    try:
        return format % arguments if arguments else str(format)
    except Exception:  # whatever an argument's own text conversion may raise
        return f"{format} ({len(arguments)} arguments that do not fit)"


def _one_line(message: str) -> str:
    """Control characters become spaces: a record must not look like two, nor steer a terminal."""
    if message and min(message) >= " ":
        return message
    return "".join([character if character >= " " else " " for character in message])
