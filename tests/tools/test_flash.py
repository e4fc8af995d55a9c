"""`make flash`: the chip is checked before anything is written, and every device gets passwords of its own."""

import json
import subprocess
import sys

import flash
import image
import pytest
import segno
import small_image
from flash import __main__ as command
from flash import credentials, esp
from flash.credentials import Credentials
from image import boards

PORT = "/dev/ttyACM0"
WICAN = boards.load("wican_pro")


@pytest.fixture
def esptool(tmp_path, monkeypatch):
    return small_image.Program(tmp_path, "esptool", monkeypatch, flash_id=small_image.told())


def run(monkeypatch, path):
    monkeypatch.setattr(sys, "argv", ["flash", PORT, str(path)])
    return command.main()


def on_device(esptool):
    """The image that was written, taken apart, and where it was for that."""
    name = esptool.calls[-1][-1]
    path = esptool._folder / "written.bin"
    path.write_bytes(esptool.kept(name))
    return image.load(path), name


def test_the_command_lines_are_those_of_the_official_tool(tmp_path, esptool, monkeypatch):
    assert run(monkeypatch, small_image.written(tmp_path)) == 0
    asked, wrote = esptool.calls
    common = ["--chip", "esp32s3", "--port", PORT]
    assert asked == [*common, "flash-id"]
    keep = ["--flash-mode", "keep", "--flash-freq", "keep", "--flash-size", "keep"]
    start = [*common, "--baud", "460800", "--after", "hard-reset", "write-flash", *keep, "0x0"]
    assert wrote[:-1] == start


def test_esptool_knows_these_options():
    for word, option in (("write-flash", "--flash-size"), ("flash-id", "--help")):
        said = subprocess.run(
            [sys.executable, "-m", "esptool", "--chip", "esp32s3", word, "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert option in said.stdout


def test_the_device_gets_passwords_of_its_own_that_are_shown_once(
    tmp_path, esptool, monkeypatch, capsys
):
    from web import auth

    path = small_image.written(tmp_path)
    assert run(monkeypatch, path) == 0
    said = capsys.readouterr().out
    found, name = on_device(esptool)
    own = json.loads(found.files["own.json"])
    secrets = json.loads(found.files["config/secrets.json"])
    assert f"password {own['access_point']}\n" in said
    page = said.split("Page")[1].split("password ")[1].split("\n")[0]
    assert auth.check(own["password"], page)
    assert secrets == {"web.password": own["password"]}
    assert page not in str(found.files)
    assert "WiCAN_" + small_image.DEVICE in said
    rest = {key: data for key, data in found.files.items() if key not in ("own.json",)}
    del rest["config/secrets.json"]
    assert rest == image.load(path).files
    assert esptool.mode(name) == 0o600, "only its owner could read it"
    assert not small_image.left_in(name), "and it is gone"
    assert not (tmp_path / name).exists()


def test_no_two_devices_share_a_password():
    made = [credentials.make(small_image.DEVICE) for _ in range(50)]
    words = {own.wifi for own in made} | {own.page for own in made}
    assert len(words) == 100
    assert all(len(word) == 14 and set(word) <= set(credentials._LETTERS + "-") for word in words)


def test_the_qr_code_is_the_network():
    own = Credentials("1234567890ab", "abcd-efgh-jkmn", "pqrs-tuvw-xyz2")
    text = "WIFI:T:WPA;S:WiCAN_1234567890ab;P:abcd-efgh-jkmn;;"
    assert own.qr == segno.make_qr(text)


UNFIT = {
    "another chip": ({"kind": "ESP32-C3"}, "this is an ESP32-C3"),
    "too little flash": ({"flash": "8MB"}, "8 MB of flash; the image is for 16 MB"),
    "no PSRAM": ({"psram": ""}, "0 MB of PSRAM; wican_pro needs 8 MB"),
    "too little PSRAM": ({"psram": ", Embedded PSRAM 2MB (AP_3v3)"}, "2 MB of PSRAM"),
    "an unknown flash": ({"flash": "Unknown"}, "told too little"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_nothing_is_written_to_a_chip_that_does_not_fit(
    tmp_path, esptool, monkeypatch, capsys, case
):
    chip, why = UNFIT[case]
    esptool.say(flash_id=small_image.told(**chip))
    assert run(monkeypatch, small_image.written(tmp_path)) == 1
    assert why in capsys.readouterr().err
    assert len(esptool.calls) == 1


def test_a_chip_that_does_not_answer_is_an_error_with_advice(
    tmp_path, esptool, monkeypatch, capsys
):
    esptool.fail_at("flash-id")
    assert run(monkeypatch, small_image.written(tmp_path)) == 1
    said = capsys.readouterr()
    assert "no esp32s3 answers at /dev/ttyACM0: A fatal error occurred" in said.err
    assert "hold BOOT" in said.err


def test_a_write_that_fails_shows_no_passwords(tmp_path, esptool, monkeypatch, capsys):
    esptool.fail_at("write-flash")
    assert run(monkeypatch, small_image.written(tmp_path)) == 1
    said = capsys.readouterr()
    assert "was not written" in said.err
    assert "password" not in said.out


def test_the_file_system_is_as_large_as_the_chip_s_flash(tmp_path, esptool):
    esptool.say(flash_id=small_image.told(flash="32MB"))
    flash.flash(PORT, small_image.make(tmp_path))
    found, _ = on_device(esptool)
    assert found.vfs.size == 30 << 20


def test_without_an_image_the_device_is_left_alone(tmp_path, esptool, monkeypatch, capsys):
    assert run(monkeypatch, tmp_path / "none.bin") == 1
    assert "`make image` makes one" in capsys.readouterr().err
    assert not esptool.calls


def test_what_esptool_says_is_understood():
    found = esp.read(small_image.told())
    assert found == esp.Chip("ESP32-S3", 16 << 20, 8 << 20, "123456789abc")
    esp.check(found, WICAN)
