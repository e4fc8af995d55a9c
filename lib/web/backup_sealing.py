"""Secrets under a passphrase, as a backup holds them: AES-256-CTR (NIST SP 800-38A 6.5), then HMAC-SHA256 over it.

Both keys come from the passphrase by PBKDF2-HMAC-SHA256 (RFC 8018 5.2) and, each with its own word, HMAC-SHA256:

    root = PBKDF2(passphrase, salt, iterations, 32 bytes)
    mac = HMAC(HMAC(root, "authentication"), digest + iv + data)        data = AES-CTR(HMAC(root, "encryption"), iv, …)

`digest` is the SHA-256 of what the secrets belong to: who changes that has not got them any more. Imported while a
backup is made or restored, then given back.
"""

import asyncio
import os
from binascii import a2b_base64, b2a_base64, hexlify, unhexlify

from cryptolib import aes
from delivery.signing import hmac_sha256
from micropython import const

from web import auth

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    Sealed = dict[str, str | int]

KDF = "pbkdf2-hmac-sha256"
CIPHER = "aes-256-ctr"
# Some 15 s on the ESP32-S3 (an estimate): the file may fall into anybody's hands, and be tried against at leisure.
ROUNDS = const(60_000)
_MOST_ROUNDS = const(200_000)
_SLICE = const(25)
_ECB = const(1)  # the only mode that every build has
_BLOCK = const(16)
_AT_ONCE = const(64)  # blocks


class Wrong(Exception):
    """The passphrase does not fit, or what was sealed was changed."""


async def seal(plain: bytes, passphrase: str, digest: bytes) -> "Sealed":
    """What to store of `plain`: "kdf", "cipher", "iterations"; "salt", "iv", "mac" in hex; "data" in base64."""
    salt, iv = os.urandom(_BLOCK), os.urandom(_BLOCK)
    key, mac_key = await _keys(passphrase, salt, ROUNDS)
    data = await _counted(key, iv, plain)
    return {
        "kdf": KDF,
        "cipher": CIPHER,
        "iterations": ROUNDS,
        "salt": hexlify(salt).decode(),
        "iv": hexlify(iv).decode(),
        "data": b2a_base64(data).decode().strip(),
        "mac": hexlify(hmac_sha256(mac_key, digest + iv + data)).decode(),
    }


async def unseal(sealed: object, passphrase: str, digest: bytes) -> bytes:
    """What was sealed. Raises Wrong, and ValueError if that was not done here."""
    rounds, salt, iv, data, mac = _parts(sealed)
    key, mac_key = await _keys(passphrase, salt, rounds)
    if not auth.same(hmac_sha256(mac_key, digest + iv + data), mac):
        raise Wrong
    return await _counted(key, iv, data)


def _parts(sealed: object) -> "tuple[int, bytes, bytes, bytes, bytes]":
    try:
        if (sealed["kdf"], sealed["cipher"]) != (KDF, CIPHER):  # type: ignore[index]  # caught
            raise ValueError
        rounds = sealed["iterations"]  # type: ignore[index]  # caught
        salt, iv, mac = [unhexlify(sealed[name]) for name in ("salt", "iv", "mac")]  # type: ignore[index]  # caught
        data = a2b_base64(sealed["data"])  # type: ignore[index]  # caught
    except (TypeError, KeyError, ValueError):
        raise ValueError("no secrets of a backup")
    if not isinstance(rounds, int) or not 0 < rounds <= _MOST_ROUNDS or len(iv) != _BLOCK:
        raise ValueError("no secrets of a backup")
    return rounds, salt, iv, data, mac


async def _keys(passphrase: str, salt: bytes, rounds: int) -> "tuple[bytes, bytes]":
    """(of the cipher, of the MAC). Others run while they are made."""
    derivation = auth.Pbkdf2(passphrase.encode(), salt)
    left = rounds - 1
    while left > 0:
        derivation.rounds(min(left, _SLICE))
        left -= _SLICE
        await asyncio.sleep_ms(0)
    root = derivation.digest()
    return hmac_sha256(root, b"encryption"), hmac_sha256(root, b"authentication")


async def _counted(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CTR, which is its own inverse."""
    cipher = aes(key, _ECB)
    counter = int.from_bytes(iv, "big")
    out = bytearray()
    for start in range(0, len(data), _AT_ONCE * _BLOCK):
        part = data[start : start + _AT_ONCE * _BLOCK]
        counters = bytearray()
        for _ in range((len(part) + _BLOCK - 1) // _BLOCK):
            counters += counter.to_bytes(_BLOCK, "big")
            counter = (counter + 1) & ((1 << 128) - 1)
        stream = cipher.encrypt(counters)[: len(part)]
        mixed = int.from_bytes(part, "big") ^ int.from_bytes(stream, "big")
        out += mixed.to_bytes(len(part), "big")
        await asyncio.sleep_ms(0)
    return bytes(out)
