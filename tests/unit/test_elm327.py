"""The adapter: what is sent to it, and what is made of what comes back."""

from binascii import hexlify

from helper import run
from obd import errors
from obd.elm327 import Elm327
from obd.request import Request
from wire import Wire

IONIQ = (
    b"7EC103E620101EFFBE7\r7EC21EF84204001720 0\r7EC22FFD01D1A191718\r7EC2319181818003FC2\r7EC2416C10E00009000\r"
    b"7EC2500F1D50000EDDF\r7EC260000B4D50000AD\r7EC2712008D9C5F0002\r7EC28E700000000 0707\r\r>"
).replace(b" ", b"")


def ask(wire, *requests, protocol="6"):
    """Sends the requests in turn; returns the replies, or the error where one failed."""

    async def session():
        adapter = Elm327(wire, wire, protocol=protocol)
        outcomes = []
        for request in requests:
            try:
                outcomes.append(await adapter.request(request))
            except errors.ERRORS as error:
                outcomes.append(error)
        return outcomes

    return run(session())


def after_setup(wire):
    """What was sent after the adapter's own set-up."""
    return wire.sent[wire.sent.index("ATAT1") + 2 :]


def test_a_multi_frame_answer_becomes_the_frame_image():
    (reply,) = ask(Wire({"220101": IONIQ}), Request("220101", "ATSH7E4;ATST96;"))
    assert reply.ecus == [0x7EC]
    image = reply.image()
    assert hexlify(image[:18]) == b"103e620101effbe721ef842040017200" + b"22ff", hexlify(image)
    assert len(image) == 72 and image[63] == 2
    assert hexlify(reply.payload(0x7EC)[:4]) == b"620101ef"


def test_a_request_that_is_not_understood_with_a_line_count_is_soon_sent_without():
    batch, single = b"7E806410C1AF80D3C\r\r>", b"7E803410577\r\r>"
    wire = Wire({"010C0D": batch, "010C0D1": b"?\r\r>", "0105": single, "01051": single})
    both = Request("010C0D"), Request("0105")
    replies = ask(wire, *both * 8)
    assert len([reply for reply in replies if reply.ecus == [0x7E8]]) == 16
    assert wire.sent.count("010C0D1") == 2 and wire.sent.count("01051") == 7, wire.sent


def test_an_adapter_without_receive_filter_is_given_filter_and_mask():
    frame = b"17FE007B0462028CD2\r\r>"
    wire = Wire({"22028C": frame, "0105": b"18DAF1100341057700000000\r\r>"})
    for command in ("ATCRA17FE007B", "ATCRA17FE0X7X", "ATCRA"):
        wire.answers[command] = b"?\r\r>"
    first, second, third = ask(
        wire,
        Request("22028C", "ATSP7;ATCRA17FE007B"),
        Request("22028C", "ATSP7;ATCRA17FE0X7X"),
        Request("0105"),
        protocol="7",
    )
    assert hexlify(second.payload()) == b"62028cd2" and third.ecus == [0x18DAF110]
    assert hexlify(first.payload()) == b"62028cd2"
    sent = [line for line in after_setup(wire) if line[:4] in ("ATCR", "ATCF", "ATCM", "ATAR")]
    assert sent == [
        "ATCRA17FE007B",
        "ATCF17FE007B",
        "ATCM1FFFFFFF",
        "ATCRA17FE0X7X",
        "ATCF17FE0070",
        "ATCM1FFFF0F0",
        "ATCRA",
        "ATAR",
    ]


def test_only_changed_settings_are_sent():
    wire = Wire({"220101": IONIQ, "2201019": IONIQ})
    init = "ATSH7E4;ATST96;"
    ask(wire, Request("220101", init), Request("220101", init), Request("2203", "ATSH7E6;ATST96"))
    assert after_setup(wire) == [
        "ATTP6",
        "ATSH7E4",
        "ATST96",
        "220101",
        "220101",
        "ATSH7E6",
        "2203",
    ]


def test_settings_a_later_link_does_not_mention_are_put_back():
    wire = Wire()
    ask(
        wire,
        Request("2201", "ATSH7E4;ATCRA7EC;ATFCSH7E4;ATFCSD300000;ATFCSM1;ATCEA07;ATST96"),
        Request("010C"),
    )
    later = wire.sent[wire.sent.index("2201") + 1 :]
    assert later.pop() == "010C"
    assert set(later) == {"ATSH7DF", "ATCRA", "ATFCSM0", "ATCEA", "ATST32"}


def test_the_number_of_lines_is_learned_and_asked_for():
    wire = Wire({"0105": b"7E8034105770000 0000\r\r>", "01051": b"7E80341057B00000000\r\r>"})
    request = Request("0105")
    replies = ask(wire, request, request)
    assert wire.requests() == ["0105", "01051"]
    assert [hexlify(reply.payload()) for reply in replies] == [b"410577", b"41057b"]


def test_a_digit_of_the_profile_is_used_and_dropped_when_it_is_wrong():
    wire = Wire({"2201013": IONIQ[:60] + b"\r\r>", "220101": IONIQ})
    (reply,) = ask(wire, Request("2201013", "ATSH7E4"))
    assert len(reply.image()) == 72 and wire.requests() == ["2201013", "220101"]


def test_pending_answers_are_waited_for_with_the_longest_timeout():
    pending = b"7E8037F2278\r\r>"
    wire = Wire({"2210E0": [pending, pending + b"", b"7E8037F2278\r7E8076210E000006CB1\r\r>"]})
    request = Request("2210E0", "ATSH7E0")
    (reply,) = ask(wire, request)
    assert hexlify(reply.image()) == b"076210e000006cb1"
    assert "ATSTFF" in wire.sent and request.slow and request.lines is None


def test_another_negative_response_is_an_error_with_its_name():
    for code, words in (
        (0x11, "service not supported"),
        (0x31, "out of range"),
        (0x22, "conditions not correct"),
    ):
        wire = Wire({"22F190": b"7E8037F22%02X\r\r>" % code})
        (error,) = ask(wire, Request("22F190", "ATSH7E0"))
        assert isinstance(error, errors.NegativeResponse), error
        assert error.code == code and words in str(error).lower(), str(error)


def test_stale_and_foreign_frames_never_become_values():
    stale = b"7E8034105550000 0000\r\r>".replace(b" ", b"")
    wire = Wire({"010C": [stale, b"7E8034105550000\r7E804410C1AF8\r\r>"]})
    (reply,) = ask(wire, Request("010C"))
    assert hexlify(reply.payload()) == b"410c1af8"
    wire = Wire({"010C": stale})
    (error,) = ask(wire, Request("010C"))
    assert isinstance(error, errors.Garbled), error


def test_a_line_that_lost_a_character_is_asked_for_again():
    wire = Wire({"010C": [b"7E804410C1F8\r\r>", b"7E804410C1AF8\r\r>"]})
    (reply,) = ask(wire, Request("010C"))
    assert hexlify(reply.payload()) == b"410c1af8"


def test_echo_spaces_line_feeds_and_searching_do_no_harm():
    text = b"010C\r\nSEARCHING...\r\n7E8 04 41 0C 1A F8 \r\n\r\n>"
    (reply,) = ask(Wire({"010C": text}), Request("010C"))
    assert hexlify(reply.image()) == b"04410c1af8"


def test_29_bit_identifiers_as_one_token_and_as_four():
    for line in (
        b"17FE007B 04 62 02 8C D2\r\r>",
        b"17 FE 00 7B 04 62 02 8C D2\r\r>",
        b"17FE007B0462028CD2\r\r>",
    ):
        init = "ATSP7;ATCP17;ATSHFC007B;ATFCSH17FC007B;ATCRA17FE007B;"
        (reply,) = ask(Wire({"22028C": line}), Request("22028C", init))
        assert reply.ecus == [0x17FE007B] and hexlify(reply.image()) == b"0462028cd2", line


def test_a_legacy_answer_gets_the_image_can_would_have_had():
    for line in (b"84 F1 12 41 10 00 F1 C9\r\r>", b"84F112411000F1C9\r\r>"):
        (reply,) = ask(Wire({"0110": line}), Request("0110"), protocol="5")
        assert reply.ecus == [0x12] and hexlify(reply.image()) == b"04411000f1", line


def test_several_ecus_answer_at_once():
    wire = Wire({"0105": b"7E9034105500000\r7E8034105770000\r\r>"})
    (reply,) = ask(wire, Request("0105"))
    assert reply.ecus == [0x7E8, 0x7E9]
    assert hexlify(reply.payload()) == b"410577" and hexlify(reply.payload(0x7E9)) == b"410550"


def test_a_lost_line_of_one_ecu_does_not_make_another_speak_for_it():
    damaged = b"7E80341057\r7E9034105500000\r\r>"
    whole = b"7E8034105770000\r7E9034105500000\r\r>"
    (reply,) = ask(Wire({"0105": [damaged, whole]}), Request("0105"))
    assert hexlify(reply.payload()) == b"410577"
    (reply,) = ask(Wire({"0105": damaged}), Request("0105"))
    assert reply.ecus == [0x7E9], "an ECU that is never understood does not silence the others"


def test_extended_addresses_are_part_of_the_image():
    (reply,) = ask(
        Wire({"2201": b"607F1046201AABB\r\r>"}), Request("2201", "ATSH6F1;ATCEA07;ATCERF1")
    )
    assert hexlify(reply.image()) == b"f1046201aabb" and hexlify(reply.payload()) == b"6201aabb"


def test_silence_and_faults_are_told_apart():
    cases = (
        (b"NO DATA\r\r>", errors.NoAnswer),
        (b"UNABLE TO CONNECT\r\r>", errors.NoAnswer),
        (b"CAN ERROR\r\r>", errors.BusFault),
        (b"7E8104E6201\rBUFFER FULL\r\r>", errors.Garbled),
        (b"7E803410577<DATA ERROR\r\r>", errors.Garbled),
        (b"STOPPED\r\r>", errors.Garbled),
        (b"?\r\r>", errors.Garbled),
        (b"\xff\x80zz\r\r>", errors.Garbled),
    )
    for text, kind in cases:
        (error,) = ask(Wire({"2201": text}), Request("2201"))
        assert isinstance(error, kind), (text, error)


def test_a_closed_connection_is_an_error_at_once():
    wire = Wire({"010C": b""})

    async def session():
        adapter = Elm327(wire, wire, protocol="6")
        await adapter.start()
        wire.unplug()
        try:
            await adapter.request(Request("010C"))
        except errors.AdapterLost as error:
            return str(error)

    assert "closed" in run(session())


def test_a_half_typed_command_does_not_confuse_the_start():
    wire = Wire(
        {"ATSH7E0ATI": b"?\r\r>", "010C": b"7E804410C1AF8\r\r>", "ATI": b"ELM327 v2.3\r\r>"}
    )
    wire.write(b"AT SH 7E0")
    wire._line = "ATSH7E0"
    (reply,) = ask(wire, Request("010C"))
    assert hexlify(reply.payload()) == b"410c1af8"


def test_an_unknown_protocol_is_searched_once_and_remembered():
    wire = Wire(
        {
            "0100": b"SEARCHING...\r7E8064100BE3EB813\r\r>",
            "ATDPN": b"A6\r\r>",
            "010C": b"7E804410C1AF8\r\r>",
        }
    )

    async def session():
        adapter = Elm327(wire, wire)
        await adapter.request(Request("010C"))
        await adapter.request(Request("010C", "ATST32"))
        return adapter.found

    assert run(session()) == "6"
    assert wire.requests() == ["0100", "010C", "010C"] and wire.sent.count("ATTP6") == 1


def test_a_car_that_does_not_know_0100_is_found_with_its_own_request():
    wire = Wire({"ATDPN": b"A6\r\r>", "220101": IONIQ})
    (reply,) = ask(wire, Request("220101", "ATSH7E4;ATST96;"), protocol="0")
    assert len(reply.image()) == 72
    assert wire.requests() == ["0100", "220101", "220101"] and "ATTP6" in wire.sent


def searched(answers, times):
    """Asks an adapter that remembers protocol 7 for 010C some times; returns the wire and the last outcome."""
    wire = Wire(answers)

    async def session():
        adapter = Elm327(wire, wire, known="7")
        outcome = None
        for _ in range(times):
            try:
                outcome = await adapter.request(Request("010C"))
            except errors.ERRORS as error:
                outcome = error
        return outcome

    return wire, run(session())


def test_a_remembered_protocol_is_used_without_a_search():
    wire, reply = searched({"010C": b"18DAF11004410C1AF8\r\r>"}, 2)
    assert reply.ecus == [0x18DAF110] and wire.requests() == ["010C", "010C"]


def test_a_remembered_protocol_of_another_car_gives_way_to_a_search():
    answers = {"0100": b"7E8064100BE3EB813\r\r>", "ATDPN": b"A6\r\r>"}
    answers["010C"] = [b"NO DATA\r\r>", b"7E804410C1AF8\r\r>"]
    wire, reply = searched(answers, 1)
    assert reply.ecus == [0x7E8] and wire.requests() == ["010C", "0100", "010C"]


def test_a_sleeping_car_is_not_searched_at_every_silence():
    wire, error = searched({}, 8)
    assert isinstance(error, errors.NoAnswer)
    assert wire.sent.count("ATTP0") == 2, "one search: with 0100, then with the request"


def test_an_older_adapter_gets_the_older_command():
    wire = Wire({"ATTP6": b"?\r\r>"})
    ask(wire, Request("010C"))
    assert "ATSP6" in wire.sent


def test_a_request_must_be_hexadecimal():
    for text in ("", "0", "01 0G", "22 01 01 02 03 04 05 06"):
        try:
            Request(text)
        except ValueError:
            continue
        raise AssertionError(text)


def test_an_adapter_that_takes_the_count_for_data_is_asked_without_it():
    wire = Wire({"0105": b"7E803410577\r\r>"})  # 01051 gets NO DATA
    request = Request("0105")
    replies = ask(wire, *[request] * 6)
    assert all([hexlify(reply.payload()) == b"410577" for reply in replies]), replies
    assert wire.requests().count("01051") == 3, "three attempts, then never again"
    (reply,) = ask(Wire({"0105": b"7E803410577\r\r>"}), Request("01051"))
    assert hexlify(reply.payload()) == b"410577"


def test_a_prompt_too_many_does_not_shift_the_answers():
    answers = [b"7E80341050%d\r\r>" % n for n in range(8)]
    answers[1] += b"\r\r>"
    wire = Wire({"0105": answers})
    replies = ask(wire, *[Request("0105") for _ in range(5)])
    values = [reply.payload()[2] & 15 for reply in replies]
    asked = wire.requests().count("0105")
    assert values[-1] == asked - 1, (values, "the last value belongs to the last request")


def test_an_ecu_at_work_is_asked_again_even_if_it_is_silent_meanwhile():
    pending = b"7E8037F2278\r\r>"
    answer = b"7E8076210E000006CB1\r\r>"
    wire = Wire({"2210E0": [pending, b"NO DATA\r\r>", b"NO DATA\r\r>", answer]})
    (reply,) = ask(wire, Request("2210E0", "ATSH7E0"))
    assert hexlify(reply.payload()) == b"6210e000006cb1"


def test_one_ecu_refuses_while_another_asks_for_time():
    both = b"7E8037F2278\r7E9037F2211\r\r>"
    answer = b"7E9037F2211\r7E80462010055\r\r>"
    (reply,) = ask(Wire({"220100": [both, answer]}), Request("220100"))
    assert reply.ecus == [0x7E8] and reply.refused == [(0x7E9, 0x11)]


def test_a_busy_ecu_is_asked_again_a_few_times_only():
    busy = b"7E8037F2221\r\r>"
    wire = Wire({"2201": [busy, b"7E80362015\r\r>", b"7E803620155\r\r>"]})
    (reply,) = ask(wire, Request("2201"))
    assert hexlify(reply.payload()) == b"620155"
    wire = Wire({"2201": busy})
    (error,) = ask(wire, Request("2201"))
    assert isinstance(error, errors.NegativeResponse) and error.code == 0x21
    assert len(wire.requests()) < 8


def test_a_refusal_does_not_hide_a_damaged_answer():
    damaged = b"7E8037F0112\r7E9100A41\r\r>"
    whole = b"7E8037F0112\r7E9034105550000\r\r>"
    (reply,) = ask(Wire({"0105": [damaged, whole]}), Request("0105"))
    assert reply.ecus == [0x7E9]


def test_a_slow_bus_initialisation_is_waited_for_and_not_repeated():
    wire = Wire(
        {
            "0100": b"SEARCHING...\r48 6B 10 41 00 BE 3E B8 11 C9\r\r>",
            "ATDPN": b"A3\r\r>",
            "010D": b"BUS INIT: ...OK\r48 6B 10 41 0D 20 31\r\r>",
        }
    )
    (reply,) = ask(wire, Request("010D"), protocol="0")
    assert hexlify(reply.payload()) == b"410d20"
    assert "ATTP3" not in wire.sent, "selecting it would close the bus that the search opened"


def test_a_bus_initialisation_that_fails_is_silence():
    (error,) = ask(Wire({"010D": b"BUS INIT: ...ERROR\r\r>"}), Request("010D"), protocol="3")
    assert isinstance(error, errors.NoAnswer), error


def test_a_filter_set_by_hand_does_not_outlive_the_command():
    wire = Wire({"010C": b"7E804410C1AF8\r\r>"})

    async def session():
        adapter = Elm327(wire, wire, protocol="6")
        await adapter.command("ATCRA7EC")
        await adapter.request(Request("010C"))

    run(session())
    assert wire.sent.index("ATCRA") > wire.sent.index("ATCRA7EC")


def test_an_adapter_that_restarts_is_set_up_anew():
    wire = Wire({"010C": b"7E804410C1AF8\r\r>"})

    async def session():
        adapter = Elm327(wire, wire, protocol="6")
        await adapter.request(Request("010C"))
        wire.answers["ATSH7E0"] = [b"ELM327 v1.5\r\r>", b"OK\r\r>"]
        try:
            await adapter.request(Request("010C", "ATSH7E0"))
        except errors.AdapterLost as error:
            assert "restarted" in str(error)
        await adapter.request(Request("010C", "ATSH7E0"))

    run(session())
    assert wire.sent.count("ATE0") == 2


def test_a_count_that_is_too_large_is_learned_anew():
    two = b"7E8034105770000\r7E9034105500000\r\r>"
    one = b"7E8034105770000\r\r>"
    wire = Wire({"0105": [two, one, one], "01052": one, "01051": one})
    request = Request("0105")
    ask(wire, *[request] * 4)
    assert wire.requests() == ["0105", "01052", "0105", "01051"]


def test_now_and_then_all_lines_are_waited_for_as_another_ecu_may_have_woken():
    wire = Wire({"0105": b"7E9034105500000\r\r>", "01051": b"7E9034105500000\r\r>"})
    request = Request("0105")
    ask(wire, *[request] * 40)
    assert 1 < wire.requests().count("0105") < 4


def test_a_bad_timeout_is_refused_at_once():
    for init in ("ATSTG0", "ATST", "ATST96ms", "ATCEA107", "ATCEAZZ"):
        try:
            Request("010C", init)
        except ValueError:
            continue
        raise AssertionError(init)
