"""The kinds of single settings: each knows type, limits, default, help and whether it is secret.

    port = Integer("port", "TCP port.", 443, 1, 65535)
    reading = Reading()
    port.read(reading, 70000, "web.port")   # 443
    reading.problems    # [{"field": "web.port", "code": "range", "message": "Must be …"}]

Reading never stops at a problem: whatever is refused is noted, and the default takes its place.
Limits are described in JSON Schema's words, so that forms and the API description come from them.
"""

from autopid.decimal import compare, decimal_text, parse_decimal

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Verdict = tuple[str, str] | None  # (code, message) of a refusal
    Checks = dict[str, Callable[..., Verdict]]
    Value = Any  # a setting, of its field's own type

HEX = "0123456789ABCDEFabcdef"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
TOKEN = LETTERS + "!#$%&'*+.^`|~"  # RFC 9110 5.6.2
VISIBLE = "".join([chr(code) for code in range(33, 127)])


class Reading:
    """One pass over a settings document.

    Args:
        checks: named functions for what only other parts know, such as "expression"; each takes a
            text ("header" takes two: name and value) and returns None or (code, message). A name
            that is not there is not checked.

    Attributes:
        problems: what was refused, in the document's order.
        secrets: field path -> new value, or None for "clear it"; secrets never enter the settings.
    """

    def __init__(self, checks: "Checks | None" = None) -> None:
        self.problems: list[dict[str, str]] = []
        self.secrets: dict[str, str | None] = {}
        self._checks = checks or {}

    def report(self, path: str, code: str, message: str) -> None:
        """Notes one problem."""
        self.problems.append({"field": path, "code": code, "message": message})

    def verdict(self, check: str | None, value: str, *more: str) -> "Verdict":
        """What the named check says of a text; empty texts are not checked."""
        function = self._checks.get(check) if check and value else None
        return function(value, *more) if function else None


class Field:
    """What all fields share. `read` turns one JSON value into a setting."""

    type = ""
    secret = False
    check: str | None = None

    def __init__(self, name: str, help: str, default: object = None) -> None:
        self.name = name
        self.help = help
        self.default = default

    def read(self, reading: Reading, data: object, path: str, keep: bool = False) -> "Value":
        """The setting: the value, or the default if refused (with `keep`: if of a wrong type)."""
        try:
            value = self.typed(data)
        except ValueError as error:
            reading.report(path, "type", str(error))
            return self.default
        problem = self.problem(value) or reading.verdict(self.check, value)
        if problem is None:
            return value
        reading.report(path, problem[0], problem[1])
        return value if keep else self.default

    def take(self, reading: Reading, data: object, path: str) -> None:
        """Reads a secret: text replaces it, null clears it, an object ({"set": true}) keeps it."""
        if isinstance(data, dict):
            return
        count = len(reading.problems)
        value = None if data is None else self.read(reading, data, path)
        if len(reading.problems) == count:
            reading.secrets[path] = value

    def typed(self, data: object) -> "Value":
        """The value as the field's own type. Raises ValueError with a sentence for the user."""
        raise NotImplementedError

    def problem(self, value: "Value") -> "Verdict":
        """Why a value of the right type is refused, or None."""
        return None

    def limits(self) -> dict[str, object]:
        """The limits in JSON Schema's words."""
        return {}

    def describe(self) -> dict[str, object]:
        """Everything declared of this field."""
        about: dict[str, object] = {"type": self.type, "description": self.help}
        if self.secret:
            about["writeOnly"] = True
        else:
            about["default"] = self.default
        about.update(self.limits())
        return about


class Text(Field):
    """Text of `least` to `most` characters: no control characters, only `characters` if given.

    With `lines` it may hold line breaks and tabs. `rule` is a check that is part of the
    declaration; `check` names one given to `Reading`; `tidy` mends what people paste before it is
    checked.
    """

    type = "string"

    def __init__(
        self,
        name: str,
        help: str,
        default: str = "",
        least: int = 0,
        most: int = 64,
        characters: str | None = None,
        rule: "Callable[[str], Verdict] | None" = None,
        check: str | None = None,
        secret: bool = False,
        tidy: "Callable[[str], str] | None" = None,
        lines: bool = False,
    ) -> None:
        super().__init__(name, help, default)
        self.least = least
        self.most = most
        self.characters = characters
        self.rule = rule
        self.check = check
        self.secret = secret
        self.tidy = tidy
        self.lines = lines

    def typed(self, data: object) -> str:
        if not isinstance(data, str):
            raise ValueError("Must be a text.")
        return self.tidy(data) if self.tidy else data

    def problem(self, value: str) -> "Verdict":
        if not value:
            return ("field_empty", "Must not be empty.") if self.least else None
        return (
            (self.rule(value) if self.rule else None)
            or self._length(value)
            or self._content(value)
        )

    def _length(self, value: str) -> "Verdict":
        if len(value) < self.least:
            return "too_short", f"Must have at least {self.least} characters."
        if len(value) > self.most:
            return "too_long", f"Must have at most {self.most} characters."
        return None

    def _content(self, value: str) -> "Verdict":
        plain = "".join(value.split()) if self.lines else value
        if plain and (min(plain) < " " or "\x7f" in plain):
            return "characters", "Must not hold line breaks or other control characters."
        if self.characters is None:
            return None
        for character in value:
            if character not in self.characters:
                shown = "a character that is not allowed" if self.secret else repr(character)
                return "characters", f"Must not hold {shown}."
        return None

    def limits(self) -> dict[str, object]:
        limits: dict[str, object] = {"minLength": self.least, "maxLength": self.most}
        if self.characters:
            limits["characters"] = self.characters
        if self.lines:
            limits["multiline"] = True
        return limits


class Integer(Field):
    """A whole number from `least` to `most`, or one of `also`; digits in a text are taken too."""

    type = "integer"

    def __init__(
        self,
        name: str,
        help: str,
        default: int,
        least: int,
        most: int,
        also: tuple[int, ...] = (),
        code: str = "range",
    ) -> None:
        super().__init__(name, help, default)
        self.least = least
        self.most = most
        self.also = also
        self.code = code

    def typed(self, data: object) -> int:
        if isinstance(data, int) and not isinstance(data, bool):
            return data
        if isinstance(data, str) and data and not data.strip("0123456789") and len(data) < 10:
            return int(data)
        raise ValueError("Must be a whole number.")

    def problem(self, value: int) -> "Verdict":
        if self.least <= value <= self.most or value in self.also:
            return None
        also = "".join([f"{number} or " for number in self.also])
        return self.code, f"Must be {also}from {self.least} to {self.most}."

    def limits(self) -> dict[str, object]:
        limits: dict[str, object] = {"minimum": self.least, "maximum": self.most}
        if self.also:
            limits["also"] = list(self.also)
        return limits


class Decimal(Field):
    """An exact decimal number, kept as text without needless zeros.

    It may be "" for none if that is its default. Whole numbers and texts are exact. A JSON number
    with decimals has already been a float when it came here, which on the chip holds about seven
    digits: where more are wanted, write the number in quotes. Settings files always do.

    `least` and `most` are decimal texts as well, or None for no limit.
    """

    type = "string"

    def __init__(
        self,
        name: str,
        help: str,
        default: str = "",
        least: str | None = None,
        most: str | None = None,
    ) -> None:
        super().__init__(name, help, default)
        self.least = least
        self.most = most

    def typed(self, data: object) -> str:
        if data == "":
            return ""
        text = repr(data) if isinstance(data, float) else str(data).strip()
        try:
            return decimal_text(*parse_decimal(text))
        except ValueError:
            raise ValueError("Must be a decimal number without exponent, such as 3.5, or empty.")

    def problem(self, value: str) -> "Verdict":
        if not value:
            return ("field_empty", "Must not be empty.") if self.default else None
        if self.least is not None and compare(value, self.least) < 0:
            return "range", f"Must be at least {self.least}."
        if self.most is not None and compare(value, self.most) > 0:
            return "range", f"Must be at most {self.most}."
        return None

    def limits(self) -> dict[str, object]:
        limits: dict[str, object] = {"format": "decimal"}
        if self.least is not None:
            limits["minimum"] = self.least
        if self.most is not None:
            limits["maximum"] = self.most
        return limits


class Flag(Field):
    """True or false."""

    type = "boolean"

    def typed(self, data: object) -> bool:
        if isinstance(data, bool):
            return data
        raise ValueError("Must be true or false.")


class Choice(Field):
    """One of a few words, the first unless told otherwise; a number is taken as its digits."""

    type = "string"

    def __init__(
        self, name: str, help: str, choices: tuple[str, ...], default: str | None = None
    ) -> None:
        super().__init__(name, help, default or choices[0])
        self.choices = choices

    def typed(self, data: object) -> str:
        if isinstance(data, str) or (isinstance(data, int) and not isinstance(data, bool)):
            return str(data)
        raise ValueError("Must be a text.")

    def problem(self, value: str) -> "Verdict":
        if value in self.choices:
            return None
        return "choice", "Must be one of: " + ", ".join(self.choices) + "."

    def limits(self) -> dict[str, object]:
        return {"enum": list(self.choices)}


def join(path: str, name: str) -> str:
    """The path of a member."""
    return path + "." + name if path else name
