"""Signatures of updates: right ones, and everything that is nearly one."""

from hashlib import sha256

import signer
from device import signature
from helper import run

DIGEST = sha256(b"an update").digest()
SIGNATURE = signer.sign(DIGEST)


def verify(digest=DIGEST, signed=SIGNATURE, key=signer.KEY):
    return run(signature.verify(key, digest, signed))


def test_a_signature_is_right_for_what_was_signed_and_nothing_else():
    assert verify()
    assert not verify(sha256(b"another update").digest())
    assert not verify(digest=b"")


def test_no_bit_of_it_may_differ():
    for place in (0, 1, 190, 350, 383):
        changed = bytearray(SIGNATURE)
        changed[place] ^= 1
        assert not verify(signed=bytes(changed)), place


def test_another_key_does_not_count():
    for place in (1, 200, 383):
        key = bytearray(signer.KEY)
        key[place] ^= 2
        assert not verify(key=bytes(key)), place


def test_numbers_out_of_range_are_refused():
    n = int.from_bytes(signer.KEY, "big")
    for number in (0, 1, n - 1):
        assert not verify(signed=number.to_bytes(384, "big"))
    more = int.from_bytes(SIGNATURE, "big") + n
    assert not verify(signed=more.to_bytes(385, "big")[-384:])
    assert not verify(signed=b"")
    assert not verify(signed=SIGNATURE + b"\x00")
    assert not verify(key=b"")
    assert not verify(key=bytes(384))


def test_padding_is_checked_to_the_last_bit():
    good = signer.pow_of_public(SIGNATURE)
    assert verify(signed=signer.power(good))
    top = 1 << 3071  # is not covered by the mask: it has to be zero
    assert not verify(signed=signer.power((good | top) % int.from_bytes(signer.KEY, "big")))
    assert not verify(signed=signer.power(good ^ 1)), "the trailer is 0xBC"
    assert not verify(signed=signer.power(good ^ 1 << 8 * 383 - 20)), "zeros come first"
    assert not verify(signed=signer.power(good ^ 1 << 8 * (33 + 32))), "then a one"


def test_any_salt_will_do():
    assert verify(signed=signer.sign(DIGEST, bytes(32)))
