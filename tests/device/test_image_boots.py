"""An image as `make image` makes it: mounted under MicroPython, and started until it delivers a document."""

import hashlib
import json

import collector
import flashed
import pytest
import simulator
import unix_device
from flash.credentials import Credentials
from provision import fleet

from firmware import PASSWORD, TOKEN, destination, telemetry

DEVICE = "123456789abc"  # the imitated chip's MAC address
# What every file is, as MicroPython reads it: nothing is longer, shorter or missing.
LISTED = """
import os
from binascii import hexlify
from hashlib import sha256
def look(path):
    for name in os.listdir(path or "/"):
        below = path + "/" + name
        if below == "/host":
            continue
        if os.stat(below)[0] & 0x4000:
            look(below)
        else:
            with open(below, "rb") as file:
                data = file.read()
            print(below, len(data), hexlify(sha256(data).digest()).decode())
look("")
found = os.statvfs("/")
print(found[0], found[2])
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return flashed.make(tmp_path_factory.mktemp("image"))


def written(folder, image):
    path = folder / "device.bin"
    path.write_bytes(image.bytes())
    return path


def test_micropython_reads_every_file_as_it_was_written(tmp_path, made):
    path = written(tmp_path, made)
    *lines, last = flashed.execute(path, made.vfs, LISTED).splitlines()
    files = {"/" + name: data for name, data in made.files.items()}
    assert sorted(lines) == sorted(
        f"{name} {len(data)} {hashlib.sha256(data).hexdigest()}" for name, data in files.items()
    )
    assert last == f"4096 {made.vfs.size // 4096}", "it fills the partition"


def test_the_image_knows_when_it_was_released(tmp_path, made):
    code = "import sys\nsys.path.insert(0, '/app_a')\nfrom device import status\nprint(status.RELEASED)"
    assert flashed.execute(written(tmp_path, made), made.vfs, code) == f"{flashed.RELEASED}\n"


def test_the_image_starts_and_delivers_a_document(tmp_path, made):
    model = simulator.load_car("petrol")
    with (
        collector.background(tmp_path / "pki") as hub,
        simulator.background(model) as sim,
    ):
        device = provisioned(tmp_path, model, f"127.0.0.1:{sim.port}", hub.port)
        own = Credentials(DEVICE, "a network 7", PASSWORD)
        image = made.with_files({**device.files, **own.files(device.secrets)})
        path = written(tmp_path, image)
        web_port = json.loads(device.files["config/settings.json"])["web"]["port"]
        with flashed.started(path, made.vfs, web_port) as process:
            process.wait_for("listening on port", timeout=40)
            received = hub.wait(1, timeout=40)[0]
            first = json.loads(received.body)
            assert telemetry(received)["0C-EngineRPM"]
            assert first["status"]["device_id"] == DEVICE
            assert first["status"]["hw_version"] == "WiCAN-OBD-PRO"
            assert first["status"]["batt_voltage"] == "13.8V"
            assert process.status(), "its page takes the password of its label"


def test_an_image_without_an_application_starts_safe_mode(tmp_path, made):
    files = {name: data for name, data in made.files.items() if not name.startswith("app_a/")}
    path = tmp_path / "device.bin"
    bare = flashed.image.Image(made.board, made.version, made.firmware, made.vfs, files)
    path.write_bytes(bare.bytes())
    code = "\n".join(
        [
            "import sys",
            "sys.path.insert(0, '/rescue')",
            "import board",
            "from device import boot",
            "print(boot.prepare(board))",
            "from device import factory, safe_mode, safe_server, update",
            "print(sys.path[0], safe_mode.SafeMode.__name__, safe_server.Server.__name__)",
        ]
    )
    told = flashed.execute(path, made.vfs, code).splitlines()
    assert told == ["There is no application.", "/rescue SafeMode Server"]


def provisioned(folder, model, elm, port):
    """The line of a batch for the device that reads this car over TCP and delivers to this PC."""
    settings = {
        "version": 1,
        "adapter": {"kind": "tcp", "address": elm},
        "web": {"port": unix_device.free_port()},
        "autopid": {"standard": unix_device.standard(model)},
        "destinations": [destination(port)],
    }
    certs = folder / "garage"
    certs.mkdir()
    (certs / "ca.pem").write_bytes((folder / "pki" / "ca.pem").read_bytes())
    table = folder / "fleet.csv"
    table.write_text(f"name,destinations.1.auth.token,certs.garage\nvan-1,{TOKEN},garage\n")
    (device,) = fleet.read(table, settings)
    return device
