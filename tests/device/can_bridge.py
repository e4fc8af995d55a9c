"""A CAN bus on this computer: python-can's virtual one, a device on it through a socket, and ECUs of can-isotp."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import can
import isotp

ROOT = Path(__file__).resolve().parents[2]
_RECORD = 14

Frames = Callable[[can.Message], list[can.Message]]


class Bench:
    """A bus with a plug for a device.

    Attributes:
        spoil: what becomes of a frame on its way to the device; it may vanish, or come twice.
        log: frames that the device sent.
    """

    def __init__(self) -> None:
        self.channel = uuid.uuid4().hex
        self.spoil: Frames = lambda message: [message]
        self.log: list[can.Message] = []
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(30)
        self._stacks: list[isotp.CanStack] = []
        self._buses: list[can.BusABC] = []
        self._own = self.bus()
        self._device: socket.socket | None = None
        self._spawn(self._from_device)

    @property
    def port(self) -> int:
        """Where the device plugs in."""
        return int(self._server.getsockname()[1])

    def bus(self) -> can.BusABC:
        """One more node."""
        made = can.Bus(interface="virtual", channel=self.channel)
        self._buses.append(made)
        return made

    def ecu(
        self, address: isotp.Address, answer: Callable[[bytes], list[bytes]], **params: object
    ) -> isotp.CanStack:
        """An ECU of can-isotp that gives these answers to each request it receives whole."""
        patient = {"rx_flowcontrol_timeout": 5000, "rx_consecutive_frame_timeout": 5000}
        stack = isotp.CanStack(bus=self.bus(), address=address, params={**patient, **params})
        stack.start()
        self._stacks.append(stack)

        def serve() -> None:
            while not self._stop.is_set():
                request = stack.recv(block=True, timeout=0.05)
                for payload in answer(bytes(request)) if request else []:
                    stack.send(payload)

        self._spawn(serve)
        return stack

    def node(self, react: Callable[[can.Message, can.BusABC], None]) -> None:
        """A node that sees every frame the others send."""
        bus = self.bus()

        def serve() -> None:
            while not self._stop.is_set():
                message = bus.recv(0.05)
                if message is not None:
                    react(message, bus)

        self._spawn(serve)

    def _spawn(self, function: Callable[[], None]) -> None:
        thread = threading.Thread(target=function, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _from_device(self) -> None:
        try:
            self._device = self._server.accept()[0]
        except OSError:
            return
        self._device.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._spawn(self._to_device)
        stream = self._device.makefile("rb")
        while len(record := _read(stream)) == _RECORD:
            message = can.Message(
                arbitration_id=int.from_bytes(record[2:6], "big"),
                is_extended_id=record[0] == 1,
                data=record[6 : 6 + record[1]],
            )
            self.log.append(message)
            self._own.send(message)

    def _to_device(self) -> None:
        assert self._device is not None
        while not self._stop.is_set():
            message = self._own.recv(0.05)
            for each in self.spoil(message) if message is not None else []:
                head = bytes([each.is_extended_id, each.dlc]) + each.arbitration_id.to_bytes(
                    4, "big"
                )
                try:
                    self._device.sendall(head + bytes(each.data).ljust(8, b"\0"))
                except OSError:
                    return

    def ask(
        self, *requests: tuple[str, str], protocol: str = "6", timeout: float = 60
    ) -> list[dict]:
        """Has the device make (data, init) requests; what became of each: see can_probe.py."""
        plan = {
            "port": self.port,
            "protocol": protocol,
            "requests": [{"data": data, "init": init} for data, init in requests],
        }
        lines = run_device("can_probe.py", json.dumps(plan), timeout)
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """Takes everything apart."""
        self._stop.set()
        for stack in self._stacks:
            stack.stop()
        if self._device is not None:
            self._device.close()
        self._server.close()
        for thread in self._threads:
            thread.join(5)
        for bus in self._buses:
            bus.shutdown()


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(_RECORD)
    except OSError:  # it went away in the middle of what it was sent
        return b""


def run_device(script: str, plan: str, timeout: float = 60) -> list[str]:
    """Lines that a script beside this one prints under Unix MicroPython."""
    folders = ("lib", "firmware/boards/unix", "tests/unit", "tests/device")
    result = subprocess.run(
        [ROOT / "tools/micropython", "-X", "heapsize=8M", f"tests/device/{script}"],
        cwd=ROOT,
        input=plan,
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "MICROPYPATH": ":".join(str(ROOT / folder) for folder in folders)},
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout.splitlines()


@contextmanager
def bench() -> Iterator[Bench]:
    """A bus for one test."""
    made = Bench()
    try:
        yield made
    finally:
        made.close()
