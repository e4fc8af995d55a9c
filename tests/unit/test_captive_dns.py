"""The name server of the access point: every name is the device, and nothing can upset it."""

from net import captive_dns

OWN = b"\xc0\xa8\x04\x01"
FLAGS = b"\x01\x00"  # a question, recursion desired
COUNTS = b"\x00\x01\x00\x00\x00\x00\x00\x00"
NAME = b"\x07captive\x05apple\x03com\x00"


def question(name=NAME, kind=1, group=1, flags=FLAGS, counts=COUNTS, more=b""):
    return b"\x12\x34" + flags + counts + name + bytes([0, kind, 0, group]) + more


def answer(asked):
    return captive_dns.answer_to(asked, OWN)


def test_every_name_is_the_device():
    for name in (NAME, b"\x01a\x00", b"\x00", b"\x3f" + b"x" * 63 + b"\x00"):
        asked = question(name)
        said = answer(asked)
        assert said[:2] == b"\x12\x34" and said[2] & 0x80 and said[3] & 15 == 0
        assert said[4:12] == b"\x00\x01\x00\x01\x00\x00\x00\x00"
        assert said[12 : len(asked)] == asked[12:]
        record = said[len(asked) :]
        assert record[:6] == b"\xc0\x0c\x00\x01\x00\x01" and record[-6:] == b"\x00\x04" + OWN
        assert int.from_bytes(record[6:10], "big") < 60, "it must not outlive the access point"


def test_there_is_nothing_but_an_address_of_ipv4():
    for kind in (28, 65, 16, 12):
        asked = question(kind=kind)
        said = answer(asked)
        assert said[3] & 15 == 0 and said[4:8] == b"\x00\x01\x00\x00" and len(said) == len(asked)


def test_what_follows_the_question_is_left_out():
    counts = b"\x00\x01\x00\x00\x00\x00\x00\x01"
    extension = b"\x00\x00\x29\x05\xc0\x00\x00\x00\x00\x00\x00"
    said = answer(question(counts=counts, more=extension))
    assert said == answer(question())


def test_what_is_no_question_is_not_answered():
    asked = question()
    for wrong in (
        b"",
        asked[:11],
        asked[:20],
        asked[:-1],
        question(flags=b"\x81\x00"),
        question(flags=b"\x28\x00"),
        question(counts=b"\x00\x02" + COUNTS[2:]),
        question(counts=bytes(8)),
        question(name=b"\xc0\x0c"),
        question(name=(b"\x3f" + b"x" * 63) * 4 + b"\x00"),
        b"\xff" * 512,
    ):
        assert answer(wrong) == b"", wrong


def test_no_packet_upsets_it():
    dice = 1
    for _ in range(500):
        packet = bytearray(question())
        for _ in range(4):
            dice = (dice * 75 + 74) % 65537
            packet[dice % len(packet)] = dice >> 8 & 255
        said = answer(bytes(packet[: 1 + dice % len(packet)]))
        assert len(said) <= len(packet) + 16
