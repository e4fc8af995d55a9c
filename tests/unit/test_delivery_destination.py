"""A destination: what it sends and when, what it says if it cannot, that it delays no other."""

import asyncio

from delivery.contexts import Contexts
from delivery.destination import Destination
from delivery.shared import Shared
from net.http import RequestError
from trust import Sets
from world import Answer, Memory, Notes, Parameter, Signals, World, play, settings

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


def test_a_demand_leaves_no_connection_open_at_a_destination_that_is_off():
    async def scene(world, destination):
        demand = asyncio.create_task(destination.send_now())
        await world.advance(1000)
        assert (await demand).ok and world.roads[0].closed

    play(scene, enabled=False)


def test_a_demand_is_answered_when_the_destination_is_deleted():
    async def whole():
        world = World()
        destination = Destination(settings(), True, world)
        demand = asyncio.create_task(destination.send_now())
        await asyncio.sleep(0)
        destination.purge()  # it never ran, so nobody else could answer
        assert await demand is None
        assert await destination.send_now() is None

    asyncio.run(whole())


def test_a_server_that_refuses_us_may_ask_for_an_even_longer_pause():
    async def scene(world, destination):
        world.answers[URL] = [Answer(403, [("Retry-After", "3000")]), Answer(200)]
        await world.advance(2_999_000)
        assert len(world.requests) == 1

    play(scene)


def test_config_and_status_are_repeated_until_they_are_delivered():
    async def scene(world, destination):
        world.answers[URL] = [Answer(500), DEAD, Answer(204), Answer(200)]
        while len(world.requests) < 4:
            await world.advance(100)
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


def test_a_cycle_of_zero_without_events_sends_nothing_by_itself_and_says_why():
    async def scene(world, destination):
        await world.advance(20000)
        assert world.requests == [] and destination.state == "waiting"
        assert "on demand only" in destination.reason and destination.next_ms is None
        destination.apply(settings(cycle_ms=1000), True)
        await world.advance(1500)
        assert len(world.requests) == 2
        destination.apply(settings(cycle_ms=0), True)
        await world.advance(20000)
        assert len(world.requests) == 2 and world.roads[0].closed

    play(scene, cycle_ms=0)


def test_events_send_at_once_and_the_cycle_keeps_its_grid():
    async def scene(world, destination):
        await world.advance(1150)
        world.read("6")
        await world.advance(100)
        world.signals.states["ecu"] = True
        await world.advance(700)
        world.signals.states["ecu"] = False
        await world.advance(9000)
        assert world.times() == [0, 1200, 2000, 5000, 10000]
        assert world.bodies()[1] == '{"autopid_data":{"SPEED":6}}'

    play(scene, events={"change": True, "ecu": True})


def test_events_alone_send_with_a_cycle_of_zero():
    async def scene(world, destination):
        await world.advance(5000)
        world.read("6")
        await world.advance(5000)
        assert world.bodies() == [FIRST, '{"autopid_data":{"SPEED":6}}']
        assert destination.state == "ok" and destination.next_ms is None

    play(scene, cycle_ms=0, events={"change": True})


def test_what_happened_before_the_first_value_is_told_with_it():
    async def scene(world, destination):
        world.signals.states["ecu"] = False
        await world.advance(1000)
        world.signals.states["ecu"] = True
        await world.advance(1000)
        assert world.requests == [] and destination.state == "no_values"
        world.read("5")
        await world.advance(500)
        assert world.bodies() == [FIRST]
        await world.advance(20000)
        assert len(world.requests) == 1

    play(scene, value=None, cycle_ms=0, events={"ecu": True})


def test_an_event_during_a_request_is_told_after_it():
    async def scene(world, destination):
        world.latency[URL] = 3000
        await world.advance(1000)
        world.read("6")
        await world.advance(2500)
        assert world.times() == [0, 3000] and '"SPEED":6' in world.bodies()[1]

    play(scene, events={"change": True})


def test_on_demand_the_newest_values_go_out_beside_the_schedule():
    async def scene(world, destination):
        await world.advance(1000)
        world.read("6")
        demand = asyncio.create_task(destination.send_now())
        await world.advance(100)
        attempt = await demand
        assert (attempt.ok, attempt.trace, attempt.id) == (True, "POST", "dev-7-2")
        await world.advance(4000)
        assert world.times() == [0, 1000, 5000]

    play(scene)


def test_a_demand_is_answered_even_if_the_destination_is_off_paused_or_in_trouble():
    async def scene(world, destination):
        for changes, answer in (({"enabled": False}, Answer(200)), ({}, Answer(401)), ({}, DEAD)):
            destination.apply(settings(**changes), True)
            world.answers[URL] = answer
            await world.advance(1000)
            asked, failures = len(world.requests), destination.journal.failed
            demand = asyncio.create_task(destination.send_now())
            await world.advance(500)
            attempt = await demand
            assert attempt.ok == (answer is not DEAD and answer.status == 200)
            assert len(world.requests) == asked + 1
            assert destination.journal.failed == failures + (not attempt.ok)

    play(scene)


def test_two_demands_at_once_are_one_request():
    async def scene(world, destination):
        await world.advance(1000)
        demands = [asyncio.create_task(destination.send_now()) for _ in range(2)]
        await world.advance(500)
        assert (await demands[0]).id == (await demands[1]).id and len(world.requests) == 2

    play(scene)


def test_a_demand_ends_with_the_destination():
    async def scene(world, destination):
        world.latency[URL] = 10**9
        await world.advance(1000)
        return asyncio.create_task(destination.send_now())

    async def whole():
        world = World()
        world.read("5")
        destination = Destination(settings(), True, world)
        task = asyncio.create_task(destination.run())
        demand = await scene(world, destination)
        await asyncio.sleep(0)
        task.cancel()
        assert await demand is None

    asyncio.run(whole())


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
        assert world.times() == [0, 3000] and destination.coalesced == 4
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
        await world.advance(100)
        assert len(world.requests) == asked + 1

    play(scene, cycle_ms=1000)


def test_a_failure_is_explained_and_the_document_is_sent_again():
    async def scene(world, destination):
        world.answers[URL] = [DEAD, Answer(200)]
        world.latency[URL] = 100
        await world.advance(1000)
        assert destination.state == "failing"
        assert destination.reason == "a.example refused the connection. Check the port."
        attempt = destination.journal.last
        assert (attempt.stage, attempt.status, attempt.ok) == ("connect", None, False)
        assert (attempt.at_ms, attempt.latency_ms, attempt.sent) == (0, 100, len(FIRST))
        await world.advance(70000)
        assert (destination.state, destination.reason) == ("ok", "")
        assert destination.journal.failed == 1
        (_, _, first, body), (at, _, again, same) = world.requests[:2]
        assert (again, same) == (first, body) and 50000 < at < 70000

    play(scene, cycle_ms=600_000, retry={"first_s": 60})


def test_a_dead_server_is_asked_less_and_less_often_and_found_again():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await world.advance(900_000)
        gaps = [after - before for before, after in zip(world.times(), world.times()[1:])]
        expected = (1000, 2000, 4000, 8000, 30000, 60000, 120000, 240000)
        for gap, wanted in zip(gaps, expected):
            assert wanted * 8 // 10 <= gap <= wanted * 12 // 10 + 1000, gaps
        assert len(gaps) >= len(expected) and destination.journal.throttled > 400
        assert dict(destination.pairs())["fuse"] == "open"
        world.answers[URL] = Answer(200)
        destination.reset()
        await world.advance(1100)
        count = len(world.requests)
        assert destination.state == "ok"
        await world.advance(3000)
        assert len(world.requests) == count + 3

    play(scene, cycle_ms=1000)


def test_a_crawling_server_is_left_alone_for_a_while():
    async def scene(world, destination):
        world.latency[URL] = 900
        await world.advance(20_000)
        assert len(world.requests) == 8 and destination.journal.throttled >= 11
        assert destination.state == "ok"  # what was sent was delivered

    play(scene, cycle_ms=1000, fuse={"slow_ms": 500})


def test_a_server_that_hangs_again_and_again_stays_failing_while_it_is_tried():
    async def scene(world, destination):
        world.answers[URL] = [DEAD, Answer(200)]
        world.latency[URL] = 1000
        await world.advance(500)
        assert destination.state == "sending"
        while len(world.requests) < 2:
            await world.advance(100)
        assert destination.state == "failing" and "refused" in destination.reason
        await world.advance(1000)
        assert destination.state == "ok"

    play(scene)


def test_a_server_that_asks_to_wait_is_left_alone_that_long():
    async def scene(world, destination):
        world.answers[URL] = [Answer(429, [("Retry-After", "12")]), Answer(200)]
        await world.advance(16000)
        assert world.times() == [0, 12000, 15000] and destination.journal.throttled == 1

    play(scene)


def test_the_same_trouble_is_logged_once():
    async def scene(world, destination):
        world.answers[URL] = [DEAD, DEAD, DEAD, Answer(500), Answer(200)]
        await world.advance(120_000)

    lines = play(scene).log.lines
    assert [line.partition(".")[0] for line in lines] == [
        "destination 1: a",
        "destination 1: The server failed inside (500)",
        "destination 1: delivered again",
    ]


def test_a_server_that_refuses_us_is_not_asked_again_for_a_quarter_of_an_hour():
    for status in (401, 403):

        async def scene(world, destination, status=status):
            world.answers[URL] = [Answer(status), Answer(200)]
            await world.advance(899_000)
            assert len(world.requests) == 1 and destination.state == "paused"
            assert str(status) in destination.reason
            await world.advance(10_000)
            assert len(world.requests) > 1 and destination.state == "ok"

        play(scene)


def test_new_settings_end_the_pause_of_a_server_that_refused_us():
    async def scene(world, destination):
        world.answers[URL] = [Answer(401), Answer(200)]
        await world.advance(20_000)
        world.secrets["destinations.1.auth.token"] = "n3w"
        destination.apply(settings(), True)
        await world.advance(1000)
        assert len(world.requests) == 2 and destination.state == "ok"

    play(scene)


def test_an_address_that_is_gone_is_never_asked_again_until_somebody_says_so():
    async def scene(world, destination):
        world.answers[URL] = [Answer(410), Answer(200)]
        await world.advance(100_000_000)
        assert len(world.requests) == 1 and destination.state == "gone"
        assert "gone for good" in destination.reason
        destination.reset()
        await world.advance(1000)
        assert len(world.requests) == 2 and destination.state == "ok"

    play(scene)


def test_a_redirect_is_not_followed_and_says_where_it_pointed():
    async def scene(world, destination):
        world.answers[URL] = Answer(302, [("Location", "https://b.example/x")])
        await world.advance(1000)
        assert destination.state == "failing" and "https://b.example" in destination.reason
        assert {url for _, url, _, _ in world.requests} == {URL}

    play(scene)


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
        assert len(world.requests) == len(world.roads) == 3
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
        "/nowhere",
        1,
        "dev",
        world.group,
        world,
        world.unix_s,
        Signals(),
        Contexts(Sets("/nowhere")),
        world.secret,
        world.status,
        Notes(),
        6,
        world.has_time,
        world.ids,
        Memory(),
        world.carried,
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
            ("throttled", 0),
            ("dropped", 0),
            ("queued", 0),
            ("oldest_age_s", None),
            ("dead", 0),
            ("fuse", "closed"),
            ("held_ms", 0),
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


def test_while_the_clock_is_not_set_documents_wait_and_no_server_is_asked():
    async def scene(world, destination):
        world.epoch = 0
        await world.advance(12000)
        assert world.requests == [] and destination.state == "no_time"
        assert "clock is not set" in destination.reason
        assert len(destination.outbox) == 3 and destination.journal.failed == 0
        world.epoch = 1_730_000_000
        await world.advance(1000)
        assert len(world.requests) == 3 and destination.state == "ok"

    play(scene, queue={"mode": "ram"})


def test_without_tls_nobody_needs_the_clock():
    async def scene(world, destination):
        world.epoch = 0
        await world.advance(1000)
        assert len(world.requests) == 1 and destination.state == "ok"

    play(scene, url="http://a.example/in", transport={"allow_plain": True})


def test_values_are_wanted_shortly_before_a_document_is_made_of_them():
    async def scene(world, destination):
        await world.advance(100_000)
        assert len(world.requests) == 1
        assert not destination.wants_values(60_000)
        await world.advance(3_600_000 - 100_000 - 59_000)
        assert destination.wants_values(60_000)

    play(scene, cycle_ms=3_600_000)


def test_values_are_wanted_all_the_time_for_events_and_before_the_first_document():
    async def events(world, destination):
        await world.advance(10_000)
        assert destination.wants_values(0)

    async def first(world, destination):
        await world.advance(10_000)
        assert world.requests == [] and destination.wants_values(0)

    play(events, cycle_ms=0, events={"ecu": True})
    play(first, value=None, cycle_ms=3_600_000)


def test_nobody_wants_values_at_a_destination_that_is_off_gone_or_asked_for_none():
    async def unwanted(world, destination):
        await world.advance(10_000)
        assert not destination.wants_values(60_000)

    async def gone(world, destination):
        world.answers[URL] = Answer(410)
        await world.advance(10_000)
        assert destination.state == "gone" and not destination.wants_values(60_000)

    play(unwanted, enabled=False)
    play(unwanted, cycle_ms=0)
    play(gone)


def test_a_destination_is_quiet_when_nothing_is_under_way_or_could_be():
    async def scene(world, destination):
        assert destination.is_quiet()
        world.latency[URL] = 2000
        await world.advance(1000)
        assert not destination.is_quiet()
        await world.advance(1500)
        assert destination.is_quiet() and len(destination.outbox) == 0
        world.answers[URL] = DEAD
        await world.advance(6000)
        assert len(destination.outbox) and destination.held_ms() and destination.is_quiet()

    play(scene, queue={"mode": "ram"})
