"""`make run` from outside: what it prints, how it ends, what it takes from the environment."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MINE = ("WEB_PORT", "COLLECTOR_PORT", "DURATION", "STATE_DIR", "ELM", "CAR")


def environment(state: Path, **variables: object) -> dict[str, str]:
    """The environment of a run of its own: any free ports, a file system of its own."""
    others = {name: text for name, text in os.environ.items() if name not in MINE}
    chosen = {"WEB_PORT": 0, "COLLECTOR_PORT": 0, "STATE_DIR": state, **variables}
    return {**others, **{name: str(value) for name, value in chosen.items() if value is not None}}


def make_run(state: Path, **variables: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", "-s", "run"],
        cwd=ROOT,
        env=environment(state, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def documents(output: str) -> list[dict]:
    """The documents among the lines of stdout; each must be compact JSON, exactly one a line."""
    found = []
    for line in output.splitlines():
        if line.startswith("{"):
            found.append(json.loads(line))
            assert line == json.dumps(found[-1], separators=(",", ":"), ensure_ascii=False)
    return found


def line_with(process: subprocess.Popen, text: str, timeout: float = 20) -> str:
    """The first line of the process's output that holds `text`."""
    deadline = time.monotonic() + timeout
    while select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
        line = process.stdout.readline()
        if text in line:
            return line
        assert line, f"ended without {text!r}"
    raise AssertionError(f"no {text!r} within {timeout} s")


@contextmanager
def started(*command: str, **variables: str) -> Iterator[subprocess.Popen]:
    """A program in the background; its output is unbuffered text."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_it_shows_a_car_being_delivered_and_ends_by_itself(tmp_path):
    state = tmp_path / "state"
    done = make_run(state, DURATION=4, CAR="ioniq5")
    assert done.returncode == 0, done.stderr
    first, second, *_ = documents(done.stdout)
    assert list(first) == ["autopid_data", "config", "status"] and list(second) == ["autopid_data"]
    assert second["autopid_data"]["SOC"] == 66 and second["autopid_data"]["HV_A"] == -4.8
    assert re.search(r"^page +http://127.0.0.1:\d+  user: \w+  password: \w+$", done.stdout, re.M)
    assert "make-run" not in done.stdout + done.stderr  # the token
    again = make_run(state, DURATION=4, CAR="enyaq")
    assert again.returncode == 0, again.stderr
    first, *_ = documents(again.stdout)
    assert set(first["config"]) == {"42-ControlModuleVolt", "SOC", "SOC_D", "HV_V"}
    assert (state / "config" / "settings.json").stat().st_mode & 0o777 == 0o600


def test_an_adapter_elsewhere_takes_the_place_of_the_simulated_one(tmp_path):
    command = [sys.executable, "-m", "simulator", "--car", "twin", "--port", "0"]
    with started(*command, **{**os.environ, "PYTHONPATH": str(ROOT / "tools")}) as adapter:
        place = line_with(adapter, "simulator:").rsplit(" ", 1)[1].strip()
        done = make_run(tmp_path / "state", DURATION=4, CAR="twin", ELM=place)
    assert done.returncode == 0, done.stderr
    assert any("COOLANT_TMP" in document["autopid_data"] for document in documents(done.stdout))
    assert f"adapter   {place}" in done.stdout


def test_an_adapter_that_is_not_there_is_no_success(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    done = make_run(tmp_path / "state", DURATION=1.5, ELM=place)
    assert done.returncode != 0 and documents(done.stdout) == []
    assert "no connection to the adapter" in done.stderr


def test_ctrl_c_ends_it_cleanly(tmp_path):
    variables = environment(tmp_path / "state", PYTHONPATH=ROOT / "tools")
    with started(sys.executable, "-m", "run", **variables) as running:
        line_with(running, '{"autopid_data"')
        running.send_signal(signal.SIGINT)
        rest, _ = running.communicate(timeout=10)
    assert running.returncode == 0 and "documents received" in rest and "Traceback" not in rest


WRONG = {
    "CAR": ("nosuch", "no car 'nosuch': one of enyaq, ioniq5, petrol"),
    "WEB_PORT": ("http", "WEB_PORT must be a port number, not 'http'"),
    "COLLECTOR_PORT": ("65536", "COLLECTOR_PORT must be a port number, not '65536'"),
    "DURATION": ("soon", "DURATION must be a number of seconds above 0, not 'soon'"),
    "ELM": ("garage", "ELM must be host:port, not 'garage'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_wish_is_refused_in_one_sentence(tmp_path, name):
    text, sentence = WRONG[name]
    done = make_run(tmp_path / "state", **{"DURATION": 1, name: text})
    assert done.returncode != 0
    assert f"make run: {sentence}" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["WEB_PORT", "COLLECTOR_PORT"])
def test_a_port_that_is_taken_is_named(tmp_path, name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        done = make_run(tmp_path / "state", **{"DURATION": 1, name: number})
    assert done.returncode != 0 and f"port {number} cannot be had" in done.stderr


def test_a_damaged_state_is_refused_in_one_sentence(tmp_path):
    config = tmp_path / "state" / "config"
    config.mkdir(parents=True)
    (config / "settings.json").write_text("{")
    done = make_run(tmp_path / "state", DURATION=1)
    assert done.returncode != 0
    assert "settings.json is damaged" in done.stderr and "Traceback" not in done.stderr


def test_the_page_and_the_collector_need_a_port_each(tmp_path):
    done = make_run(tmp_path / "state", DURATION=4, WEB_PORT=18999, COLLECTOR_PORT=18999)
    assert done.returncode != 0 and "are both 18999" in done.stderr
