"""Requests over a CAN controller: what goes onto the bus, and what is made of what comes back."""

import asyncio
from time import ticks_diff, ticks_ms

from can_fake import FakeCan, ScriptedCar, text, unpadded, until
from helper import raises, run
from obd import errors
from obd.can import Can, LongRequest
from obd.request import Request

SINGLE = "ATSH7E0;ATST10"
IONIQ = (
    "7EC#21EF842040017200 7EC#22FFD01D1A191718 7EC#2319181818003FC2 7EC#2416C10E00009000 "
    "7EC#2500F1D50000EDDF 7EC#260000B4D50000AD 7EC#2712008D9C5F0002 7EC#28E7000000000707"
)


def ask(car, *requests, protocol="6", known=None, found=None):
    """Makes the requests in turn; returns the replies, or the error where one failed."""

    async def session():
        adapter = Can(car.can, protocol, known, None, found)
        await adapter.start()
        outcomes = []
        for request in requests:
            outcomes.append(await outcome(adapter, request))
        await adapter.close()
        return outcomes

    return run(session())


async def outcome(adapter, request):
    """The reply, or the error instead."""
    try:
        return await adapter.request(request)
    except errors.ERRORS as error:
        return error


def test_a_single_frame_answers_a_request():
    car = ScriptedCar({"7E0#0322F190": "7E8#0462F19017555555"})
    (reply,) = ask(car, Request("22F190", SINGLE))
    assert reply.ecus == [0x7E8] and reply.payload() == bytes.fromhex("62F19017")
    assert car.sent == ["7E0#0322F190AAAAAAAA"], "padded to eight bytes"


def test_an_answer_of_several_frames_becomes_the_frame_image():
    car = ScriptedCar({"7E4#03220101": "7EC#103E620101EFFBE7", "7E4#300000": IONIQ})
    (reply,) = ask(car, Request("220101", "ATSH7E4;ATST96;"))
    image = reply.image()
    assert len(image) == 72 and image[10] == 0x84 and image[63] == 2
    assert car.sent[1] == "7E4#300000AAAAAAAAAA"


def test_flow_control_goes_to_the_responder_after_a_functional_request():
    car = ScriptedCar(
        {
            "7DF#020902": "7E8#1014490201574241 7EA#1008490201020304",
            "7E0#300000": "7E8#2131323334353637 7E8#2238393031323334",
            "7E2#300000": "7EA#210506AAAAAAAAAA",
        }
    )
    (reply,) = ask(car, Request("0902"))
    assert [unpadded(line) for line in car.sent] == ["7DF#020902", "7E0#300000", "7E2#300000"]
    assert reply.ecus == [0x7E8, 0x7EA]
    assert reply.payload(0x7E8)[3:] == b"WBA12345678901234"
    assert reply.payload(0x7EA) == bytes.fromhex("4902010203040506")


def test_flow_control_of_29_bit_identifiers_swaps_source_and_target():
    car = ScriptedCar(
        {
            "18DB33F1#020902": "18DAF110#1008490201020304 18DAF128#04490201FF",
            "18DA10F1#300000": "18DAF110#21AABB",
        }
    )
    (reply,) = ask(car, Request("0902"), protocol="7")
    assert reply.ecus == [0x18DAF110, 0x18DAF128]
    assert [unpadded(line) for line in car.sent] == ["18DB33F1#020902", "18DA10F1#300000"]


def test_the_number_of_answers_is_learned_so_that_no_more_are_waited_for():
    car = ScriptedCar({"7DF#020105": "7E8#0341057B 7E9#0341057C"})
    request = Request("0105", "ATSTFF")  # a second
    began = ticks_ms()
    replies = ask(car, *[request] * 5)
    assert ticks_diff(ticks_ms(), began) < 4000, "only the first waited for more"
    assert [reply.ecus for reply in replies] == [[0x7E8, 0x7E9]] * 5
    assert request.lines == 2


def test_a_request_that_does_not_fit_one_frame_is_cut_up():
    data = "2E" + "F190" + "00112233445566778899"
    car = ScriptedCar(
        {
            "7E0#100D2EF190001122": "7E8#300000",
            "7E0#2133445566778899": "7E8#036EF190",
        }
    )
    (reply,) = ask(car, LongRequest(data, SINGLE))
    assert reply.payload() == bytes.fromhex("6EF190")
    assert car.sent == ["7E0#100D2EF190001122", "7E0#2133445566778899"]


def test_no_frame_is_sent_before_the_next_grant():
    async def session():
        car = ScriptedCar({"7E0#1010360001020304": "7E8#300100 7E9#300000"})
        adapter = Can(car.can, "6")
        await adapter.start()
        data = "36" + "".join(["%02X" % index for index in range(15)])
        asking = asyncio.create_task(adapter.request(LongRequest(data, SINGLE)))
        await until(lambda: len(car.sent) == 2)
        for _ in range(20):
            await asyncio.sleep_ms(1)
        before = len(car.sent)
        car.comes("7E8#30010A")
        await until(lambda: len(car.sent) == 3)
        car.comes("7E8#027600")
        await asking
        return before

    assert run(session()) == 2


def test_the_separation_time_is_kept():
    data = "36" + "".join(["%02X" % index for index in range(40)])
    car = ScriptedCar({"7E0#1029360001020304": "7E8#300014", "7E0#2521222324252627": "7E8#027600"})
    began = ticks_ms()
    (reply,) = ask(car, LongRequest(data, SINGLE))
    assert reply.payload() == b"\x76\x00"
    assert ticks_diff(ticks_ms(), began) >= 4 * 20, "five frames, 20 ms between any two"


def test_block_size_and_waiting_are_obeyed():
    data = "36" + "".join(["%02X" % index for index in range(40)])
    car = ScriptedCar(
        {
            "7E0#1029360001020304": "7E8#310000 7E8#310000 7E8#300201",
            "7E0#220C0D0E0F101112": "7E8#300201",
            "7E0#241A1B1C1D1E1F20": "7E8#3003F5",
            "7E0#2521222324252627": "7E8#027600",
        }
    )
    (reply,) = ask(car, LongRequest(data, SINGLE))
    assert reply.payload() == b"\x76\x00"
    assert len(car.sent) == 6, car.sent


def test_a_receiver_without_room_is_an_error():
    data = "2E" + "F190" + "00112233445566778899"
    car = ScriptedCar({"7E0#100D2EF190001122": "7E8#320000"})
    (error,) = ask(car, LongRequest(data, SINGLE))
    assert isinstance(error, errors.BusFault) and "no room" in str(error)


def test_more_than_one_frame_never_goes_to_all_ecus():
    request, unsure = "2EF1900011223344", "ATSH714"
    found = ask(ScriptedCar(), LongRequest(request), LongRequest(request, unsure))
    for error in found:
        assert isinstance(error, errors.BusFault) and "one ECU's header" in str(error)


def test_an_ecu_that_asks_for_time_is_waited_for():
    async def session():
        car = ScriptedCar({"7E0#0222F1": "", "7E0#0322F190": "7E8#037F2278"})
        adapter = Can(car.can, "6")
        await adapter.start()
        asking = asyncio.create_task(adapter.request(Request("22F190", "ATSH7E0;ATST01")))
        await until(lambda: car.sent)
        for _ in range(30):  # longer than the 4 ms of ATST01
            await asyncio.sleep_ms(1)
        car.comes("7E8#037F2278 7E8#0462F19042")
        reply = await asking
        await adapter.close()
        return car, reply

    car, reply = run(session())
    assert reply.payload() == bytes.fromhex("62F19042") and len(car.sent) == 1


def test_an_answer_of_another_ecu_does_not_cut_the_wait_for_one_that_asked_for_time():
    async def session():
        car = ScriptedCar({"7DF#020105": "7E8#037F0178 7E9#0341057C"})
        adapter = Can(car.can, "6")
        await adapter.start()
        asking = asyncio.create_task(adapter.request(Request("0105", "ATST01")))
        await until(lambda: car.sent)
        for _ in range(30):
            await asyncio.sleep_ms(1)
        car.comes("7E8#0341057B")
        reply = await asking
        await adapter.close()
        return reply.ecus

    assert run(session()) == [0x7E8, 0x7E9]


def test_a_refusal_and_a_silence_are_told_apart():
    car = ScriptedCar({"7E0#0322F190": "7E8#037F2231"})
    refused, silent = ask(car, Request("22F190", SINGLE), Request("22F191", "ATSH7E0;ATST01"))
    assert isinstance(refused, errors.NegativeResponse) and refused.code == 0x31
    assert isinstance(silent, errors.NoAnswer) and "22F191" in str(silent)


def test_a_busy_ecu_is_asked_again():
    car = ScriptedCar({"7E0#0322F190": ["7E8#037F2221", "7E8#0462F19017"]})
    (reply,) = ask(car, Request("22F190", SINGLE))
    assert reply.payload() == bytes.fromhex("62F19017") and len(car.sent) == 2


def test_foreign_frames_neither_disturb_nor_prolong_the_wait():
    async def session():
        car = ScriptedCar()
        adapter = Can(car.can, "6")
        await adapter.start()
        asking = asyncio.create_task(outcome(adapter, Request("22F190", "ATSH7E0;ATST20")))
        await until(lambda: car.sent)
        while (
            not asking.done()
        ):  # another tester, its ECU, a broadcast: more often than the time-out
            car.comes("7E8#0341057B 7E8#1014620123000102 7E8#2131323334353637 123#0462F190FF")
            await asyncio.sleep_ms(2)
        await adapter.close()
        return car, await asking

    car, error = run(session())
    assert isinstance(error, errors.NoAnswer), error
    assert car.sent == ["7E0#0322F190AAAAAAAA"], "no flow control for others"


def test_a_frame_that_comes_twice_is_taken_once():
    car = ScriptedCar(
        {
            "7E0#0322F190": "7E8#100E62F190010203",
            "7E0#300000": "7E8#2104050607080910 7E8#2104050607080910 7E8#2211",
        }
    )
    (reply,) = ask(car, Request("22F190", SINGLE))
    assert reply.payload() == bytes.fromhex("62F1900102030405060708091011")


def test_after_a_lost_frame_the_request_is_made_again():
    good = "7E8#2104050607080910 7E8#2211"
    car = ScriptedCar(
        {
            "7E0#0322F190": "7E8#100E62F190010203",
            "7E0#300000": ["7E8#2211", good, "7E8#2211", "7E8#2211"],
        }
    )
    request = Request("22F190", SINGLE)
    reply, error = ask(car, request, request)
    assert len(reply.payload()) == 14
    assert isinstance(error, errors.Garbled) and "frame 1 expected, got 2" in str(error)


def test_flow_control_of_the_link_is_used():
    car = ScriptedCar(
        {
            "7B1#0322F190": "7B9#101462F190010203",
            "7B3#300105": ["7B9#2104050607080910", "7B9#2211121314151617"],
        }
    )
    (reply,) = ask(
        car,
        Request("22F190", "ATSH7B1;ATCRA7B9;ATFCSH7B3;ATFCSD300105;ATFCSM1;ATST10"),
    )
    assert len(reply.payload()) == 20
    assert [unpadded(line) for line in car.sent] == ["7B1#0322F190", "7B3#300105", "7B3#300105"]


def test_extended_addressing_puts_the_address_first_and_checks_it():
    car = ScriptedCar(
        {
            "6F1#070322DDBC": "607#F1100962DDBC0102",
            "6F1#07300000": "607#F12103040506AAAA 607#EE0462DDBC11",
        }
    )
    (reply,) = ask(car, Request("22DDBC", "ATSH6F1;ATCEA07;ATCRA607;ATST10"))
    assert reply.payload() == bytes.fromhex("62DDBC010203040506")
    assert reply.address == 0xF1 and reply.image()[:4] == bytes.fromhex("F1100962")


def test_a_full_controller_is_waited_for():
    async def session():
        car = ScriptedCar({"7E4#03220101": "7EC#103E620101EFFBE7", "7E4#300000": IONIQ})
        car.can.room = 1
        adapter = Can(car.can, "6")
        await adapter.start()
        asking = asyncio.create_task(adapter.request(Request("220101", "ATSH7E4;ATST96")))
        await until(lambda: car.sent)
        car.can.room = None
        reply = await asking
        await adapter.close()
        return car, reply

    car, reply = run(session())
    assert len(reply.payload()) == 62
    assert [unpadded(line) for line in car.sent] == ["7E4#03220101", "7E4#300000"]


def test_a_request_nobody_acknowledges_is_withdrawn():
    async def session():
        car = ScriptedCar()
        car.can.acknowledged = False
        adapter = Can(car.can, "6")
        await adapter.start()
        asking = asyncio.create_task(adapter.request(Request("22F190", "ATSH7E0;ATSTFF")))
        await until(lambda: car.can.waiting)
        car.comes("7E8#300000")  # to another tester
        try:
            return car, await asking
        except errors.NoAnswer as error:
            return car, error

    car, error = run(session())
    assert "acknowledges" in str(error) and not car.can.waiting


def test_a_controller_that_went_off_the_bus_is_started_again():
    car = ScriptedCar({"7E0#0322F190": "7E8#0462F19017"})
    car.can.off = True
    request = Request("22F190", SINGLE)
    error, reply = ask(car, request, request)
    assert isinstance(error, errors.BusFault) and car.can.restarts == 1
    assert reply.payload() == bytes.fromhex("62F19017")


def test_a_controller_that_fails_is_lost():
    async def session():
        car = ScriptedCar()
        adapter = Can(car.can, "6")
        await adapter.start()
        asking = asyncio.create_task(adapter.request(Request("22F190", "ATSH7E0;ATSTFF")))
        await until(lambda: car.sent)
        car.can.failure = 19
        car.can.interrupt()
        outcomes = []
        for each in (asking, adapter.request(Request("22F190", SINGLE))):
            try:
                outcomes.append(await each)
            except errors.AdapterLost as error:
                outcomes.append(error)
        await adapter.close()
        return outcomes

    assert [type(outcome) for outcome in run(session())] == [errors.AdapterLost] * 2


def test_a_board_without_a_controller_says_so():
    assert "no CAN controller" in str(raises(errors.AdapterLost, Can, None))


def test_a_controller_that_cannot_listen_unnoticed_takes_part_at_once():
    class Plain(FakeCan):
        def init(self, bitrate, mode=0):
            if mode != self.MODE_NORMAL:
                raise ValueError("unsupported mode")
            FakeCan.init(self, bitrate, mode)

    async def scene():
        can = Plain()
        adapter = Can(can, "6")
        await adapter.start()
        return can.mode, can.bitrate

    assert run(scene()) == (FakeCan.MODE_NORMAL, 500_000)


def test_protocols_that_are_not_can_are_refused_in_words():
    (error,) = ask(ScriptedCar(), Request("0105", "ATSP3"))
    assert isinstance(error, errors.BusFault) and "protocol 3" in str(error)


# The protocol


def broadcasting(car):
    """Starts a task that sends somebody's frames all the time."""

    async def others():
        while True:
            car.comes("3A0#0102")
            await asyncio.sleep_ms(1)

    return asyncio.create_task(others())


def search(car, talkative=True, protocol="0", known=None, request=None):
    """(outcome, protocols reported) of one request on a bus with traffic, or without."""
    reported = []

    async def session():
        adapter = Can(car.can, protocol, known, None, reported.append)
        await adapter.start()
        talk = broadcasting(car) if talkative else None
        try:
            return await adapter.request(request or Request("0105", "ATST04"))
        except errors.NoAnswer as error:
            return error
        finally:
            if talk:
                talk.cancel()
            await adapter.close()

    return run(session()), reported


def test_on_a_bus_with_traffic_the_bit_rate_is_found_without_disturbing_it():
    script = {"18DB33F1#020100": "18DAF110#064100BE3EA813", "18DB33F1#020105": "18DAF110#03410577"}
    car = ScriptedCar(script, rate=250_000)
    reply, reported = search(car)
    assert reply.payload() == bytes.fromhex("410577") and reported == ["9"]
    assert car.can.disturbed == 0
    assert [rate for rate, mode in car.can.modes if mode == car.can.MODE_NORMAL] == [250_000]


def test_on_a_silent_bus_the_protocols_are_tried_in_the_standard_order():
    script = {"18DB33F1#020100": "18DAF110#064100BE3EA813", "18DB33F1#020105": "18DAF110#03410577"}
    car = ScriptedCar(script, rate=250_000)
    reply, reported = search(car, talkative=False)
    assert reply.payload() == bytes.fromhex("410577") and reported == ["9"]
    normal = [rate for rate, mode in car.can.modes if mode == car.can.MODE_NORMAL]
    assert normal == [500_000, 250_000]
    assert car.can.disturbed <= 2, "one frame in each protocol, withdrawn at once"


def test_a_car_that_leaves_the_usual_request_unanswered_is_found_by_its_own():
    car = ScriptedCar({"7E4#03220101": "7EC#04620101FF"})
    reply, reported = search(car, request=Request("220101", "ATSH7E4;ATST04"))
    assert reply.payload() == bytes.fromhex("620101FF") and reported == ["6"]


def test_after_a_fruitless_search_the_controller_only_listens():
    async def session(car):
        adapter = Can(car.can, "0")
        await adapter.start()
        try:
            await adapter.request(Request("0105", "ATST01"))
        except errors.NoAnswer as error:
            return error, car.can.mode

    car = ScriptedCar()
    car.can.acknowledged = False
    error, mode = run(session(car))
    assert "acknowledges" in str(error) and mode == car.can.MODE_SILENT


def test_a_remembered_protocol_of_another_car_is_given_up():
    car = ScriptedCar({"7DF#020100": "7E8#064100BE3EA813", "7DF#020105": "7E8#03410577"})
    reply, reported = search(car, known="9")
    assert reply.payload() == bytes.fromhex("410577") and reported == ["6"]


def test_a_remembered_protocol_is_used_at_once():
    car = ScriptedCar({"7DF#020105": "7E8#03410577"})
    reply, reported = search(car, talkative=False, known="6")
    assert reply.payload() == bytes.fromhex("410577") and reported == []
    assert car.sent == ["7DF#020105AAAAAAAAAA"]


def test_what_was_heard_is_written_as_it_was_sent():
    assert text(0x7E8, b"\x01", False) == "7E8#01" and text(0x123, b"", True) == "00000123#"
