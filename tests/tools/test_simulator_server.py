"""The ways to reach an adapter, and its speed."""

import asyncio
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from simulator import Options, background, open_pty, serve
from simulator_host import FOLDER, Bench, Client

TOOLS = FOLDER.parent.parent


def test_a_synchronous_program_talks_over_tcp():
    with background("twin", pace=False, latency_ms=1) as sim:
        client = Client(sim.port)
        assert client.ask("ATE0") == "ATE0\rOK\r\r"
        client.ask("ATSP6")
        assert client.ask("01051").startswith("41 05 77")
        assert sim.car.values()["05-EngineCoolantTemp"] == "79"
        assert sim.adapter.counters["requests"] == 1


def test_an_asynchronous_program_talks_over_tcp():
    async def talk() -> bytes:
        server = await serve("twin", Options(pace=False))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"ATI\r")
        answer = await reader.readuntil(b">")
        await server.close()
        assert await reader.read() == b""
        return answer

    assert asyncio.run(talk()) == b"ATI\rELM327 v1.4b\r\r>"


def test_unplugged_connections_end_and_new_ones_are_refused():
    with background("twin", pace=False) as sim:
        client = Client(sim.port)
        client.ask("ATE0")
        sim.adapter.unplug()
        assert client.socket.recv(10) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", sim.port))
        sim.adapter.plug()
        assert Client(sim.port).ask("ATI") == "ELM327 v1.4b\r\r"


def test_a_new_host_replaces_the_old_one():
    with background("twin", pace=False) as sim:
        first, second = Client(sim.port), Client(sim.port)
        assert second.ask("ATI").endswith("ELM327 v1.4b\r\r")
        assert first.socket.recv(10) == b""


def test_a_pseudo_terminal():
    with background("twin", pty=True, pace=False) as sim:
        descriptor = os.open(sim.path, os.O_RDWR | os.O_NOCTTY)
        os.write(descriptor, b"ATI\r")
        heard = b""
        while not heard.endswith(b">"):
            assert select.select([descriptor], [], [], 5)[0]
            heard += os.read(descriptor, 100)
        os.close(descriptor)
    assert heard == b"ATI\rELM327 v1.4b\r\r>"


def test_a_pseudo_terminal_in_a_loop_can_be_unplugged():
    async def run() -> None:
        server = await open_pty("twin")
        assert os.path.exists(server.path)
        server.adapter.unplug()
        server.adapter.plug()
        assert os.path.exists(server.path)
        await server.close()

    asyncio.run(run())


def test_the_thread_ends_with_the_block():
    before = threading.active_count()
    with background("twin"):
        pass
    assert threading.active_count() == before


def test_command_line_prints_where_it_is_and_ends_on_a_signal():
    command = [sys.executable, "-m", "simulator", "--car", "twin", "--port", "0", "--no-pace"]
    with subprocess.Popen(command, cwd=TOOLS, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        port = int(re.fullmatch(r"simulator: twin on 127\.0\.0\.1:(\d+)\n", line)[1])
        assert "ELM327" in Client(port).ask("ATI")
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_command_line_says_what_is_wrong():
    command = [sys.executable, "-m", "simulator", "--car", "tank"]
    result = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "no car 'tank'" in result.stderr


def test_characters_take_their_time_in_both_directions():
    for baud in (9600, 38400, 115200):
        bench = Bench(pace=True, baud=baud, command_ms=0).setup("ATE0")
        bench.ask("ATI")
        characters = len("ATI\r") + len("ELM327 v1.4b\r\r>")
        assert bench.elapsed == pytest.approx(characters * 10 / baud, rel=1e-6), baud


def test_echo_is_sent_while_the_command_comes_in():
    bench = Bench(pace=True, baud=9600, command_ms=0)
    bench.ask("ATI")
    characters = len("ATI\r") + len("\rELM327 v1.4b\r\r>")
    assert bench.elapsed == pytest.approx(characters * 10 / 9600, rel=0.01)


def test_a_request_takes_the_sum_of_its_parts():
    bench = Bench("twin", pace=True, baud=115200, latency_ms=15).setup("ATE0;ATSP6;ATS0;ATH1")
    heard = bench.ask("01051")
    uart = (len("01051\r") + len(heard) + 1) * 10 / 115200
    assert bench.elapsed == pytest.approx(uart + 0.001 + 0.015 + 2 * 0.000238, rel=0.01)


def test_no_drift_on_a_real_clock():
    with background("twin", baud=19200, command_ms=0) as sim:
        client = Client(sim.port)
        client.ask("ATE0")
        characters = len("ATI\r") + len("ELM327 v1.4b\r\r>")
        times = []
        for _ in range(15):
            started = time.perf_counter()
            client.ask("ATI")
            times.append(time.perf_counter() - started)
    assert min(times) == pytest.approx(characters * 10 / 19200, rel=0.05)
