"""Manifests of updates: what they say, and what none may say."""

import signer
from device.manifest import Manifest, UpdateError, is_path
from device.version import is_version, key
from helper import raises

FILES = {"app.mpy": b"one", "web/pages.mpy": b"two", "web/static/app.js": b""}
TEXT = signer.manifest(FILES)


def test_it_says_what_the_update_is_and_what_is_in_it():
    found = Manifest(TEXT)
    assert (found.board, found.version, found.minimum) == ("unix", "1.4.0", "1.2.0")
    assert (found.files, found.size) == (3, 6)
    assert [entry[:2] for entry in found.entries()] == [
        ("app.mpy", 3),
        ("web/pages.mpy", 3),
        ("web/static/app.js", 0),
    ]


def refused(text):
    return raises(UpdateError, Manifest, text).code


def test_its_head_must_be_complete_and_in_order():
    for old, new in (
        (b"wican-update 1", b"wican-update 2"),
        (b"wican-update 1\n", b""),
        (b"\n\n", b"\n"),
    ):
        assert refused(TEXT.replace(old, new)) == "format", new
    for old, new in (
        (b"1.4.0", b"1.4.0-rc"),
        (b"1.4.0", b""),
        (b"minimum", b"maximum"),
    ):
        assert refused(TEXT.replace(old, new)) == "manifest", new
    assert refused(b"") == refused(b"\xff\xff\n\n") == refused(bytes(500)) == "format"


def test_its_lines_must_be_whole_in_order_and_some():
    lines = TEXT.split(b"\n")
    head, entries = lines[:5], lines[5:8]
    for wrong in (
        [],
        [entries[1], entries[0]],
        [entries[0], entries[0]],
        [entries[0][1:]],
        [b"zz" + entries[0][2:]],
        [entries[0].replace(b" 3 ", b" -3 ")],
        [entries[0].replace(b" 3 ", b" 33333333 ")],
        [entries[0] + b" x"],
        [b""],
        [b"\xff"],
    ):
        assert refused(b"\n".join(head + wrong) + b"\n") == "manifest", wrong
    assert refused(TEXT[:-1]) == "manifest"


def test_no_file_gets_out_of_its_slot():
    good = ("app.mpy", "web/static/app.js", "a/b/c/d/e/f", "x_-.9")
    assert all([is_path(path) for path in good])
    for path in (
        "",
        "/app.mpy",
        "../app.mpy",
        "web/../app.mpy",
        "web/..",
        "./app.mpy",
        ".hidden",
        "web//pages.mpy",
        "web/",
        "web\\pages.mpy",
        "a:b",
        "a\x00b",
        "ä.mpy",
        "a/b/c/d/e/f/g",
        "n" * 41,
        "manifest",
        "manifest.new",
    ):
        assert not is_path(path), path
        if " " not in path and path:
            assert refused(signer.manifest({path: b""})) == "path", path


def test_versions_compare_number_by_number():
    assert key("1.9") < key("1.10") < key("2") and key("1.2") == key("1.2.0")
    assert key("nonsense") < key("0")
    for text in ("", "1.", "1..2", "v1", "1.2.3.4.5", "123456", "-1", "1 2", "²"):
        assert not is_version(text), text
