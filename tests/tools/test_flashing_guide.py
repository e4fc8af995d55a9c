"""docs/flashing.md tells what to do about sentences that the tools really say, with commands that there are."""

import re

import on_cpython

ROOT = on_cpython.ROOT
GUIDE = (ROOT / "docs" / "flashing.md").read_text("utf-8")
SOURCES = [
    *(ROOT / "tools" / "image").glob("*.py"),
    *(ROOT / "tools" / "flash").glob("*.py"),
    *(ROOT / "tools" / "provision").glob("*.py"),
    ROOT / "tools" / "deploy.py",
]


def test_every_sentence_of_the_guide_is_one_that_the_tools_say():
    table = GUIDE.split("| it says |")[1].split("\n\n")[0]
    sentences = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(sentences) > 15
    said = " ".join(re.sub(r'"\n\s*f?"', "", path.read_text("utf-8")) for path in SOURCES)
    texts = " ".join(re.sub(r"\{[^{}]*\}", "", said).split())
    assert not [text for text in sentences if text not in texts]


def test_every_command_of_the_guide_is_one_of_make():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    used = set(re.findall(r"(?:^    |`)make ([a-z]+)", GUIDE, re.MULTILINE))
    assert {"image", "flash", "provision", "deploy"} <= used <= targets


def test_every_option_of_the_guide_is_one_that_make_takes():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    used = set(re.findall(r"\b([A-Z_]{3,})=", GUIDE))
    assert {"BOARD", "MICROPYTHON", "PORT", "CSV", "SETTINGS", "OUT", "KEY", "FLASH_MB"} <= used
    assert not [name for name in used if f"$({name})" not in makefile]


def test_the_example_of_a_table_is_one_that_is_taken(tmp_path):
    from provision import fleet

    lines = [line[4:] for line in GUIDE.split("\n") if re.match(r"    (name,|van-)", line)]
    path = tmp_path / "fleet.csv"
    path.write_text("\n".join(lines) + "\n")
    for name in ("van-17", "van-18"):
        folder = tmp_path / "certs" / name
        folder.mkdir(parents=True)
        (folder / "ca.default").touch()
    destination = {"id": 1, "name": "x", "url": "https://example.com", "auth": {"type": "bearer"}}
    found = fleet.read(path, {"version": 1, "destinations": [destination]})
    assert [device.name for device in found] == ["van-17", "van-18"]
