"""What a queue adds: every document arrives, in order, or is kept where somebody can look at it."""

import asyncio

from delivery.destination import Destination
from delivery.message import Message
from helper import run
from net.http import RequestError
from world import Answer, Grave, World, play, settings

URL = "https://a.example/in"
DEAD = RequestError("connect", "a.example refused the connection.", "Check the port.", 111)
RAM = {"mode": "ram", "batch": 1, "max_items": 1000, "max_kb": 256, "max_age_s": 0}


def speeds(world):
    """The numbers that arrived, in the order of the requests."""
    found = []
    for body in world.bodies():
        for piece in body.split('"SPEED":')[1:]:
            number = piece[: min(piece.find(mark) for mark in ",}" if mark in piece)]
            if number.isdigit():  # the other one is the parameter's description
                found.append(int(number))
    return found


async def drive(world, count):
    """So many documents, one a second, each with a speed of its own from 0."""
    for speed in range(count):
        world.read(str(speed))
        await world.advance(1000 if speed else 500)


def test_documents_of_a_dead_time_arrive_afterwards_in_order():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await drive(world, 30)
        assert destination.state == "failing" and dict(destination.pairs())["queued"] == 30
        assert dict(destination.pairs())["oldest_age_s"] == 29
        world.answers[URL] = Answer(200)
        world.requests.clear()
        await world.advance(100_000)
        assert speeds(world)[:31] == list(range(30)) + [29]
        assert len({id for _, _, id, _ in world.requests}) == len(world.requests)
        assert dict(destination.pairs())["queued"] == 0

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_only_the_first_of_them_introduces_the_device():
    async def scene(world, destination):
        world.answers[URL] = [DEAD] * 5 + [Answer(200)]
        await drive(world, 200)
        introductions = ['"config"' in body for body in world.bodies()]
        assert introductions[:6] == [True] * 6 and not any(introductions[6:])

    play(scene, cycle_ms=1000, queue=RAM)


def test_a_slow_server_gets_every_document_all_the_same():
    async def scene(world, destination):
        world.latency[URL] = 1500
        await drive(world, 20)
        world.latency[URL] = 0
        await world.advance(3000)
        assert speeds(world)[:20] == list(range(20)) and destination.coalesced == 0

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_several_documents_travel_together_if_asked_for():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await drive(world, 25)
        world.answers[URL] = Answer(200)
        world.requests.clear()
        destination.reset()
        await world.advance(400)
        counts = [body.count("autopid_data") for body in world.bodies()]
        assert counts == [1, 10, 10, 4]  # the one that was tried before stays as it was
        assert world.bodies()[1][:1] == "[" and world.bodies()[1][-1:] == "]"
        assert speeds(world) == list(range(25))

    play(scene, cycle_ms=1000, queue=dict(RAM, batch=10), value="0")


def test_a_document_the_server_will_never_take_does_not_block_the_others():
    async def scene(world, destination):
        world.answers[URL] = [Answer(200), Answer(422), Answer(200)]
        await drive(world, 4)
        assert [letter[1:] for letter in world.dead.letters] == [
            ("The server understood the document but rejects its content (422).", 422)
        ]
        assert world.dead.letters[0][0] == world.requests[1][2]
        assert speeds(world) == [0, 1, 2, 3] and dict(destination.pairs())["dead"] == 1

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_of_several_that_were_rejected_together_only_the_bad_one_is_put_aside():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await drive(world, 4)
        world.requests.clear()
        world.answers[URL] = [Answer(200), Answer(400), Answer(200), Answer(400), Answer(200)]
        destination.reset()
        await world.advance(400)
        assert [body.count("autopid_data") for body in world.bodies()] == [1, 3, 1, 1, 1]
        assert [letter[0] for letter in world.dead.letters] == [world.requests[3][2]]

    play(scene, cycle_ms=1000, queue=dict(RAM, batch=10), value="0")


def test_a_dead_letter_can_be_sent_again():
    async def scene(world, destination):
        world.answers[URL] = [Answer(422), Answer(200)]
        await world.advance(10)
        [(id, _, _)] = world.dead.letters
        assert not destination.replay("dev-7-99")
        assert destination.replay(id)
        await world.advance(10)
        assert [sent for _, _, sent, _ in world.requests] == [id, id]
        assert len(world.dead) == 0

    play(scene, queue=RAM)


def test_after_so_many_attempts_a_document_is_put_aside():
    async def scene(world, destination):
        world.answers[URL] = [DEAD, DEAD, DEAD, Answer(200)]
        await world.advance(100_000)
        assert [sent for _, _, sent, _ in world.requests[:3]] == ["dev-7-1"] * 3
        assert [letter[0] for letter in world.dead.letters] == ["dev-7-1"]
        assert "dev-7-1" not in [sent for _, _, sent, _ in world.requests[3:]]

    play(scene, queue=RAM, retry={"attempts": 3})


def test_without_a_queue_a_document_is_given_up_after_so_many_attempts():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await world.advance(100_000)
        assert len(world.requests) == 2 and dict(destination.pairs())["dropped"] == 1
        assert len(world.dead) == 0

    play(scene, cycle_ms=600_000, retry={"attempts": 2})


def test_a_full_queue_drops_the_oldest_and_counts_them():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await drive(world, 12)
        assert dict(destination.pairs())["queued"] == 5
        assert dict(destination.pairs())["dropped"] == 7
        world.answers[URL] = Answer(200)
        world.requests.clear()
        destination.reset()
        await world.advance(400)
        assert speeds(world) == [7, 8, 9, 10, 11]
        await world.advance(1000)
        assert '"config"' in world.bodies()[5]  # the introduction was among those dropped

    play(scene, cycle_ms=1000, queue=dict(RAM, max_items=5), value="0")


def test_what_waits_survives_other_settings_and_a_switched_off_destination():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await drive(world, 3)
        off = settings(cycle_ms=1000, queue=RAM, enabled=False)
        destination.apply(off, True)
        await world.advance(1000)
        world.answers[URL] = Answer(200)
        world.requests.clear()
        destination.apply(dict(off, enabled=True), True)
        await world.advance(500)
        assert speeds(world)[:3] == [0, 1, 2]

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_data_is_kept_while_the_server_refuses_us():
    async def scene(world, destination):
        world.answers[URL] = [Answer(401), Answer(200)]
        await drive(world, 10)
        assert len(world.requests) == 1 and dict(destination.pairs())["queued"] == 10
        destination.reset()
        await world.advance(400)
        assert speeds(world)[1:] == list(range(10))

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_other_limits_leave_what_waits_where_it_is():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await drive(world, 6)
        changed = settings(cycle_ms=1000, queue=dict(RAM, batch=10))
        destination.apply(changed, True)
        assert dict(destination.pairs())["queued"] == 6 and len(world.outboxes) == 1
        destination.apply(settings(cycle_ms=1000, queue=dict(RAM, max_items=2)), True)
        assert dict(destination.pairs())["queued"] == 2
        assert dict(destination.pairs())["dropped"] == 4

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_another_kind_of_queue_takes_over_what_waits_and_what_was_given_up():
    async def scene(world, destination):
        world.answers[URL] = [Answer(422), DEAD]
        await drive(world, 6)
        assert len(world.dead) == 1
        world.dead = Grave()
        destination.apply(settings(cycle_ms=1000, queue=dict(RAM, mode="flash")), True)
        assert len(world.outboxes) == 2 and dict(destination.pairs())["queued"] == 5
        assert len(world.dead) == 1 and len(world.outboxes[0]) == 0
        destination.apply(settings(cycle_ms=1000), True)
        state = dict(destination.pairs())
        assert (state["queued"], state["dropped"]) == (1, 4)  # a slot holds the newest

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_an_error_in_the_firmware_costs_no_message():
    async def scene(world, destination):
        world.answers[URL] = [DEAD, TypeError("a bug"), Answer(200)]
        world.read("0")
        await world.advance(20_000)
        return [dict(destination.pairs())["queued"], world.outboxes]

    async def whole():
        world = World()
        destination = Destination(settings(cycle_ms=1000, queue=RAM), True, world)
        task = asyncio.create_task(destination.run())
        queued, outboxes = await scene(world, destination)
        assert queued > 1 and task.done()
        try:
            await task
        except TypeError:
            pass
        again = asyncio.create_task(destination.run())
        await world.advance(40_000)
        assert len(outboxes) == 1 and dict(destination.pairs())["queued"] == 0
        assert dict(destination.pairs())["dropped"] == 0
        again.cancel()

    run(whole())


def test_an_introduction_that_waited_since_an_earlier_start_is_none_for_this_one():
    async def scene(world, destination):
        await world.advance(1)
        destination.outbox.put(Message("dev-6-1", b'{"old":1}', 1_700_000_000, None, True))
        await world.advance(1000)
        world.read("5")
        await world.advance(1000)
        assert [sent for _, _, sent, _ in world.requests] == ["dev-6-1", "dev-7-1"]
        assert '"config"' in world.bodies()[1]

    play(scene, queue=RAM, value=None)


def test_a_refusal_is_not_blamed_on_a_message_that_was_never_sent():
    async def scene(world, destination):
        world.latency[URL] = 5000
        world.answers[URL] = [Answer(422), Answer(200)]
        await drive(world, 5)  # the first one is dropped while it is under way
        await world.advance(3000)
        assert world.dead.letters == [] and dict(destination.pairs())["dropped"] >= 2
        assert [sent for _, _, sent, _ in world.requests][0] == "dev-7-1"

    play(scene, cycle_ms=1000, queue=dict(RAM, max_items=2), value="0")


def test_what_cannot_even_be_kept_as_a_dead_letter_is_counted():
    async def scene(world, destination):
        world.dead.full = True
        world.answers[URL] = Answer(422)
        await drive(world, 3)
        assert dict(destination.pairs())["dropped"] == 3

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_a_document_in_an_unknown_format_is_put_aside():
    async def scene(world, destination):
        strange = Message("dev-6-9", b"?", 0, None, False, "of_tomorrow")
        await world.advance(1)
        destination.outbox.put(strange)
        await world.advance(2000)
        world.read("5")
        await world.advance(2000)
        assert [letter[0] for letter in world.dead.letters] == ["dev-6-9"]
        assert [sent for _, _, sent, _ in world.requests] == ["dev-7-1"]

    play(scene, queue=RAM, value=None)


def test_a_new_connection_does_not_repeat_an_introduction_that_waits():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await drive(world, 3)
        destination.restart()
        await drive(world, 3)
        world.answers[URL] = Answer(200)
        world.requests.clear()
        destination.reset()
        await world.advance(900)
        assert ['"config"' in body for body in world.bodies()].count(True) == 1

    play(scene, cycle_ms=1000, queue=RAM, value="0")


def test_a_destination_that_is_off_goes_on_storing_what_waits():
    async def scene(world, destination):
        world.answers[URL] = DEAD
        await drive(world, 2)
        ticks = []
        world.outboxes[0].tick = ticks.append
        destination.apply(settings(cycle_ms=1000, queue=RAM, enabled=False), True)
        await world.advance(20_000)
        assert ticks and ticks[-1] >= 20_000

    play(scene, cycle_ms=1000, queue=RAM, value="0")
