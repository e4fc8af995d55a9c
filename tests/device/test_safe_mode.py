"""Safe mode as somebody meets it with a browser: login, what happened, update, reset, restart."""

import base64
import contextlib
import http.client
import json
import socket
import subprocess
import time

import pytest
import rescue
import signer
import unix_device
from device.slots import Slots

CHANGE = {"X-Requested-With": "page"}


def login(password):
    return {"Authorization": "Basic " + base64.b64encode(f"x:{password}".encode()).decode()}


class Device:
    def __init__(self, root):
        self.root = root
        self.port = unix_device.free_port()
        command = [rescue.ROOT / "tools/micropython", "-X", "heapsize=2M"]
        command += [rescue.ROOT / "tests/device/safe_probe.py", root, str(self.port)]
        self.process = subprocess.Popen(command, env=rescue.environment(root), cwd=root)
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(ConnectionRefusedError), self.connect():
                return
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def ask(self, method="GET", path="/", headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(
                method, path, body, login("lost and found") if headers is None else headers
            )
            response = connection.getresponse()
            return response.status, response.read().decode()

    def change(self, path, body=None):
        return self.ask("POST", path, {**login("lost and found"), **CHANGE}, body)

    def ends(self):
        """Whether it starts again."""
        return self.process.wait(timeout=20) == 1


@pytest.fixture
def device(tmp_path):
    rescue.make(tmp_path)
    rescue.application(tmp_path, "a", "", "1.3.0")
    config = tmp_path / "config"
    config.mkdir()
    secrets = {"web.password": unix_device.record("chosen later")}
    (config / "secrets.json").write_text(json.dumps(secrets))
    (config / "settings.json").write_text("{}")
    (config / "crash.txt").write_text("The application ended.\nValueError: <oh> & no")
    own = {"password": unix_device.record("lost and found"), "access_point": "12345678"}
    (tmp_path / "own.json").write_text(json.dumps(own))
    (tmp_path / "update.pub").write_bytes(signer.KEY)
    (tmp_path / "boot_memory").write_text("failed_boots 3\n")
    running = Device(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def test_the_device_closes_a_connection_that_it_has_answered(device):
    key = login("lost and found")["Authorization"]
    with device.connect() as sock:
        sock.sendall(f"GET /report HTTP/1.1\r\nAuthorization: {key}\r\n\r\n".encode())
        received = b""
        while chunk := sock.recv(4096):  # to the end: the chip has ten sockets
            received += chunk
    assert received.startswith(b"HTTP/1.0 200 ")


def test_what_happened_is_told_to_who_knows_a_password(device):
    status, page = device.ask()
    assert status == 200
    assert "The button was held." in page and "Application: 1.3.0" in page
    assert "ValueError: &lt;oh&gt; &amp; no" in page
    assert device.ask(path="/report")[1].endswith("ValueError: <oh> & no\n")
    assert device.ask(headers=login("chosen later"))[0] == 200, "the page's own password counts"


def test_strangers_and_other_sites_can_do_nothing(device):
    for method, path in (
        ("GET", "/"),
        ("GET", "/report"),
        ("POST", "/restart"),
        ("POST", "/update"),
    ):
        assert device.ask(method, path, CHANGE)[0] == 401
    for path in ("/restart", "/factory-reset", "/update"):
        assert device.ask("POST", path, login("lost and found"))[0] == 403
    assert device.process.poll() is None


def test_passwords_cannot_be_guessed_for_long(device):
    codes = [device.ask(headers=login("guess %d" % number))[0] for number in range(7)]
    assert codes[:4] == [401] * 4 and 429 in codes
    assert device.ask()[0] == 429, "not even the right one helps at once"


def test_nonsense_does_no_harm(device):
    for data in (b"\r\n\r\n", b"GET\r\n\r\n", b"\xff" * 4000, b"GET / HTTP/1.0\r\n"):
        with device.connect() as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(100)[:12] in (b"HTTP/1.0 400", b"")
    assert device.ask(path="/else")[0] == 404
    assert device.change("/update")[0] == 422
    assert device.ask()[0] == 200


def test_the_application_starts_when_somebody_wants_it(device):
    assert device.change("/restart")[0] == 202
    assert device.ends()
    assert (device.root / "boot_memory").read_text() == "failed_boots 0\n"


def test_an_update_is_installed_and_started(device):
    status, text = device.change("/update", signer.archive(signer.NEW, signature=bytes(384)))
    assert (status, text) == (422, "The update is not signed with this device's key.\n")
    status, text = device.change("/update", signer.archive(signer.NEW))
    assert status == 202 and "1.4.0" in text
    assert device.ends()
    assert Slots(str(device.root)).trial == "b"
    assert signer.content(str(device.root / "app_b")) == signer.NEW


def test_settings_are_deleted_when_somebody_wants_it(device):
    assert device.change("/factory-reset")[0] == 202
    assert device.ends()
    assert not (device.root / "config/secrets.json").exists()
    assert not (device.root / "config/crash.txt").exists()
    assert (device.root / "own.json").exists() and (device.root / "app_a/app.py").exists()
