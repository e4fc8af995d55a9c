"""The one gate in front of every route: who may talk to this device, and how often one may guess.

The device keeps no password, only a record of it: PBKDF2-HMAC-SHA256 (RFC 8018 section 5.2) with a
salt of its own.
"""

import asyncio
from binascii import a2b_base64, hexlify, unhexlify
from hashlib import sha256
from os import urandom

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from uptime import Uptime

# About 0.2 s on the ESP32-S3 (an estimate). The password is random, so that this is enough.
_ROUNDS = const(1000)
_SCHEME = "pbkdf2-sha256"
_SLICE = const(25)
_BLOCK = const(64)
_SALT = const(16)
_FREE_FAILURES = const(4)
_LONGEST_HOLD_MS = const(300_000)
_FORGET_MS = const(900_000)
_KNOWN_ADDRESSES = const(16)
_CHALLENGE = (("WWW-Authenticate", 'Basic realm="device", charset="UTF-8"'),)


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
    key = pbkdf2(password.encode(), salt, _ROUNDS)
    return "$".join((_SCHEME, str(_ROUNDS), hexlify(salt).decode(), hexlify(key).decode()))


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

    Holds sixteen addresses; when a seventeenth fails, the one whose pause ends first is forgotten.
    """

    def __init__(self) -> None:
        self._failures: list[tuple[str, int, int]] = []

    def wait_ms(self, address: str, now_ms: int) -> int:
        """How long the address has to wait until its next try; 0 if it need not."""
        return max(0, self._find(address)[2] - now_ms)

    def failed(self, address: str, now_ms: int) -> None:
        """Counts a failure. Failures older than a quarter of an hour are forgiven."""
        _, count, until_ms = self._find(address)
        count = 1 if now_ms - until_ms > _FORGET_MS else count + 1
        hold_ms = 0
        if count > _FREE_FAILURES:
            hold_ms = min(_LONGEST_HOLD_MS, 1000 << min(count - _FREE_FAILURES - 1, 9))
        self.forget(address)
        if len(self._failures) == _KNOWN_ADDRESSES:
            self._failures.remove(min(self._failures, key=lambda known: known[2]))
        self._failures.append((address, count, now_ms + hold_ms))

    def forget(self, address: str) -> None:
        """The address has shown that it knows the password."""
        self._failures = [known for known in self._failures if known[0] != address]

    def _find(self, address: str) -> tuple[str, int, int]:
        for known in self._failures:
            if known[0] == address:
                return known
        return address, 0, 0


class Refusal:
    """Why a request may not pass: HTTP status, reason phrase, headers to send, one sentence."""

    def __init__(
        self, status: int, reason: str, headers: "tuple[tuple[str, str], ...]", text: str
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.text = text


class Gate:
    """Lets a request pass that carries the device's password (HTTP Basic, any user name).

    The slow check is made once: a password that passed is remembered as a salted digest, in RAM.
    """

    def __init__(self, record: str, uptime: "Uptime") -> None:
        self._uptime = uptime
        self._lockout = Lockout()
        self._one_at_a_time = asyncio.Lock()
        self._salt = urandom(_SALT)
        self.change(record)

    def change(self, record: str) -> None:
        """From now on only the password of this record counts; no password fits an empty one."""
        self._record = record
        self._remembered = b""

    async def refusal(self, headers: "dict[str, str]", address: str) -> Refusal | None:
        """None if the request may pass. `headers` finds names in any case, `address` is an IP."""
        password = _password(headers.get("Authorization"))
        if password is None:
            return Refusal(401, "Unauthorized", _CHALLENGE, "This device asks for its password.\n")
        waits = self._lockout.wait_ms(address, self._uptime.ms()) > 0
        if not waits and self._remembers(password):
            self._lockout.forget(address)
            return None
        # One after the other, or guesses made at the same time would all be free.
        async with self._one_at_a_time:
            return await self._first_login(password, address)

    async def _first_login(self, password: str, address: str) -> Refusal | None:
        wait_ms = self._lockout.wait_ms(address, self._uptime.ms())
        if wait_ms:
            return _too_many(wait_ms)
        if self._remembers(password) or await self._fits(password):
            self._lockout.forget(address)
            return None
        self._lockout.failed(address, self._uptime.ms())
        return Refusal(
            401, "Unauthorized", _CHALLENGE, "That is not the password of this device.\n"
        )

    def _remembers(self, password: str) -> bool:
        return same(self._quick(password), self._remembered)

    def _quick(self, password: str) -> bytes:
        return sha256(self._salt + password.encode()).digest()

    async def _fits(self, password: str) -> bool:
        record = self._record
        fits = await _check_slowly(record, password)
        if fits and record == self._record:
            self._remembered = self._quick(password)
        return fits


async def _check_slowly(record: str, password: str) -> bool:
    """`check`, giving way to the other tasks every few milliseconds."""
    try:
        iterations, salt, key = _parse(record)
    except ValueError:
        return False
    derivation = Pbkdf2(password.encode(), salt)
    left = iterations - 1
    while left > 0:
        derivation.rounds(min(left, _SLICE))
        left -= _SLICE
        await asyncio.sleep(0)
    return same(derivation.digest(), key)


def _parse(record: str) -> tuple[int, bytes, bytes]:
    """(iterations, salt, key) of a record; raises ValueError if it is none."""
    scheme, iterations, salt, key = record.split("$")
    if scheme != _SCHEME or len(key) != 64:
        raise ValueError("unknown record")
    return int(iterations), unhexlify(salt), unhexlify(key)


def _pad(key: bytes, byte: int) -> bytes:
    return bytes([b ^ byte for b in key]) + bytes([byte]) * (_BLOCK - len(key))


def _password(authorization: str | None) -> str | None:
    """The password of a Basic header; None without one; empty, which never fits, if garbled."""
    if authorization is None or authorization[:6].lower() != "basic ":
        return None
    try:
        return a2b_base64(authorization[6:]).decode().partition(":")[2]
    except ValueError:
        return ""


def _too_many(wait_ms: int) -> Refusal:
    seconds = (wait_ms + 999) // 1000
    text = "Too many wrong passwords: try again in %d s.\n" % seconds
    return Refusal(429, "Too Many Requests", (("Retry-After", str(seconds)),), text)
