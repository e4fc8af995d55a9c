"""ISO-TP: frames become messages, messages become the frame images that vehicle profiles index."""

from helper import raises
from obd.isotp import IsoTpError, Reassembler, frame_count, frame_image

IONIQ = (
    "103E620101EFFBE7",
    "21EF842040017200",
    "22FFD01D1A191718",
    "2319181818003FC2",
    "2416C10E00009000",
    "2500F1D50000EDDF",
    "260000B4D50000AD",
    "2712008D9C5F0002",
    "28E7000000000707",
)


def feed(reassembler, *frames):
    """Feeds frames written in hexadecimal; returns what the last one gave."""
    result = None
    for frame in frames:
        assert result is None, "complete before " + frame
        result = reassembler.feed(bytes.fromhex(frame))
    return result


def reason(*frames, extended=False):
    """Why the last of these frames is refused; the reassembler must be usable afterwards."""
    reassembler = Reassembler(extended)
    feed(reassembler, *frames[:-1])
    error = raises(IsoTpError, reassembler.feed, bytes.fromhex(frames[-1]))
    assert not reassembler.pending
    good = "F1024105" if extended else "024105"
    assert reassembler.feed(bytes.fromhex(good)) == b"\x41\x05"
    return error.reason


def test_a_single_frame_is_a_message_without_its_padding():
    reassembler = Reassembler()
    assert feed(reassembler, "037F2278AAAAAAAA") == bytes.fromhex("7F2278")
    assert feed(reassembler, "07410001020304FF") == bytes.fromhex("410001020304FF")
    assert feed(reassembler, "0144") == b"\x44"
    assert not reassembler.pending


def test_a_real_answer_of_nine_frames_is_put_together():
    reassembler = Reassembler()
    payload = feed(reassembler, *IONIQ)
    assert len(payload) == 62 and payload[:3] == b"\x62\x01\x01" and payload[-1] == 0x07
    assert not reassembler.pending


def test_progress_is_visible():
    reassembler = Reassembler()
    assert feed(reassembler, "100862A010C5C6C5") is None
    assert reassembler.pending
    assert feed(reassembler, "21C6C50000000000") == bytes.fromhex("62A010C5C6C5C6C5")


def test_memoryviews_are_taken_and_the_result_owns_its_bytes():
    buffer = bytearray(b"\x02\x41\x05\xff")
    payload = Reassembler().feed(memoryview(buffer))
    buffer[1] = 0
    assert payload == b"\x41\x05"


def test_the_sequence_number_wraps_from_15_to_0():
    payload = bytes(range(1, 201))
    image = frame_image(payload)
    reassembler = Reassembler()
    results = [reassembler.feed(image[i : i + 8]) for i in range(0, len(image), 8)]
    assert image[8 * 15] == 0x2F and image[8 * 16] == 0x20 and image[8 * 17] == 0x21
    assert results[-1] == payload and not any(results[:-1])


def test_flow_control_frames_do_not_disturb():
    reassembler = Reassembler()
    assert feed(reassembler, "30000A") is None
    assert feed(reassembler, "100862A010C5C6C5", "3000000000000000") is None
    assert feed(reassembler, "21C6C5") == bytes.fromhex("62A010C5C6C5C6C5")


def test_messages_out_of_order_are_refused_with_a_reason():
    first = "101462A010C5C6C5"
    assert reason("2101020304050607") == "consecutive frame without a first frame"
    assert reason(first, "2201020304050607") == "frame 1 expected, got 2"
    assert reason(first, "2101020304050607", "2101020304050607") == "frame 1 came twice"
    assert reason(first, "2101020304050607", "2301020304050607") == "frame 2 expected, got 3"
    assert reason(first, first) == "new message before the end of the one before"
    assert reason(first, "037F2278") == "new message before the end of the one before"


def test_a_frame_too_many_is_refused():
    reassembler = Reassembler()
    assert feed(reassembler, "100862A010C5C6C5", "21C6C5")
    error = raises(IsoTpError, reassembler.feed, bytes.fromhex("2200000000000000"))
    assert error.reason == "consecutive frame without a first frame"


def test_malformed_frames_are_refused_with_a_reason():
    assert reason("") == "frame without a PCI byte"
    assert reason("00AAAAAA") == "single frame of length 0"
    assert reason("0801020304050607") == "single frame of length 8"
    assert reason("034105") == "single frame cut short"
    assert reason("100762A010C5C6C5") == "first frame of length 7"
    assert reason("1000000010000102") == "message longer than 4095 bytes"
    assert reason("100A62A010") == "first frame cut short"
    assert reason("100862A010C5C6C5", "21C6") == "consecutive frame cut short"
    assert reason("4001020304050607") == "unknown frame type 4"
    assert reason("070102030405060708") == "frame longer than 8 bytes"


def test_extended_addressing_skips_the_address_byte():
    reassembler = Reassembler(extended=True)
    assert feed(reassembler, "F10462DDBC55") == bytes.fromhex("62DDBC55")
    payload = feed(reassembler, "F1100862DDBC0102", "F121030405AAAAAA")
    assert payload == bytes.fromhex("62DDBC0102030405")
    assert reason("F1", extended=True) == "frame without a PCI byte"
    assert reason("F10701020304050607", extended=True) == "frame longer than 8 bytes"
    assert reason("F107010203040506", extended=True) == "single frame of length 7"
    assert reason("F110060102030405", extended=True) == "first frame of length 6"


def test_the_image_of_a_single_frame_is_the_length_and_the_payload():
    assert frame_image(b"\x41\x05\x77") == bytes.fromhex("03410577")
    assert frame_image(bytes(7)) == b"\x07" + bytes(7)
    assert frame_image(b"\x62\x02\x8c\xd2") == bytes.fromhex("0462028CD2")


def test_the_image_of_a_long_message_counts_every_pci_byte():
    image = bytes.fromhex("".join(IONIQ))
    payload = feed(Reassembler(), *IONIQ)
    assert frame_image(payload) == image[: len(payload) + 1 + len(IONIQ)]
    assert frame_image(payload)[8] == 0x21  # B8 is a PCI byte
    assert frame_image(payload)[10] == 0x84  # state of charge: B10/2 = 66 %


def test_a_payload_byte_stands_where_the_numbering_rule_says():
    payload = bytes(i & 0xFF for i in range(400))
    image = frame_image(payload)
    for p in range(400):
        n = (p - 6) // 7
        index = p + 2 if p < 6 else 8 * (n + 1) + 1 + (p - 6) % 7
        assert image[index] == payload[p], p


def test_the_image_ends_with_the_declared_length():
    for length in range(1, 300):
        frames = frame_count(length)
        expected = length + 1 if length < 8 else length + 1 + frames
        assert len(frame_image(bytes(length))) == expected, length


def test_with_extended_addressing_the_address_stands_first_in_each_frame():
    assert frame_image(b"\x62\xdd\xbc", 0xF1) == bytes.fromhex("F10362DDBC")
    assert frame_image(bytes(6), 0xF1) == bytes.fromhex("F106000000000000")
    assert frame_image(bytes(range(1, 8)), 0xF1) == bytes.fromhex("F110070102030405F1210607")
    assert frame_image(bytes(range(1, 14)), 0x12) == bytes.fromhex(
        "12100D0102030405122106070809" + "0A0B12220C0D"
    )


def test_images_come_back_as_the_payload():
    for length in list(range(1, 60)) + [110, 111, 112, 4094, 4095]:
        payload = bytes(i * 7 & 0xFF for i in range(length))
        for address in (None, 0xF1):
            reassembler = Reassembler(address is not None)
            image = frame_image(payload, address)
            parts = [reassembler.feed(image[i : i + 8]) for i in range(0, len(image), 8)]
            assert parts[-1] == payload, (length, address)


def test_memoryviews_have_images_too():
    payload = bytes(range(20))
    assert frame_image(memoryview(payload)) == frame_image(payload)
    assert frame_image(memoryview(payload)[:4]) == frame_image(payload[:4])


def test_what_iso_tp_cannot_carry_has_no_image():
    raises(ValueError, frame_image, b"")
    raises(ValueError, frame_image, bytes(4096))
