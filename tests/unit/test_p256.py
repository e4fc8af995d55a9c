"""Keys and signatures of P-256: published vectors, the edges, and a random number generator that fails."""

import asyncio
import hashlib
from binascii import hexlify, unhexlify

from helper import raises, run
from trust import p256

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G_X = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"

# Multiples of G: NIST's list for P-256, then those where the comb comes closest to doubling what it adds.
MULTIPLES = (
    (1, G_X, "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    (
        2,
        "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978",
        "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1",
    ),
    (
        3,
        "5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c",
        "8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032",
    ),
    (
        20,
        "83a01a9378395bab9bcd6a0ad03cc56d56e6b19250465a94a234dc4c6b28da9a",
        "76e49b6de2f73234ae6a5eb9d612b75c9f2202bb6923f54ff8240aaa86f640b8",
    ),
    (
        112233445566778899,
        "339150844ec15234807fe862a86be77977dbfb3ae3d96f4c22795513aeaab82f",
        "b1c14ddfdc8ec1b2583f51e85a5eb3a155840f2034730e9b5ada38b674336a21",
    ),
    (
        112233445566778899112233445566778899,
        "1b7e046a076cc25e6d7fa5003f6729f665cc3241b5adab12b498cd32f2803264",
        "bfea79be2b666b073db69a2a241adab0738fe9d2dd28b5604eb8c8cf097c457b",
    ),
    (
        0x41FFC1FFFFFE01FFFC0003FFFE0007C001FFF00003FFF07FFE0007C000000003,
        "9eace8f4b071e677c5350b02f2bb2b384aae89d58aa72ca97a170572e0fb222f",
        "1bbdaec2430b09b93f7cb08678636ce12eaafd58390699b5fd2f6e1188fc2a78",
    ),
    (N - 1, G_X, "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"),
    (
        N - 2,
        "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978",
        "f888aaee24712fc0d6c26539608bcf244582521ac3167dd661fb4862dd878c2e",
    ),
    (
        0xFFFFFFFEFFFE0000FFFFFFFFDFFFFFFFBCE6F8ADA7179E84F399CAC2FC63254F,
        "8e3a3900329c1e4fa6a9eaf1cfc47b851990aaa254c52b5d279e036d8d7e2a52",
        "fe664dfe0ce461725f25300ef76ec35737529b0713803c1eab8f7e14d878c6e3",
    ),
    (
        0x20000000000002000000000000200000000000020000000000002,
        "8e3a3900329c1e4fa6a9eaf1cfc47b851990aaa254c52b5d279e036d8d7e2a52",
        "0199b200f31b9e8ea0dacff108913ca8c8ad64f9ec7fc3e1547081eb2787391c",
    ),
)

# RFC 6979 A.2.5: key, point, and for each message the secret number k, r and s.
KEY = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
POINT = (
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)
SIGNED = (
    (
        b"sample",
        0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60,
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ),
    (
        b"test",
        0xD16B6AE827F17175E040871A1C7EC3500192C4C92677336EC2537ACAEE0008E0,
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ),
)


class Generator:
    """Stands for `os`: gives these random numbers, the last of them for ever."""

    def __init__(self, *numbers):
        self._numbers = list(numbers)

    def urandom(self, size):
        number = self._numbers.pop(0) if len(self._numbers) > 1 else self._numbers[0]
        return number.to_bytes(size, "big")


def with_random(numbers, function):
    genuine, p256.os = p256.os, Generator(*numbers)
    try:
        return function()
    finally:
        p256.os = genuine


def public(d):
    return hexlify(run(p256.public_key(d))).decode()


def sign(d, digest):
    return hexlify(run(p256.sign(d, digest))).decode()


def der(r, s):
    """The signature for numbers that need 32 bytes, in hexadecimal digits."""
    parts = ["0221" + "00" + part if part >= "8" else "0220" + part for part in (r, s)]
    body = "".join(parts)
    return "30%02x%s" % (len(body) // 2, body)


def test_multiples_of_the_base_point_agree_with_published_ones():
    for d, x, y in MULTIPLES:
        assert public(d) == "04" + x + y, d


def test_numbers_that_are_no_private_keys_are_refused():
    for d in (0, N, N + 1, -1, 1 << 256):
        raises(ValueError, run, p256.public_key(d))
        raises(ValueError, run, p256.sign(d, bytes(32)))


def test_signatures_agree_with_rfc_6979():
    assert public(KEY) == "04" + POINT
    for message, k, r, s in SIGNED:
        assert sign(KEY, hashlib.sha256(message).digest()) == der(r, s), message
        assert public(k)[2:66] == r, message


def test_signatures_with_keys_and_digests_at_the_edges():
    for d, digest, expected in (
        (
            1,
            "00" * 32,
            "304402200e6b3bb68d65aa645104de3abb94cbc6f568e2d55ea511d0e6d300e177002159"
            "0220167afc0b518bd63853ccc1b5292e27024c557c8924ca3dec81d59651b9021794",
        ),
        (
            N - 1,
            "ff" * 32,
            "3045022077b47b05c7efc7af6da228f99727ae7cf6fc3aa80c36663ec4a56b2f7aa32f89"
            "022100bc70ca0c1e8f4530ed6ecf3088a1f47dad8bcf10fd61e1ff727dd77b147810b5",
        ),
    ):
        assert sign(d, unhexlify(digest)) == expected, digest


def test_small_numbers_in_a_signature_take_as_few_bytes_as_der_allows():
    for message, expected in (
        (
            b"192",
            "3044022100e9ad937bdbe95ea89251bc94492eb0c0c4294b535767e4b11461b5a3aa31927b"
            "021f06c67bed7318cdc11cfdd1154d763f35298856c65f796c807efe7fbace64c2",
        ),
        (
            b"281",
            "3044022000b90dab5b04415f83c172342c846e03cbda843b2d074e4783a1c9761c7c71e1"
            "02202e6f4e00016c725df0c8ae84b36230aaceb69afa625442551852d8cdfad65467",
        ),
    ):
        assert sign(KEY, hashlib.sha256(message).digest()) == expected, message


def test_what_is_no_sha256_digest_is_not_signed():
    for digest in (b"", b"sample", bytes(31), bytes(33)):
        raises(ValueError, run, p256.sign(KEY, digest))


def test_new_keys_are_private_keys_and_differ():
    first, second = p256.new_key(), p256.new_key()
    assert 0 < first < N and 0 < second < N
    assert first != second


def test_random_numbers_beyond_the_last_key_are_drawn_again():
    top = (1 << 256) - 1
    assert with_random((top, N, N - 1, 41), p256.new_key) == 42
    assert with_random((N - 2,), p256.new_key) == N - 1
    assert with_random((0,), p256.new_key) == 1


def test_a_stuck_random_number_generator_gives_no_key():
    error = raises(RuntimeError, with_random, ((1 << 256) - 1,), p256.new_key)
    assert "stuck" in str(error)


def test_results_do_not_depend_on_random_numbers():
    digest = hashlib.sha256(b"sample").digest()
    for number in (0, 1, N, (1 << 256) - 1):
        assert with_random((number,), lambda: public(KEY)) == "04" + POINT
        assert with_random((number,), lambda: sign(KEY, digest)) == der(*SIGNED[0][2:])


def test_a_wrong_point_is_not_given_out():
    genuine = p256._COMB
    damaged = bytearray(genuine)
    for at in range(0, len(damaged), 64):
        damaged[at + 5] ^= 0x10
    p256._COMB = bytes(damaged)
    try:
        raises(RuntimeError, run, p256.public_key(KEY))
        raises(RuntimeError, run, p256.sign(KEY, bytes(32)))
    finally:
        p256._COMB = genuine


async def turns_during(work):
    """How often another task gets its turn until `work` is done."""
    turns = [0]

    async def other():
        while True:
            turns[0] += 1
            await asyncio.sleep_ms(0)

    task = asyncio.create_task(other())
    await work
    task.cancel()
    return turns[0]


def test_others_get_their_turn_in_between():
    """In 51 steps of a multiplication and some 150 divisions of each inversion."""
    assert run(turns_during(p256.public_key(KEY))) > 27
    assert run(turns_during(p256.sign(KEY, bytes(32)))) > 30
