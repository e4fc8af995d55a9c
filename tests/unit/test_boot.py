"""What a start loads: an application, or safe mode after three failures or with the button held."""

import sys

from board_fake import Board, Restart
from device import boot, guard
from device.slots import Slots
from helper import raises
from signer import NEW, OLD, Root, archive, fill, install, write

ARCHIVE = archive(NEW)


class Pauses:
    """Stands in for `time`: a pause takes none."""

    waits = []

    @staticmethod
    def sleep_ms(ms):
        Pauses.waits.append(ms)


def starts(board, root, cause="hard"):
    """One start; what it loads: "a", "b" or why it is safe mode."""
    board.cause = cause
    folder, why = boot.decide(board, root)
    return folder[-1:] or why


def test_a_device_starts_its_application():
    with Root() as root:
        fill(root, "a", OLD)
        assert starts(Board(), root) == "a"


def test_without_an_application_there_is_safe_mode():
    with Root() as root:
        assert starts(Board(), root) == boot.NOTHING


def test_after_three_failed_starts_in_a_row_there_is_safe_mode():
    with Root() as root:
        fill(root, "a", OLD)
        board = Board()
        assert [starts(board, root) for _ in range(3)] == ["a"] * 3
        assert starts(board, root) == starts(board, root, "power_on") == boot.FAILED


def test_a_healthy_start_forgives_those_before():
    with Root() as root:
        fill(root, "a", OLD)
        board = Board()
        for _ in range(3):
            assert starts(board, root, "watchdog") == starts(board, root) == "a"
            boot.forgive(board)


def test_starts_that_are_no_sign_of_failure_do_not_count():
    with Root() as root:
        fill(root, "a", OLD)
        board = Board()
        for cause in ("soft", "deep_sleep"):
            assert [starts(board, root, cause) for _ in range(9)] == ["a"] * 9
        for cause in ("power_on", "watchdog", "unknown"):
            assert starts(board, root, cause) == "a"
        assert starts(board, root, "deep_sleep") == boot.FAILED


def test_power_that_comes_and_goes_is_not_the_applications_failure():
    with Root() as root:
        fill(root, "a", OLD)
        board = Board()
        assert [starts(board, root, "power_on") for _ in range(9)] == ["a"] * 9
        assert starts(board, root, "hard") == "a"
        assert starts(board, root, "hard") == boot.FAILED


def test_a_weak_battery_is_not_emptied_by_starts_that_fail():
    with Root() as root:
        fill(root, "a", OLD)
        board = Board()
        board.millivolts = 11_000
        assert [starts(board, root) for _ in range(2)] == ["a"] * 2
        before, guard.time = guard.time, Pauses
        try:
            raises(Restart, starts, board, root)
        finally:
            guard.time = before
        assert board.slept == (600_000, True) and board.states[-1] == "sleeping"
        board.millivolts = 12_900
        assert starts(board, root, "deep_sleep") == "a"


def test_the_application_that_may_try_once_more_gets_one_start():
    with Root() as root:
        fill(root, "a", OLD)
        board = Board()
        boot.allow_one(board)
        assert starts(board, root) == "a"
        assert starts(board, root) == boot.FAILED


def test_an_application_on_trial_that_fails_gives_way_to_the_one_before():
    with Root() as root:
        fill(root, "a", OLD)
        board = Board()
        install(root, ARCHIVE)
        assert starts(board, root) == "b"
        assert [starts(board, root) for _ in range(3)] == ["a"] * 3, "with three starts of its own"
        assert starts(board, root) == boot.FAILED


def test_the_button_has_to_be_held():
    Pauses.waits = waits = []
    before, boot.time = boot.time, Pauses
    try:
        with Root() as root:
            fill(root, "a", OLD)
            install(root, ARCHIVE)
            board = Board()
            board.presses = [True] * 3
            assert starts(board, root) == "b"
            board.presses = [True] * 100
            assert starts(board, root) == boot.HELD
            assert sum(waits[3:]) == 2000
            slots = Slots(root)
            assert slots.trial == "", "nothing is tried meanwhile"
    finally:
        boot.time = before


def test_the_application_takes_the_place_of_what_is_beside_it_on_the_path():
    before, modules = list(sys.path), dict(sys.modules)
    try:
        with Root() as root:
            fill(root, "a", OLD)
            sys.path.insert(0, root + boot.RESCUE)
            write(root, "rescue/beside_it.py", b"")
            import beside_it  # noqa: F401

            board = Board()
            assert boot.prepare(board, root) == ""
            assert "beside_it" not in sys.modules and "helper" in sys.modules
            assert sys.path == [root + "/app_a"] + before
            assert board.states == ["booting"] and board.timeouts == [boot.WATCHDOG_MS]
    finally:
        sys.path[:] = before
        sys.modules.update(modules)


def test_what_is_beside_the_application_stays_on_the_path_in_safe_mode():
    before = list(sys.path)
    try:
        with Root() as root:
            sys.path.insert(0, root + boot.RESCUE)
            board = Board()
            board.cause = "soft"
            assert boot.prepare(board, root) == boot.NOTHING
            assert sys.path == [root + "/rescue"] + before
            assert board.timeouts == [], "somebody with a cable is not interrupted"
    finally:
        sys.path[:] = before
