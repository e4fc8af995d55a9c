"""Prints docs/messages.md: every sentence with which the device explains a delivery, and what to do about it.

Causes and advice are read out of the sources (see `sentences`); written here is only what the sources leave out: what
to do where they give no advice, and what happens next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import on_cpython
import sentences
import spoken

LIB = on_cpython.ROOT / "lib"
ROOMS = ("delivery", "net", "trust")  # whose sentences reach the journal
# These are shown where something is entered or handed in, in the log of bridges, which says what to do as well, or
# among the page's problems: docs/network.md lists those about Wi-Fi.
ELSEWHERE = (
    "presets.py",
    "template.py",
    "clock_setting.py",
    "roots_update.py",
    "csr.py",
    "p256.py",
) + (
    ("contents.py", "details.py", "fitness.py", "inspection.py", "keys.py", "pem.py", "der.py")
    + ("azure.py", "secret_rules.py", "selftest.py", "downlink.py", "commands.py")
    + ("bridge.py", "datagrams.py", "passthrough.py", "joining.py")
)


_HEAD = """# What the device says about deliveries, and what to do

This list is made by `make docs` from the sources. Each destination's journal shows its last ten attempts: a sentence
that says what happened and, where there is something to be done, one that says what. *Slanted words* stand for what is
put in. How deliveries work is told in [destinations.md](destinations.md).

"""
_NEXT = {
    "delivered": "delivered",
    "retry": "sent again, at growing intervals",
    "throttled": "sent again, not before the server wants it",
    "auth": "pause of 15 minutes, or until the settings change",
    "gone": "nothing more is sent until the settings change",
    "rejected": "this document is given up, the next one is tried",
    "redirect": "sent again, at growing intervals",
    "settings": "tried again, at growing intervals; at once when the settings change",
}
_STATES = {
    "DISABLED": "Switch it on: `enabled`.",
    "GROUPING_OFF": "Switch on `autopid.grouping`.",
    "NO_TIME": "Wait until the clock is set from the network (`clock.servers`), or set it by hand.",
    "NO_VALUES": "Wait until the car answers; the page shows an error beside each value that is missing.",
}
_NO_EVENTS = "Set `cycle_ms`, or choose one of `events`, unless that is what you want."
_STORAGE = "Make room: choose smaller queues, or clear them. If it stays, the flash is worn out or damaged."
_FUSE = "The server is given time; the next attempt is made when the pause is over. The journal says what failed."
_FORMAT = "A newer firmware left it in the queue: go back to that one, or delete it from the dead letters."
_OPERATOR = (
    "This is the server's mistake, or that of something on the way: its operator has to look."
)
_NETWORK = (
    "Sending goes on. If it stays: check the strength of the Wi-Fi, and that the server is up."
)
_TLS = "Sending goes on. If it stays: ask the server's operator what its log says."
_CROWD = "Fewer destinations, or longer cycles; `network.max_connections` says how many may be connected at once."
_BROKER = "Sending goes on. If it stays: look into the broker's log."
_ENTERED = "Correct the setting."
_SEE = "as told with that sentence"
_NAMES = {
    "known": "authority",
    "suffix": " (error)",
    "join": "reason",
    "public": "address",
    "shown": "text",
    "limit": "time",
    "char": "character",
    "stray": "character",
    "plain": "http",
    "secure": "https",
}

_MAKERS = {  # where each takes cause and advice; -1: none
    "RouteError": (0, 1),
    "RequestError": (1, 2),
    "failed": (0, 1),
    "_failed": (0, 1),
    "Verdict": (2, 3),
    "ValueError": (0, -1),
}
_FAILURES = ("RequestError", "failed", "_failed")


@dataclass(frozen=True)
class Entry:
    """A sentence with its remedy; `what` is what happens next, "" where the section says it."""

    cause: str
    remedy: str
    what: str = ""


@dataclass(frozen=True)
class Section:
    """A table with a heading and some words before it."""

    title: str
    words: str
    entries: tuple[Entry, ...]


def main() -> None:
    """Writes the list to standard output."""
    print(document(), end="")


def document() -> str:
    """The whole page."""
    return _HEAD + "\n".join(map(_written, sections()))


def sections() -> list[Section]:
    """All tables. Raises KeyError if a state has no remedy here."""
    return [
        Section("Why nothing is being sent", "What the state of a destination says.", _states()),
        Section("The server answered", "Whatever is not a 2xx is no delivery.", _answers()),
        Section("The settings do not allow a request", _SETTINGS, _settings()),
        Section("Behind *of these settings*", "", _unwritable()),
        Section("No way to the server", _CONNECTION, _connection()),
        Section("TLS", _HANDSHAKE, _entries(_results("net/tls_faults", "explain"), _TLS)),
        Section("The answer cannot be used", _REPLY, _listed("net/reply", _OPERATOR)),
        Section("MQTT", _MQTT, _mqtt()),
        Section("TCP", _TCP, _tcp()),
        Section("Queue and fuse", "", _keeping()),
    ]


def unlisted(document: str, paths: Iterable[Path] | None = None) -> list[str]:
    """The sentences in the sources of the rooms concerned that the page does not hold, with file and line."""
    if paths is None:
        paths = [path for room in ROOMS for path in sorted((LIB / room).rglob("*.py"))]
    text = re.sub(r"\*[^*|]+\*", "*", document).replace("&lt;", "<").replace("\\", "")
    return [
        line
        for path in paths
        if path.name not in ELSEWHERE
        for line in spoken.unlisted(path, text)
    ]


_SETTINGS = "Nothing left the device; it tries again at growing intervals, and at once when the settings change."
_CONNECTION = "The document is sent again, at growing intervals."
_HANDSHAKE = """The server's certificate is always checked; nothing of a document leaves before that. The document is
sent again, at growing intervals, and the cert set is read again each time."""
_REPLY = """The document is sent again, at growing intervals: nobody knows whether the server has it. If the status had
arrived, it decides, as told above."""
_MQTT = _TCP = "Look-up, connection and TLS: see above."


def _states() -> tuple[Entry, ...]:
    on_cpython.install()
    from delivery import states

    keys = {vars(states)[name]: remedy for name, remedy in _STATES.items()}
    found = [Entry(cause, keys[state]) for state, cause in states.REASONS.items()]
    return (*found, Entry(states.NO_EVENTS, _NO_EVENTS))


def _answers() -> tuple[Entry, ...]:
    taken = [*_verdicts("delivery/verdict"), *_verdicts("delivery/success")]
    return _unique([*taken, *_refusals()])


def _refusals() -> Iterator[Entry]:
    """What statuses mean: as a server would send them."""
    on_cpython.install()
    from delivery import refusals

    known = sorted(vars(refusals)["_ANSWERS"])
    for status in (301, *known, 451, 599):  # the last two stand for all others
        for location in ("", "https://other.example/in") if status < 400 else ("",):
            found = refusals.of_response(_Answer(status, location))
            text = found.cause if status in known else found.cause.replace(str(status), "*status*")
            text = text.replace("https://other.example", "*address*")
            yield Entry(text, found.advice, _NEXT[found.kind])
    *some, last = map(str, vars(refusals)["_OF_HOST"])
    cause = f"*(one of these with {', '.join(some)} or {last}, where Host was an IP address)*"
    yield Entry(cause, vars(refusals)["_NAME_HOST"], _SEE)


class _Answer:
    """A reply with the members of `net.http.Response` that refusals look at."""

    def __init__(self, status: int, location: str) -> None:
        self.status = status
        self._location = location

    def get(self, name: str) -> str | None:
        """A header field."""
        return self._location if name == "Location" else None


def _verdicts(name: str) -> Iterator[Entry]:
    for made in _made(name, "Verdict"):
        kind, _, cause, advice, *_ = (*made.arguments, None)
        if isinstance(cause, str):
            what = _NEXT[_word(kind)]
            remedy = "Nothing." if what == "delivered" else ""
            yield from _entries([(cause, advice)], remedy, what)


def _settings() -> tuple[Entry, ...]:
    found: list[Entry] = []
    for name in _MAKING_REQUESTS:
        pairs = _pairs(f"delivery/{name}", "RouteError")
        lone = "a sentence about the cert set, see below" if name == "contexts" else ""
        found += _entries(pairs, _ENTERED, lone=lone)
    for name in ("net/url", "delivery/headers", "trust/certsets", "trust/roots", "net/tls"):
        found += _listed(name, _ENTERED if name in _TYPED else _CERT_SET)
    return _unique(found)


def _unwritable() -> tuple[Entry, ...]:
    found: list[Entry] = []
    for name in ("net/request", "net/mqtt_packets", "delivery/signing"):
        found += _entries(_pairs(name, "ValueError"), _ENTERED)
    return _unique(found)


_MAKING_REQUESTS = ("route", "contexts", "heads", "credentials", "azure", "signer", "dynamic") + (
    "mqtt_route",
    "tcp_route",
    "destination",
)
_TYPED = ("net/url", "delivery/headers")
_CERT_SET = "Choose another cert set, or mend this one."


def _connection() -> tuple[Entry, ...]:
    lone = "any of these, or of those below, before the server has said a word"
    found = [*_entries(_results("net/faults", "explain"), _NETWORK)]
    busy = [text.partition("%")[0] for text in _constants("net/failing", "_BUSY", "_FULL")]
    for name in ("net/http", "net/opening", "net/failing", "net/scout"):
        for entry in _entries(_pairs(name, *_FAILURES), _NETWORK, lone=lone):
            crowded = entry.cause.startswith(tuple(busy))
            found.append(Entry(entry.cause, _CROWD) if crowded else entry)
    return _unique(found)


def _mqtt() -> tuple[Entry, ...]:
    found = [*_verdicts("delivery/mqtt_route"), *_broker_refusals()]
    found += _entries(_results("net/mqtt_faults", "closed"), _BROKER)
    found += _entries(_pairs("net/mqtt", *_FAILURES), _BROKER)
    found += _listed("net/mqtt_packets", _BROKER)
    lone = "one of these, or of those above, before the broker has said a word, without TLS"
    (advice,) = _constants("net/mqtt_faults", "TLS_PORT")
    return _unique([*found, *_entries([(None, advice)], _BROKER, lone=lone)])


def _tcp() -> tuple[Entry, ...]:
    found = [*_verdicts("delivery/tcp_route")]
    found += _entries(_pairs("delivery/tcp_route", *_FAILURES), _NETWORK)
    lone = "one of the sentences about connections, without TLS"
    (advice,) = _constants("delivery/tcp_route", "_TLS_PORT")
    return _unique([*found, *_entries([(None, advice)], _NETWORK, lone=lone)])


def _broker_refusals() -> Iterator[Entry]:
    on_cpython.install()
    from delivery import mqtt_route
    from net import mqtt_faults

    for code in (*vars(mqtt_faults)["_REFUSALS"], 6):  # the last one stands for all others
        cause, advice = mqtt_faults.refusal(code)
        kind = "retry" if code == vars(mqtt_route)["_NOW_UNAVAILABLE"] else "auth"
        yield Entry(cause.replace("(6)", "(*code*)"), advice or _BROKER, _NEXT[kind])


def _keeping() -> tuple[Entry, ...]:
    return (
        *_listed("delivery/flash_outbox", _STORAGE),
        *_listed("delivery/fuse", _FUSE),
        *_listed("delivery/dispatcher", _FORMAT),
    )


# Out of the sources


def _made(name: str, *makers: str) -> list[sentences.Made]:
    module = sentences.Module.read(LIB / f"{name}.py", frozenset(_MAKERS))
    return [made for made in module.made if made.name in makers]


def _pairs(name: str, *makers: str) -> Iterator[tuple[Any, Any]]:
    for made in _made(name, *makers):
        at, after = _MAKERS[made.name]
        given = dict(enumerate(made.arguments))
        yield given.get(at), given.get(after)


def _results(name: str, function: str) -> list[Any]:
    return sentences.Module.read(LIB / f"{name}.py", frozenset()).results(function)


def _constants(name: str, *chosen: str) -> list[str]:
    module = sentences.Module.read(LIB / f"{name}.py", frozenset())
    return [text for each in chosen for text in module.constant(each) or ()]


def _listed(name: str, remedy: str) -> tuple[Entry, ...]:
    return _entries([(text, None) for text in spoken.listed(LIB / f"{name}.py")], remedy)


def _entries(
    pairs: Iterable[Any], remedy: str, what: str = "", lone: str = ""
) -> tuple[Entry, ...]:
    """Pairs of cause and advice; `remedy` is for those without, `lone` stands for a cause that comes from elsewhere."""
    found = []
    for cause, advice in pairs:
        if not isinstance(cause, str):
            if not (lone and isinstance(advice, str) and advice):
                continue
            cause = f"*({lone})*"
        told = _SEE if isinstance(advice, sentences.Hole) else advice or remedy
        found.append(Entry(cause, told, what))
    return _unique(found)


def _unique(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(dict.fromkeys(entries))


def _word(kind: Any) -> str:
    return kind.name.lower() if isinstance(kind, sentences.Hole) else str(kind)


# As Markdown


def _written(section: Section) -> str:
    steps = any(entry.what for entry in section.entries)
    heading = ("it says", "what to do", "what happens next")[: 3 if steps else 2]
    rows = [heading, ("---",) * len(heading)]
    for entry in section.entries:
        cells = (entry.cause, entry.remedy, entry.what or _NEXT["retry"])
        rows.append(tuple(map(_cell, cells[: len(heading)])))
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    words = section.words + "\n\n" if section.words else ""
    return f"## {section.title}\n\n{words}" + "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    text = re.sub(r"《(.*?)》", lambda hole: _slanted(hole[1]), text)
    return text.replace("<", "&lt;").replace("|", "\\|")


def _slanted(name: str) -> str:
    name = _NAMES.get(name, name)
    blank = " " if name.startswith(" ") else ""
    return name if name == "…" else f"{blank}*{name.strip().replace('_', ' ')}*"


if __name__ == "__main__":
    main()
