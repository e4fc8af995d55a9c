"""Control packets of MQTT 3.1.1: those that a publisher writes, and a reader for those that it gets.

Sections are those of the OASIS Standard, 29 October 2014.
"""

import time

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from net.opening import AnyLink

# First bytes of control packets: type and flags (2.2)
_CONNECT = const(0x10)
CONNACK = const(0x20)
_PUBLISH = const(0x30)
DUPLICATE = const(0x08)
PUBACK = const(0x40)
_PINGRESP = const(0xD0)

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"

_BUFFER = const(64)
_MAX_LENGTH = const(268_435_455)  # of what follows the fixed header (2.2.3)
_MAX_SKIPPED = const(65536)  # longer packets from the broker end the connection
_MAX_FIELD = const(65535)
ALIEN = "The broker's answer is not MQTT."


class ProtocolError(Exception):
    """The broker broke the protocol or closed the connection; `str()` is one sentence, "" if it closed."""


class Will:
    """What the broker publishes for us when we vanish without a word (3.1.2.5)."""

    def __init__(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain


def connect_packet(
    client_id: str,
    keepalive_s: int,
    user: "str | None" = None,
    password: "str | None" = None,
    will: "Will | None" = None,
) -> bytes:
    """CONNECT with a clean session (3.1). Raises ValueError for what cannot be written."""
    flags = 0x02
    fields = [_text(client_id)]
    if will is not None:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
        fields += [topic_field(will.topic), _sized(will.payload)]
    if user is not None:
        flags |= 0x80
        fields.append(_text(user))
        if password is not None:  # never without a user name (3.1.2.9)
            flags |= 0x40
            fields.append(_sized(password.encode()))
    head = b"\x00\x04MQTT\x04" + bytes((flags, keepalive_s >> 8, keepalive_s & 255))
    return _packet(_CONNECT, head, *fields)


def publish_packet(
    topic: str,
    payload: bytes,
    qos: int = 0,
    retain: bool = False,
    packet_id: int = 0,
    duplicate: bool = False,
) -> bytes:
    """PUBLISH (3.3); `packet_id` counts for QoS 1 only. Raises ValueError for what cannot be written."""
    first = _PUBLISH | DUPLICATE * duplicate | qos << 1 | retain
    number = bytes((packet_id >> 8, packet_id & 255)) if qos else b""
    return _packet(first, topic_field(topic), number, payload)


def topic_field(topic: str) -> bytes:
    """A topic to publish to, as it stands in packets (3.3.2.1, 4.7). Raises ValueError."""
    if not topic or "+" in topic or "#" in topic:
        raise ValueError("a topic to publish to is not empty and holds neither + nor #")
    return _text(topic)


def remaining_length(length: int) -> bytes:
    """The second part of the fixed header: seven bits a byte, the lowest first (2.2.3)."""
    if length > _MAX_LENGTH:
        raise ValueError("a packet of %d bytes is too long for MQTT" % length)
    encoded = bytearray()
    while length > 127:
        encoded.append(length & 127 | 128)
        length >>= 7
    encoded.append(length)
    return bytes(encoded)


def _packet(first: int, *parts: bytes) -> bytes:
    length = sum([len(part) for part in parts])
    return b"".join((bytes((first,)), remaining_length(length)) + parts)


def _text(text: str) -> bytes:
    """A UTF-8 string with its length before it (1.5.3)."""
    if "\0" in text:
        raise ValueError("a text in MQTT holds no null character")
    return _sized(text.encode())


def _sized(data: bytes) -> bytes:
    if len(data) > _MAX_FIELD:
        raise ValueError("a field of %d bytes is too long for MQTT" % len(data))
    return bytes((len(data) >> 8, len(data) & 255)) + data


class Packets:
    """Reads one control packet after the other; memory does not depend on what the broker sends.

    `heard_ms` is when the last byte came (time.ticks_ms).
    """

    def __init__(self, link: "AnyLink") -> None:
        self._link = link
        self._view = memoryview(bytearray(_BUFFER))
        self._start = self._end = 0
        self.heard_ms = time.ticks_ms()

    async def next(self) -> "tuple[int, int]":
        """The packet's first byte, and its two bytes after the fixed header as a number (0 if it has less).

        Raises ProtocolError, OSError or ValueError.
        """
        first = await self._byte()
        length = await self._length()
        is_known = first & 0xF0 in (CONNACK, PUBACK, _PINGRESP)
        if is_known and (first & 15 or length != (0 if first == _PINGRESP else 2)):
            raise ProtocolError(ALIEN)
        if length > _MAX_SKIPPED:
            raise ProtocolError("The broker sent a packet of %d bytes." % length)
        if length < 2:
            await self._skip(length)
            return first, 0
        number = await self._byte() << 8 | await self._byte()
        await self._skip(length - 2)
        return first, number

    async def _length(self) -> int:
        length = 0
        for shift in range(0, 28, 7):
            byte = await self._byte()
            length |= (byte & 127) << shift
            if byte < 128:
                return length
        raise ProtocolError(ALIEN)

    async def _byte(self) -> int:
        if self._start == self._end:
            await self._fill()
        self._start += 1
        return self._view[self._start - 1]

    async def _skip(self, count: int) -> None:
        while count:
            if self._start == self._end:
                await self._fill()
            step = min(count, self._end - self._start)
            self._start += step
            count -= step

    async def _fill(self) -> None:
        count = None
        while count is None:  # a TLS record that carried no data
            count = await self._link.readinto(self._view)
        if not count:
            raise ProtocolError("")
        self._start, self._end = 0, count
        self.heard_ms = time.ticks_ms()
