"""The user's own text with places for values.

{{"speed":{SPEED},"car":"{device_id}","at":{timestamp},"speed_age":{age:SPEED}}}

- {NAME} the value of the parameter of that name, {age:NAME} milliseconds since it was read;
- {device_id} and {timestamp}, Unix time in seconds;
- {{ and }} the braces themselves.

Where the text is not within double quotes, what is put in is JSON: a number with exactly the digits of the value,
"on" or "off" or the device id in quotes, null for what is not known (never read, not selected, clock not set).
Within double quotes it is the inside of a JSON string: the same without its quotes, escaped, and nothing for what is
not known. So nothing that is put in can end a string or a line, whatever the car or the device is called.
"""

import jsontext
from autopid.parameter import key_of

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from autopid.parameter import Parameter

    from delivery.sample import Sample

CONTENT_TYPE = "application/json"
OPEN, SEPARATOR, CLOSE = b"", None, b""

_MAX_KNOWN = 6  # destinations

_known: "dict[str, _Template]" = {}


def document(sample: "Sample") -> bytes:
    """The template of the settings, filled in. Raises ValueError if `problem` finds something in it."""
    text = sample.body["template"]
    template = _known.get(text)
    if template is None:
        if len(_known) >= _MAX_KNOWN:  # of settings that are no more
            _known.clear()
        template = _known[text] = _Template(text)
    return template.filled(sample).encode()


def problem(template: str) -> "str | None":
    """What is wrong with a template and where (characters count from 1); None if nothing is."""
    try:
        _Template(template)
    except ValueError as error:
        return str(error)
    return None


class _Place:
    """Where something is put in.

    `kind` is "value", "age", "device_id" or "timestamp", `key` says whose, `is_quoted` whether it is within quotes.
    """

    def __init__(self, name: str, is_quoted: bool) -> None:
        kind, colon, rest = name.partition(":")
        if name in ("device_id", "timestamp"):
            self.kind = name
        elif colon and kind == "age":
            self.kind, name = kind, rest
        else:
            self.kind = "value"
        self.key = key_of(name)
        self.is_quoted = is_quoted


class _Template:
    """A template taken apart. Raises ValueError with a sentence."""

    def __init__(self, text: str) -> None:
        self._parts: list[str | _Place] = []
        self._is_quoted = False
        at = 0
        while at < len(text):
            at = self._take(text, at)
        places = [part for part in self._parts if isinstance(part, _Place)]
        self._keys = {place.key: True for place in places}

    def filled(self, sample: "Sample") -> str:
        """The text with everything put in."""
        found = {p.key: p for p in sample.parameters if p.key in self._keys}
        return "".join(
            [part if isinstance(part, str) else _text(part, sample, found) for part in self._parts]
        )

    def _take(self, text: str, at: int) -> int:
        """Adds what starts there and returns where it ends."""
        character = text[at]
        if character not in "{}":
            return self._take_literal(text, at)
        if text[at : at + 2] == character * 2:
            self._parts.append(character)
            return at + 2
        if character == "}":
            raise ValueError(f"A lone }} at character {at + 1}; write }}}} for the brace itself.")
        return self._take_place(text, at)

    def _take_literal(self, text: str, at: int) -> int:
        end = at
        while end < len(text) and text[end] not in "{}":
            if text[end] == '"':
                self._is_quoted = not self._is_quoted
            elif text[end] == "\\" and self._is_quoted:
                end += 1
                if text[end : end + 1] in "{}":  # or at the end: it would escape what is put in
                    raise ValueError(f"The backslash at character {end} has nothing to escape.")
            end += 1
        self._parts.append(text[at:end])
        return end

    def _take_place(self, text: str, at: int) -> int:
        end = text.find("}", at)
        if end < 0:
            raise ValueError(
                f"The {{ at character {at + 1} is not closed; write {{{{ for the brace itself."
            )
        name = text[at + 1 : end]
        inner = name.find("{")
        if inner >= 0:
            raise ValueError(
                f"A {{ within braces at character {at + inner + 2}; write {{{{ for the brace itself."
            )
        if not name or name == "age:":
            raise ValueError(f"A name is missing between the braces at character {at + 1}.")
        self._parts.append(_Place(name, self._is_quoted))
        return end + 1


def _text(place: _Place, sample: "Sample", found: "dict[str, Parameter]") -> str:
    text = _json(place, sample, found)
    if not place.is_quoted:
        return text
    if text == "null":
        return ""
    return text[1:-1] if text[0] == '"' else text


def _json(place: _Place, sample: "Sample", found: "dict[str, Parameter]") -> str:
    if place.kind == "device_id":
        return jsontext.quote(sample.device_id)
    if place.kind == "timestamp":
        return str(sample.unix_s or "null")
    parameter = found.get(place.key)
    if parameter is None or parameter.text is None:
        return "null"
    return str(parameter.age_ms(sample.now_ms)) if place.kind == "age" else parameter.json()
