"""The way to one destination over MQTT: topics as the reference firmware has them, a last will, QoS 0 or 1.

The device says `{"status": "online"}` at wican/<device id>/status, retained, and `{"status": "offline"}` when it goes;
if it cannot, the broker does. Documents go to wican/<device id>/can/rx unless the settings name another topic.
"""

import transient
from net import mqtt, mqtt_packets
from net.opening import Opening, RequestError

from delivery import verdict
from delivery.errors import RouteError
from delivery.verdict import Verdict

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from net.sessions import Sessions
    from net.tls import Context
    from net.url import Url

    from delivery.contexts import Contexts
    from delivery.message import Parcel

    Secret = Callable[[str], str | None]

_ONLINE = b'{"status": "online"}'
_OFFLINE = b'{"status": "offline"}'
_NOW_UNAVAILABLE = 3  # the only return code that may change by itself (3.2.2.3)


class MqttRoute:
    """Where a destination's parcels go."""

    def __init__(
        self,
        settings: dict,
        secret: "Secret",
        contexts: "Contexts",
        handshake_lock: "asyncio.Lock | None",
        device_id: str,
        sessions: "Sessions | None" = None,
    ) -> None:
        """Takes a destination's settings. Opens nothing yet. Raises RouteError.

        `secret` takes names as in "destinations.1.auth.token"; `sessions` decides which connections of the device
        stay open.
        """
        self._settings = settings
        self._contexts = contexts
        mqtt_settings = settings["mqtt"]
        self._topic = mqtt_settings["topic"] or "wican/%s/can/rx" % device_id
        self._status_topic = "wican/%s/status" % device_id
        self._client_id = mqtt_settings["client_id"] or "%s-%d" % (device_id, settings["id"])
        self._qos = int(mqtt_settings["qos"])
        address = _address(settings["url"], settings["transport"]["allow_plain"])
        self._is_secure = address.scheme == "mqtts"
        self._is_stale = False  # should the certificates be loaded again?
        self._opening = Opening(
            address.host,
            address.port,
            self._context(),
            server_name=settings["tls"]["server_name"],
            handshake_lock=handshake_lock,
            sessions=sessions,
        )
        prefix = "destinations.%d." % settings["id"]
        self._login = login(settings["auth"], lambda name: secret(prefix + name))
        self._client = self._make_client()

    async def deliver(self, parcel: "Parcel", deadline_ms: int) -> "Verdict":
        """Publishes the parcel: delivered once it is written (QoS 0) or the broker has confirmed it (QoS 1).

        Raises RouteError if the settings do not allow it, `net.http.RequestError` if it failed. After a failed
        handshake the certificates are loaded again: they may have been replaced meanwhile.
        """
        if self._is_stale:
            self._opening.context = self._context()
            self._is_stale = False
        try:
            await self._publish(parcel, deadline_ms)
        except ValueError as error:
            raise RouteError("No packet can be made of these settings: %s." % error)
        except mqtt.Refusal as error:
            if error.code == _NOW_UNAVAILABLE:
                raise
            return Verdict(verdict.AUTH, error.stage, str(error), error.advice)
        except RequestError as error:
            self._is_stale = error.stage == "tls"
            raise
        if not self._settings["transport"]["keep"]:
            self._client.close()
        return self._delivered()

    def close(self) -> None:
        """Takes leave of the broker, without waiting."""
        self._client.close()

    async def _publish(self, parcel: "Parcel", deadline_ms: int) -> None:
        mark = (parcel.id, parcel.count, len(parcel.body))
        retain = self._settings["mqtt"]["retain"]
        try:
            await self._client.publish(
                self._topic, parcel.body, self._qos, retain, deadline_ms, mark
            )
        finally:
            if parcel.wants_trace:
                from delivery import mqtt_trace

                body = parcel.body if self._client.sent_publish else b""
                parcel.trace = mqtt_trace.text(self._trace(), body, self._login)

    def _delivered(self) -> Verdict:
        if self._qos:
            return Verdict(verdict.DELIVERED, "status", "The broker confirmed the document.")
        cause = "The document was handed to the broker, which does not confirm it (QoS 0)."
        return Verdict(verdict.DELIVERED, "write", cause)

    def _make_client(self) -> mqtt.Client:
        keepalive_s = self._settings["mqtt"]["keepalive_s"]
        will = mqtt_packets.Will(self._status_topic, _OFFLINE, self._qos, True)
        user, password = self._login
        try:
            mqtt_packets.topic_field(self._topic)
            connect = mqtt_packets.connect_packet(
                self._client_id, keepalive_s, user, password, will
            )
        except ValueError as error:
            raise RouteError("No packet can be made of these settings: %s." % error)
        return mqtt.Client(
            self._opening,
            connect,
            keepalive_s * 1000,
            mqtt_packets.publish_packet(self._status_topic, _ONLINE, retain=True),
            mqtt_packets.publish_packet(self._status_topic, _OFFLINE, retain=True),
        )

    def _context(self) -> "Context | None":
        return self._contexts.of_destination(self._settings) if self._is_secure else None

    def _trace(self) -> "list[str]":
        """A line for each packet of the latest publish that left."""
        from delivery import mqtt_trace

        client, chosen = self._client, self._settings["mqtt"]
        lines = []
        if client.sent_connect:
            will = (self._status_topic, self._qos, _OFFLINE.decode())
            lines.append(
                mqtt_trace.connect(self._client_id, chosen["keepalive_s"], self._login, will)
            )
        if client.sent_connect and client.sent_publish:
            lines.append(mqtt_trace.publish(self._status_topic, 0, True) + " " + _ONLINE.decode())
        if client.sent_publish:
            lines.append(
                mqtt_trace.publish(
                    self._topic, self._qos, chosen["retain"], client.again, client.packet_id
                )
            )
        return lines


def login(auth: dict, secret: "Secret") -> "tuple[str | None, str | None]":
    """User name and password: those that stood in the address, else those of basic authentication.

    A token alone is a user name without password at some brokers, a user name alone needs none. Raises RouteError for
    authentications that MQTT does not have.
    """
    text = secret("auth.login")
    if text:
        user, _, password = text.partition(":")
        return user, password or None
    if auth["type"] == "none":
        return None, None
    if auth["type"] != "basic":
        cause = "MQTT knows no authentication but user name and password."
        raise RouteError(cause, "Choose basic authentication, or none.")
    password = secret("auth.token") or ""
    if not auth["user"] and not password:
        cause = "Basic authentication is chosen, but there is neither user nor password."
        raise RouteError(cause, "Enter them.")
    return auth["user"], password or None


def _address(text: str, plaintext: bool) -> "Url":
    from net import url  # given back below

    try:
        address = url.parse(text, plaintext, "mqtt")
    except url.UrlError as error:
        raise RouteError("The address cannot be used. %s" % error, "Correct the address.")
    finally:
        transient.release(transient.ADDRESSES)
    if address.user is not None:
        cause = "The address holds a user name, which is not sent."
        raise RouteError(cause, "Take it out of the address and choose an authentication.")
    if address.target != "/":
        cause = "The address of a broker has neither path nor query."
        raise RouteError(cause, "Take them out of it; the topic is a setting of its own.")
    return address
