"""What the connectors of other systems need of a destination: numbers, frames, fields, attempts by their rules."""

import asyncio
import json

from delivery.destination import Destination
from net.http import RequestError
from world import Answer, Parameter, Road, World, play, settings

URL = "https://a.example/in"
IDS = {"SERIAL": "123456", "IMEI": "353785725680796"}
RAM = {"mode": "ram", "max_age_s": 0}
DM = {"format": "digital_matter", "boot": "never"}
KPN = {"scheme": "kpn", "plug_uuid": "fbc063cb-4dd4-41b3-917a-e2d1ea907f75"}
KPN_RETRY = {"attempts": 3, "first_s": 5, "longest_s": 15}


def records(world):
    """Of each request."""
    return [json.loads(body)["Records"] for body in world.bodies()]


def numbers(world):
    return [[record["SeqNo"] for record in each] for each in records(world)]


def test_a_request_of_digital_matter_is_one_document_around_its_records():
    async def scene(world, destination):
        world.named = IDS
        world.signals.states["ignition"] = True
        world.signals.millivolts = 13840
        await world.advance(100)
        document = json.loads(world.bodies()[0])
        assert (document["SerNo"], document["IMEI"]) == (123456, "353785725680796")
        assert (document["ICCID"], document["ProdId"]) == ("", 87)
        assert document["Records"] == [
            {
                "SeqNo": 0,
                "DateUTC": "2024-10-27 03:33:20",
                "Reason": 11,
                "Fields": [
                    {"FType": 2, "DIn": 1, "DOut": 0, "DevStat": 0},
                    {"FType": 6, "AnalogueData": {"2": 1384}},
                    {"FType": 7, "AnalogueData": {"100": 5}},
                ],
            }
        ]
        assert destination.journal.last.sent == len(world.bodies()[0])

    play(scene, body=dict(DM, product=87))


def test_what_ignition_and_voltage_are_read_from_is_told_once():
    async def scene(world, destination):
        world.named = IDS
        world.signals.sources = lambda: [world.group.get("SPEED").key]
        await world.advance(100)
        assert records(world)[0][0]["Fields"] == []

    play(scene, body=DM)


def test_a_record_says_why_it_was_made():
    async def scene(world, destination):
        world.named = IDS
        world.signals.states["ignition"] = False
        await world.advance(100)
        world.signals.states["ignition"] = True
        await world.advance(100)
        world.signals.states["ignition"] = False
        await world.advance(100)
        assert [each[0]["Reason"] for each in records(world)] == [11, 1, 2]
        await destination_sends(world, destination)
        assert records(world)[-1][0]["Reason"] == 11

    play(scene, body=DM, cycle_ms=600_000, events={"ignition": True})


async def destination_sends(world, destination):
    demand = asyncio.create_task(destination.send_now())
    await world.advance(500)
    return await demand


def test_a_trip_that_begins_while_values_change_is_told_as_what_it_is():
    async def scene(world, destination):
        world.named = IDS
        world.signals.states["ignition"] = False
        world.latency[URL] = 3000
        await world.advance(500)
        world.signals.states["ignition"] = True  # while the first one is under way
        world.read("6")
        await world.advance(6000)
        assert [each[0]["Reason"] for each in records(world)][:2] == [47, 1]

    play(scene, body=DM, cycle_ms=600_000, events={"ignition": True, "change": True})


def test_numbers_follow_each_other_on_all_destinations_and_no_document_without_a_record_has_one():
    async def scene():
        world = World()
        world.read("5")
        world.named = IDS
        world.epoch = 0  # no record without a date
        chosen = {"body": DM, "queue": RAM, "cycle_ms": 1000}
        plain = {"allow_plain": True}
        tasks = []
        for number in (1, 2):
            url = "http://a.example/%d" % number
            one = settings(id=number, url=url, transport=plain, **chosen)
            tasks.append(asyncio.create_task(Destination(one, True, world).run()))
        await world.advance(3500)
        assert world.requests == []
        world.epoch = 1_730_000_000
        await world.advance(3500)
        found = [number for each in numbers(world) for number in each]
        assert len(found) >= 6 and sorted(found) == list(range(len(found)))
        for task in tasks:
            task.cancel()

    asyncio.run(scene())


def test_thingpark_counts_for_each_destination_and_over_a_new_start_of_it():
    async def scene():
        world = World()
        world.read("5")
        tasks = []
        for number in (1, 2):
            one = settings(
                id=number,
                url="https://%d.example/" % number,
                body={"format": "thingpark", "boot": "never"},
                cycle_ms=1000,
            )
            destination = Destination(one, True, world)
            tasks.append(asyncio.create_task(destination.run()))
        await world.advance(2500)
        destination.restart()
        await world.advance(2000)
        for number in (1, 2):
            bodies = [
                body for _, url, _, body in world.requests if url == "https://%d.example/" % number
            ]
            counts = [json.loads(body)["DevEUI_uplink"]["FCntUp"] for body in bodies]
            assert len(counts) >= 4 and counts == list(range(len(counts)))
        for task in tasks:
            task.cancel()

    asyncio.run(scene())


def test_a_bad_record_is_put_aside_and_the_others_arrive_in_their_order():
    async def scene(world, destination):
        world.named = IDS
        world.answers[URL] = RequestError("connect", "Refused.")
        await world.advance(3500)
        world.answers[URL] = [Answer(200), Answer(400), Answer(200), Answer(400), Answer(200)]
        world.requests.clear()
        destination.reset()
        await world.advance(400)
        assert numbers(world) == [[0], [1, 2, 3], [1], [2], [3]]
        assert [letter[0] for letter in world.dead.letters] == [world.requests[3][2]]

    play(scene, body=DM, cycle_ms=1000, queue=dict(RAM, batch=10))


def test_other_ids_are_used_at_once_and_the_same_ones_disturb_nothing():
    async def scene(world, destination):
        await world.advance(100)
        destination.apply(settings(), True)
        await world.advance(100)
        assert len(world.roads) == 1
        world.named = {"CUSTOM1": "bus 7"}
        destination.apply(settings(), True)
        await world.advance(100)
        assert [road.closed for road in world.roads] == [True, False]

    play(scene)


def test_a_base_name_that_cannot_be_is_a_reason_and_stops_nobody():
    body = {"format": "senml", "base_name": "urn:dev:IMEI:[IMEI]:"}

    async def scene(world, destination):
        await world.advance(2500)
        assert world.requests == [] and destination.state == "failing"
        assert "[IMEI] is used, but it is empty" in destination.reason
        assert (destination.journal.last.stage, destination.journal.failed) == ("settings", 3)
        attempt = await destination_sends(world, destination)
        assert (attempt.stage, attempt.ok) == ("settings", False) and "[IMEI]" in attempt.cause
        assert attempt.advice
        world.named = {"IMEI": "353785725680796"}
        destination.apply(destination._settings, True)
        await world.advance(1500)
        assert destination.state == "ok"
        assert '"bn":"urn:dev:IMEI:353785725680796:"' in world.bodies()[0]

    for queue in ({}, RAM):
        world = play(scene, body=body, cycle_ms=1000, queue=queue)
        warnings = [line for line in world.log.lines if "[IMEI]" in line]
        assert len(warnings) == 1


def test_nothing_is_sent_on_demand_if_there_is_nothing_to_tell():
    async def scene(world, destination):
        attempt = await destination_sends(world, destination)
        assert (attempt.stage, attempt.ok) == ("settings", False)
        assert "nothing to send" in attempt.cause and attempt.advice
        assert world.requests == []

    play(scene, value=None, body={"format": "senml"})


def test_kpn_things_gets_three_attempts_whatever_it_answers_and_then_the_next_document():
    for status in (400, 401, 403, 404, 500, 302):

        async def scene(world, destination, status=status):
            world.answers[URL] = [Answer(status)] * 3 + [Answer(200)]
            await world.advance(60_000)
            ids = [id for _, _, id, _ in world.requests]
            assert ids[0] == ids[1] == ids[2] != ids[3] and len(set(ids[3:])) == len(ids) - 3
            assert [letter[0] for letter in world.dead.letters] == [ids[0]]
            first, second, third = world.times()[:3]
            assert 4000 <= second - first <= 7000 and 8000 <= third - second <= 14_000

        play(scene, sign=KPN, retry=KPN_RETRY, queue=RAM, cycle_ms=30_000)


def test_kpn_things_is_not_asked_again_at_an_address_that_is_gone():
    async def scene(world, destination):
        world.answers[URL] = Answer(410)
        await world.advance(600_000)
        assert len(world.requests) == 1 and destination.state == "gone"

    play(scene, sign=KPN, retry=KPN_RETRY, queue=RAM)


class Patient(World):
    """Notes how long each attempt may take."""

    def __init__(self):
        super().__init__()
        self.deadlines = []

    def route(self, settings):
        road = Road(self, settings)
        deliver = road.deliver

        def timed(parcel, deadline_ms):
            self.deadlines.append(deadline_ms)
            return deliver(parcel, deadline_ms)

        road.deliver = timed
        return road


def deadlines(count, **retry):
    """Of so many attempts in vain, and of the first one of the next document."""

    async def scene():
        world = Patient()
        world.group.configure([Parameter("SPEED")])
        world.read("5")
        world.answers[URL] = [Answer(500)] * count + [Answer(200)]
        chosen = settings(retry=dict(retry, first_s=1, longest_s=1), queue=RAM, cycle_ms=600_000)
        task = asyncio.create_task(Destination(chosen, True, world).run())
        await world.advance(601_000)
        task.cancel()
        return world.deadlines

    return asyncio.run(scene())


def test_each_attempt_may_have_a_time_of_its_own():
    assert deadlines(3, timeouts_s=[5, 10]) == [5000, 10_000, 10_000, 10_000, 5000]
    assert deadlines(1, timeouts_s=[], timeout_s=7) == [7000] * 3
    assert deadlines(1, timeouts_s=[], timeout_s=0) == [30_000] * 3


FIRST = '"config":{"SPEED":'


def test_config_and_status_come_once_more_when_they_are_asked_for():
    async def scene(world, destination):
        await world.advance(6000)
        destination.introduce()
        world.answers[URL] = [Answer(500), Answer(200)]
        while len(world.requests) < 5:
            await world.advance(100)
        assert [FIRST in body for body in world.bodies()] == [True, False, True, True, False]

    play(scene)


def test_config_and_status_come_when_they_are_asked_for_though_the_settings_want_them_never():
    async def scene(world, destination):
        await world.advance(6000)
        destination.introduce()
        await world.advance(10_000)
        destination.apply(settings(body={"boot": "never"}, name="another"), True)
        await world.advance(5000)
        told = [FIRST in body for body in world.bodies()]
        assert told[:3] == [False, False, True] and not any(told[3:]) and len(told) > 4

    play(scene, body={"boot": "never"})


def test_what_waits_with_config_and_status_does_not_stand_for_what_was_asked_later():
    async def scene(world, destination):
        world.answers[URL] = Answer(500)
        await world.advance(6000)
        destination.introduce()
        world.answers[URL] = Answer(200)
        await world.advance(60_000)
        assert [FIRST in body for body in delivered(world)][:3] == [True, False, True]

    play(scene, queue=RAM, retry={"first_s": 1, "longest_s": 1})


def delivered(world):
    """The bodies, each once."""
    found = []
    for body, request in zip(world.bodies(), world.requests):
        if request[2] not in [id for id, _ in found]:
            found.append((request[2], body))
    return [body for _, body in found]


class Replying(Road):
    """Its verdicts carry replies."""

    async def deliver(self, parcel, deadline_ms):
        found = await super().deliver(parcel, deadline_ms)
        if found.ok:
            found.reply = b"reply to " + parcel.id.encode()
        return found


def test_a_reply_is_handed_on_when_its_document_has_left_the_queue():
    async def scene(world, destination):
        waiting = []
        world.route = lambda settings: Replying(world, settings)
        world.carried = lambda *reply: waiting.append((reply, len(destination.outbox)))
        world.answers[URL] = [Answer(500), Answer(200)]
        await world.advance(2500)
        assert waiting == [((1, b"reply to dev-7-1"), 0)]
        await destination_sends(world, destination)
        assert [each[0][1] for each in waiting][1:] == [
            b"reply to " + world.requests[-1][2].encode()
        ]

    play(scene, queue=RAM, retry={"first_s": 1, "longest_s": 1})
