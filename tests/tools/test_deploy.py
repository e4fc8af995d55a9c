"""`make deploy`: what differs is copied into the slot in use, in an order that a pulled cable cannot spoil."""

import json
import os
import shlex
import subprocess
import sys

import deploy
import hardware
import on_cpython
import pytest
from deploy import DeployError
from device import boot
from image import application

PORT = "/dev/ttyACM0"
FIRST = application.Application(
    "wican_pro",
    "0.1.0",
    {"app.mpy": b"1", "web/site.mpy": b"2", "gone/away.mpy": b"3"},
    {"device/boot.mpy": b"4"},
)
SECOND = application.Application(
    "wican_pro",
    "0.1.0",
    {"app.mpy": b"1", "web/site.mpy": b"22", "net/new/deep.mpy": b"5"},
    {"device/boot.mpy": b"4"},
)
# In the place of mpremote: the device is a folder, which MicroPython sees as its file system.
MPREMOTE = """#!{python}
import json, os, shutil, subprocess, sys
root, log, micropython, fakes = {places}
words = sys.argv[1:]
assert words[:3] == ["connect", "/dev/ttyACM0", "resume"], words
def run(code):
    script = log + ".py"
    with open(script, "w") as file:
        file.write("import sys, vfs\\nvfs.umount('/')\\nvfs.mount(vfs.VfsPosix(%r), '/')\\n" % root)
        file.write("vfs.mount(vfs.VfsPosix('/'), '/host')\\nsys.path[:] = ['/host%s', '.frozen']\\n" % fakes)
        file.write("exec(%r)\\n" % code)
    done = subprocess.run([micropython, script], capture_output=True, text=True)
    sys.stdout.write(done.stdout.replace("\\n", "\\r\\n"))
    sys.stderr.write(done.stderr)
    assert not done.returncode
def there(path):
    assert path.startswith(":/")
    return root + path[1:]
steps, step = [], []
for word in words[3:] + ["+"]:
    if word == "+":
        steps.append(step)
        step = []
    else:
        step.append(word)
for step in steps:
    with open(log, "a") as file:
        file.write(json.dumps([word for word in step if not word.startswith("/tmp")]) + "\\n")
    if os.path.exists(log + ".pulled") and step[:2] == ["fs", "cp"]:
        sys.exit("mpremote: failed to access the port")
    if step[0] == "exec":
        run(step[1])
    elif step[:2] == ["fs", "rm"]:
        os.remove(there(step[2]))
    elif step[:2] == ["fs", "mkdir"]:
        os.mkdir(there(step[2]))
    elif step[:2] == ["fs", "cp"]:
        shutil.copyfile(step[2], there(step[3]))
    else:
        assert step == ["reset"], step
"""


class Device:
    """A folder that plays the device, and what was done to it."""

    def __init__(self, folder, monkeypatch):
        self.root = folder / "device"
        self.root.mkdir()
        self.log = folder / "log"
        script = folder / "mpremote"
        tools = on_cpython.ROOT / "tools" / "micropython"
        fakes = on_cpython.ROOT / "tests" / "fakes"
        places = tuple(str(place) for place in (self.root, self.log, tools, fakes))
        script.write_text(MPREMOTE.format(python=sys.executable, places=places))
        script.chmod(0o755)
        monkeypatch.setenv("MPREMOTE", str(script))

    def steps(self):
        """What was done since the last look, in short."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        self.log.unlink()
        return [shlex.join(step[:2] if step[0] == "exec" else step) for step in lines]

    def files(self):
        """{path: content}."""
        found = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.root)] = file.read()
        return found

    def has(self, made, slot="app_a"):
        files = self.files()
        mine = {path for path in files if path.startswith((slot, "rescue"))}
        wanted = {f"{slot}/{path}": data for path, data in made.files.items()}
        wanted.update({f"rescue/{path}": data for path, data in made.rescue.items()})
        wanted[f"{slot}/manifest"] = made.manifest
        return mine == set(wanted) and all(files[path] == wanted[path] for path in wanted)


@pytest.fixture
def device(tmp_path, monkeypatch):
    return Device(tmp_path, monkeypatch)


def test_an_empty_device_gets_everything(device):
    assert deploy.deploy(PORT, FIRST) == 7
    assert device.has(FIRST)
    assert (device.root / "boot.py").read_bytes() == (on_cpython.ROOT / "boot.py").read_bytes()


def test_what_is_there_already_is_not_written_again(device):
    deploy.deploy(PORT, FIRST)
    device.steps()
    assert deploy.deploy(PORT, FIRST) == 0
    look, *steps = device.steps()
    assert [step.split()[0] for step in steps] == ["exec", "reset"], "it was stopped to look"


def test_only_what_differs_is_written_and_the_manifest_frames_it(device):
    deploy.deploy(PORT, FIRST)
    device.steps()
    assert deploy.deploy(PORT, SECOND) == 3
    look, *steps = device.steps()
    assert steps.pop(-2).startswith("exec")
    assert steps == [
        "fs rm :/app_a/manifest",
        "fs rm :/app_a/gone/away.mpy",
        "fs mkdir :/app_a/net",
        "fs mkdir :/app_a/net/new",
        "fs cp :/app_a/net/new/deep.mpy",
        "fs cp :/app_a/web/site.mpy",
        "fs cp :/app_a/manifest",
        "reset",
    ]
    assert device.has(SECOND)


def test_a_pulled_cable_leaves_no_half_application_and_the_next_time_mends_it(device):
    deploy.deploy(PORT, FIRST)
    pulled = device.log.with_name("log.pulled")
    pulled.touch()
    with pytest.raises(DeployError, match="failed to access the port"):
        deploy.deploy(PORT, SECOND)
    assert "app_a/manifest" not in device.files()
    pulled.unlink()
    deploy.deploy(PORT, SECOND)
    assert device.has(SECOND)


def test_the_slot_in_use_is_the_one_that_is_written(device):
    (device.root / "slots").write_text("b - 0.1.0 -\n")
    deploy.deploy(PORT, FIRST)
    assert device.has(FIRST, "app_b")


def test_settings_and_the_other_slot_are_left_alone(device):
    kept = {"config/settings.json": b"{}", "own.json": b"{}", "app_b/app.mpy": b"old"}
    for path, data in kept.items():
        (device.root / path).parent.mkdir(exist_ok=True)
        (device.root / path).write_bytes(data)
    deploy.deploy(PORT, FIRST)
    deploy.deploy(PORT, SECOND)
    assert kept.items() <= device.files().items()


def test_an_update_on_trial_is_not_disturbed(device):
    (device.root / "slots").write_text("a b? 0.1.0 -\n")
    with pytest.raises(DeployError, match="on trial"):
        deploy.deploy(PORT, FIRST)
    assert list(device.files()) == ["slots"]


def test_starts_for_a_change_do_not_count_as_failed():
    with hardware.board("wican_pro") as bench:
        bench.esp32.stored.clear()
        boot.allow_one(bench.board)
        assert [value for value in bench.esp32.stored.values() if value]
        exec(deploy.FORGIVE)
        assert list(bench.esp32.stored.values()) == [0]


def test_mpremote_knows_the_commands():
    said = subprocess.run(
        [sys.executable, "-m", "mpremote", "--help"], capture_output=True, text=True, check=True
    ).stdout
    known = {line.split()[0] for line in said.splitlines() if line.startswith("  ")}
    assert {"connect", "resume", "exec", "fs", "reset"} <= known
