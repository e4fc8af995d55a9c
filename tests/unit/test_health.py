"""The watchdog is fed while tasks make progress, and a start is good after minutes of that."""

import asyncio

from board_fake import Board, Over, Restart, Time
from device import boot, crash, health
from device.button import Button
from device.health import Health
from device.slots import Slots
from helper import raises, run
from log import Log
from signer import NEW, OLD, Root, archive, fill, install
from supervisor import Supervisor

ARCHIVE = archive(NEW)
MINUTE = 60_000


class Quiet:
    def error(self, format, *arguments):
        pass


class Tasks:
    """A supervisor's tasks: `trouble(now)` is what stuck says, `endings(now)` how often one ended."""

    def __init__(self, time, trouble, endings):
        self.time = time
        self.trouble = trouble
        self.endings = endings

    @property
    def ends(self):
        return self.endings(self.time.now)

    def stuck(self):
        return self.trouble(self.time.now)


def live(root, minutes, trouble=lambda now: "", board=None, ends=lambda now: 0):
    """The device runs for so long; returns its board and log. Raises Restart if it starts again."""
    board, lines = board or Board(), []
    log = Log(ring=9, sink=lines.append)
    time = Time(minutes * MINUTE)
    tasks = Tasks(time, trouble, ends)
    care = Health(board, root, tasks, time, log)
    before, health.asyncio = health.asyncio, time
    try:
        run(care.run())
    except Over:
        pass
    finally:
        health.asyncio = before
    return board, [line.split("  ")[-1] for line in lines]


def on_trial(root):
    fill(root, "a", OLD)
    install(root, ARCHIVE)
    board = Board()
    assert boot.decide(board, root)[0] == root + "/app_b"
    return board


def test_the_watchdog_is_fed_every_few_seconds():
    with Root() as root:
        board, _ = live(root, 10)
        assert board.timeouts == [60_000]
        assert board.dog.fed == 10 * 12 + 1


def test_the_watchdog_is_not_fed_while_a_task_is_stuck_and_why_is_kept():
    with Root() as root:
        board, lines = live(
            root, 10, lambda now: "The task car is stuck." if now >= MINUTE else ""
        )
        assert board.dog.fed == 12
        assert lines == ["The task car is stuck."], "once"
        title, line = crash.last(root).split("\n")
        assert title == "The task car is stuck." and line.endswith(
            "E health  The task car is stuck."
        )


def test_a_start_is_good_after_minutes_of_health():
    with Root() as root:
        board = on_trial(root)
        live(root, 2, board=board)
        assert Slots(root).trial == "b" and board.memory["failed_boots"] == 1
        board, lines = live(root, 4, board=board)
        assert Slots(root).used == "b" and Slots(root).trial == ""
        assert board.memory["failed_boots"] == 0
        assert lines == ["version 1.4.0 is confirmed"]


def test_minutes_of_health_are_minutes_without_interruption():
    with Root() as root:
        board = on_trial(root)
        live(root, 15, ends=lambda now: now // (2 * MINUTE), board=board)
        assert Slots(root).trial == "b", "a task ended every two minutes"
        live(root, 15, lambda now: "Stuck." if now // MINUTE % 2 else "", board=board)
        assert Slots(root).trial == "b"


def test_an_application_on_trial_that_is_never_well_goes():
    with Root() as root:
        board = on_trial(root)
        raises(Restart, live, root, 30, lambda now: "", board, lambda now: now)
        assert board.resets == 1 and "1.4.0" in crash.last(root)
        assert boot.decide(board, root)[0] == root + "/app_a"


def test_one_that_is_not_on_trial_stays():
    with Root() as root:
        fill(root, "a", OLD)
        board, _ = live(root, 30, ends=lambda now: now)
        assert board.resets == 0 and crash.last(root) == ""


def test_tasks_with_a_pulse_have_to_show_it():
    time, beats = Time(), [0]
    tasks = Supervisor(time, Quiet())

    async def wait():
        await asyncio.Event().wait()

    async def scene():
        tasks.start("quiet", wait)
        tasks.start("car", wait, lambda: beats[0], 60_000)
        for second in range(300):
            time.now = second * 1000
            beats[0] += second < 100
            expected = "The task car is stuck." if second > 99 + 60 else ""
            assert tasks.stuck() == expected, second
        time.now += 3_600_000
        assert tasks.stuck() == "", "the whole device slept"
        tasks.stop_all()

    run(scene())


def test_ends_of_tasks_are_counted_even_when_these_are_gone():
    async def scene():
        tasks = Supervisor(Time(), Quiet())

        async def wait():
            await asyncio.Event().wait()

        task, other = tasks.start("one", wait), tasks.start("other", wait)
        task.restarts, other.restarts = 3, 2
        assert tasks.ends == 5
        tasks.stop(task)
        assert tasks.ends == 5
        tasks.stop_all()

    run(scene())


def test_the_button_counts_when_it_is_held_for_five_seconds_once():
    from device import button

    def held(presses):
        time, found = Time(60_000), []

        def pressed():
            return any([start <= time.now < stop for start, stop in presses])

        before, button.asyncio = button.asyncio, time
        try:
            run(Button(pressed, lambda: found.append(time.now), time).run())
        except Over:
            return found
        finally:
            button.asyncio = before

    assert held([]) == held([(1000, 5900)]) == held([(0, 4000), (4250, 8000)]) == []
    assert held([(1000, 30_000)]) == [6000]
    assert held([(1000, 7000), (20_000, 27_000)]) == [6000, 25_000]
