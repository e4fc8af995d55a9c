"""`make provision`: a batch is checked as a whole, written device by device, and goes on where it stopped."""

import csv
import io
import json
import sys

import image
import pki
import pytest
import small_image
from provision import __main__ as command
from provision import fleet
from provision.fleet import FleetError

PORT = "/dev/ttyACM0"
MACS = ("12:34:56:78:9a:b1", "12:34:56:78:9a:b2", "12:34:56:78:9a:b3")
OPEN = {"id": 1, "name": "Fleet", "url": "https://example.com/in"}
BASE = {"version": 1, "destinations": [{**OPEN, "auth": {"type": "bearer"}}]}
HEAD = "name,ids.custom1,ids.custom3,destinations.1.auth.token,destinations.1.cycle_ms,label\n"
ROWS = "van-1,B-XY 1,pin 1,t0ken-1,2000,Van 1\nvan-2,B-XY 2,,t0ken-2,,<2>\n"


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("Fleet")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "fleet.csv"
    path.write_text(HEAD + ROWS)
    return path


@pytest.fixture
def esptool(tmp_path, monkeypatch):
    return small_image.Program(tmp_path, "esptool", monkeypatch)


def without_token(bench):
    """The settings for all ask for no secret."""
    bench.settings.write_text(json.dumps({"version": 1, "destinations": [OPEN]}))


class Bench:
    """The command with a table and an image, and somebody who connects devices and presses Enter."""

    def __init__(self, folder, table, esptool, monkeypatch):
        self.out = folder / "out"
        self.settings = folder / "settings.json"
        self.settings.write_text(json.dumps(BASE))
        self.image = small_image.written(folder)
        self.esptool, self._table, self._monkeypatch = esptool, table, monkeypatch

    def run(self, *macs, port=PORT, more=()):
        """The exit status; a device for each MAC address, then Ctrl-D."""
        waiting = list(macs)

        def connect(prompt):
            if not waiting:
                raise EOFError
            self.esptool.say(flash_id=small_image.told(mac=waiting.pop(0)))

        words = [port, str(self._table), str(self.image), "--settings", str(self.settings)]
        self._monkeypatch.setattr("builtins.input", connect)
        self._monkeypatch.setattr(sys, "argv", ["p", *words, "--out", str(self.out), *more])
        return command.main()

    def manifest(self):
        return list(csv.DictReader(io.StringIO((self.out / "manifest.csv").read_text())))

    def device(self, number):
        """The files of the device that was written as the number-th."""
        calls = [call for call in self.esptool.calls if "write-flash" in call]
        path = self.image.with_name("written.bin")
        path.write_bytes(self.esptool.kept(calls[number][-1]))
        return image.load(path).files


@pytest.fixture
def bench(tmp_path, table, esptool, monkeypatch):
    return Bench(tmp_path, table, esptool, monkeypatch)


def test_each_device_gets_its_settings_and_secrets(bench):
    assert bench.run(*MACS[:2]) == 0
    for number, custom3, cycle in ((0, "pin 1", 2000), (1, None, 5000)):
        files = bench.device(number)
        settings = json.loads(files["config/settings.json"])
        secrets = json.loads(files["config/secrets.json"])
        assert settings["device"] == {"name": f"van-{number + 1}", "set_up": True}
        assert settings["ids"]["custom1"] == f"B-XY {number + 1}"
        assert settings["destinations"][0]["cycle_ms"] == cycle
        assert secrets["destinations.1.auth.token"] == f"t0ken-{number + 1}"
        assert secrets.get("ids.custom3") == custom3
        assert "t0ken" not in str(settings)


def test_the_device_takes_these_files_without_a_word(bench, tmp_path):
    from config import checks
    from config.store import Store
    from log import Log

    bench.run(MACS[0])
    folder = tmp_path / "device" / "config"
    folder.mkdir(parents=True)
    for path, data in bench.device(0).items():
        if path.startswith("config/"):
            (folder.parent / path).write_bytes(data)
    store = Store(str(folder.parent), Log(ring=10).logger("config"), lambda: checks.ALL)
    assert (store.problems, store.notices) == ([], [])
    assert store.secret("destinations.1.auth.token") == "t0ken-1"
    assert store.settings["destinations"][0]["enabled"]


def test_the_manifest_names_every_device_and_no_secret(bench):
    bench.run(*MACS[:2])
    first, second = bench.manifest()
    assert (first["name"], first["device_id"]) == ("van-1", "123456789ab1")
    assert (second["name"], second["ssid"]) == ("van-2", "WiCAN_123456789ab2")
    written = [call for call in bench.esptool.calls if "write-flash" in call]
    assert first["image_sha256"] == image.digest(bench.esptool.kept(written[0][-1]))
    own = json.loads(bench.device(0)["own.json"])
    text = (bench.out / "manifest.csv").read_text()
    assert "t0ken" not in text and own["access_point"] not in text


def test_labels_tell_the_passwords_to_their_owner_only(bench):
    bench.run(*MACS[:2])
    path = bench.out / "labels.html"
    text = path.read_text()
    assert text.count("<section>") == text.count("<svg") == 2
    for number in (0, 1):
        assert json.loads(bench.device(number)["own.json"])["access_point"] in text
    assert "Van 1" in text and "&lt;2&gt;" in text
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_batch_goes_on_where_it_stopped(bench, capsys):
    assert bench.run(MACS[0]) == 1
    assert "1 are left" in capsys.readouterr().out
    assert bench.run(MACS[1]) == 0
    assert [line["name"] for line in bench.manifest()] == ["van-1", "van-2"]
    assert bench.run() == 0, "nothing is left"


def test_a_device_that_failed_is_tried_again(bench, capsys):
    bench.esptool.fail_at("write-flash")
    assert bench.run(MACS[0], MACS[0]) == 1
    assert "was not written" in capsys.readouterr().err
    assert not (bench.out / "manifest.csv").exists()
    bench.esptool.fail_at()
    assert bench.run(MACS[0], MACS[1]) == 0


def test_the_same_device_is_not_written_twice(bench, capsys):
    assert bench.run(MACS[0], MACS[0]) == 1
    assert "was written before, as van-1" in capsys.readouterr().err


def test_a_line_with_a_mac_address_is_for_that_device(bench, table):
    without_token(bench)
    table.write_text("name,mac\nvan-1,12:34:56:78:9A:B3\nvan-2,\n")
    bench.run(MACS[0], MACS[2])
    found = {line["name"]: line["device_id"] for line in bench.manifest()}
    assert found == {"van-2": "123456789ab1", "van-1": "123456789ab3"}


def test_given_passwords_are_the_ones_on_the_label(bench, table):
    without_token(bench)
    table.write_text("name,web.password\nvan-1,a good password\n")
    from web import auth

    bench.run(MACS[0])
    secrets = json.loads(bench.device(0)["config/secrets.json"])
    assert auth.check(secrets["web.password"], "a good password")
    assert "a good password" in (bench.out / "labels.html").read_text()


def test_networks_and_the_access_point_get_their_passwords(bench, table):
    without_token(bench)
    table.write_text(
        "name,network.wifi.1.ssid,network.wifi.1.password,network.access_point.password\n"
        "van-1,Depot,a long password,a label password\n"
    )
    bench.run(MACS[0])
    files = bench.device(0)
    settings = json.loads(files["config/settings.json"])
    secrets = json.loads(files["config/secrets.json"])
    assert settings["network"]["wifi"][0]["ssid"] == "Depot"
    assert secrets["network.wifi.1.password"] == "a long password"
    assert json.loads(files["own.json"])["access_point"] == "a label password"
    assert "a label password" in (bench.out / "labels.html").read_text()


def test_checking_writes_nothing(bench, capsys):
    assert bench.run(port="check") == 0
    assert "2 devices, 2 left; wican_pro, 0.1.0" in capsys.readouterr().out
    assert not bench.esptool.calls and not bench.out.exists()


def test_cert_sets_come_from_folders_beside_the_table(bench, table, tmp_path, authority):
    pair = authority.client("van-1")
    folder = tmp_path / "certs" / "van-1"
    folder.mkdir(parents=True)
    (folder / "ca.pem").write_bytes(authority.pem)
    (folder / "client.crt").write_bytes(pair.cert_pem)
    (folder / "client.key").write_bytes(pair.key_pem)
    (folder / "notes.txt").write_text("not for the device")
    without_token(bench)
    table.write_text("name,certs.fleet,destinations.1.cert_set\nvan-1,certs/van-1,fleet\n")
    bench.run(MACS[0])
    files = bench.device(0)
    found = {path: data for path, data in files.items() if path.startswith("certs/fleet/")}
    assert found == {
        "certs/fleet/ca.pem": authority.pem,
        "certs/fleet/client.crt": pair.cert_pem,
        "certs/fleet/client.key": pair.key_pem,
    }


# What is wrong with a table is told before any device is written, all at once.

WRONG = {
    "name,colour\nvan,red\n": ["line 1: there is no setting 'colour'"],
    "mac\n123456789ab1\n": ["line 1: the first line has no column `name`"],
    "name,name\na,b\n": ["line 1: the column 'name' is there twice"],
    "name\nvan\nvan\n": ["the name 'van' is there twice"],
    "name,mac\na,123456789ab1\nb,12:34:56:78:9a:b1\n": ["the mac '123456789ab1' is there twice"],
    "name,mac\na,12345\n": ["line 2: mac: must have twelve hexadecimal digits"],
    "name,label\na\n": ["line 2: has more or fewer cells"],
    "name,destinations.1.cycle_ms\na,5\nb,soon\n": [
        "line 2: destinations.1.cycle_ms: Must be 0 or from 1000",
        "line 2: destinations.1.auth.token: A bearer token is missing.",
        "line 3: destinations.1.cycle_ms: 'soon' is no integer",
    ],
    "name,certs.fleet\na,nowhere\n": ["line 2: certs.fleet: There is no cert set named fleet."],
    "name,destinations.1.cert_set\na,fleet\n": [
        "line 2: destinations.1.cert_set: there is no column certs.fleet"
    ],
    "name,network.wifi.1.ssid,network.wifi.1.password\na,Depot,short\n": [
        "line 2: network.wifi.1.password: "
    ],
    "name,profile\na,none.json\n": ["line 2: profile: "],
    "name\nvan 1\n": ["line 2: device.name: "],
    "name\n": ["has no devices"],
    "name,web.port.x\na,1\n": ["there is no setting 'web.port.x'"],
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_table_is_told_at_once(table, text):
    table.write_text(text)
    with pytest.raises(FleetError) as caught:
        fleet.read(table, BASE)
    told = str(caught.value)
    assert all(why in told for why in WRONG[text]), told


def test_a_wrong_table_writes_nothing(bench, table, capsys):
    table.write_text("name,colour\nvan,red\n")
    assert bench.run(MACS[0]) == 1
    assert "make provision: line 1: there is no setting 'colour'" in capsys.readouterr().err
    assert not bench.esptool.calls


def test_settings_can_be_put_by_path():
    document = {"destinations": [{"id": 2, "name": "b"}]}
    fleet.put(document, "destinations.2.url", "https://b.example")
    fleet.put(document, "destinations.1.url", "https://a.example")
    fleet.put(document, "web.port", 81)
    assert document == {
        "destinations": [
            {"id": 2, "name": "b", "url": "https://b.example"},
            {"id": 1, "url": "https://a.example"},
        ],
        "web": {"port": 81},
    }
