"""Azure IoT Hub: a shared access signature in Authorization.

    SharedAccessSignature sr=HUB%2Fdevices%2FDEVICE&sig=BASE64&se=EXPIRY
    sig = Base64(HMAC-SHA256(key, sr + "\\n" + se)), percent-encoded; sr as it is written there

Source: Microsoft, "Control access to IoT Hub with shared access signatures and security tokens".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from collector.checks import (
    BASE64,
    EPOCH_2000_S,
    Wrong,
    check_digest,
    hmac_sha256,
    one_header,
    raw,
    sha256,
    strict_base64,
)
from collector.received import Received

_PREFIX = "SharedAccessSignature "
_PATH = re.compile(r"/devices/([^/?]+)/messages/events(?:\?(.*))?")
_LONGEST_LIFE_S = 366 * 86_400


@dataclass(frozen=True)
class AzureSas:
    """Checks a device's token: its signature, how long it is valid, and whom it is for.

    `key` is the device's in Base64; ValueError if it is not. `hub` is the hub's name; without it, the resource has to
    name the host that was asked, unless that is this computer, which no hub can be.
    """

    key: str = field(repr=False)
    hub: str | None = None
    scheme = "azure_sas"

    def __post_init__(self) -> None:
        try:
            strict_base64(self.key)
        except ValueError:
            raise ValueError("the key for Azure is no Base64") from None

    def check(self, received: Received) -> None:
        text = one_header(received, "Authorization")
        if not text.startswith(_PREFIX):
            raise Wrong("Authorization does not begin with SharedAccessSignature and a blank.")
        parts = _parts(text.removeprefix(_PREFIX))
        message = raw(f"{parts['sr']}\n{parts['se']}")
        right = hmac_sha256(strict_base64(self.key), message)
        wrongs = self._wrongs(parts)
        check_digest("The sig", [unquote(parts["sig"])], BASE64, right, wrongs)
        if re.search("[+/=]", parts["sig"]):
            raise Wrong("The sig is right, but not percent-encoded.")
        _check_expiry(parts["se"], received)
        self._check_resource(unquote(parts["sr"]), received)
        if "skn" in parts:
            raise Wrong("There is an skn, but a device's own key belongs to no policy.")

    def _wrongs(self, parts: Mapping[str, str]) -> Iterator[tuple[bytes, str]]:
        key, sr, se = strict_base64(self.key), parts["sr"], parts["se"]
        for written, what in (
            (unquote(sr), "the decoded resource"),
            (quote(sr, safe=""), "the resource in percent-encoding"),
            (re.sub("%..", lambda found: found[0].lower(), sr), "the resource with %2f"),
            (sr.lower(), "the resource in lower case"),
        ):
            said = f"The sig covers {what} instead of sr as it is written."
            yield hmac_sha256(key, raw(f"{written}\n{se}")), said
        message = raw(f"{sr}\n{se}")
        undecoded = "The sig was made with the key as it is written; it is Base64."
        yield hmac_sha256(raw(self.key), message), undecoded
        for other, what in (("", "nothing"), ("\r\n", "CR LF"), ("\\n", "\\ and n")):
            said = f"The sig has {what} between sr and se instead of a line feed."
            yield hmac_sha256(key, raw(f"{sr}{other}{se}")), said
        yield hmac_sha256(key, raw(f"{se}\n{sr}")), "The sig has se in front of sr."
        yield hmac_sha256(key, raw(sr)), "The sig does not cover se."
        yield hmac_sha256(key, message + b"\n"), "The sig covers a line feed behind se."
        for plain in (message + key, key + message, message):
            yield sha256(plain), "The sig is a plain hash instead of an HMAC."

    def _check_resource(self, resource: str, received: Received) -> None:
        found = _PATH.fullmatch(received.path_qs)
        if found is None:
            raise Wrong("The address is not /devices/NAME/messages/events?api-version=….")
        host, _, device = resource.partition("/devices/")
        asked = urlsplit("//" + (received.header("Host") or "")).hostname or ""
        hub = self.hub or (host.lower() if _is_here(asked) else asked)
        if host.lower() != hub.lower():
            raise Wrong(f"The token is for the hub {host[:80]}, not for {hub}.")
        if device != unquote(found[1]):
            named = unquote(found[1])[:80]
            raise Wrong(f"The token is for {device[:80] or 'no device'}, the address for {named}.")
        if not re.search("(^|&)api-version=.", found[2] or ""):
            raise Wrong("The address has no api-version.")


def _parts(text: str) -> dict[str, str]:
    """What sr, sig, se and skn are, encoded. Raises Wrong if one is missing or there twice."""
    pairs = [pair.partition("=") for pair in text.split("&")]
    parts = {name: value for name, _, value in pairs}
    for name in ("sr", "sig", "se"):
        if not parts.get(name):
            raise Wrong(f"The token has no {name}.")
    if len(parts) < len(pairs):
        raise Wrong("The token has a part twice.")
    return parts


def _check_expiry(text: str, received: Received) -> None:
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        raise Wrong(f"se is no whole number of seconds: {text[:40]!r}.")
    left = int(text) - round(received.at)
    if left > _LONGEST_LIFE_S:
        is_ms = abs(int(text) // 1000 - received.at) < _LONGEST_LIFE_S
        raise Wrong(
            "se counts milliseconds instead of seconds."
            if is_ms
            else f"se lies {left // 86_400} days ahead."
        )
    if -_LONGEST_LIFE_S < left + EPOCH_2000_S < _LONGEST_LIFE_S:
        raise Wrong("se counts from the year 2000 instead of 1970.")
    if left <= 0:
        raise Wrong(f"The token expired {-left} s ago.")


def _is_here(host: str) -> bool:
    """Whether that name can be no hub's: an address, or this computer."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host in ("", "localhost")
    return True
