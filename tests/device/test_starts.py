"""boot.py and main.py under Unix MicroPython, with small applications in real slots."""

import pytest
import rescue
from device.slots import Slots

GOOD = """
import sys
def main(root):
    import board, device.slots
    print("runs", device.slots.__file__, "rescue" in str(sys.path))
"""
CRASHING = 'def main(root):\n    raise ValueError("made to fail")\n'
BROKEN = "import no_such_module\n"


@pytest.fixture
def root(tmp_path):
    rescue.make(tmp_path)
    return tmp_path


def test_the_application_runs_with_its_own_modules(root):
    rescue.application(root, "a", GOOD, "1.0")
    done = rescue.start(root)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"runs {root}/app_a/device/slots.py False\n"


@pytest.mark.parametrize("source", [CRASHING, BROKEN])
def test_an_application_on_trial_that_fails_is_taken_back(root, source):
    rescue.application(root, "a", GOOD, "1.0")
    rescue.application(root, "b", source, "1.1")
    Slots(str(root)).try_next("b")
    done = rescue.start(root)
    assert done.returncode == 1, "it starts again"
    kept = (root / "config/crash.txt").read_text()
    assert kept.startswith("The application could not be loaded.\nTraceback")
    assert kept.endswith(
        ("ValueError: made to fail", "ImportError: no module named 'no_such_module'")
    )
    done = rescue.start(root)
    assert done.stdout.startswith("runs") and done.returncode == 0
    assert Slots(str(root)).failed == "1.1"


def test_an_application_that_fails_three_times_ends_in_safe_mode(root):
    rescue.application(root, "a", BROKEN, "1.0")
    for _ in range(3):
        done = rescue.start(root)
        assert done.returncode == 1 and "no_such_module" in done.stdout + done.stderr
    (root / "rescue/device/safe_mode.py").write_text(
        "def main(board, root, why):\n    print('safe mode:', why)\n"
    )
    assert rescue.start(root).stdout == "safe mode: The application failed 3 times in a row.\n"


def test_damage_to_the_slots_ends_in_safe_mode(root):
    (root / "rescue/device/safe_mode.py").write_text(
        "def main(board, root, why):\n    print('safe mode:', why)\n"
    )
    assert rescue.start(root).stdout == "safe mode: There is no application.\n"
    (root / "boot_memory").write_text("failed_boots 3\n")
    assert rescue.start(root).stdout == "safe mode: There is no application.\n"
    (root / "boot_memory").unlink()
    rescue.application(root, "a", GOOD, "1.0")
    (root / "slots").write_bytes(b"\xff\x00garbage")
    assert rescue.start(root).stdout.startswith("runs")


@pytest.mark.parametrize("where", ["app", "safe mode"])
def test_the_watchdog_leaves_alone_whoever_stops_the_firmware_at_a_cable(root, where):
    stops = "raise KeyboardInterrupt\n"
    if where == "app":
        rescue.application(root, "a", stops, "1.0")
    else:
        (root / "rescue/device/safe_mode.py").write_text("def main(*_):\n    " + stops)
    for folder in root.glob("[ar]*"):
        with (folder / "board.py").open("a") as board:
            board.write("\n\ndef watchdog(timeout_ms):\n    print('watchdog', timeout_ms)\n")
    done = rescue.start(root)
    assert done.stdout.split("\n")[:2] == ["watchdog 120000", "watchdog 86400000"]
