"""ThingPark: a token in the query over values of the document, the query itself and the tunnel's key.

    Token = hex(SHA-256(CustomerID + DevEUI + … + "LrnDevEui=…&LrnFPort=…&LrnInfos=…&AS_ID=…&Time=…" + key))

Source: Actility, thingpark-integrations, "LRC-AS tunnel interface". The query is decoded for it; a + stays a +.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from collector.checks import (
    HEX,
    TOLERANCE_S,
    Wrong,
    check_age,
    check_digest,
    hmac_sha256,
    raw,
    sha256,
)
from collector.received import Received

_NAMES = ("LrnDevEui", "LrnFPort", "LrnInfos", "AS_ID", "Time")
# Root element -> what its token covers besides CustomerID and DevEUI.
_COVERED = {
    "DevEUI_uplink": ("FPort", "FCntUp", "payload_hex"),
    "DevEUI_downlink_Sent": ("FPort", "FCntDn"),
    "DevEUI_notification": (),
}
_NAME = "The Token"


@dataclass(frozen=True)
class ThingPark:
    """Checks the Token, then Time, then whether query and document are about the same device.

    `key` is hashed as it is written; `as_id`, if given, is what AS_ID has to be.
    """

    key: str
    as_id: str | None = None
    tolerance_s: int = TOLERANCE_S
    scheme = "thingpark"

    def check(self, received: Received) -> None:
        sent = _query(received.path_qs)
        elements = _elements(received)
        check_digest(
            _NAME,
            [sent["Token"]],
            HEX,
            sha256(raw("".join(elements.values()) + _plain(sent) + self.key)),
            self._wrongs(elements, sent, received.path_qs.partition("?")[2]),
        )
        if "+" in sent["Time"]:
            raise Wrong("The + in Time is sent as it is; many take it for a blank: send %2B.")
        self._check_time(unquote(sent["Time"]), received)
        self._check_names(elements, sent)

    def _check_time(self, text: str, received: Received) -> None:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            raise Wrong(f"Time is no ISO 8601 moment: {text[:40]!r}.") from None
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        check_age("Time", time.timestamp(), received, self.tolerance_s)

    def _check_names(self, elements: Mapping[str, str], sent: Mapping[str, str]) -> None:
        for name, element in (("LrnDevEui", "DevEUI"), ("LrnFPort", "FPort")):
            if name in sent and element in elements and unquote(sent[name]) != elements[element]:
                found = unquote(sent[name])[:40]
                raise Wrong(f"{name} is {found}, but {element} is {elements[element]}.")
        if self.as_id not in (None, unquote(sent["AS_ID"])):
            raise Wrong(f"AS_ID is {unquote(sent['AS_ID'])[:40]}, not {self.as_id}.")

    def _wrongs(
        self, elements: Mapping[str, str], sent: Mapping[str, str], query: str
    ) -> Iterator[tuple[bytes, str]]:
        for text, sentence in self._mistakes("".join(elements.values()), sent, query):
            yield sha256(raw(text)), f"{_NAME} {sentence}"
        for name in elements:
            rest = "".join(value for other, value in elements.items() if other != name)
            yield sha256(raw(rest + _plain(sent) + self.key)), f"{_NAME} does not cover {name}."
        message = raw("".join(elements.values()) + _plain(sent))
        yield hmac_sha256(raw(self.key), message), f"{_NAME} is an HMAC instead of a plain hash."
        if re.fullmatch("([0-9a-fA-F]{2})+", self.key):
            digest = sha256(message + bytes.fromhex(self.key))
            yield digest, f"{_NAME} was made with the bytes of the key instead of its text."

    def _mistakes(
        self, values: str, sent: Mapping[str, str], query: str
    ) -> Iterator[tuple[str, str]]:
        plain, key = _plain(sent), self.key
        wire = "&".join(f"{name}={sent[name]}" for name in _NAMES if name in sent)
        encoded = "covers the query percent-encoded; it has to be decoded before it is hashed."
        yield values + wire + key, encoded
        yield values + re.sub("%..", lambda found: found[0].lower(), wire) + key, encoded
        yield values + plain.replace("+", " ") + key, "covers a blank where Time has a +."
        rest = "&".join(pair for pair in query.split("&") if not pair.startswith("Token="))
        others = "covers other parameters of the query than the five, or in another order."
        yield values + unquote(rest) + key, others
        yield values + rest + key, others
        yield plain + key, "covers no values of the document."
        yield values + key, "does not cover the query."
        yield values + plain, "was made without the key."
        yield key + values + plain, "has the key in front; it belongs behind the query."
        yield plain + values + key, "has the query in front of the document's values."
        for other, case in ((key.lower(), "lower"), (key.upper(), "upper")):
            yield values + plain + other, f"was made with the key in {case} case."


def _query(path_qs: str) -> dict[str, str]:
    """The parameters as they were sent, encoded. Raises Wrong if one that has to be there is missing, or there twice.

    LrnFPort may be missing: notifications have no port.
    """
    pairs = [pair.partition("=") for pair in path_qs.partition("?")[2].split("&")]
    for name in (*_NAMES, "Token"):
        count = sum(found == name for found, _, _ in pairs)
        if count > 1:
            raise Wrong(f"The query has {name} {count} times.")
        if not count and name != "LrnFPort":
            raise Wrong(f"The query has no {name}.")
    return {name: value for name, _, value in pairs}


def _plain(sent: Mapping[str, str]) -> str:
    """The part of the query that is hashed, decoded."""
    return "&".join(f"{name}={unquote(sent[name])}" for name in _NAMES if name in sent)


def _elements(received: Received) -> dict[str, str]:
    """What the token covers of the document, in the order of hashing. Raises Wrong."""
    document = received.json if received.json is not None else _from_xml(received.unpacked())
    if not isinstance(document, dict) or len(document) != 1:
        raise Wrong("The document has not one root element.")
    [(root, members)] = document.items()
    if root not in _COVERED or not isinstance(members, dict):
        raise Wrong(f"The document is {root[:40]}, for which there is no token.")
    elements = {name: _text(members, name) for name in ("CustomerID", "DevEUI", *_COVERED[root])}
    for name in ("CustomerID", "DevEUI"):
        if not elements[name]:
            raise Wrong(f"The document has no {name}.")
    return elements


def _text(members: Mapping[str, Any], name: str) -> str:
    """An element as it is hashed: numbers and text alike."""
    value = members.get(name)
    if value is None:
        return "0" if name == "FPort" else ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Wrong(f"{name} is neither text nor a whole number.")
    return str(value)


def _from_xml(body: bytes) -> dict[str, dict[str, str]]:
    if b"<!DOCTYPE" in body:
        raise Wrong("The document has a DOCTYPE, which may hold anything.")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        raise Wrong("The document is neither JSON nor XML.") from None
    return {_local(root.tag): {_local(child.tag): child.text or "" for child in root}}


def _local(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]
