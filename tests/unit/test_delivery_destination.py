"""A destination: what it sends and when, what it says if it cannot, that it delays no other."""

import asyncio

from delivery.destination import Destination, Shared
from net.http import RequestError
from trust import Sets
from world import Answer, Notes, Parameter, World, play, settings

LATER = '{"autopid_data":{"SPEED":5}}'
FIRST = (
    '{"autopid_data":{"SPEED":5},"config":{"SPEED":{"class":"speed","unit":"km/h"}},'
    '"status":{"fw_version":"1.0"}}'
)
URL = "https://a.example/in"
DEAD = RequestError("connect", "a.example refused the connection.", "Check the port.", 111)


def test_config_and_status_are_in_the_first_document_only():
    async def scene(world, destination):
        await world.advance(11000)
        assert world.bodies() == [FIRST, LATER, LATER]
        assert world.times() == [0, 5000, 10000]
        assert (destination.state, destination.reason, destination.journal.delivered) == (
            "ok",
            "",
            3,
        )

    play(scene)


def test_config_and_status_are_repeated_until_they_are_delivered():
    async def scene(world, destination):
        world.answers[URL] = [Answer(500), DEAD, Answer(204), Answer(200)]
        await world.advance(16000)
        assert world.bodies() == [FIRST, FIRST, FIRST, LATER]

    play(scene)


def test_switching_off_stops_and_switching_on_does_not_introduce_itself_again():
    async def scene(world, destination):
        await world.advance(1000)
        destination.apply(settings(enabled=False), True)
        await world.advance(20000)
        assert len(world.requests) == 1 and world.roads[0].closed
        assert (destination.state, destination.next_ms) == ("disabled", None)
        assert destination.reason == "This destination is switched off."
        destination.apply(settings(), True)
        await world.advance(1000)
        assert world.bodies() == [FIRST, LATER]

    play(scene)


def test_a_destination_that_starts_switched_off_sends_nothing():
    async def scene(world, destination):
        await world.advance(20000)
        assert world.requests == [] and destination.state == "disabled"

    play(scene, enabled=False)


def test_without_grouping_nothing_is_sent_and_it_says_why():
    async def scene(world, destination):
        destination.apply(settings(), False)
        await world.advance(20000)
        assert world.requests == [] and destination.state == "grouping_off"
        assert "Grouping is switched off" in destination.reason
        destination.apply(settings(), True)
        await world.advance(300)
        assert len(world.requests) == 1

    play(scene)


def test_a_cycle_of_zero_sends_nothing_by_itself_and_says_why():
    async def scene(world, destination):
        await world.advance(20000)
        assert world.requests == [] and destination.state == "event_only"
        assert "events only" in destination.reason and destination.next_ms is None
        destination.apply(settings(cycle_ms=1000), True)
        await world.advance(1500)
        assert len(world.requests) == 2
        destination.apply(settings(cycle_ms=0), True)
        await world.advance(20000)
        assert len(world.requests) == 2 and world.roads[0].closed

    play(scene, cycle_ms=0)


def test_nothing_is_sent_before_there_is_a_value_and_then_at_once():
    async def scene(world, destination):
        await world.advance(7000)
        assert world.requests == [] and destination.state == "no_values"
        assert "No value" in destination.reason
        world.read("5")
        await world.advance(6000)
        first, second = world.times()
        assert 7000 <= first <= 7250 and second - first == 5000

    play(scene, value=None)


def test_a_later_document_holds_the_newest_values():
    async def scene(world, destination):
        await world.advance(1000)
        world.read("6")
        await world.advance(1000)
        world.read("7.25")
        await world.advance(4000)
        assert world.bodies()[1] == '{"autopid_data":{"SPEED":7.25}}'

    play(scene)


def test_cycles_that_fall_due_while_one_is_under_way_are_counted_and_left_out():
    async def scene(world, destination):
        world.latency[URL] = 2300
        await world.advance(5000)
        assert world.times() == [0, 3000] and destination.coalesced == 2
        assert destination.state == "sending"

    play(scene, cycle_ms=1000)


def test_a_loop_that_was_held_up_sends_once_and_counts_the_rest():
    async def scene(world, destination):
        await world.advance(500)
        world.now += 3000
        await world.advance(600)
        assert world.times() == [0, 3500, 4000] and destination.coalesced == 2

    play(scene, cycle_ms=1000)


def test_new_settings_are_tried_with_new_patience():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await world.advance(100000)
        asked = len(world.requests)
        destination.apply(settings(cycle_ms=1000, name="Mended?"), True)
        await world.advance(3500)
        assert len(world.requests) == asked + 4

    play(scene, cycle_ms=1000)


def test_a_failure_is_explained_and_the_next_cycle_tries_again():
    async def scene(world, destination):
        world.answers[URL] = [DEAD, Answer(200)]
        world.latency[URL] = 100
        await world.advance(1000)
        assert destination.state == "failing"
        assert destination.reason == "a.example refused the connection. Check the port."
        attempt = destination.journal.last
        assert (attempt.stage, attempt.status, attempt.ok) == ("connect", None, False)
        assert (attempt.at_ms, attempt.latency_ms, attempt.sent) == (0, 100, len(FIRST))
        await world.advance(5000)
        assert (destination.state, destination.reason) == ("ok", "")
        assert (destination.journal.delivered, destination.journal.failed) == (1, 1)

    play(scene)


def test_a_dead_server_is_asked_less_and_less_often_and_found_again():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await world.advance(200000)
        gaps = [after - before for before, after in zip(world.times(), world.times()[1:])]
        assert gaps == [1000, 1000, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]
        world.answers[URL] = Answer(200)
        await world.advance(60000)
        count = len(world.requests)
        assert destination.state == "ok"
        await world.advance(3000)
        assert len(world.requests) == count + 3

    play(scene, cycle_ms=1000)


def test_a_server_that_hangs_again_and_again_stays_failing_while_it_is_tried():
    async def scene(world, destination):
        world.answers[URL] = [DEAD, Answer(200)]
        world.latency[URL] = 1000
        await world.advance(500)
        assert destination.state == "sending"
        await world.advance(5000)
        assert len(world.requests) == 2
        assert destination.state == "failing" and "refused" in destination.reason
        await world.advance(1000)
        assert destination.state == "ok"

    play(scene)


def test_a_server_that_asks_to_wait_is_left_alone_that_long():
    async def scene(world, destination):
        world.answers[URL] = [Answer(429, [("Retry-After", "12")]), Answer(200)]
        await world.advance(16000)
        assert world.times() == [0, 15000]

    play(scene)


def test_the_same_trouble_is_logged_once():
    async def scene(world, destination):
        world.answers[URL] = [DEAD, DEAD, DEAD, Answer(401), Answer(200)]
        await world.advance(60000)

    lines = play(scene).log.lines
    assert [line.partition(".")[0] for line in lines] == [
        "destination 1: a",
        "destination 1: The server does not know who is sending (401)",
        "destination 1: delivered again",
    ]


def test_other_settings_take_over_at_once_from_a_server_that_hangs():
    async def scene(world, destination):
        world.latency[URL] = 10**9
        await world.advance(1000)
        assert destination.state == "sending"
        world.latency["https://b.example/"] = 200
        destination.apply(settings(url="https://b.example/"), True)
        await world.advance(300)
        assert world.times("https://b.example/") == [1000]
        assert destination.state == "ok" and destination.journal.failed == 0
        await world.advance(5000)
        assert world.times() == [0, 1000, 6000]

    play(scene)


def test_switching_off_does_not_wait_for_a_server_that_hangs():
    async def scene(world, destination):
        world.latency[URL] = 10**9
        await world.advance(1000)
        destination.apply(settings(enabled=False), True)
        await world.advance(100)
        assert destination.state == "disabled"

    play(scene)


def test_settings_that_did_not_change_disturb_nothing():
    async def scene(world, destination):
        await world.advance(3000)
        destination.apply(settings(), True)
        await world.advance(3000)
        assert world.times() == [0, 5000] and len(world.roads) == 1

    play(scene)


def test_a_new_token_is_used_at_once_and_never_shown():
    bearer = {"type": "bearer"}

    async def scene(world, destination):
        await world.advance(1000)
        world.secrets["destinations.1.auth.token"] = "s3cret"
        destination.apply(settings(auth=bearer), True)
        await world.advance(1000)
        world.secrets["destinations.1.auth.token"] = "n3w"
        destination.apply(settings(auth=bearer), True)
        await world.advance(1000)
        assert [token for _, _, token, _ in world.requests] == [None, "s3cret", "n3w"]
        shown = repr((destination.pairs(), [attempt.pairs() for attempt in destination.journal]))
        assert "s3cret" not in shown and "n3w" not in shown

    play(scene)


def test_restart_makes_a_new_connection():
    async def scene(world, destination):
        await world.advance(1000)
        destination.restart()
        await world.advance(100)
        assert [road.closed for road in world.roads] == [True, False]

    play(scene)


def test_a_document_whose_reply_was_cut_short_is_not_introduced_again():
    async def scene(world, destination):
        cut = RequestError("body", "The server closed the connection.", None, None, 200)
        world.answers[URL] = [cut, Answer(200)]
        await world.advance(6000)
        assert world.bodies() == [FIRST, LATER] and destination.journal.failed == 0

    play(scene)


def test_the_connection_is_closed_when_the_destination_ends():
    async def scene(world, destination):
        await world.advance(1000)

    assert play(scene).roads[0].closed


def test_a_dead_server_delays_no_other_destination():
    async def scene(world, destination):
        world.latency[URL] = 10**9
        other = Destination(settings(id=2, url="https://b.example/"), True, world)
        task = asyncio.create_task(other.run())
        await world.advance(11000)
        task.cancel()
        start = world.times("https://b.example/")[0]
        assert (
            0 < start < 1000
        )  # late enough to leave the first handshake to the first destination
        assert world.times("https://b.example/") == [start, start + 5000, start + 10000]

    play(scene)


def test_settings_that_cannot_work_are_a_state_with_a_reason():
    bearer = {"type": "bearer"}
    user = "https://me:pass@a.example/"
    for changes, reason in (
        ({"cert_set": "nowhere"}, "There is no cert set named nowhere."),
        ({"url": "http://a.example/"}, "The address cannot be used."),
        ({"url": user}, "The address holds a user name"),
        ({"auth": bearer}, "there is no token"),
    ):
        outcome = asyncio.run(first_outcome(settings(**changes)))
        assert outcome[:2] == ("failing", "settings") and reason in outcome[2], outcome
        assert "pass" not in outcome[2]


async def first_outcome(chosen):
    """State, stage and reason after the first attempt with a real route, which is never opened."""
    world = World()
    world.read("1")
    shared = Shared(
        world.group, world, Sets("/nowhere"), world.secret, world.status, Notes(), None
    )
    shared.pause = world.pause
    destination = Destination(chosen, True, shared)
    task = asyncio.create_task(destination.run())
    await world.advance(1000)
    task.cancel()
    return destination.state, destination.journal.last.stage, destination.reason


def test_an_error_in_the_firmware_ends_the_task_and_a_new_start_goes_on():
    async def scene():
        world = World()
        world.read("5")
        destination = Destination(settings(), True, world)
        world.status, status = None, world.status
        try:
            await destination.run()
            raise AssertionError("the error was swallowed")
        except TypeError:
            world.status = status
        task = asyncio.create_task(destination.run())
        await world.advance(100)
        assert world.bodies() == [FIRST]
        task.cancel()

    asyncio.run(scene())


def test_the_state_tells_what_the_page_shows():
    async def scene(world, destination):
        await world.advance(2000)
        assert destination.pairs() == [
            ("id", 1),
            ("name", "Cloud"),
            ("state", "ok"),
            ("reason", ""),
            ("delivered", 1),
            ("failed", 0),
            ("coalesced", 0),
            ("next_ms", 3000),
        ]

    play(scene)


def test_a_group_whose_parameters_are_all_new_waits_for_values():
    async def scene(world, destination):
        await world.advance(1000)
        world.group.configure([Parameter("RPM")])
        await world.advance(10000)
        assert len(world.requests) == 1 and destination.state == "no_values"

    play(scene)
