"""The device's ISO-TP over a CAN controller, against an independent stack (can-isotp) on python-can's bus."""

from __future__ import annotations

import threading

import can
import isotp
import pytest
from can_bridge import bench

MODE = isotp.AddressingMode
LONG = bytes(range(1, 251)) * 2
IDENTIFIED = bytes.fromhex("62F190") + LONG
REQUEST = bytes.fromhex("2EF190") + LONG

ELSEWHERE = isotp.Address(MODE.Normal_11bits, txid=0x77E, rxid=0x714)

# How the ECU is addressed: its can-isotp address, the link the device uses, the protocol.
ADDRESSINGS = {
    "normal 11": (
        isotp.Address(MODE.Normal_11bits, txid=0x7E8, rxid=0x7E0),
        "ATSH7E0",
        "6",
    ),
    "response not at +8": (
        ELSEWHERE,
        "ATSH714",
        "6",
    ),
    "normal 29": (
        isotp.Address(MODE.Normal_29bits, txid=0x17FE007B, rxid=0x17FC007B),
        "ATCP17;ATSHFC007B;ATCRA17FE007B",
        "7",
    ),
    "normal fixed": (
        isotp.Address(MODE.NormalFixed_29bits, source_address=0x10, target_address=0xF1),
        "ATSHDA10F1",
        "7",
    ),
    "extended 11": (
        isotp.Address(
            MODE.Extended_11bits, txid=0x607, rxid=0x6F1, source_address=7, target_address=0xF1
        ),
        "ATSH6F1;ATCEA07;ATCRA607",
        "6",
    ),
    "extended 29": (
        isotp.Address(
            MODE.Extended_29bits,
            txid=0x18000607,
            rxid=0x180006F1,
            source_address=7,
            target_address=0xF1,
        ),
        "ATSH0006F1;ATCEA07;ATCRA18000607",
        "7",
    ),
    "mixed 11": (
        isotp.Address(MODE.Mixed_11bits, txid=0x7E8, rxid=0x7E0, address_extension=0x55),
        "ATSH7E0;ATCEA55",
        "6",
    ),
    "mixed 29": (
        isotp.Address(
            MODE.Mixed_29bits, source_address=0x10, target_address=0xF1, address_extension=0x55
        ),
        "ATSHCE10F1;ATCEA55",
        "7",
    ),
}
NORMAL, LINK, PROTOCOL = ADDRESSINGS["normal 11"]
PATIENT = LINK + ";ATSTFF"


def answers(request: bytes) -> list[bytes]:
    """What the ECU says: a long text to 22 F190, an acknowledgement to 2E F190 if it holds that text."""
    if request == bytes.fromhex("22F190"):
        return [IDENTIFIED]
    if request == REQUEST:
        return [bytes.fromhex("6EF190")]
    return [bytes((0x7F, request[0], 0x31))]


def payload(outcome: dict) -> bytes:
    """The only answer."""
    assert "answers" in outcome, outcome
    (text,) = outcome["answers"].values()
    return bytes.fromhex(text)


def sent(outcome: dict) -> list[str]:
    return [line for _, line in outcome["sent"]]


@pytest.mark.parametrize("name", ADDRESSINGS)
def test_long_answers_and_long_requests_in_every_addressing(name: str) -> None:
    address, link, protocol = ADDRESSINGS[name]
    with bench() as bus:
        bus.ecu(address, answers, blocksize=4, stmin=1, tx_padding=0x55)
        received, written, refused = bus.ask(
            ("22F190", link + ";ATSTFF"),
            (REQUEST.hex(), link + ";ATSTFF" + (";ATCRA77E" if address is ELSEWHERE else "")),
            ("22F191", link + ";ATSTFF"),
            protocol=protocol,
        )
        assert all(message.dlc == 8 for message in bus.log), "padded"
    assert payload(received) == IDENTIFIED
    assert payload(written) == bytes.fromhex("6EF190")
    assert refused["error"] == "NegativeResponse"


def test_frames_need_not_be_padded() -> None:
    with bench() as bus:
        bus.ecu(NORMAL, answers)
        (received,) = bus.ask(("22F190", PATIENT + ";ATV1"))
        assert bus.log[0].dlc == 4 and bus.log[1].dlc == 3
    assert payload(received) == IDENTIFIED


def test_the_longest_message_passes_both_ways() -> None:
    longest = bytes.fromhex("36") + bytes(index * 7 & 0xFF for index in range(4094))
    with bench() as bus:
        bus.ecu(NORMAL, lambda request: [b"\x76" + request[1:]], blocksize=0, stmin=0)
        (echoed,) = bus.ask((longest.hex(), PATIENT))
    assert payload(echoed) == b"\x76" + longest[1:]


def test_the_receivers_separation_time_and_block_size_are_kept() -> None:
    with bench() as bus:
        bus.ecu(NORMAL, answers, blocksize=5, stmin=4)
        (written,) = bus.ask((REQUEST.hex(), PATIENT))
    assert payload(written) == bytes.fromhex("6EF190")
    times = [at for at, line in written["sent"] if line[4] == "2"]
    assert len(times) == -(-(len(REQUEST) - 6) // 7)
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    within = [gap for number, gap in enumerate(gaps, 1) if number % 5]
    assert min(within) >= 4000, within


def test_the_device_asks_for_the_blocks_and_the_pace_it_was_set_to() -> None:
    with bench() as bus:
        bus.ecu(NORMAL, answers)
        (received,) = bus.ask(("22F190", PATIENT + ";ATFCSH7E0;ATFCSD300803;ATFCSM1"))
    assert payload(received) == IDENTIFIED
    frames = -(-(len(IDENTIFIED) - 6) // 7)
    grants = [at for at, line in received["sent"] if line.startswith("7E0#300803")]
    assert len(grants) == -(-frames // 8)
    assert grants[-1] - grants[0] >= 3000 * 7 * (len(grants) - 1), "the ECU kept the pace"


def test_all_ecus_are_asked_and_each_gets_its_own_flow_control() -> None:
    other = isotp.Address(MODE.Normal_11bits, txid=0x7EA, rxid=0x7E2)
    both = bytes.fromhex("490201") + b"WBA12345678901234"
    with bench() as bus:
        stacks = [bus.ecu(NORMAL, answers), bus.ecu(other, answers)]

        def functional(message: can.Message, node: can.BusABC) -> None:
            if message.arbitration_id == 0x7DF:
                for stack in stacks:
                    stack.send(both)

        bus.node(functional)
        (received,) = bus.ask(("0902", "ATSTFF"))
    assert received["answers"] == {"7E8": both.hex(), "7EA": both.hex()}
    first, *grants = sent(received)
    assert first.startswith("7DF#020902")
    assert sorted(line[:10] for line in grants) == ["7E0#300000", "7E2#300000"]


def test_a_pending_response_is_waited_for() -> None:
    with bench() as bus:

        def slowly(request: bytes) -> list[bytes]:
            threading.Timer(0.4, stack.send, [IDENTIFIED]).start()
            return [bytes.fromhex("7F2278")]

        stack = bus.ecu(NORMAL, slowly)
        (received,) = bus.ask(("22F190", LINK + ";ATST19"))  # 102 ms
    assert payload(received) == IDENTIFIED
    assert sum(line.startswith("7E0#0322F190") for line in sent(received)) == 1


class Faults:
    """Spoils consecutive frame `number` of an ECU's answers, so many times."""

    def __init__(self, fault: str, number: int, times: int) -> None:
        self._fault, self._number, self._times = fault, number, times
        self._count = 0

    def __call__(self, message: can.Message) -> list[can.Message]:
        if message.data[0] >> 4 == 1:
            self._count = 0
        if message.data[0] >> 4 == 2:
            self._count += 1
        if self._count != self._number or not self._times or message.data[0] >> 4 != 2:
            return [message]
        self._times -= 1
        return [] if self._fault == "lost" else [message, message]


def test_a_lost_frame_costs_one_more_request() -> None:
    with bench() as bus:
        bus.ecu(NORMAL, answers)
        bus.spoil = Faults("lost", 7, 1)
        (received,) = bus.ask(("22F190", PATIENT))
    assert payload(received) == IDENTIFIED
    assert sum(line.startswith("7E0#0322F190") for line in sent(received)) == 2


def test_frames_lost_again_and_again_are_told() -> None:
    with bench() as bus:
        bus.ecu(NORMAL, answers)
        bus.spoil = Faults("lost", 7, 99)
        (received,) = bus.ask(("22F190", PATIENT))
    assert received["error"] == "Garbled" and "frame 7 expected, got 8" in received["text"]


def test_a_frame_that_comes_twice_does_no_harm() -> None:
    with bench() as bus:
        bus.ecu(NORMAL, answers)
        bus.spoil = Faults("twice", 7, 1)
        (received,) = bus.ask(("22F190", PATIENT))
    assert payload(received) == IDENTIFIED
    assert sum(line.startswith("7E0#0322F190") for line in sent(received)) == 1


def test_time_outs_of_the_network_layer() -> None:
    """N_Cr: the ECU stops in the middle of its answer. N_Bs: it never lets a long request begin, or go on."""

    def stubborn(message: can.Message, node: can.BusABC) -> None:
        def reply(data: str) -> None:
            node.send(
                can.Message(arbitration_id=0x7E8, is_extended_id=False, data=bytes.fromhex(data))
            )

        start = bytes(message.data).hex()
        if start.startswith("0322f190"):
            reply("102062f190010203")
        elif start.startswith("11f72ef190"):
            reply("3002000000000000")

    with bench() as bus:
        bus.node(stubborn)
        silent = "2EF191" + LONG.hex()
        cut, begun, never = bus.ask(
            ("22F190", PATIENT), (REQUEST.hex(), PATIENT), (silent, "ATSH7E1;ATSTFF")
        )
    assert cut["error"] == "Garbled" and "ends in the middle" in cut["text"]
    assert sum(line.startswith("7E0#0322F190") for line in sent(cut)) == 2
    times = [at for at, line in cut["sent"] if line.startswith("7E0#0322F190")]
    assert times[1] - times[0] >= 1_000_000, "N_Cr is a second"
    assert begun["error"] == "Garbled" and "stopped taking" in begun["text"]
    assert never["error"] == "NoAnswer"


def test_a_late_answer_is_not_taken_for_that_of_the_next_request() -> None:
    other = bytes.fromhex("62F18C") + LONG
    with bench() as bus:

        def late(request: bytes) -> list[bytes]:
            if request == bytes.fromhex("22F190"):
                return []
            return [IDENTIFIED, other]

        bus.ecu(NORMAL, late, rx_flowcontrol_timeout=300)
        silent, received = bus.ask(("22F190", LINK + ";ATST10"), ("22F18C", PATIENT))
    assert silent["error"] == "NoAnswer"
    assert payload(received) == other


def test_another_testers_conversation_is_left_alone() -> None:
    theirs = isotp.Address(MODE.Normal_11bits, txid=0x7E9, rxid=0x7E1)
    tester = isotp.Address(MODE.Normal_11bits, txid=0x7E1, rxid=0x7E9)
    heard: list[bytes] = []
    enough = threading.Event()
    with bench() as bus:
        bus.ecu(NORMAL, answers, stmin=1)
        bus.ecu(theirs, lambda request: [b"\x61" + LONG])

        def again(message: bytes) -> list[bytes]:
            heard.append(message)
            if len(heard) == 5:
                enough.set()
            return [b"\x21\x01"]

        stack = bus.ecu(tester, again, stmin=2)
        stack.send(b"\x21\x01")
        outcomes = bus.ask(*[("22F190", PATIENT)] * 5)
        assert enough.wait(20)
    assert [payload(outcome) for outcome in outcomes] == [IDENTIFIED] * 5
    assert all(line.startswith("7E0#") for outcome in outcomes for line in sent(outcome))
    assert set(heard) == {b"\x61" + LONG}
