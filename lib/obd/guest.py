"""The conversation with an app that uses the OBD chip: what it says goes to the chip, what the chip says goes to it.

The chip is the app's from its first character until it has been silent for a while; then the device asks the car itself
until the app goes on. It finds the chip as it left it: its settings are kept here, and sent again. What would leave
traces in the chip for good, or cut it off, is answered as if the chip did not know it.

Imported while an app is connected, then given back: see `transient`.
"""

import asyncio

from micropython import const

from obd.errors import AdapterLost, Garbled

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

    from log import Logger
    from uptime import Uptime

    from obd.can import Can
    from obd.elm327 import Elm327
    from obd.terminal import Terminal

_CHUNK = const(64)
_LINE = const(254)
_LOOK_MS = const(500)
_STALL_MS = const(5000)
_FORGOTTEN_MS = const(600_000)  # an app that says nothing for so long is gone
_RESET_MS = const(3000)
_SETTINGS = const(32)

# Flags, which end in 0 or 1, and what else an app may set (ELM327 data sheet v2.3, STN1100 family reference): one
# command of a kind is kept. Those of the protocol and of the receive address are one kind each.
_FLAGS = "ATE ATH ATL ATS ATD ATM ATR ATV ATCAF ATCFC ATCSM ATAT ATJHF ATKW"
_KINDS = (
    "ATFCSH ATFCSD ATFCSM ATCEA ATCER ATCRA ATSH ATCP ATCF ATCM ATSP ATTP ATST ATAT ATSW ATWM ATTA "
    "ATIB ATIIA ATPB ATSR ATRA ATJTM STPTO STCSEGR STCSEGT"
)
_SAME = {"ATTP": "ATSP", "ATAR": "ATCRA", "ATRA": "ATCRA", "ATSR": "ATCRA", "ATNL": "ATAL"}
_RESETS = ("ATZ", "ATWS", "ATD")

# The speed of the line, sleep, and what is stored for good.
_REFUSED = "ATBR ATLP ATPP AT@3 ATSD STBR STSBR STWBR STSLEEP STSL STSAV STSDI STRSTNVM STPPM VT"
_MONITORS = ("ATMA", "ATMP", "ATMR", "ATMT", "STM")  # these go on until they are interrupted
_LATER = const(512)


class Gone(Exception):
    """The app is."""


class Guest:
    """One app.

    Attributes:
        has_adapter: whether it has the chip now.
    """

    def __init__(
        self,
        reader: "StreamReader",
        writer: "StreamWriter",
        adapter: "Callable[[], Elm327 | Can | None]",
        return_ms: int,
        uptime: "Uptime",
        log: "Logger",
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._adapter = adapter
        self._return_ms = return_ms
        self._uptime = uptime
        self._log = log
        self._settings: list[tuple[str, str]] = []  # kind, command, in the order they were sent
        self._line = b""
        self._pending = b""  # came while the app did not have the chip
        self._later = b""  # came while the chip was at a command that takes a moment
        self._drops = False  # the rest of a line that interrupted the chip
        self._is_idle = True  # the chip shows its prompt
        self._can_interrupt = False
        self._trouble: Exception | None = None  # of those who wait for the chip
        self._moved_ms = 0
        self._renamed = False
        self.has_adapter = False

    async def run(self) -> None:
        """Serves the app until it leaves, or the chip does."""
        try:
            while True:
                self._pending = await self._hear(_FORGOTTEN_MS)
                if not self._pending:
                    return
                await self._borrow()
        except (Gone, OSError):
            pass
        except (AdapterLost, Garbled) as error:
            self._log.warning("the app was sent away: %s", error)

    async def _hear(self, patience_ms: int) -> bytes:
        """What the app says next; nothing if it is silent. Raises Gone or OSError."""
        try:
            data: bytes = await asyncio.wait_for_ms(self._reader.read(_CHUNK), patience_ms)
        except asyncio.TimeoutError:
            return b""
        if not data:
            raise Gone
        return data

    async def _borrow(self) -> None:
        adapter = self._adapter()
        borrow = getattr(adapter, "borrow", None)  # a bare CAN controller speaks no ELM327
        if borrow is None:
            raise AdapterLost("there is no OBD chip that it could use")
        try:
            await borrow(self._talk)
        finally:
            self.has_adapter = False

    async def _talk(self, terminal: "Terminal") -> None:
        """Has the chip until the app is silent."""
        self.has_adapter = True
        await self._put_back(terminal)
        self._line = self._later = b""
        self._is_idle, self._drops = True, False
        self._moved_ms = self._uptime.ms()
        self._trouble = None
        relay = asyncio.create_task(self._relay(terminal))
        try:
            await self._listen(terminal)
        finally:
            relay.cancel()
            try:
                await relay
            except asyncio.CancelledError:
                pass

    async def _listen(self, terminal: "Terminal") -> None:
        data = self._pending
        while self._trouble is None:
            self._take(data, terminal)
            await self._say(b"")
            spare_ms = self._return_ms - (self._uptime.ms() - self._moved_ms)
            if spare_ms <= 0:
                return
            data = await self._hear(min(spare_ms, _LOOK_MS))
            if data:
                self._moved_ms = self._uptime.ms()
        raise self._trouble

    async def _relay(self, terminal: "Terminal") -> None:
        """Tells the app what the chip says, until one of them is gone."""
        try:
            await self._repeat(terminal)
        except (AdapterLost, Gone, OSError) as error:
            self._trouble = error

    async def _repeat(self, terminal: "Terminal") -> None:
        while True:
            data = await terminal.receive()
            self._moved_ms = self._uptime.ms()
            if self._renamed and b"ATWS" in data:
                data, self._renamed = data.replace(b"ATWS", b"ATZ", 1), False
            self._is_idle = data.rstrip()[-1:] == b">"
            await self._say(data)
            if self._is_idle and self._later:
                data, self._later = self._later, b""
                self._take(data, terminal)

    async def _say(self, data: bytes) -> None:
        """Raises Gone if the app does not take it."""
        self._writer.write(data)
        try:
            await asyncio.wait_for_ms(self._writer.drain(), _STALL_MS)
        except (OSError, asyncio.TimeoutError):
            raise Gone

    # What the app says

    def _take(self, data: bytes, terminal: "Terminal") -> None:
        """Lines go to the chip as a whole. A character that comes while it is at work interrupts it, and the rest of
        that line is lost, as it would be with the chip itself; only what follows a short command waits."""
        data = data.replace(b"\n", b"").replace(b"\0", b"")
        for at, byte in enumerate(data):
            if self._drops:
                self._drops = byte != 13
            elif not self._is_idle and not self._can_interrupt:
                self._later = (self._later + data[at:])[:_LATER]
                return
            elif not self._is_idle:
                terminal.send(b" ")
                self._drops = byte != 13
            elif byte != 13:
                self._line = (self._line + bytes([byte]))[: _LINE + 1]
            else:
                line, self._line = self._line, b""
                self._obey(line, terminal)

    def _obey(self, line: bytes, terminal: "Terminal") -> None:
        command = _plain(line)
        if len(line) > _LINE or command.startswith(tuple(_REFUSED.split())):
            self._writer.write(self._refusal(line[:_LINE]))
            return
        if command == "ATZ":  # after it the chip might have another speed
            line, self._renamed = b"ATWS", True
        self._note(command)
        self._is_idle = False
        self._can_interrupt = command[:2] not in ("AT", "ST") or command.startswith(_MONITORS)
        terminal.send(line + b"\r")

    def _refusal(self, line: bytes) -> bytes:
        """As the chip would print it, with the settings the app has."""
        end = b"\r\n" if self._has("ATL", "ATL1") else b"\r"
        echo = b"" if self._has("ATE", "ATE0") else line + end
        return echo + b"?" + end + end + b">"

    # Its settings

    def _has(self, kind: str, command: str) -> bool:
        return (kind, command) in self._settings

    def _note(self, command: str) -> None:
        """Keeps what a command sets."""
        if command in _RESETS:
            self._settings = []
        elif command.startswith("STF") and command.endswith("C"):
            self._settings = [one for one in self._settings if not one[0].startswith("STF")]
        kind = kind_of(command)
        if kind and len(self._settings) < _SETTINGS:
            self._settings = [one for one in self._settings if one[0] != kind]
            self._settings.append((kind, command))

    async def _put_back(self, terminal: "Terminal") -> None:
        """Has the chip as the app left it; at first as after a start. Raises AdapterLost."""
        terminal.send(b" ")
        await terminal.drop_input()
        answer = await terminal.exchange("ATWS", _RESET_MS)
        if b"?" in answer:
            await terminal.exchange("ATZ", _RESET_MS)
        for _, command in [("", "ATM0")] + self._settings:  # nothing is written into its memory
            await terminal.exchange(command, _RESET_MS)
        await self._spare_search(terminal)

    async def _spare_search(self, terminal: "Terminal") -> None:
        """An app that leaves the protocol to the chip need not wait for another search: where to begin is known."""
        chosen = [command for kind, command in self._settings if kind == "ATSP"]
        found = getattr(self._adapter(), "found", None)
        if found and (not chosen or chosen[0][4:].strip("A") in ("", "0")):
            await terminal.exchange("ATTPA" + found, _RESET_MS)


def kind_of(command: str) -> str:
    """What a command sets: commands of the same kind replace each other. "" if it sets nothing."""
    if command in ("ATAL", "ATNL", "ATAR"):
        return _SAME.get(command, command)
    if command[-1:] in ("0", "1") and command[:-1] in _FLAGS.split():
        return "" if command == "ATM1" else command[:-1]
    if command.startswith("STF") and not command.endswith("C"):
        return command  # filters add up
    for kind in _KINDS.split():
        if command.startswith(kind):
            return _SAME.get(kind, kind)
    return ""


def _plain(line: bytes) -> str:
    return "".join([chr(byte) for byte in line if 32 < byte < 127]).upper()
