"""Runs under Unix MicroPython: the way the reference firmware polls, as its users describe it.

    on_device_reference.py PORT PLAN SWEEPS

PLAN is a JSON file, {"class_init": commands sent when the kind of parameter changes, "requests": [[commands,
request], …]} with one request per PARAMETER. Before each its own commands are sent, all of them, every time;
after each there is a pause. Waits for nothing but the adapter's prompt, decodes nothing. Prints the
milliseconds of each sweep and how many requests were answered.
"""

import json
import socket
import sys
import time

from micropython import const

_PAUSE_MS = const(100)
_PROMPT = b">"
_START = ("ATI", "ATE0", "ATH1", "ATL0", "ATS1", "ATM0", "ATST96")


class Adapter:
    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])

    def send(self, text: str) -> bytes:
        """What the adapter prints before its prompt."""
        self._socket.send(text.encode() + b"\r")
        answer = b""
        while not answer.endswith(_PROMPT):
            chunk = self._socket.recv(512)
            if not chunk:
                raise OSError("the adapter closed the connection")
            answer += chunk
        return answer

    def send_all(self, commands: str) -> None:
        for command in commands.split(";"):
            if command:
                self.send(command)


def sweep(adapter: Adapter, plan: dict) -> tuple:
    """Asks for every parameter once: (milliseconds, answers)."""
    began = time.ticks_ms()
    answers = 0
    adapter.send_all(plan["class_init"])
    for commands, request in plan["requests"]:
        adapter.send_all(commands)
        positive = "%02X" % (int(request[:2], 16) + 0x40)
        answers += (" %s %s" % (positive, request[2:4])).encode() in adapter.send(request)
        time.sleep_ms(_PAUSE_MS)
    return time.ticks_diff(time.ticks_ms(), began), answers


def main(port: str, path: str, sweeps: str) -> None:
    with open(path) as file:
        plan = json.load(file)
    adapter = Adapter(int(port))
    for command in _START:
        adapter.send(command)
    found = [sweep(adapter, plan) for _ in range(int(sweeps))]
    print(json.dumps({"ms": [ms for ms, _ in found], "answers": [count for _, count in found]}))


main(*sys.argv[1:])
