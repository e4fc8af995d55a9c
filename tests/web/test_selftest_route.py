"""The self-test of formulas and formats, as somebody sees it who asks the device for it."""

import socket
import time

from page_server import ask, connect, request_for, serving, told

PATH = "/api/v1/selftest"


def test_every_formula_is_tried_and_the_outcomes_are_counted():
    with serving() as port:
        status, found = told(port, PATH)
        assert status == 200
        rows = found["vectors"]
        assert (found["passed"], found["failed"]) == (len(rows), 0) and len(rows) >= 40
        assert rows[0] == {"name": "kpn_1", "ok": True, "detail": ""}
        assert len({row["name"] for row in rows}) == len(rows)


def test_it_can_be_run_again_also_after_somebody_left_in_the_middle():
    with serving() as port:
        with connect(port) as client:
            client.sendall(request_for(PATH))
            client.recv(1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        deadline = time.monotonic() + 20
        while ask(port, PATH)[0].status == 503:
            assert time.monotonic() < deadline
        assert told(port, PATH)[1]["failed"] == 0


def test_it_is_not_for_everybody():
    with serving() as port:
        assert ask(port, PATH, {})[0].status == 401
