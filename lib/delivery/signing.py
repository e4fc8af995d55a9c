"""Signatures over documents, one pure function a scheme. Text in and out is UTF-8; hexadecimal digits are lower case.

There is no `hmac` in stock MicroPython, so it is here.
"""

import binascii
import hashlib

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLOCK = const(64)  # of SHA-256, in bytes
_WEBHOOK_PREFIX = "whsec_"


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC with SHA-256 (RFC 2104 2): 32 bytes."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    padded = key + bytes(_BLOCK - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in padded]))
    inner.update(message)
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in padded]))
    outer.update(inner.digest())
    return outer.digest()


def github(secret: str, body: bytes) -> str:
    """The value of GitHub's X-Hub-Signature-256."""
    return "sha256=" + _hex(hmac_sha256(secret.encode(), body))


def stripe(secret: str, timestamp: int, body: bytes, previous: str = "") -> str:
    """The value of Stripe's Stripe-Signature; `timestamp` is the Unix time of the attempt in seconds.

    While a secret is being replaced, `previous` is the one before: both sign, as Stripe does it.
    """
    signed = b"%d." % timestamp + body
    text = "t=%d" % timestamp
    for key in (secret, previous):
        if key:
            text += ",v1=" + _hex(hmac_sha256(key.encode(), signed))
    return text


def standard_webhooks(secrets: list[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature` (Standard Webhooks 1.0): a signature for each secret, blanks between.

    A secret is Base64, "whsec_" in front of it or not; `timestamp` is the Unix time of the attempt in seconds, the
    value of `webhook-timestamp`. Raises ValueError for a secret that is not Base64.
    """
    signed = ("%s.%d." % (message_id, timestamp)).encode() + body
    return " ".join(
        ["v1," + _base64(hmac_sha256(_webhook_key(secret), signed)) for secret in secrets]
    )


def content_digest(body: bytes) -> str:
    """The value of Content-Digest (RFC 9530 2) for the content as it is sent, compressed or not."""
    return "sha-256=:%s:" % _base64(hashlib.sha256(body).digest())


def kpn_token(body: bytes, secret: str) -> str:
    """The value of KPN's Things-Message-Token: SHA-256 of the body, then the secret."""
    digest = hashlib.sha256(body)
    digest.update(secret.encode())
    return _hex(digest.digest())


def thingpark_token(elements: "Iterable[str]", query: str, key: str) -> str:
    """ThingPark's Token: SHA-256 of the body's elements, the query and the AS key.

    `elements` are CustomerID, DevEUI, FPort, FCnt and payload_hex of an uplink, none for a downlink; `query` is
    percent-decoded and without Token; `key` is hashed as it is written.
    """
    return _hex(hashlib.sha256(("".join(elements) + query + key).encode()).digest())


def azure_sas(resource: str, key: str, expiry: int) -> str:
    """The Authorization of Azure IoT Hub.

    `resource` as it stands in there: "hub.azure-devices.net%2Fdevices%2Fname"; `key` is the device's, in Base64;
    `expiry` is Unix time in seconds.
    """
    from net import url

    text = "%s\n%d" % (resource, expiry)
    signature = _base64(hmac_sha256(binascii.a2b_base64(key), text.encode()))
    encoded = url.percent_encode(signature)
    return "SharedAccessSignature sr=%s&sig=%s&se=%d" % (resource, encoded, expiry)


def _webhook_key(secret: str) -> bytes:
    if secret.startswith(_WEBHOOK_PREFIX):
        secret = secret[len(_WEBHOOK_PREFIX) :]
    try:
        key = binascii.a2b_base64(secret)
    except ValueError:
        key = b""
    if not key or _base64(key) != secret:  # what is no Base64 is skipped, not refused
        raise ValueError("the secret of Standard Webhooks is no Base64")
    return key


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data)[:-1].decode()


def _hex(data: bytes) -> str:
    return binascii.hexlify(data).decode()
