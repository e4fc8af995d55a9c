"""Hosts for tests of the simulator: one in virtual time, one on a real socket."""

import asyncio
import selectors
import socket
from pathlib import Path

from simulator import Options, load_car
from simulator.adapter import Adapter
from simulator.car import FOLDER, Car


class _Leap(selectors.SelectSelector):
    """Instead of waiting, lets the time go by."""

    now = 1000.0

    def select(self, timeout=None):
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing will ever happen"
            self.now += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock leaps to the next timer."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


class _Ear:
    """What was heard so far."""

    def __init__(self) -> None:
        self.heard = b""
        self.more = asyncio.Event()

    def __call__(self, data: bytes) -> None:
        self.heard += data
        self.more.set()


class Bench:
    """An adapter and its host without anything between them, in virtual time."""

    def __init__(self, car: str | dict = "petrol", **options: object) -> None:
        self.loop = VirtualLoop()
        data = load_car(car).data if isinstance(car, str | Path) else car
        self.car = Car({"name": "car", "protocol": "6", "ecus": [], **data}, self.loop.time)
        self.adapter = Adapter(self.car, Options(**{"pace": False, **options}), self.loop)
        self._ear = self.adapter.host = _Ear()
        self.adapter.start()
        self.elapsed = 0.0

    def __del__(self) -> None:
        self.loop.run_until_complete(self.adapter.stop())
        self.loop.close()

    def ask(self, command: str, timeout: float = 60.0) -> str:
        """Sends a line; everything until the prompt, without it. `elapsed`: seconds it took."""
        self._ear.heard = b""
        started = self.loop.time()
        self.adapter.feed(command.encode() + b"\r")
        self.loop.run_until_complete(self._until_prompt(timeout))
        self.elapsed = self.loop.time() - started
        return self._ear.heard.decode("latin-1").removesuffix(">")

    def lines(self, command: str) -> list[str]:
        """The answer as lines, without blanks at their ends and without empty ones."""
        return [line.strip() for line in self.ask(command).splitlines() if line.strip()]

    def setup(self, commands: str) -> "Bench":
        """Sends commands separated by semicolons, each of which has to succeed."""
        for command in filter(None, commands.split(";")):
            assert "OK" in self.ask(command), command
        return self

    def send(self, text: str) -> None:
        """Sends characters and waits for nothing."""
        self.adapter.feed(text.encode())

    def rest(self, seconds: float) -> str:
        """Lets time go by; what came."""
        self._ear.heard = b""
        self.loop.run_until_complete(asyncio.sleep(seconds))
        return self._ear.heard.decode("latin-1")

    async def _until_prompt(self, timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while not self._ear.heard.endswith(b">"):
                self._ear.more.clear()
                await self._ear.more.wait()


class Client:
    """A host on a real socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(5)

    def ask(self, command: str) -> str:
        """Sends a line; what comes until the prompt, without it."""
        self.socket.sendall(command.encode() + b"\r")
        heard = b""
        while not heard.endswith(b">"):
            heard += self.socket.recv(4096) or b"(closed)>"
        return heard[:-1].decode("latin-1")


def ecu(tx: str = "7E0", rx: str = "7E8", **spec: object) -> dict:
    """One ECU of a car file."""
    return {"tx": tx, "rx": rx, "functional": True, **spec}


__all__ = ["FOLDER", "Bench", "Client", "VirtualLoop", "ecu"]
