"""The whole firmware under Unix MicroPython with an app on a phone that uses its OBD chip, against the simulator."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import unix_device

import firmware
from firmware import DEADLINE, World


@contextmanager
def shared(folder: Path, return_s: int = 1) -> Iterator[tuple[World, int]]:
    port = unix_device.free_port()

    def prepare(files: firmware.Files, _: object) -> None:
        files.change(sharing={"enabled": True, "port": port, "return_s": return_s})

    with firmware.world(folder, held=60, prepare=prepare) as world:
        world.device.wait_for(f"apps may connect to port {port}")
        yield world, port


class App:
    """Speaks as apps do: a line goes out, everything up to the prompt comes back."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE)

    def ask(self, line: str) -> list[str]:
        """The lines of the answer, without echo and blanks."""
        self.send(line)
        answer = self.hear()
        found = [text.replace(" ", "") for text in answer.replace("\n", "\r").split("\r")]
        return [text for text in found if text and text != line.replace(" ", "")]

    def send(self, line: str) -> None:
        self._socket.sendall(line.encode() + b"\r")

    def hear(self) -> str:
        """Everything up to the prompt; what there was at the end of the connection."""
        answer = b""
        while not answer.endswith(b">"):
            data = self._socket.recv(256)
            if not data:
                return answer.decode()
            answer += data
        return answer[:-1].decode()

    def set_up(self) -> None:
        assert any("ELM327" in line for line in self.ask("ATZ"))
        for line in ("ATE0", "ATL0", "ATS0", "ATH0", "ATSP0"):
            assert self.ask(line)[-1] == "OK", line

    def close(self) -> None:
        self._socket.close()


def rpm(lines: list[str]) -> float:
    """Before the first answer after a start, the chip says that it looks for the protocol."""
    *before, answer = lines
    assert before in ([], ["SEARCHING..."]) and answer.startswith("410C"), lines
    return int(answer[4:8], 16) / 4


def test_app_and_device_take_turns(tmp_path: Path) -> None:
    with shared(tmp_path) as (world, port):
        world.device.until(lambda status: firmware.readings(status))
        app = App(port)
        app.set_up()
        world.adapter.log.clear()
        answers = [app.ask("010C")[-1:] for _ in range(20)]
        spied = list(world.adapter.log)
        assert len(set(map(tuple, answers))) == 1 and rpm(answers[0]) > 500
        assert spied == ["010C"] * 20, "nothing comes between the app's requests"

        def is_asked_again() -> bool:
            return any(line.startswith("ATWS") for line in list(world.adapter.log)[20:])

        before = world.collector.wait(1, timeout=DEADLINE)
        world.device.until(lambda status: is_asked_again())
        world.collector.wait(len(before) + 2, timeout=DEADLINE)
        assert rpm(app.ask("010C")) == rpm(answers[0]), "headers are off, as the app wants it"
        app.close()
        world.device.wait_for("is gone")
        newest = world.device.until(lambda status: status["ecu"] == "online")
        assert firmware.readings(newest)


def test_one_app_at_a_time(tmp_path: Path) -> None:
    with shared(tmp_path, return_s=60) as (world, port):
        world.device.wait_for("connected:")
        first = App(port)
        first.set_up()
        assert App(port).hear() == "", "it is sent away"
        world.device.wait_for("another app talks")
        assert rpm(first.ask("010C")) > 500


def test_app_that_is_silent_gives_way(tmp_path: Path) -> None:
    with shared(tmp_path) as (world, port):
        world.device.wait_for("connected:")
        first = App(port)
        first.set_up()
        world.document_with("0C-EngineRPM")  # the device asks again
        for _ in range(20):  # on a busy computer the first may still count as talking
            second = App(port)
            second.send("ATI")
            if "ELM327" in second.hear():
                break
            world.collector.wait(len(world.collector.received) + 1, timeout=DEADLINE)
        assert first.hear() == ""
        assert rpm(second.ask("010C")[-1:]) > 500


def test_nobody_is_served_unless_it_is_wanted(tmp_path: Path) -> None:
    with firmware.world(tmp_path, held=60) as world:
        world.device.wait_for("connected:")
        assert "apps may connect" not in world.device.log
