"""MQTT 3.1.1 client that publishes over one kept connection (OASIS Standard, 29 October 2014; sections are its).

    will = Will("car/status", b"offline", 1, True)
    connect = connect_packet("car", 30, "user", "password", will)
    client = Client(Opening("broker.example", 8883, context), connect, 30_000)
    await client.publish("car/values", b"{}", 1, False, 15000, "message 1")
    client.close()

What it holds itself to: sessions are clean, nothing is subscribed to; what a broker sends all the same is thrown away
in small pieces. One deadline covers everything from the name look-up to the confirmation. A broker that has died is
noticed even while nothing is published, within one and a half times the keep-alive time.
"""

import asyncio
import time

from micropython import const

from net.mqtt_packets import (
    ALIEN,
    CONNACK,
    DISCONNECT,
    DUPLICATE,
    PINGREQ,
    PUBACK,
    Packets,
    ProtocolError,
    publish_packet,
)
from net.opening import RequestError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from net.opening import Opening

_MAX_ID = const(65535)
_SLICES = const(5)


class Refusal(RequestError):
    """The broker did not accept the connection; `code` is the return code of its CONNACK (3.2.2.3)."""

    def __init__(self, code: int) -> None:
        from net import mqtt_faults  # only failures need it

        cause, advice = mqtt_faults.refusal(code)
        super().__init__("status", cause, advice)
        self.code = code


class Client:
    """One broker's connection: opened when first needed, kept, opened again when lost. One `publish` at a time.

    `connect` is the CONNECT packet, made for the same keep-alive time (0: none); `greeting` holds packets that leave
    after each connection was accepted, `goodbye` those before it is closed on purpose, when there is no will.

    `connects` (connections accepted) and `retries` count up from 0. Of the latest publish: `packet_id`; `again`, if
    it may be a repetition and said so (DUP); `sent_connect` and `sent_publish`, which packets left.
    """

    def __init__(
        self,
        opening: "Opening",
        connect: bytes,
        keepalive_ms: int,
        greeting: bytes = b"",
        goodbye: bytes = b"",
    ) -> None:
        self._opening = opening
        self._sessions = opening.sessions
        self._hello = connect
        self._keepalive_ms = keepalive_ms
        self._greeting = greeting
        self._goodbye = goodbye + DISCONNECT
        self._tasks: list[asyncio.Task[None]] = []  # of the open connection
        self._turn = asyncio.Lock()  # to write
        self._is_torn = False  # was a packet begun that is not sent to its end?
        self._sent_ms = time.ticks_ms()
        self._awaits = False  # the confirmation of the publish under way
        self._decided = asyncio.Event()  # it is confirmed, or the connection lost
        self._failure: RequestError | None = None
        self._unsettled: object = None  # the mark of the latest one that was not confirmed
        self.packet_id = 0
        self.again = self.sent_connect = self.sent_publish = False
        self.connects = self.retries = 0

    @property
    def is_open(self) -> bool:
        """Has the broker accepted us, and is it there as far as we know?"""
        return bool(self._tasks)

    def close(self) -> None:
        """Takes leave (3.14) and closes, without waiting."""
        link = self._opening.link
        if link is not None and self.is_open and not self._is_torn:
            link.say(self._goodbye)
        self._stop_tasks()
        self._opening.hang_up()
        if self._sessions is not None:
            self._sessions.leave(self)

    async def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int,
        retain: bool,
        deadline_ms: int,
        mark: object = None,
    ) -> None:
        """Returns when the payload is written (QoS 0) or the broker has confirmed it (QoS 1).

        `mark` tells what is sent: if the latest publish of QoS 1 had an equal one and was not confirmed, this
        one says that it may be a repetition (DUP, 3.3.1.1) and has the same packet id.

        Raises ValueError if it cannot be written as MQTT, Refusal or RequestError if it failed.
        """
        self._number(qos, mark)
        packet = self._packet(topic, payload, qos, retain)
        self._awaits = qos > 0
        self.sent_connect = self.sent_publish = False
        finished = False
        try:
            await asyncio.wait_for_ms(self._deliver(packet, mark), deadline_ms)
            finished = True
        except asyncio.TimeoutError:
            raise self._opening.late(deadline_ms)
        except MemoryError:
            raise self._opening.starved()
        finally:
            if not finished:
                self.close()
            elif self._sessions is not None:
                self._sessions.rest(self)

    def _number(self, qos: int, mark: object) -> None:
        """Ids are never 0 (2.3.1)."""
        self.again = qos > 0 and mark is not None and self._unsettled == mark
        if not self.again:
            self.packet_id = self.packet_id % _MAX_ID + 1

    def _packet(self, topic: str, payload: bytes, qos: int, retain: bool) -> bytes:
        """Raises ValueError, or RequestError where memory is short: then the connection gives back what it takes."""
        try:
            return publish_packet(topic, payload, qos, retain, self.packet_id, self.again)
        except MemoryError:
            self.close()
            self._opening.enter(3)
            raise self._opening.starved()

    async def _deliver(self, packet: bytes, mark: object) -> None:
        """A connection that was kept and turns out to be lost costs one attempt on a new one."""
        if self.is_open:
            if self._sessions is not None:
                self._sessions.use(self)
            try:
                return await self._hand_over(packet, mark)
            except RequestError:
                self.retries += 1
            if self._awaits:
                self.again = True
                packet = bytes((packet[0] | DUPLICATE,)) + packet[1:]
        await self._connect()
        return await self._hand_over(self._greeting + packet, mark)

    async def _connect(self) -> None:
        self.close()
        packets = Packets(await self._opening.open(self._hello, self))
        self.sent_connect, self.sent_publish = True, False
        self._is_torn = False
        self._failure = None
        self._opening.enter(4)
        try:
            first, number = await packets.next()
            if first != CONNACK:  # nothing may come before it (3.2)
                raise ProtocolError(ALIEN)
        except (ProtocolError, OSError, ValueError, MemoryError) as error:
            raise self._explained(error)
        self._opening.heard()
        if number & 255:
            raise Refusal(number & 255)
        self.connects += 1
        self._sent_ms = time.ticks_ms()
        self._tasks = [asyncio.create_task(self._listen(packets))]
        if self._keepalive_ms:
            self._tasks.append(asyncio.create_task(self._keep_alive(packets)))

    async def _hand_over(self, packet: bytes, mark: object) -> None:
        self._opening.enter(3)
        self._decided.clear()
        awaits = self._awaits
        if awaits:
            self._unsettled = mark
        self.sent_publish = True
        await self._send(packet)
        if awaits:
            self._opening.enter(4)
            await self._decided.wait()
            if not self._awaits:  # it is confirmed, whatever became of the connection since
                return
        if self._failure is not None:
            raise self._failure

    async def _send(self, packet: bytes) -> None:
        async with self._turn:
            link = self._opening.link
            if link is None:
                raise self._failure or self._opening.failed("The connection was closed.")
            self._is_torn = True
            await self._opening.send(link, packet)
            self._is_torn = False
            self._sent_ms = time.ticks_ms()

    async def _listen(self, packets: Packets) -> None:
        """Notes confirmations; everything else is dropped. Ends with the connection."""
        try:
            while True:
                first, number = await packets.next()
                if first == PUBACK and number == self.packet_id and self._awaits:
                    self._awaits = False
                    self._unsettled = None
                    self._decided.set()
        except (ProtocolError, OSError, ValueError, MemoryError) as error:
            self._lose(self._explained(error), 0)

    async def _keep_alive(self, packets: Packets) -> None:
        """A ping (3.1.2.10, 3.12) after three quarters of the keep-alive time in which one side was silent; a broker
        that then says nothing for half of that time is dead. A packet being written has a deadline of its own."""
        idle, grace = self._keepalive_ms * 3 // 4, self._keepalive_ms // 2
        try:
            while True:
                quiet = self._quiet_ms(packets)
                if quiet < idle or self._turn.locked():
                    await asyncio.sleep_ms(max(idle - quiet, grace // _SLICES))
                    continue
                asked = time.ticks_ms()
                await asyncio.wait_for_ms(self._send(PINGREQ), grace)
                for _ in range(_SLICES):  # while the device itself computes, at most one passes
                    await asyncio.sleep_ms(grace // _SLICES)
                if time.ticks_diff(packets.heard_ms, asked) < 0:
                    raise asyncio.TimeoutError
        except asyncio.TimeoutError:
            self._lose(self._opening.failed("%s no longer answers." % self._opening.host), 1)
        except RequestError as error:
            self._lose(error, 1)
        except MemoryError:
            self._lose(self._opening.starved(), 1)

    def _quiet_ms(self, packets: Packets) -> int:
        now = time.ticks_ms()
        return max(time.ticks_diff(now, packets.heard_ms), time.ticks_diff(now, self._sent_ms))

    def _lose(self, failure: RequestError, teller: int) -> None:
        """The connection is of no more use, as the task of that index found out, which ends by itself."""
        self._failure = failure
        self._tasks.pop(teller)
        self._stop_tasks()
        self._opening.hang_up()
        self._decided.set()
        if self._sessions is not None:
            self._sessions.leave(self)

    def _stop_tasks(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()

    def _explained(self, error: Exception) -> RequestError:
        """What an exception means that came while we were reading."""
        try:
            return self._told(error)
        except MemoryError:  # the explanation takes some, too
            return self._opening.starved()

    def _told(self, error: Exception) -> RequestError:
        from net import mqtt_faults  # only failures need it

        opening = self._opening
        if not isinstance(error, ProtocolError):
            failure = opening.broken(error)
        elif str(error):
            failure = opening.failed(str(error))
        else:
            failure = opening.failed(*mqtt_faults.closed(self.is_open, opening.is_doubtful))
        if failure.advice is None and not self.is_open and opening.context is None:
            failure.advice = mqtt_faults.TLS_PORT
        return failure
