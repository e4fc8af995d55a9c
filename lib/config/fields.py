"""The small language settings are declared in: a field knows its type, limits, default, help text and whether it is secret.

    ADDRESS = Section("address", "Where to call.", (
        Text("host", "Name or IP address.", least=1, most=253),
        Integer("port", "TCP port.", 443, 1, 65535),
    ))
    reading = Reading()
    ADDRESS.read(reading, {"host": "", "prot": 1}, "address")   # {"host": "", "port": 443}
    reading.problems    # host: field_empty; prot: unknown_setting, "port" is suggested

Reading never stops at a problem: whatever is refused becomes `{"field", "code", "message"}` and the default takes its place.
Limits are described in the words of JSON Schema, so that forms and the API description can be made of them.
"""

from autopid.decimal import decimal_text, parse_decimal

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Verdict = tuple[str, str] | None  # (code, message) of a refusal
    Checks = dict[str, Callable[[str], Verdict]]

HEX = "0123456789ABCDEFabcdef"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
VISIBLE = "".join([chr(code) for code in range(33, 127)])


class Reading:
    """One pass over a settings document.

    Args:
        checks: named functions for what only other parts know, such as "expression"; each takes a text and returns
            None or (code, message). A name that is not there is not checked.

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

    def verdict(self, check: str | None, value: str) -> "Verdict":
        """What the named check says of a text that passed all other rules; empty texts are not checked."""
        function = self._checks.get(check) if value else None
        return function(value) if function else None


class Field:
    """What all fields share. `read` turns one JSON value into a setting."""

    type = ""
    secret = False
    check: str | None = None

    def __init__(self, name: str, help: str, default: object = None) -> None:
        self.name = name
        self.help = help
        self.default = default

    def read(self, reading: Reading, data: object, path: str, keep: bool = False) -> object:
        """The setting. A refused value gives the default, or, with `keep`, itself if at least its type is right."""
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

    def typed(self, data: object) -> object:
        """The value as the field's own type. Raises ValueError with a sentence for the user."""
        raise NotImplementedError

    def problem(self, value: object) -> "Verdict":
        """Why a value of the right type is refused, or None."""
        return None

    def limits(self) -> dict[str, object]:
        """The limits in JSON Schema's words."""
        return {}

    def describe(self) -> dict[str, object]:
        """Everything declared of this field, for forms, the API description and the reference table."""
        about = {"type": self.type, "description": self.help}
        if self.secret:
            about["writeOnly"] = True
        else:
            about["default"] = self.default
        about.update(self.limits())
        return about


class Text(Field):
    """Text of `least` to `most` characters, none of them a control character, all of them in `characters` if given.

    `rule` is a function like a check, but part of the declaration; `check` names one that is handed to `Reading`.
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
    ) -> None:
        super().__init__(name, help, default)
        self.least = least
        self.most = most
        self.characters = characters
        self.rule = rule
        self.check = check
        self.secret = secret

    def typed(self, data: object) -> str:
        if not isinstance(data, str):
            raise ValueError("Must be a text.")
        return data

    def problem(self, value: str) -> "Verdict":
        if not value:
            return ("field_empty", "Must not be empty.") if self.least else None
        return (self.rule(value) if self.rule else None) or self._length(value) or self._content(value)

    def _length(self, value: str) -> "Verdict":
        if len(value) < self.least:
            return "too_short", "Must have at least %d characters." % self.least
        if len(value) > self.most:
            return "too_long", "Must have at most %d characters." % self.most
        return None

    def _content(self, value: str) -> "Verdict":
        if min(value) < " " or "\x7f" in value:
            return "characters", "Must not hold line breaks or other control characters."
        if self.characters is None:
            return None
        for character in value:
            if character not in self.characters:
                return "characters", "Must not hold %r." % character if not self.secret else (
                    "Holds a character that is not allowed."
                )
        return None

    def limits(self) -> dict[str, object]:
        limits: dict[str, object] = {"minLength": self.least, "maxLength": self.most}
        if self.characters:
            limits["characters"] = self.characters
        return limits

    def take(self, reading: Reading, data: object, path: str) -> None:
        """Reads a secret: text replaces it, null clears it, an object such as `{"set": true}` leaves it as it is."""
        if isinstance(data, dict):
            return
        count = len(reading.problems)
        value = None if data is None else self.read(reading, data, path)
        if len(reading.problems) == count:
            reading.secrets[path] = value


class Integer(Field):
    """A whole number from `least` to `most`, or one of `also`. Decimal digits in a text are taken too, as WiCAN writes them."""

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
        also = "".join(["%d or " % number for number in self.also])
        return self.code, "Must be %sfrom %d to %d." % (also, self.least, self.most)

    def limits(self) -> dict[str, object]:
        limits: dict[str, object] = {"minimum": self.least, "maximum": self.most}
        if self.also:
            limits["also"] = list(self.also)
        return limits


class Decimal(Field):
    """An exact decimal number, kept as text without needless zeros, or "" for none.

    Whole numbers and texts are exact. A JSON number with decimals has already been a float when it gets here, which on
    the chip holds about seven digits: where more are wanted, write the number in quotes. Settings files always do.
    """

    type = "string"

    def __init__(self, name: str, help: str) -> None:
        super().__init__(name, help, "")

    def typed(self, data: object) -> str:
        if data == "" or isinstance(data, bool):
            if data == "":
                return ""
        elif isinstance(data, (int, float, str)):
            text = repr(data) if isinstance(data, float) else str(data).strip()
            try:
                return decimal_text(*parse_decimal(text))
            except ValueError:
                pass
        raise ValueError("Must be a decimal number without exponent, such as 3.5, or empty.")

    def limits(self) -> dict[str, object]:
        return {"format": "decimal"}


class Flag(Field):
    """True or false."""

    type = "boolean"

    def typed(self, data: object) -> bool:
        if isinstance(data, bool):
            return data
        raise ValueError("Must be true or false.")


class Choice(Field):
    """One of a few words; a number is taken as its digits."""

    type = "string"

    def __init__(self, name: str, help: str, choices: tuple[str, ...]) -> None:
        super().__init__(name, help, choices[0])  # the first is the default
        self.choices = choices

    def typed(self, data: object) -> str:
        if isinstance(data, str) or (isinstance(data, int) and not isinstance(data, bool)):
            return str(data)
        raise ValueError("Must be a text.")

    def problem(self, value: str) -> "Verdict":
        if value in self.choices:
            return None
        return "choice", "Must be one of: %s." % ", ".join(self.choices)

    def limits(self) -> dict[str, object]:
        return {"enum": list(self.choices)}


class Section(Field):
    """Named fields. With `switch` it is an item that a problem in it switches off: its Flag `enabled` becomes false.

    A switched-off item keeps what was refused, as far as its type is right, so that the user can correct it.
    """

    type = "object"

    def __init__(
        self, name: str, help: str, fields: tuple[Field, ...], switch: bool = False
    ) -> None:
        super().__init__(name, help)
        self.fields = fields
        self.switch = switch

    def read(self, reading: Reading, data: object, path: str, keep: bool = False) -> dict:
        if not isinstance(data, dict):
            reading.report(path, "type", "Must be an object.")
            settings = self.read(Reading(), {}, path, keep)
        else:
            count = len(reading.problems)
            self._unknown(reading, data, path)
            settings = self._members(reading, data, path, keep or self.switch)
            if len(reading.problems) == count:
                return settings
        if self.switch:
            settings["enabled"] = False
        return settings

    def _members(self, reading: Reading, data: dict, path: str, keep: bool) -> dict:
        settings = {}
        for field in self.fields:
            place = join(path, field.name)
            if field.secret:
                if field.name in data:
                    field.take(reading, data[field.name], place)
                continue
            value = data.get(field.name)
            settings[field.name] = field.read(
                reading, field.default if value is None else value, place, keep
            )
        return settings

    def _unknown(self, reading: Reading, data: dict, path: str) -> None:
        names = [field.name for field in self.fields]
        for name in data:
            if name not in names:
                near = nearest(name, names)
                hint = "Did you mean %s?" % near if near else "Known here: %s." % ", ".join(names)
                reading.report(join(path, name[:40]), "unknown_setting", "Unknown setting. " + hint)

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        for field in self.fields:
            if field.name == name:
                return field
        return None

    def limits(self) -> dict[str, object]:
        return {}


class ListOf(Field):
    """At most `most` items, each read by the same field; further ones are refused with `code`."""

    type = "array"

    def __init__(self, name: str, help: str, item: Field, most: int, code: str = "too_many") -> None:
        super().__init__(name, help, ())
        self.item = item
        self.most = most
        self.code = code

    def read(self, reading: Reading, data: object, path: str, keep: bool = False) -> list:
        if not isinstance(data, (list, tuple)):
            reading.report(path, "type", "Must be a list.")
            data = ()
        if len(data) > self.most:
            reading.report(path, self.code, "Must have at most %d entries." % self.most)
        return [
            self.item.read(reading, data[index], "%s[%d]" % (path, index), keep)
            for index in range(min(len(data), self.most))
        ]

    def limits(self) -> dict[str, object]:
        return {"maxItems": self.most}


def join(path: str, name: str) -> str:
    """The path of a member."""
    return path + "." + name if path else name


def walk(section: Section, path: str = "") -> "Iterator[tuple[str, Field]]":
    """Every field below a section in the declared order, with its path; the items of a list read `destinations[]`."""
    todo = [(join(path, field.name), field) for field in reversed(section.fields)]
    while todo:
        path, field = todo.pop()
        yield path, field
        if isinstance(field, ListOf):
            path, field = path + "[]", field.item
        if isinstance(field, Section):
            todo.extend([(join(path, member.name), member) for member in reversed(field.fields)])


def nearest(name: str, known: "Iterable[str]") -> str | None:
    """The known name that is at most two typing errors away from `name`, or None."""
    best, found = 3, None
    for candidate in known:
        if abs(len(candidate) - len(name)) < best:
            distance = _distance(name, candidate)
            if distance < best and distance < len(candidate):
                best, found = distance, candidate
    return found


def _distance(left: str, right: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(right) + 1))
    for index in range(len(left)):
        corner, row[0] = row[0], index + 1
        for at in range(len(right)):
            change = corner + (left[index] != right[at])
            corner = row[at + 1]
            row[at + 1] = min(change, corner + 1, row[at] + 1)
    return row[-1]
