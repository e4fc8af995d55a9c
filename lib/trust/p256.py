"""The elliptic curve P-256 in plain integers (FIPS 186-5, SP 800-186 3.2.1.3, SEC 1 v2): public keys and signatures.

Stock firmware has no EC arithmetic for Python: its Mbed TLS only serves connections. A multiplication takes about
a thousand products of 256 bits, by estimate 0.2 s on the chip; every few milliseconds the others get their turn.

About timing: which sequence of products is computed does not depend on secrets (a signed comb: as many doublings
and additions for every number, no step left out), and what is inverted is first multiplied with a random
number. Nothing is promised below that: how long a product takes, and where a big integer lies, depends on its value;
copies of secrets stay in the heap until it is used again. It is meant for a device that signs when its owner asks
for it, not for one that signs whatever strangers send.
"""

import asyncio
import hashlib
import os
from binascii import a2b_base64

from micropython import const

from trust import der

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZE = const(32)  # bytes of a number
_TRIES = const(8)

# y² = x³ - 3x + b modulo p; n is the order of G (SP 800-186 3.2.1.3).
_P = const(0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF)
_N = const(0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551)
_B = const(0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B)

_ROWS = const(5)
_COLUMNS = const(52)  # 5 x 52 digits for a number of 256 bits
_AT_ONCE = const(2)  # columns of some 19 products, before the others get their turn
_DIVISIONS = const(50)  # likewise

# The points 2^208 G ± 2^156 G ± 2^104 G ± 2^52 G ± G as x, y; bit j of a point's index stands for + before 2^(52 j) G.
_COMB = a2b_base64(
    b"hCnf3X/QgcXHDGCtSs2gy/iMYMg6IqrU+VJ20sflS+7AVuVEhRiX5ouuBx4g+f9ZJtgsaxMTiDK24AlJU4cwIC6PhL"
    b"rfWtbpdKlecpLYG4i9VpJ0KlZvyKpEMUzqS1ZK1ErFXVQ4+61F2pFlzUguykEfHM2xWEP40/a76ZNcXa1XLWB7KsnO"
    b"n+tmLPB9qB3KOwhvHzbmXrUOZFrDFnTcqxJetKobzJRVFSjrLd1AzkdfYCDZ4UUfTtrF9MEl3aVgpPnzZywG5Oq+T6"
    b"MJJQppMnttI07D2jC7QWGDBby3BVL3b1NIJcRC5Fr5UB+l2Y4GkAl8tgUqFK646+om9o2YGz8MlubP7yITTPsOKGRt"
    b"tgeJrniMIr1pEbqTFNkzjlja2/txkZLMw1wV8/ArIYdvxN4uI3r9Zlf6+WbSsPNQEIN5GLA73lXF7dn9DaFkOWa4EG"
    b"WuV8yOo1g+lVZBslj7umFK9FNR6gSL+yuGPs3bkwlUO33Qjkbpk7w7ruW2hw6IryHknHKyJHlB+6Sejp6L88XRWpmb"
    b"Stn9Cj40lBAyZhGwEQ/l/K5TbNIA1v/PHUEF0UPVnT6hEWr5QUliE6S1KtVYig3JSFYbmEZd0/R7+OoPCRovhvuHl8"
    b"8EJxSZSltu2qlOj6NcVRrp9knax/epL0f1y31C3cSW3luaQZvHSQMB4N502G2bwFkk9/CQ5/f5qOp1iU1uFzcJaKqg"
    b"nG3i8Nu9iR9Iiy8K27TKlgqkTl1RImetSgpK75sGv5Jor1UrK1HwmjvXNnnbPNjwecGjq6B+3smYBWgn59p6MD729M"
    b"GtnOerMyq5EpZra9QJMVBXYaUk89/Z/ihrS6GfpF8C6Os08IAkNzoX0zG83MP17OyuFgCrwAFXuQq7kmuFRUOKdY/i"
    b"Waj5MFVf4kujqtt5LvAsoQrPDZHNVxAAdbHvjhTauN3cJNpkOBrr9Dzdnr5mDAv2E4s4Q9U7nlolMgME0Z6w77+eTj"
    b"cMdlDsVY0xXvdkd5fGSMqYN/ZUHFYIuluSUniEQJbE/5yJYWyx554H3dyPE7/K7duDjD1SAnmPMW1NPVkjphrhtN7Q"
    b"0Vu/Ldg0gLhm/mxQoe+iCZn2qTS2aXkvKfhnaYSpT1I52XkVUavClSC4vwq5EfMX0yyb8XS/8NjOizso6Uo1b91tyd"
    b"SxwZqy+vI5uW2LCPJn8qb7A2utfxsQtjI2VKt9kAdp3avlHCimNtB0YZHxsvtgLCYD1xJ/m10HveJVP6y+if3keD9K"
    b"d2Whvhgb6gm50ZYWvOt9gl8BlI6DHVt2xMGAQob7QholMLBaABacLnWiZltpZSdDWHL+vHI6F2F5TE8kERFQEG+bxM"
    b"5bEGrb8KEf73A3OQ=="
)


def new_key() -> int:
    """A new private key, 1 to n - 1: by rejection, so that each is as likely (FIPS 186-5 A.2.2).

    On an ESP32-S3, os.urandom() reads the hardware generator, whose numbers are only truly random while Wi-Fi or
    Bluetooth is on (ESP-IDF, "Random Number Generation"): make keys when somebody is connected, not at boot. Raises
    RuntimeError if the generator is stuck.
    """
    for _ in range(_TRIES):  # one refusal has a probability of 2^-32
        candidate = _random()
        if candidate <= _N - 2:
            return candidate + 1
    raise RuntimeError("The random number generator is stuck; restart the device.")


async def public_key(d: int) -> bytes:
    """The point d G, uncompressed: 4, x, y in 65 bytes (SEC 1 2.3.3).

    Raises ValueError if `d` is no private key (1 to n - 1).
    """
    x, y = await _multiple(_checked(d))
    return b"\x04" + _octets(x) + _octets(y)


async def sign(d: int, digest: bytes) -> bytes:
    """The ECDSA signature of a SHA-256 digest as DER SEQUENCE of r and s (FIPS 186-5 6.4.1, RFC 3279 2.2.3).

    The secret number of each signature comes from key and digest (RFC 6979), not from a random number generator:
    the same digest gives the same signature. Raises ValueError if `d` is no private key or `digest` not 32 bytes.
    """
    if len(digest) != _SIZE:
        raise ValueError("A SHA-256 digest has 32 bytes.")
    nonces = _nonces(_checked(d), digest)
    while True:
        k = next(nonces)
        r = (await _multiple(k))[0] % _N
        s = (_number(digest) + r * d) * await _inverse(k, _N) % _N
        if r and s:
            return der.tlv(der.SEQUENCE, _integer(r), _integer(s))


def _nonces(d: int, digest: bytes) -> "Iterator[int]":
    """Candidates for k in their order (RFC 6979 3.2 with HMAC-SHA256)."""
    seed = _octets(d) + _octets(_number(digest) % _N)
    key, value = bytes(_SIZE), b"\x01" * _SIZE
    for separator in (b"\x00", b"\x01"):
        key = _hmac(key, value + separator + seed)
        value = _hmac(key, value)
    while True:
        value = _hmac(key, value)
        if 0 < _number(value) < _N:
            yield _number(value)
        key = _hmac(key, value + b"\x00")
        value = _hmac(key, value)


def _hmac(key: bytes, message: bytes) -> bytes:
    """HMAC with SHA-256 for keys of 32 bytes (RFC 2104 2)."""
    inner = bytes([byte ^ 0x36 for byte in key]) + b"\x36" * _SIZE
    outer = bytes([byte ^ 0x5C for byte in key]) + b"\x5c" * _SIZE
    return hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).digest()


async def _multiple(k: int) -> "tuple[int, int]":
    """k G for 0 < k < n, by a comb of signed digits, none of them 0 (Hedabou, Pinel, Bénéteau, IACR ePrint 2004/342).

    An even k is replaced by n - k, which is odd, and the point by its opposite. Sums are odd multiples of G below n,
    and those before the last below n/2 + 2^209: none is the point at infinity or 2 T, T being the point just added.
    The last one is k itself: n - 2 T has other digits for each T of the comb. So _add() meets neither exception.
    """
    digits = _digits((_N - k, k)[k & 1])
    x, y = _entry(digits, _COLUMNS - 1)
    z = 1
    for column in range(_COLUMNS - 2, -1, -1):
        if column % _AT_ONCE == 0:
            await asyncio.sleep_ms(0)
        x, y, z = _double(x, y, z)
        x2, y2 = _entry(digits, column)
        x, y, z = _add(x, y, z, x2, y2)
    x, y = await _affine(x, y, z)
    return x, (_P - y, y)[k & 1]


def _digits(k: int) -> bytes:
    """An odd k below 2^256 as a sum of ± 2^i for i = 0 to 259: bit i, from the lowest of the first byte, is 1 for +."""
    return ((k + (1 << _ROWS * _COLUMNS) - 1) >> 1).to_bytes(_SIZE + 1, "little")


def _entry(digits: bytes, column: int) -> "tuple[int, int]":
    """The point for a column of digits: of the comb, or its opposite if the uppermost digit is -1."""
    index = 0
    for at in range(column + (_ROWS - 1) * _COLUMNS, -1, -_COLUMNS):
        index = index << 1 | (digits[at >> 3] >> (at & 7) & 1)
    positive = index >> 4
    at = ((index ^ 15, index)[positive] & 15) * 2 * _SIZE
    y = _number(_COMB[at + _SIZE : at + 2 * _SIZE])
    return _number(_COMB[at : at + _SIZE]), (_P - y, y)[positive]


def _double(x: int, y: int, z: int) -> "tuple[int, int, int]":
    """Twice a point in Jacobian coordinates (x/z², y/z³): "dbl-2001-b" for a = -3 (Bernstein 2001)."""
    p = _P
    delta = z * z % p
    gamma = y * y % p
    beta = x * gamma % p
    alpha = 3 * (x - delta) * (x + delta) % p
    x = (alpha * alpha - 8 * beta) % p
    return x, (alpha * (4 * beta - x) - 8 * gamma * gamma) % p, 2 * y * z % p


def _add(x: int, y: int, z: int, x2: int, y2: int) -> "tuple[int, int, int]":
    """A point in Jacobian coordinates plus another in affine ones (Cohen, Miyaji, Ono 1998, with z2 = 1)."""
    p = _P
    zz = z * z % p
    h = (x2 * zz - x) % p
    r = (y2 * (z * zz % p) - y) % p
    hh = h * h % p
    hhh = h * hh % p
    v = x * hh % p
    x = (r * r - hhh - 2 * v) % p
    return x, (r * (v - x) - y * hhh) % p, z * h % p


async def _affine(x: int, y: int, z: int) -> "tuple[int, int]":
    """x/z² and y/z³; what is not on the curve was not computed but came from a fault, and would betray the key."""
    p = _P
    inverse = await _inverse(z, p)
    square = inverse * inverse % p
    x = x * square % p
    y = y * (square * inverse % p) % p
    if (y * y - (x * x - 3) * x - _B) % p:
        raise RuntimeError("The device computed a wrong point; restart it and try again.")
    return x, y


async def _inverse(value: int, modulus: int) -> int:
    """1/value modulo a prime, by Euclid's algorithm: four times as fast as a power here.

    Its course depends on the number, therefore it works on a random multiple.
    """
    blind = _random() % modulus or 1
    a, b = modulus, value * blind % modulus
    s, t = 0, 1
    count = 0
    while b:
        if count % _DIVISIONS == 0:
            await asyncio.sleep_ms(0)
        quotient = a // b
        a, b = b, a - quotient * b
        s, t = t, s - quotient * t
        count += 1
    return s * blind % modulus


def _checked(d: int) -> int:
    if not 0 < d < _N:
        raise ValueError("A private key of P-256 is a number from 1 to n - 1.")
    return d


def _random() -> int:
    return _number(os.urandom(_SIZE))


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _octets(value: int) -> bytes:
    return value.to_bytes(_SIZE, "big")


def _integer(value: int) -> bytes:
    """A DER INTEGER for a positive number of up to 256 bits: as few bytes as leave the first bit 0 (X.690 8.3)."""
    raw = value.to_bytes(_SIZE + 1, "big")
    while raw[0] == 0 and raw[1] < 0x80:
        raw = raw[1:]
    return der.tlv(der.INTEGER, raw)
