"""Checks the signature of an update: RSASSA-PSS with SHA-256, a salt of 32 bytes and a key of 3072 bits (RFC 8017 8.1).

In plain integers: stock firmware offers no signatures to Python. RSA rather than Ed25519, because seventeen products of
3072 bits done by the interpreter's own big numbers take a third of the time of a curve's three thousand small ones, and
Ed25519 would need SHA-512 besides, which the chip's Python lacks. Nothing here is secret, so timing does not matter.
"""

import asyncio
from hashlib import sha256

from micropython import const

SIZE = const(384)  # bytes of modulus and signature
EXPONENT = const(65537)
_HASH = const(32)
_SALT = const(32)
_MASKED = const(351)  # SIZE - _HASH - 1: what the mask covers
_TRAILER = const(0xBC)


async def verify(modulus: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` (384 bytes) was made for a SHA-256 `digest` with the key that this `modulus` belongs to.

    Gives way to other tasks a few times: it takes about a quarter of a second on the chip.
    """
    if len(modulus) != SIZE or len(signature) != SIZE or len(digest) != _HASH:
        return False
    n, s = int.from_bytes(modulus, "big"), int.from_bytes(signature, "big")
    if s >= n or not n & 1 or not modulus[0] & 0x80:
        return False
    power = s
    for _ in range(4):  # 16⁴ = 65536
        power = pow(power, 16, n)
        await asyncio.sleep_ms(0)
    return _is_encoded((power * s % n).to_bytes(SIZE, "big"), digest)


def _is_encoded(message: bytes, digest: bytes) -> bool:
    """EMSA-PSS-VERIFY (RFC 8017 9.1.2) for 3071 bits: one bit less than the modulus has."""
    masked, hashed = message[:_MASKED], message[_MASKED : _MASKED + _HASH]
    if message[-1] != _TRAILER or masked[0] & 0x80:
        return False
    number = int.from_bytes(masked, "big") ^ int.from_bytes(_mask(hashed), "big")
    number &= (1 << (8 * _MASKED - 1)) - 1
    block = number.to_bytes(_MASKED, "big")
    zeros = _MASKED - _SALT - 1
    if block[: zeros + 1] != bytes(zeros) + b"\x01":
        return False
    return sha256(bytes(8) + digest + block[-_SALT:]).digest() == hashed


def _mask(seed: bytes) -> bytes:
    """MGF1 with SHA-256 (RFC 8017 B.2.1), as many bytes as are masked."""
    blocks = (_MASKED + _HASH - 1) // _HASH
    counters = [counter.to_bytes(4, "big") for counter in range(blocks)]
    return b"".join([sha256(seed + counter).digest() for counter in counters])[:_MASKED]
