"""Azure IoT Hub over HTTPS: connection strings, the address of a device, tokens that are renewed in time.

device = parse("HostName=hub.azure-devices.net;DeviceId=wican-1;SharedAccessKey=MDEy…")
device.url      # https://hub.azure-devices.net/devices/wican-1/messages/events?api-version=2021-04-12

Source: Microsoft, "Control access to IoT Hub with shared access signatures" and the REST operation Send Device Event.
"""

import binascii

from micropython import const
from net import url

from delivery.errors import RouteError

_VERSION = "2021-04-12"
_PARTS = ("HostName", "DeviceId", "SharedAccessKey")
_LONGEST = const(1024)
_LIFE_S = const(3600)
# Of a device id (Microsoft, "Understand the identity registry", device identity properties).
_IN_IDS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.%_*?!(),:=@$'+#"
_UNSUPPORTED = ("ModuleId", "GatewayHostName", "SharedAccessSignature")


class Device:
    """A device at a hub.

    Attributes:
        host: of the hub.
        id: of the device there.
        key: its shared access key in Base64, a secret; "" if it shows a certificate instead.
    """

    def __init__(self, host: str, id: str, key: str) -> None:
        self.host = host
        self.id = id
        self.key = key

    @property
    def url(self) -> str:
        """Where its messages are sent."""
        path = "/devices/%s/messages/events" % url.percent_encode(self.id)
        return "https://%s%s?api-version=%s" % (self.host, path, _VERSION)

    @property
    def resource(self) -> str:
        """What its tokens are for, as it stands in them."""
        return resource(self.host, self.id)


def resource(host: str, device_id: str) -> str:
    """What a device's tokens are for: as it is signed and sent, with %2F in capitals."""
    return url.percent_encode("%s/devices/%s" % (host, device_id))


def parse(text: str) -> Device:
    """The device of a connection string. Raises ValueError with a sentence that never repeats the key."""
    if len(text) > _LONGEST:
        raise ValueError("A connection string has at most %d characters." % _LONGEST)
    parts = _parts(text.strip())
    _check_kind(parts)
    by_certificate = parts.get("x509", "").lower() == "true"
    for name in _PARTS[:2] if by_certificate else _PARTS:
        if not parts.get(name):
            raise ValueError("The connection string has no %s; copy all of it." % name)
    host, name, key = parts["HostName"].lower(), parts["DeviceId"], parts.get("SharedAccessKey")
    for wrong in (host_problem(host), id_problem(name), key_problem(key) if key else None):
        if wrong is not None:
            raise ValueError(wrong[1])
    return Device(host, name, "" if by_certificate else key or "")


def host_problem(text: str) -> "tuple[str, str] | None":
    """Why a text is no name of a hub, as code and sentence; None if it is one."""
    try:
        found = url.parse("https://" + text)
    except url.UrlError as error:
        return "host", "The HostName cannot be used. %s" % error
    if found.host != text.lower() or "." not in text:
        return "host", "The HostName is the hub's full name, such as hub.azure-devices.net."
    return None


def id_problem(text: str) -> "tuple[str, str] | None":
    """Why a text is no device id, as code and sentence; None if it is one."""
    if not text or len(text) > 128 or [char for char in text if char not in _IN_IDS]:
        return "characters", "A DeviceId has 1 to 128 letters, digits and signs of ASCII."
    return None


def key_problem(text: str) -> "tuple[str, str] | None":
    """Why a text is no shared access key, as code and sentence; None if it is one."""
    try:
        raw = binascii.a2b_base64(text)
    except ValueError:
        raw = b""
    if not raw or binascii.b2a_base64(raw)[:-1] != text.encode():
        return (
            "key_format",
            "The SharedAccessKey is no Base64; copy the device's primary key again.",
        )
    return None


class Tokens:
    """Makes the Authorization of a device and keeps it until 80 % of its life are over."""

    def __init__(self, resource: str, key: str, life_s: int = _LIFE_S) -> None:
        """`resource` as `resource` gives it, `key` in Base64, `life_s` how long the hub shall take a token."""
        self._resource = resource
        self._key = key
        self._life_s = life_s
        self._made_s = 0
        self._text = ""
        self._may_renew = True

    def header(self, unix_s: int) -> str:
        """The value of Authorization at that Unix time. Raises RouteError while the clock is not set."""
        if not unix_s:
            cause = "The token for Azure holds the time, but the device's clock is not set."
            raise RouteError(cause, "Wait until it is set from the network, or set it by hand.")
        from delivery import signing  # while settings are checked nothing is signed

        age = unix_s - self._made_s
        if not self._text or age < 0 or age * 5 >= self._life_s * 4:
            self._text = signing.azure_sas(self._resource, self._key, unix_s + self._life_s)
            self._made_s = unix_s
        return self._text

    def refused(self) -> bool:
        """The hub answered 401: forgets the token. Whether another one is worth an attempt at once: the first time."""
        self._text = ""
        again, self._may_renew = self._may_renew, False
        return again

    def accepted(self) -> None:
        """The hub took the token."""
        self._may_renew = True


def _parts(text: str) -> "dict[str, str]":
    """What stands behind each name; a value may hold equals signs."""
    parts: dict[str, str] = {}
    for piece in text.split(";"):
        name, mark, value = piece.strip().partition("=")
        if not mark and name:
            raise ValueError(
                "A connection string is made of Name=value parts with ; between them."
            )
        if name in parts:
            raise ValueError("The connection string has several parts of the same name.")
        if name:
            parts[name] = value.strip()
    return parts


def _check_kind(parts: "dict[str, str]") -> None:
    if "SharedAccessKeyName" in parts:
        raise ValueError("This is the string of the hub or a policy; take the device's own one.")
    for name in _UNSUPPORTED:
        if name in parts:
            raise ValueError("A connection string with %s is not supported here." % name)
