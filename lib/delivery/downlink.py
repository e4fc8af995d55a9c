"""ThingPark downlinks: who may tell the device to do something, and what.

POST …/downlink?DevEUI=A1B2C3FFFED4E5F6&FPort=2&Payload=7b22…7d&AS_ID=wican.as&Time=2024-10-27T03%3A33%3A20Z&Token=…

Payload is the hexadecimal form of a JSON object: {"command":"ping"}, {"command":"set_cycle","cycle_ms":10000}. The
token covers all other parameters, decoded, in the order in which they came. Source: Actility, thingpark-integrations,
"LRC-AS tunnel interface". A plus sign stays one: who means it and does not encode it hashes it as well.
"""

import binascii
import json

from micropython import const
from net import url

from delivery import moment, signing

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence

    Command = tuple[str, int]  # name, and cycle_ms of set_cycle or 0
    Answer = tuple[int, str, Command | None]
    Seen = tuple[int, str]  # Unix time until which its time is good, and the token

COMMANDS = ("ping", "send_now", "set_cycle", "request_config")
_LONGEST = const(2048)  # characters of a query
_LONGEST_PAYLOAD = const(512)  # hexadecimal digits
_REMEMBERED = const(32)
_FASTEST_MS, _SLOWEST_MS = const(1000), const(86_400_000)


class Refusal(Exception):
    """Why a downlink is not obeyed: `status` of the answer, `str()` is one sentence.

    `is_strange`: nobody showed that he knows a key.
    """

    def __init__(self, status: int, sentence: str, is_strange: bool = False) -> None:
        super().__init__(sentence)
        self.status = status
        self.is_strange = is_strange


class Downlink:
    """A query as it was received, without question mark, taken apart.

    Attributes:
        signed: what the token covers: all other parameters, decoded, in the order in which they came.
        token: in small letters.
        values: by name, decoded.
    """

    def __init__(self, query: str) -> None:
        """Raises Refusal."""
        pairs, self.values = _parameters(query)
        self.signed = "&".join(pairs)
        self.token = self.values.get("Token", "").lower()

    def unknown(self) -> Refusal:
        """Why it is refused if no key fits."""
        if not self.token:
            message = "Token is missing: sign the query with the tunnel key."
        else:
            message = "Token is wrong: check the key, and hash the decoded query in its order."
        return Refusal(403, message, True)


class Verifier:
    """Judges the downlinks for one destination."""

    def __init__(
        self,
        dev_eui: str,
        as_id: str,
        port: int,
        keys: "Sequence[str]",
        window_s: int = 60,
        allowed: "Sequence[str]" = (),
        seen: "list[Seen] | None" = None,
        since_s: int = 0,
    ) -> None:
        """`keys`: the tunnel key, and the one before it while that is still good; `allowed`: some of COMMANDS.

        `seen` remembers tokens; those who may hear the same ones share it and keep it as long as the device runs.
        What was sent before `since_s` (Unix time), when it was still empty, is not obeyed.
        """
        self._dev_eui = dev_eui.upper()
        self._as_id = as_id
        self._port = str(port)
        self._keys = [key for key in keys if key]  # an empty one would be everybody's
        self._window_s = window_s
        self._allowed = allowed
        self._seen: list[Seen] = [] if seen is None else seen
        self._since_s = since_s

    def judge(self, query: str, unix_s: int) -> "Answer":
        """What to answer to a query as it was received, without question mark: status, sentence, command or None.

        `unix_s` is Unix time, 0 while the clock is not set.
        """
        try:
            _, command = chosen(query, [self], unix_s)
        except Refusal as refusal:
            return refusal.status, str(refusal), None
        return 200, accepted(command), command

    def knows(self, downlink: Downlink) -> bool:
        """Whether it was signed with one of the keys. All are tried, and all digits looked at: time tells nothing."""
        given, good = downlink.token.encode(), False
        for key in self._keys:
            good |= _same(signing.thingpark_token((), downlink.signed, key).encode(), given)
        return good

    def command(self, downlink: Downlink, unix_s: int) -> "Command":
        """The command of a downlink that it knows; from now on its token is used. Raises Refusal."""
        values = downlink.values
        if values.get("DevEUI", "").upper() != self._dev_eui:
            raise Refusal(403, "DevEUI is not the one of this device.")
        if values.get("AS_ID", "") != self._as_id:
            raise Refusal(403, "AS_ID is not the one that was agreed; check both sides.")
        if values.get("FPort", "") != self._port:
            raise Refusal(403, "FPort is not the one for commands; it is %s here." % self._port)
        self._check_time(values.get("Time", ""), downlink.token, unix_s)
        return command_in(values.get("Payload", ""), self._allowed)

    def _check_time(self, text: str, token: str, unix_s: int) -> None:
        if not unix_s:
            raise Refusal(
                503, "The device's clock is not set, so nothing can be verified; try later."
            )
        sent_s = moment.unix_seconds(text)
        if sent_s is None:
            raise Refusal(403, "Time is missing or no ISO 8601 time, as in 2024-10-27T03:33:20Z.")
        if abs(unix_s - sent_s) > self._window_s:
            message = "Time is %d seconds off, at most %d are allowed: check the sender's clock."
            raise Refusal(403, message % (abs(unix_s - sent_s), self._window_s))
        if sent_s < self._since_s:
            raise Refusal(403, "Time is before the device's start: sign the command anew.")
        self._remember(sent_s + self._window_s, token, unix_s)

    def _remember(self, until_s: int, token: str, unix_s: int) -> None:
        """A token counts once. None is forgotten while its time is good: rather wait than be fooled."""
        seen = self._seen
        if token in [known for _, known in seen]:
            raise Refusal(403, "Token was used before: sign every command anew.")
        if len(seen) >= _REMEMBERED:
            for entry in [entry for entry in seen if entry[0] < unix_s]:
                seen.remove(entry)
        if len(seen) >= _REMEMBERED:
            raise Refusal(429, "Too many commands within a short time; wait a minute.")
        seen.append((until_s, token))


def chosen(query: str, verifiers: "Sequence[Verifier]", unix_s: int) -> "tuple[Verifier, Command]":
    """Whom a query as it was received is for, and its command. Raises Refusal: the one of whoever knows the key.

    Each token is tried with all keys, whatever comes of it.
    """
    downlink = Downlink(query)
    knowing = [verifier for verifier in verifiers if verifier.knows(downlink)]
    refusal = downlink.unknown()
    for verifier in knowing:
        try:
            return verifier, verifier.command(downlink, unix_s)
        except Refusal as error:
            if refusal.is_strange:
                refusal = error
    raise refusal


def accepted(command: "Command") -> str:
    """The sentence for a command that is obeyed."""
    return "The command %s was accepted." % command[0]


def command_in(payload: str, allowed: "Sequence[str]") -> "Command":
    """The command of a payload in hexadecimal digits. Raises Refusal."""
    if len(payload) > _LONGEST_PAYLOAD:
        raise Refusal(400, "Payload has more than %d digits; shorten it." % _LONGEST_PAYLOAD)
    try:
        item = json.loads(binascii.unhexlify(payload).decode())
    except ValueError:
        item = None
    if not isinstance(item, dict):
        raise Refusal(400, "Payload is no JSON object in hexadecimal digits.")
    name = item.pop("command", None)
    if name not in COMMANDS:
        raise Refusal(400, "The command is unknown; those there are: %s." % ", ".join(COMMANDS))
    if name not in allowed:
        raise Refusal(403, "The command %s is not allowed by the device's settings." % name)
    cycle_ms = _cycle_ms(item.pop("cycle_ms", None)) if name == "set_cycle" else 0
    if item:
        raise Refusal(400, "The command %s holds something it does not take." % name)
    return name, cycle_ms


def carried(reply: bytes) -> "str | None":
    """The query of a downlink that came with the answer to an uplink, None if none did.

    {"DevEUI_downlink":{"query":"DevEUI=…&Token=…"}}
    """
    try:
        query = json.loads(reply.decode())["DevEUI_downlink"]["query"]
    except (ValueError, LookupError, TypeError):
        return None
    return query if isinstance(query, str) else None


def _cycle_ms(item: object) -> int:
    whole = isinstance(item, int) and item is not True and item is not False
    if isinstance(item, int) and whole and (item == 0 or _FASTEST_MS <= item <= _SLOWEST_MS):
        return item
    message = "cycle_ms must be 0, for events only, or %d to %d milliseconds."
    raise Refusal(400, message % (_FASTEST_MS, _SLOWEST_MS))


def _parameters(query: str) -> "tuple[list[str], dict[str, str]]":
    """The decoded name=value pairs but Token, in their order, and the values by name. Raises Refusal."""
    if len(query) > _LONGEST:
        raise Refusal(400, "The query has more than %d characters; shorten it." % _LONGEST, True)
    pairs: list[str] = []
    values: dict[str, str] = {}
    for piece in query.split("&"):
        if not piece:
            continue
        try:
            name, mark, value = [url.percent_decode(part) for part in piece.partition("=")]
        except ValueError:
            raise Refusal(400, "The query is not percent-encoded UTF-8; encode every value.", True)
        if name in values:
            raise Refusal(400, "The query names a parameter twice; send each once.", True)
        values[name] = value
        if name != "Token":
            pairs.append(name + mark + value)
    return pairs, values


def _same(left: bytes, right: bytes) -> bool:
    """Whether they are equal, in a time that depends on their lengths alone."""
    difference = len(left) ^ len(right)
    for index in range(min(len(left), len(right))):
        difference |= left[index] ^ right[index]
    return not difference
