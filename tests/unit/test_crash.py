"""What is kept of a crash."""

import os

import board_fake  # noqa: F401 (adds what CPython lacks)
from device import crash
from signer import Root, write


def test_title_traceback_and_the_latest_lines_are_kept():
    with Root() as root:
        assert crash.last(root) == ""
        crash.keep(root, "It ended.", ValueError("made to fail"), ["one", "two"])
        lines = crash.last(root).split("\n")
        assert lines[0] == "It ended."
        assert "ValueError: made to fail" in lines
        assert lines[-2:] == ["one", "two"]
        crash.keep(root, "It ended again.")
        assert crash.last(root) == "It ended again."
        crash.forget(root)
        crash.forget(root)
        assert crash.last(root) == ""


def test_a_record_is_bounded_and_keeps_its_ends():
    with Root() as root:
        lines = ["line %d" % number for number in range(3000)]
        crash.keep(root, "It ended.", ValueError("x" * 9000 + " the end"), lines)
        found = crash.last(root)
        assert len(found) < 3100
        assert " the end\n" in found and found.endswith("line 2999")


def test_a_record_that_cannot_be_written_is_no_crash_of_its_own():
    with Root() as root:
        write(root, "config", b"a file where a folder should be")
        crash.keep(root, "It ended.")
        assert crash.last(root) == ""
        os.remove(root + "/config")
