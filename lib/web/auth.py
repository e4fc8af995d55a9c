"""The device's password: how it is kept, and how often one may guess it.

The device keeps no password, only a record of it: PBKDF2-HMAC-SHA256 (RFC 8018 section 5.2) with a
salt of its own.
"""

import asyncio
from binascii import hexlify, unhexlify
from hashlib import sha256
from os import urandom

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.store import Store

# The ESP32-S3 does some 5,000 rounds a second at best, two calls of SHA-256 each: a login takes a good second, which
# people bear once in a session, and as long for whoever stole the record is as much as this chip can ask for.
_ROUNDS = const(5000)
_SCHEME = "pbkdf2-sha256"
_SLICE = const(25)
_BLOCK = const(64)
_SALT = const(16)
_FIRST_PASSWORD = const(5)  # random bytes: ten hexadecimal digits
_FREE_FAILURES = const(4)
_LONGEST_HOLD_MS = const(300_000)
_FORGET_MS = const(900_000)
_LONGEST_SHARED_HOLD_MS = const(30_000)
_KNOWN_ADDRESSES = const(16)
_OTHERS = ""  # the name of all further ones
PASSWORD = "web.password"  # the record's key among the secrets


class Pbkdf2:
    """The first block (32 bytes) of PBKDF2-HMAC-SHA256, in steps: other tasks run in between."""

    def __init__(self, password: bytes, salt: bytes) -> None:
        key = sha256(password).digest() if len(password) > _BLOCK else password
        self._inner = _pad(key, 0x36)
        self._outer = _pad(key, 0x5C)
        self._last = self._hmac(salt + b"\x00\x00\x00\x01")
        self._sum = int.from_bytes(self._last, "big")

    def rounds(self, count: int) -> None:
        """Goes on by that many iterations; the constructor did the first one."""
        inner, outer, last, total = self._inner, self._outer, self._last, self._sum
        for _ in range(count):
            last = sha256(outer + sha256(inner + last).digest()).digest()
            total ^= int.from_bytes(last, "big")
        self._last, self._sum = last, total

    def digest(self) -> bytes:
        """The derived key after the iterations so far."""
        return self._sum.to_bytes(32, "big")

    def _hmac(self, message: bytes) -> bytes:
        return sha256(self._outer + sha256(self._inner + message).digest()).digest()


def pbkdf2(password: bytes, salt: bytes, iterations: int) -> bytes:
    """PBKDF2-HMAC-SHA256 with a derived key of 32 bytes."""
    derivation = Pbkdf2(password, salt)
    derivation.rounds(iterations - 1)
    return derivation.digest()


def make_record(password: str, salt: bytes) -> str:
    """What to store instead of the password: `pbkdf2-sha256$<iterations>$<salt>$<key>`.

    The last two are in hex; `salt` is 16 fresh random bytes. Raises ValueError for no password.
    """
    if not password:
        raise ValueError("empty password")
    return _record(_ROUNDS, salt, pbkdf2(password.encode(), salt, _ROUNDS))


def is_record(text: str) -> bool:
    """Whether a text is a record rather than a password."""
    return text.startswith(_SCHEME + "$") and text.count("$") == 3


def check(record: str, password: str) -> bool:
    """Whether the record was made of this password. An empty or damaged record fits none."""
    try:
        iterations, salt, key = _parse(record)
    except ValueError:
        return False
    return same(pbkdf2(password.encode(), salt, iterations), key)


def same(left: bytes, right: bytes) -> bool:
    """Compares two digests in a time that does not tell where they differ."""
    difference = len(left) ^ len(right)
    for a, b in zip(left, right):
        difference |= a ^ b
    return difference == 0


class Lockout:
    """Failed logins by address: four are free, then each doubles a pause, from 1 s to 5 min.

    Holds sixteen addresses that failed within the last quarter of an hour. Further ones are counted as one, which waits
    30 s at most: who has many addresses shall not guess for free, nor keep the others out for long.
    """

    def __init__(self) -> None:
        self._failures: list[tuple[str, int, int]] = []

    def wait_ms(self, address: str, now_ms: int) -> int:
        """How long the address has to wait until its next try; 0 if it need not."""
        return max(0, self._find(self._counted_as(address, now_ms))[2] - now_ms)

    def failed(self, address: str, now_ms: int) -> None:
        """Counts a failure. Failures older than a quarter of an hour are forgiven."""
        address = self._counted_as(address, now_ms)
        longest_ms = _LONGEST_HOLD_MS if address else _LONGEST_SHARED_HOLD_MS
        count = self._find(address)[1] + 1
        hold_ms = 0
        if count > _FREE_FAILURES:
            hold_ms = min(longest_ms, 1000 << min(count - _FREE_FAILURES - 1, 9))
        self.forget(address)
        self._failures.append((address, count, now_ms + hold_ms))

    def guessed(self, now_ms: int) -> bool:
        """Whether anybody failed within the last quarter of an hour."""
        return any([now_ms - known[2] <= _FORGET_MS for known in self._failures])

    def forget(self, address: str) -> None:
        """The address has shown that it knows the password."""
        self._failures = [known for known in self._failures if known[0] != address]

    def _counted_as(self, address: str, now_ms: int) -> str:
        self._failures = [known for known in self._failures if now_ms - known[2] <= _FORGET_MS]
        names = [known[0] for known in self._failures if known[0] != _OTHERS]
        return address if address in names or len(names) < _KNOWN_ADDRESSES else _OTHERS

    def _find(self, address: str) -> tuple[str, int, int]:
        for known in self._failures:
            if known[0] == address:
                return known
        return address, 0, 0


async def check_slowly(record: str, password: str) -> bool:
    """`check`, giving way to the other tasks every few milliseconds."""
    try:
        iterations, salt, key = _parse(record)
    except ValueError:
        return False
    return same(await derive(password.encode(), salt, iterations), key)


async def derive(password: bytes, salt: bytes, iterations: int) -> bytes:
    """`pbkdf2`, giving way to the other tasks every few milliseconds."""
    derivation = Pbkdf2(password, salt)
    left = iterations - 1
    while left > 0:
        derivation.rounds(min(left, _SLICE))
        left -= _SLICE
        await asyncio.sleep(0)
    return derivation.digest()


async def keep(store: "Store", password: str) -> str:
    """Stores the record of a new password and returns it. Raises OSError if that cannot be done."""
    salt = urandom(_SALT)
    record = _record(_ROUNDS, salt, await derive(password.encode(), salt, _ROUNDS))
    for problem in store.save_secrets({PASSWORD: record}):
        raise OSError("the password cannot be stored: %s" % problem["message"])
    return record


async def settle(store: "Store") -> str:
    """The stored record.

    A password that was written in plain is replaced by its record. A device that has none makes one and shows it once,
    on its console: there is no password that all devices share. Raises OSError if the record cannot be stored.
    """
    stored = store.secret(PASSWORD)
    if stored is not None and is_record(stored):
        return stored
    password = stored or hexlify(urandom(_FIRST_PASSWORD)).decode()
    record = await keep(store, password)
    if stored is None:
        print("The password of the page is %s (shown this once)" % password)
    return record


def _record(iterations: int, salt: bytes, key: bytes) -> str:
    return "$".join((_SCHEME, str(iterations), hexlify(salt).decode(), hexlify(key).decode()))


def _parse(record: str) -> tuple[int, bytes, bytes]:
    """(iterations, salt, key) of a record; raises ValueError if it is none."""
    scheme, iterations, salt, key = record.split("$")
    if scheme != _SCHEME or len(key) != 64:
        raise ValueError("unknown record")
    return int(iterations), unhexlify(salt), unhexlify(key)


def _pad(key: bytes, byte: int) -> bytes:
    return bytes([b ^ byte for b in key]) + bytes([byte]) * (_BLOCK - len(key))
