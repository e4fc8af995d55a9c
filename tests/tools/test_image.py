"""The image: the official firmware byte for byte, a file system of exactly its partition's size, and nothing else."""

import hashlib
import struct
import subprocess
import sys

import image
import made_up_micropython
import pytest
import small_image
import update
from image import __main__ as command
from image import application, boards, filesystem, official
from image.boards import ImageError

MB = 1 << 20
WICAN = boards.load("wican_pro")


def read(folder, data, board=WICAN):
    path = folder / "micropython.bin"
    path.write_bytes(data)
    return official.read(path, board)


# The official firmware


def test_esptool_takes_the_made_up_firmware_for_a_sound_one(tmp_path):
    path = tmp_path / "micropython.bin"
    path.write_bytes(made_up_micropython.official()[0x10000:])
    command = [sys.executable, "-m", "esptool", "--chip", "esp32s3", "image-info", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.count("(valid)") == 2, said


def test_newer_micropython_has_its_file_system_in_the_rest_of_the_flash(tmp_path):
    found = read(tmp_path, made_up_micropython.official())
    assert found.version == "1.29.0"
    assert (found.vfs.offset, found.vfs.size) == (2 * MB, 14 * MB)


def test_older_micropython_says_in_its_table_how_large_it_is(tmp_path):
    found = read(tmp_path, made_up_micropython.official(version="1.25.0", vfs=6 * MB))
    assert (found.vfs.offset, found.vfs.size) == (2 * MB, 6 * MB)


def without_table():
    data = bytearray(made_up_micropython.official())
    data[0x8000:0x8C00] = b"\xff" * 0xC00
    return bytes(data)


def damaged(offset):
    data = bytearray(made_up_micropython.official())
    data[offset] ^= 1
    return bytes(data)


REFUSED = {
    "an application alone": (made_up_micropython.official()[0x10000:], "at 0x10000"),
    "nothing": (b"", "no bootloader at 0x0"),
    "another chip": (made_up_micropython.official(chip=5), "is not for esp32s3"),
    "a damaged bootloader": (damaged(40), "bootloader is damaged"),
    "a damaged application": (damaged(0x10000 + 2000), "application is damaged"),
    "half a download": (made_up_micropython.official()[:0x10800], "application is damaged"),
    "a damaged table": (damaged(0x8000 + 5), "partition table is damaged"),
    "no table": (without_table(), "no partition table"),
    "an old version": (made_up_micropython.official(version="1.24.1"), "take 1.25.0 or newer"),
    "no octal PSRAM": (
        made_up_micropython.official(machine="Generic ESP32S3 module"),
        "SPIRAM_OCT",
    ),
    "other firmware": (made_up_micropython.official(machine="\0"), "no MicroPython"),
    "another layout": (
        made_up_micropython.official(table=("ota_0", 0, 16, 0x10000, 0x180000)),
        "at 0x190000",
    ),
    "too large a file system": (made_up_micropython.official(vfs=15 * MB), "does not fit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_micropython_for_the_board_is_refused(tmp_path, case):
    data, why = REFUSED[case]
    with pytest.raises(ImageError, match=why):
        read(tmp_path, data)


# The file system


def test_the_same_files_make_the_same_file_system():
    files = {"b/c.mpy": b"1" * 5000, "a": b"", "b/d/e": b"22"}
    data = filesystem.pack(files, MB, 4096)
    assert len(data) == MB
    assert data == filesystem.pack(dict(reversed(files.items())), MB, 4096)
    assert filesystem.unpack(data, 4096) == files


def test_files_of_every_size_around_the_device_s_cache_come_back():
    files = {f"f{size}": bytes([size % 251]) * size for size in range(0, 1100, 7)}
    assert filesystem.unpack(filesystem.pack(files, MB, 4096), 4096) == files


def test_the_format_is_one_that_every_micropython_mounts():
    data = filesystem.pack({}, MB, 4096)
    start = data.index(b"littlefs") + 12
    version, block, count = struct.unpack_from("<III", data, start)
    assert (version, block, count) == (0x00020000, 4096, 256)


def test_files_that_do_not_fit_are_an_error():
    with pytest.raises(ImageError, match="do not fit into 64 KB"):
        filesystem.pack({"large": bytes(70_000)}, 65_536, 4096)


# The image


def test_the_image_is_the_firmware_erased_flash_and_the_file_system(tmp_path):
    data = small_image.make(tmp_path).bytes()
    firmware = made_up_micropython.official()
    assert len(data) == 16 * MB
    assert data[: len(firmware)] == firmware
    assert set(data[len(firmware) : 2 * MB]) == {0xFF}
    files = filesystem.unpack(data[2 * MB :], 4096)
    assert files["slots"] == b"a - 0.1.0 -\n"
    assert files["update.pub"] == bytes(384)
    assert files["certs/default/roots.bin"].startswith(b"ROOTS1\n")
    assert files["app_a/app.mpy"] == b"M"
    assert files["rescue/board.mpy"] == b"B"
    manifest = files["app_a/manifest"].decode()
    assert manifest.startswith("wican-update 1\nboard wican_pro\nversion 0.1.0\nminimum 0.1.0\n\n")
    assert manifest.endswith(f"{hashlib.sha256(b'M').hexdigest()} 1 app.mpy\n")
    assert not [name for name in files if "secret" in name or "own" in name]


@pytest.mark.parametrize("name", boards.names())
def test_an_image_can_be_taken_apart_again(tmp_path, name):
    made = small_image.make(tmp_path, name=name)
    path = tmp_path / "image.bin"
    path.write_bytes(made.bytes())
    found = image.load(path)
    assert (found.board.name, found.version, found.files) == (name, "0.1.0", made.files)
    assert found.bytes() == path.read_bytes()


def test_on_a_chip_with_more_flash_the_file_system_fills_it(tmp_path):
    made = small_image.make(tmp_path, name="esp32s3_elm")
    assert len(made.bytes()) == 8 * MB
    larger = made.sized(16 * MB)
    assert len(larger.bytes()) == 16 * MB
    path = tmp_path / "image.bin"
    path.write_bytes(larger.bytes())
    assert image.load(path).vfs.size == 14 * MB


def test_the_table_s_word_on_the_file_system_counts_on_every_chip(tmp_path):
    made = small_image.make(tmp_path, name="esp32s3_elm", vfs=6 * MB)
    assert len(made.sized(16 * MB).bytes()) == 8 * MB


@pytest.mark.parametrize("data", [b"", made_up_micropython.official(), b"\xff" * MB])
def test_other_files_are_no_images(tmp_path, data):
    path = tmp_path / "image.bin"
    path.write_bytes(data)
    with pytest.raises(ImageError, match="no image of this firmware"):
        image.load(path)


# The application


@pytest.fixture(scope="module")
def made():
    return application.build(WICAN, released=1_700_000_000)


def test_the_application_is_bytecode_page_and_data_alone(made):
    kinds = {path.rpartition(".")[2] for path in made.files if not path.startswith("page/")}
    assert "py" not in kinds
    assert {"app.mpy", "board.mpy", "esp32s3.mpy", "microdot/microdot.mpy"} <= set(made.files)
    assert {"page/versions", "page/index.html.gz"} <= set(made.files)


def test_what_lies_beside_the_slots_can_start_the_device(made):
    assert {"device/boot.mpy", "device/safe_server.mpy", "device/update.mpy"} <= set(made.rescue)
    assert "device/factory.mpy" in made.rescue, "imported when it is needed"
    assert "app.mpy" not in made.rescue
    assert made.rescue["board.mpy"] == made.files["board.mpy"]


def test_the_same_sources_make_the_same_application(made):
    assert application.build(WICAN, released=1_700_000_000).manifest == made.manifest


def test_imports_are_found_wherever_they_are_but_not_those_of_type_checkers():
    source = (
        "import a.b\nif TYPE_CHECKING:\n    import no\n"
        "def f():\n    from c import d\n    try:\n        import e\n    except ImportError:\n        pass\n"
    )
    assert sorted(application.imports(source)) == ["a.b", "c", "c.d", "e"]


def test_the_moment_of_the_release_can_be_given(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1799999999")
    assert application.release_time() == 1_799_999_999
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(ImageError, match="SOURCE_DATE_EPOCH"):
        application.release_time()


# The command


def arguments(monkeypatch, folder, *more):
    path = folder / "micropython.bin"
    path.write_bytes(made_up_micropython.official())
    key = folder / "update.key"
    out = folder / "out.bin"
    words = ["image", "wican_pro", str(path), "--key", str(key), "--out", str(out), *more]
    monkeypatch.setattr(sys, "argv", words)
    return key, out


def test_the_command_makes_an_image_with_the_key_that_signs_updates(
    tmp_path, monkeypatch, capsys, made
):
    key, out = arguments(monkeypatch, tmp_path)
    monkeypatch.setattr(application, "build", lambda board: made)
    assert command.main() == 0
    found = image.load(out)
    assert found.files["update.pub"] == update.modulus(update.load_key(key))
    assert found.files["app_a/manifest"] == made.manifest
    said = capsys.readouterr().out
    assert image.digest(out.read_bytes()) in said
    assert "14336 KB at 0x200000" in said


def test_a_public_key_that_is_missing_is_not_made_up(tmp_path):
    with pytest.raises(ImageError, match="there is no public key"):
        command.public_key(tmp_path / "update.pub")
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_is_wrong(tmp_path, monkeypatch, capsys):
    arguments(monkeypatch, tmp_path)
    sys.argv[1] = "wican"
    assert command.main() == 1
    assert capsys.readouterr().err == (
        "make image: there is no board 'wican'; there are esp32s3_elm, wican_pro\n"
    )
