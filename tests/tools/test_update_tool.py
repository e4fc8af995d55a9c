"""The tool that signs updates: its key, what it makes of an application, and what the device makes of that."""

import json
import stat
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import signer
import update
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from device import signature
from device.slots import Slots
from device.update import Update
from helper import run

FILES = {"app.mpy": b"new application", "web/pages.mpy": b"x" * 4000}
MANIFEST = signer.manifest(FILES, board="wican_pro", version="0.2.0")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return update.load_key(tmp_path_factory.mktemp("key") / "update.key")


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path, capsys):
    path = tmp_path / "below" / "update.key"
    made = update.load_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.with_suffix(".pub").read_bytes() == update.modulus(made)
    assert len(update.modulus(made)) == 384
    assert "keep a copy" in capsys.readouterr().out
    assert update.modulus(update.load_key(path)) == update.modulus(made)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("other", ["nothing", "small", "curve"])
def test_a_file_with_something_else_is_never_overwritten(tmp_path, other):
    path = tmp_path / "update.key"
    made = (
        rsa.generate_private_key(65537, 2048)
        if other == "small"
        else ec.generate_private_key(ec.SECP256R1())
    )
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    text = made.private_bytes(serialization.Encoding.PEM, form, plain)
    path.write_bytes(b"nothing" if other == "nothing" else text)
    before = path.read_bytes()
    with pytest.raises(update.UpdateError):
        update.load_key(path)
    assert path.read_bytes() == before


def test_the_device_takes_what_the_tool_signs_and_nothing_else(tmp_path, key):
    data = update.archive(MANIFEST, FILES, key)
    found = run(
        Update(
            Slots(str(tmp_path)),
            update.modulus(key),
            "wican_pro",
            signer.Stream(data).read,
            len(data),
        ).install()
    )
    assert found.version == "0.2.0"
    assert signer.content(str(tmp_path / "app_a")) == FILES
    signed = data[8 + len(MANIFEST) :][:384]
    digest = signer.sha256(MANIFEST).digest()
    assert run(signature.verify(update.modulus(key), digest, signed))
    assert not run(signature.verify(signer.KEY, digest, signed))


class Device(BaseHTTPRequestHandler):
    """A device that gives the answers in `states`, the last again and again, and remembers what it got."""

    states: list = []
    installed: list = []
    refusal = None

    def do_GET(self):
        states = type(self).states
        self.tell(200, states.pop(0) if len(states) > 1 else states[0])

    def do_POST(self):
        type(self).installed.append(self.rfile.read(int(self.headers["Content-Length"])))
        if type(self).refusal:
            self.tell(422, [{"field": "", "code": "board", "message": type(self).refusal}])
        else:
            self.tell(202, {"version": "0.2.0"})

    def tell(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def device(key, monkeypatch):
    before = {"key": signer.sha256(update.modulus(key)).hexdigest()[:16], "board": "wican_pro"}
    before.update(version="0.1.0", next="", failed="")
    Device.states, Device.installed, Device.refusal = [before], [], None
    server = HTTPServer(("127.0.0.1", 0), Device)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PASSWORD", "secret")
    monkeypatch.setattr(update.time, "sleep", lambda _: None)
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def command(monkeypatch, key_path, host, *more):
    arguments = ["update", "--host", host, "--key", str(key_path), *map(str, more)]
    monkeypatch.setattr(update.sys, "argv", arguments)
    return update.main()


@pytest.fixture
def paths(tmp_path, key):
    path = tmp_path / "update.key"
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    file = tmp_path / "new.wup"
    file.write_bytes(update.archive(MANIFEST, FILES, key))
    return path, file


def test_an_update_is_sent_and_waited_for(device, paths, monkeypatch, capsys):
    before = Device.states[0]
    Device.states = [before, {**before, "next": "0.2.0"}, {**before, "version": "0.2.0"}]
    assert command(monkeypatch, paths[0], device, "--file", paths[1]) == 0
    assert Device.installed == [paths[1].read_bytes()]
    assert "version 0.2.0 runs on trial" in capsys.readouterr().out


def test_a_version_that_failed_is_told(device, paths, monkeypatch, capsys):
    before = Device.states[0]
    Device.states = [before, {**before, "failed": "0.2.0"}]
    assert command(monkeypatch, paths[0], device, "--file", paths[1]) == 1
    assert "version 0.2.0 failed; 0.1.0 runs again" in capsys.readouterr().err


def test_a_refusal_is_told_in_the_devices_words(device, paths, monkeypatch, capsys):
    Device.refusal = "The update is for another board."
    assert command(monkeypatch, paths[0], device, "--file", paths[1]) == 1
    assert "refuses: The update is for another board." in capsys.readouterr().err


def test_a_device_with_another_key_is_sent_nothing(device, paths, monkeypatch, capsys):
    Device.states[0]["key"] = "0011223344556677"
    assert command(monkeypatch, paths[0], device, "--file", paths[1]) == 1
    assert Device.installed == [] and "does not take updates" in capsys.readouterr().err


def test_a_host_that_is_not_there_is_told(paths, monkeypatch, capsys):
    monkeypatch.setenv("PASSWORD", "secret")
    assert command(monkeypatch, paths[0], "127.0.0.1:1", "--file", paths[1]) == 1
    assert "refused" in capsys.readouterr().err
